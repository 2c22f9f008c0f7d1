# For tests that need a broker but no real Kafka: source it after tap.sh.

# A mock broker for this test: start_mock NAME:PARTITIONS... exports KAFKA_BROKERS.
start_mock() {
	local arguments=() topic
	for topic in "$@"; do arguments+=(-t "$topic"); done
	kmock "${arguments[@]}" >"$work/mock.address" &
	mock=$!
	at_exit stop_mock
	wait_for 10 test -s "$work/mock.address" || { echo "Bail out! kmock does not start"; exit 1; }
	KAFKA_BROKERS=$(cat "$work/mock.address")
	export KAFKA_BROKERS
}

stop_mock() {
	kill "$mock" 2>/dev/null || return 0
	wait "$mock" 2>/dev/null
}

# The mock answers a fetch that finds nothing only after fetch.wait.max.ms: tests would wait for that most of the time.
brisk=(-X fetch.wait.max.ms=20)

# What is in a topic, as another client sees it: dump -t TOPIC -e -f FORMAT.
dump() { kcat -C -q -b "$KAFKA_BROKERS" "${brisk[@]}" "$@"; }

# All partitions of a topic, without the pause of joining a group.
look() { # TOPIC PARTITIONS OPTION...
	local topic=$1 numbers=$2
	shift 2
	kconsume -q -t "$topic" -p "$(seq -s, 0 $((numbers - 1)))" --stream look -e "${brisk[@]}" "$@"
}

# Records of an envelope stream, without control lines.
records() { grep -v '"event":' || true; }

# Envelope lines on stdin: per partition and run the offsets must rise, and all together be 0..N-1 of every partition's log as -Q tells it.
complete() { # TOPIC
	kconsume -q -Q -J -t "$1" >"$work/ends" || return 1
	jq -rn --slurpfile ends "$work/ends" '
		[inputs | ._kafka] as $k
		| [$k[] | select(.offset != null)]
		| (group_by([.partition, .run]) | map(. as $run | [range(1; length) | $run[.].offset > $run[. - 1].offset] | all) | all) as $rising
		| (group_by(.partition) | map({key: (.[0].partition | tostring), value: (map(.offset) | unique)}) | from_entries) as $seen
		| [$ends[] | select(.high > 0) | ($seen[.partition | tostring] // []) == [range(.low; .high)]] | all
		| if . and $rising then "complete" else "records are missing or out of order" end'
}

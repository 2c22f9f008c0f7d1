# From produce to visible: records at 1,000 a second, each stamped as it leaves for the producer; another session looks for it. Both sides get the
# same records by the same producer, which sends at once (--profile latency); what that costs is measured behind it.
what=latency
[ -n "$given" ] || records=30000
records_file
[ -z "$small" ] || records=2000 # the first of them: at this pace all take too long
rate=1000 warm_up=$((records / 10))
need_postgres
need_kafka
. "$here/spark_side.sh"

producer_us() { number "($(spent kproduce 3) + $(spent kproduce 4)) * 1000 / $records"; }
first_line() { head -n 1 "$data/records.ndjson"; }
is_there() { [ "$(sql 'select count(*) from fact_transaction')" -ge 1 ]; }
# The consumer runs; a first record shows that it does; then all, of which the first tenth only warms up.
latency_of() { # COMMAND...: the consumer
	local until=$((SECONDS + 300)) p50 p99 max error consumer
	"$tests/measure" -o "$servers/consumer" -p "$servers/pids" "$@" 2>"$servers/words" &
	consumer=$!
	first_line | kproduce -q -t "$topic"
	until is_there; do
		kill -0 "$consumer" 2>/dev/null && [ "$SECONDS" -lt "$until" ] || { tail -20 "$servers/words" >&2; die "$tool stores nothing"; }
		sleep 0.2
	done
	"$tests/visible" -s "$((warm_up + 1))" "$records" >"$servers/seen" 2>"$servers/seen.words" &
	run_it -i "$data/records.ndjson" sh -c "tail -n +2 | exec '$tests/stamp' $rate $((records - 1))" '|' kproduce -q -t "$topic" --profile latency
	wait $! || die "visible: $(cat "$servers/seen.words")"
	read -r _ _ p50 p99 max error <"$servers/seen"
	record p50_ms "$p50"
	record p99_ms "$p99"
	record max_ms "$max"
	record error_ms "$error"
	record producer_us "$(producer_us)"
	kill -TERM "$(head -1 "$servers/pids")"
	wait "$consumer" || true
	expect rows "$(sql 'select count(*) from fact_transaction')" "$records"
	delete_topic "$topic"
}
turn() {
	fresh_tables
	turns=$((turns + 1))
	topic=latency-$turns
	topic "$topic"
}
turns=0
alone_ours() { turn; latency_of kconsume -q -G "$topic" -t "$topic" '|' fraudcheck -q '|' pgload -q; }
latency_ours() { alone_ours; }
latency_spark() { turn; spark_command "$topic"; latency_of "${command[@]}"; }

# What sending at once costs: processor time of the producer at the same pace, against the usual profile, which gathers batches.
profile_of() { # PROFILE
	local records=$((records < 5000 ? records : 5000))
	topic profile
	run_it -i "$data/records.ndjson" "$tests/stamp" "$rate" "$records" '|' kproduce -q -t profile --profile "$1"
	record producer_us "$(producer_us)"
	expect 'messages in the topic' "$(in_topic profile)" "$records"
	delete_topic profile
}
profile_latency_ours() { profile_of latency; }
profile_latency_throughput() { profile_of throughput; }

target alone - p50_ms '<=5'
target alone - p99_ms '<=25'
target latency spark p50_ms '<=0.1'
target latency spark p99_ms '<=0.1'
# before Spark, which leaves its traces on the machine
versus alone -
mapfile -t others < <(there spark)
[ ${#others[@]} -eq 0 ] || versus latency "${others[@]}"
versus profile_latency throughput

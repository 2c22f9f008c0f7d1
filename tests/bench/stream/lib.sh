# What the benchmarks of the stream path share: servers in the same state for both sides of a pair, prepared inputs, pairs in turns, results.
# Sourced by `run`, which sets records, rounds and the like; a benchmark is a file that defines the sides and calls `versus`.

set -euo pipefail
root=$(cd "$here/../../.." && pwd)
bench=${TXPIPE_BENCH:-$root/build/bench}
tests=${TXPIPE_BUILD:-$root/build}/tests/bench/stream # measure, stamp, visible
export PATH="${TXPIPE_BIN:-$root/bin}:$bench/cargo/bin:$PATH" LC_ALL=C TZ=UTC
python=$bench/python/bin/python
spark=$bench/spark/bin/python
for variable in "${!PG@}" KAFKA_BROKERS KCAT_CONFIG; do unset "$variable"; done

say() { printf 'bench: %s\n' "$*" >&2; }
die() { printf 'bench: error: %s\n' "$*" >&2; exit 1; }
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -c 'set client_min_messages = warning' "${@/#/-c}"; }
expect() { [ "$2" = "$3" ] || die "$benchmark, $what, $tool: $1: got $2, want $3"; } # WHAT GOT WANT
at_least() { [ "$2" -ge "$3" ] || die "$benchmark, $what, $tool: $1: got $2, want at least $3"; } # WHAT GOT WANT
number() { awk "BEGIN { printf \"%.10g\", $1 }"; }
now_us() { local t=${EPOCHREALTIME/[.,]/}; echo "$t"; }

# --- where it lives ----------------------------------------------------------------------------------------------
end_jobs() { local pid; for pid in $(jobs -p); do kill "$pid" 2>/dev/null || true; done; }
clean_up() {
	local status=$?
	trap - EXIT
	end_jobs
	[ ! -d "$servers/kafka" ] || "$root/scripts/kafka" stop -D "$servers/kafka"
	[ ! -d "$servers/postgres" ] || "$root/scripts/postgres" stop -D "$servers/postgres"
	rm -rf "$servers"
	exit "$status"
}
begin() { # after the arguments are known
	servers=$(mktemp -d "${TMPDIR:-/tmp}/txpipe-bench.XXXXXX")
	chmod 755 "$servers"
	trap clean_up EXIT
	trap 'exit 130' INT TERM
	# another txgen may write other records
	data=$bench/data/$(txgen -q -n 1000 2>/dev/null | sha256sum | cut -c 1-8)-$records
	kept=$bench/${small:-results}/$(date -u +%Y%m%dT%H%M%SZ)
	mkdir -p "$data" "$kept"
	{ printf 'records\t%s\nrounds\t%s\n' "$records" "$rounds"; "$here/machine"; } >"$kept/machine"
}

# PostgreSQL as an operator would set it for loading, with everything that makes a commit durable; autovacuum does not come in between.
settings=(shared_buffers=512MB max_wal_size=8GB checkpoint_timeout=30min autovacuum=off fsync=on full_page_writes=on synchronous_commit=on)
need_postgres() {
	[ -z "${PGHOST-}" ] || return 0
	[ -d "$servers/postgres" ] || say "PostgreSQL: ${settings[*]}"
	local setting arguments=() how
	# JDBC knows no Unix sockets: for Spark the server also listens on the loopback, where everybody on this machine may come in
	if [ ! -d "$servers/postgres" ] && has_spark; then
		arguments+=(--tcp "$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')")
	fi
	for setting in "${settings[@]}"; do arguments+=(-c "$setting"); done
	how=$("$root/scripts/postgres" start -D "$servers/postgres" "${arguments[@]}")
	eval "$how"
}
need_kafka() {
	[ -z "${KAFKA_BROKERS-}" ] || return 0
	local how
	how=$("$root/scripts/kafka" start -D "$servers/kafka")
	eval "$how"
}

# The state that both sides of a pair start from: empty tables with the keys and indexes of pgload --init, everything written back.
fresh_tables() {
	sql 'drop schema public cascade' 'create schema public'
	pgload --init -q >/dev/null
	sql 'checkpoint'
}
topic() { "$root/scripts/kafka" topic -D "$servers/kafka" "$1" "${2-4}"; }
delete_topic() { "$here/delete-topic" "$KAFKA_BROKERS" "$1"; }
in_topic() { kconsume -q -Q -J -t "$1" | jq -s 'map(.high - .low) | add'; }

# --- inputs ------------------------------------------------------------------------------------------------------
# made FILE COMMAND...: the file, written by the command unless it is there.
made() {
	[ -s "$1" ] || { say "preparing ${1##*/} ($records records)"; "${@:2}" >"$1.new"; mv "$1.new" "$1"; }
}
columns='transaction_id, transaction_ts, customer_id, merchant_id, amount, currency, latitude, longitude, device_id, payment_method, is_foreign, is_fraud,
	fraud_score, fraud_reasons, ruleset, extra'
columns=${columns//[$'\n\t']/}
records_file() { made "$data/records.ndjson" txgen -q -n "$records"; }
judged_file() { # with verdicts, as fraudcheck hands them to pgload
	records_file
	made "$data/judged.ndjson" fraudcheck -q "$data/records.ndjson"
	flagged=$(grep -c '"is_fraud":true' "$data/judged.ndjson" || true)
}
# The same rows for COPY, text and binary: the columns that come from outside; xid and loaded_at have their defaults on all sides.
rows_files() {
	judged_file
	[ ! -s "$data/rows.binary" ] || return 0
	fresh_tables
	pgload -q <"$data/judged.ndjson" >/dev/null
	made "$data/rows.text" psql -X -q -c "copy (select $columns from fact_transaction order by ctid) to stdout"
	made "$data/rows.binary" psql -X -q -c "copy (select $columns from fact_transaction order by ctid) to stdout (format binary)"
}
facts_are_right() {
	expect 'rows' "$(sql 'select count(*) from fact_transaction')" "$records"
	expect 'flagged rows' "$(sql 'select count(*) from fact_transaction where is_fraud')" "$flagged"
}

# --- measuring ---------------------------------------------------------------------------------------------------
record() { printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$benchmark" "$what" "$pair" "$tool" "$round" "$1" "$2" >>"$kept/$benchmark.tsv"; } # METRIC VALUE
# What the table is to show beside the figure: of ours (PEER -), or of the ratio ours/PEER. BOUND: >=1.1
target() { # WHAT PEER METRIC BOUND
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$benchmark" "$1" "$2" target 0 "$3" "$4" >>"$kept/$benchmark.tsv"
}

# spent STAGE COLUMN: of the pipeline run last; stage `all` is all of it. Columns as measure tells them.
spent() { awk -F '\t' -v s="$1" -v c="$2" '$1 == s { v = $c } END { print v + 0 }' "$servers/cost"; }
# Both sides of a pair read from memory what they read from a file, whatever the machine has done with it since it was written.
warm() { cat "$@" >/dev/null; }
# run_it COMMAND...: a pipeline, its stages separated by '|'; options of measure come first.
run_it() {
	rm -f "$servers/cost"
	[ "$1" != -i ] || warm "$2"
	local status=0
	"$tests/measure" -o "$servers/cost" "$@" 2>"$servers/words" || status=$?
	[ "$status" -eq 0 ] || { tail -20 "$servers/words" >&2; die "$benchmark, $what, $tool: status $status of $*"; }
}
# timed COMMAND...: the same, and keeps what it cost for `records` records.
timed() {
	run_it "$@"
	record rate "$(number "$records * 1000 / $(spent all 2)")"
	record cpu_us "$(number "($(spent all 3) + $(spent all 4)) * 1000 / $records")"
	record peak_mb "$(number "$(peak_kb) / 1024")"
}
# All stages together: what was seen at once, or, exact, the sum of each one's own peak if that is more. (Too much for a pipe of several
# stages, never too little.)
peak_kb() { awk -F '\t' '$1 == "all" { seen = $5 } $1 != "all" { sum += $5 } END { print (sum > seen ? sum : seen) }' "$servers/cost"; }

# versus WHAT PEER...: in each round, for each peer that is there: ours, the peer. A side is a function WHAT_TOOL; `-` is ours alone.
versus() {
	local peers=("${@:2}")
	what=$1
	for ((round = 1; round <= rounds; round++)); do
		for pair in "${peers[@]}"; do
			for tool in ours "$pair"; do
				[ "$tool" != - ] || continue
				"${what}_$tool"
				say "$benchmark, $what, round $round of $rounds: $tool$(last_figures)"
			done
		done
	done
}
# For the impatient: what the side measured last.
last_figures() {
	awk -F '\t' -v w="$what" -v p="$pair" -v t="$tool" -v r="$round" '$2 == w && $3 == p && $4 == t && $5 == r { printf ", %s %.6g", $6, $7 }' "$kept/$benchmark.tsv"
}
# The peers among these that are installed and wanted.
there() {
	local peer
	for peer in "$@"; do
		[[ $without != *" $peer "* ]] || continue
		if "has_$peer"; then echo "$peer"; else say "without $peer: tests/bench/stream/peers $peer installs it"; fi
	done
}
has_jq() { command -v jq >/dev/null; }
has_gojq() { command -v gojq >/dev/null; }
has_jaq() { command -v jaq >/dev/null; }
has_kcat() { command -v kcat >/dev/null; }
has_duckdb() { "$python" -c 'import duckdb' 2>/dev/null; }
has_polars() { "$python" -c 'import polars' 2>/dev/null; }
has_orjson() { "$python" -c 'import orjson' 2>/dev/null; }
has_spark() { [ -s "$bench/spark/connector/ready" ]; }

#!/bin/bash
# The benchmarks of the stream path still run, on little data, with the peers that this machine's packages brought. Nothing is said about speed.
. "$(dirname "$0")/../tap.sh"
export TXPIPE_BENCH=$work/bench
run=$root/tests/bench/stream/run

ok 'every benchmark runs and counts right' "$run" --small path spark fraudcheck kafka pgload latency memory growth fifty
tables=$("$run" --render "$TXPIPE_BENCH"/small/*/*.tsv)
for row in '\| path \| text \| records/s \| [0-9]' '\| path \| binary \| records/s \| [0-9]' '\| spark \| .*start to first row, ms \| [0-9]' '\| seed \| jq \| records/s \| [0-9]' \
	'\| windows \| .*records/s \| [0-9]' '\| consume \| kcat \| records/s \| [0-9]' '\| produce \| kcat \| records/s \| [0-9]' '\| txgen \| .*records/s a core \| [0-9]' \
	'\| file \| binary \| client CPU, µs a record \| [0-9]' '\| alone \| .*p99, ms \| [0-9]' '\| kconsume, sink stalled \| .*peak memory, MB \| [0-9]' \
	'\| v4 into 2000 rows: 5000 \| .*records/s \| [0-9]' '\| whole \| a tenth \| records/s \| [0-9]'; do
	like "a row: ${row//\\/}" "$tables" "$row"
done
like 'with the versions' "$tables" 'postgres psql \(PostgreSQL\) [0-9.]+.*kafka 4'
ok 'a picture of growth' grep -q '5,000</text>' "$TXPIPE_BENCH"/small/*/growth.svg

# a side that loses a record does not get a figure
mkdir "$work/bin"
ln -s "${TXPIPE_BIN:-$root/bin}"/* "$work/bin/"
rm "$work/bin/pgload"
printf '#!/bin/bash\n[ $# -ne 1 ] || exec %q "$@" < <(tail -n +2)\nexec %q "$@"\n' "${TXPIPE_BIN:-$root/bin}/pgload" "${TXPIPE_BIN:-$root/bin}/pgload" >"$work/bin/pgload"
chmod +x "$work/bin/pgload"
TXPIPE_BIN=$work/bin exits 1 'a lost record ends the benchmark' "$run" pgload --small
like 'and is named' "$(cat "$work/err")" 'pgload, file, ours: rows: got 4999, want 5000'
finish

# pgload from a file against a binary COPY of the same rows, prepared; with an envelope (that is, with the fence) and without; with large batches; with two connections.
need_postgres
rows_files
# A stream of four partitions without a broker: the envelope as kconsume writes it, records dealt out by customer, each partition's in order, and
# a thousand at a time, as fetches bring them.
enveloped() {
	awk 'BEGIN { for (p = 0; p < 4; p++) head[p] = "{\"_kafka\":{\"stream\":\"fraud\",\"topic\":\"transactions\",\"partition\":" p ",\"of\":4,\"run\":\"bench-" p \
		"\",\"origin\":\"beginning\",\"begin\":0,\"offset\":" }
	{ p = index("0123456789abcdef", substr($0, index($0, "\"customer_id\":\"") + 15, 1)) % 4
	  block[p] = block[p] head[p] n[p]++ + 0 ",\"ts\":1767225600000}," substr($0, 2) "\n"
	  if (n[p] % 1000 == 0) { printf "%s", block[p]; block[p] = "" } }
	END { for (p = 0; p < 4; p++) printf "%s", block[p] }' "$data/judged.ndjson"
}
made "$data/stream.ndjson" enveloped

client() { record client_us "$(number "($(spent "$1" 3) + $(spent "$1" 4)) * 1000 / $records")"; } # STAGE
ours() { # FILE OPTION...
	fresh_tables
	timed -i "$data/$1" pgload -q "${@:2}"
	client pgload
	facts_are_right
}
copied() { # FORMAT
	fresh_tables
	timed -i "$data/rows.$1" psql -X -q -v ON_ERROR_STOP=1 -c "copy fact_transaction ($columns) from stdin (format $1)"
	client psql
	facts_are_right
}
fenced() { # OPTION...
	ours stream.ndjson "$@"
	expect 'records below the positions' "$(sql 'select sum(next_offset) from stream_position')" "$records"
}
file_ours() { ours judged.ndjson; }
file_binary() { copied binary; }
stream_ours() { fenced; }
stream_binary() { copied binary; }
large_batches_ours() { fenced --batch-bytes 8M; }
large_batches_binary() { copied binary; }
two_connections_ours() { fenced --connections 2; }
two_connections_binary() { copied binary; }

target file - client_us '<=1.2'
target file binary rate '>=0.9'
versus file binary
versus stream binary
versus large_batches binary
versus two_connections binary

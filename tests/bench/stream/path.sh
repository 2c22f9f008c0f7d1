# kconsume | fraudcheck | pgload from a real topic of four partitions to fact_transaction, against COPY of the same rows from a file, which neither
# reads Kafka nor judges nor keeps positions.
. "$here/topic.sh"

path_text() {
	fresh_tables
	warm "$data/rows.text"
	timed psql -X -q -v ON_ERROR_STOP=1 -c "\\copy fact_transaction ($columns) from '$data/rows.text'"
	facts_are_right
}
path_binary() {
	fresh_tables
	warm "$data/rows.binary"
	timed psql -X -q -v ON_ERROR_STOP=1 -c "\\copy fact_transaction ($columns) from '$data/rows.binary' (format binary)"
	facts_are_right
}

large_batches_ours() { path_ours --batch-bytes 8M; }
large_batches_text() { path_text; }
large_batches_binary() { path_binary; }
two_connections_ours() { path_ours --connections 2; }
two_connections_text() { path_text; }
two_connections_binary() { path_binary; }

target path text rate '>=1.1'
target path binary rate '>=0.75'
target large_batches text rate '>=1.1'
target large_batches binary rate '>=0.75'
target two_connections text rate '>=1.1'
target two_connections binary rate '>=0.75'
versus path text binary
versus large_batches text binary
versus two_connections text binary

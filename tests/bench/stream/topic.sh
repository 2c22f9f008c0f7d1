# For path.sh and spark.sh: the topic, and our side.
need_postgres
need_kafka
rows_files
if [ ! -e "$servers/filled" ]; then # by the benchmark before
	topic transactions
	kproduce -q <"$data/records.ndjson"
	: >"$servers/filled"
fi
what=preparing tool=kproduce
expect 'messages in the topic' "$(in_topic transactions)" "$records"

group=0
path_ours() { # OPTION...: of pgload
	fresh_tables
	group=$((group + 1))
	timed kconsume -q -e -G "$benchmark-$group" '|' fraudcheck -q '|' pgload -q "$@"
	facts_are_right
	expect 'records below the positions' "$(sql 'select sum(next_offset) from stream_position')" "$records"
}

# kconsume, kproduce against kcat, and txgen alone. Both clients sit on the same librdkafka; every topic is new and has four partitions.
need_kafka
records_file
# what kcat -K needs: key, tab, message
made "$data/keyed.txt" jq -r '.customer_id' "$data/records.ndjson"
made "$data/keyed.tsv" paste "$data/keyed.txt" "$data/records.ndjson"
topic "$benchmark"
kproduce -q -t "$benchmark" <"$data/records.ndjson"
tool=kproduce what=preparing
expect 'messages in the topic' "$(in_topic "$benchmark")" "$records"
payload=$(stat -c %s "$data/records.ndjson")

metric() { awk -v name="$1" '$1 == name { print $2 }' "$servers/metrics"; }
# Both sides read a topic that was read just before: a broker that has done something else meanwhile is slower at first.
warm_topic() { kconsume -q -e -t "$benchmark" -p 0,1,2,3 --stream warm >/dev/null; }
consume_ours() { # with the envelope
	warm_topic
	timed kconsume -q -e -t "$benchmark" -p 0,1,2,3 --stream bench --metrics "$servers/metrics"
	expect 'messages read' "$(metric txpipe_kconsume_records_total)" "$records"
}
consume_kcat() {
	warm_topic
	timed kcat -C -q -e -t "$benchmark" -b "$KAFKA_BROKERS" -o beginning
	at_least 'bytes written' "$(spent kcat 6)" "$payload" # and a few to wake its own threads
}
consume_kcat_short_wait() { # as kconsume -e has it: without the half second that the broker keeps the end of each partition to itself
	warm_topic
	timed kcat -C -q -e -t "$benchmark" -b "$KAFKA_BROKERS" -o beginning -X fetch.wait.max.ms=10
	at_least 'bytes written' "$(spent kcat 6)" "$payload"
}
consume_kcat_json() { # kcat's envelope
	warm_topic
	timed kcat -C -q -e -J -t "$benchmark" -b "$KAFKA_BROKERS" -o beginning
	at_least 'bytes written' "$(spent kcat 6)" "$payload"
}

produced() { # COMMAND...: into a new topic, all of it
	topic produced
	timed -i "$input" "$@"
	expect 'messages in the topic' "$(in_topic produced)" "$records"
	delete_topic produced
}
acked=(-X acks=all -X enable.idempotence=true)
# keys: ours finds the customer in the record, kcat is given it in front
produce_ours() { input=$data/records.ndjson produced kproduce -q -t produced; }
produce_kcat() { input=$data/keyed.tsv produced kcat -P -t produced -b "$KAFKA_BROKERS" -K $'\t' "${acked[@]}"; }
produce_without_keys_ours() { input=$data/records.ndjson produced kproduce -q -t produced --key none; }
produce_without_keys_kcat() { input=$data/records.ndjson produced kcat -P -t produced -b "$KAFKA_BROKERS" "${acked[@]}"; }

txgen_ours() {
	timed txgen -q -n "$records"
	record rate_core "$(number "$records * 1000 / ($(spent all 3) + $(spent all 4))")"
	expect 'bytes written' "$(spent txgen 6)" "$payload"
}

mapfile -t others < <(there kcat)
target consume kcat rate '>=1'
target produce kcat rate '>=1'
target txgen - rate_core '>=1000000'
versus consume "${others[@]:--}" ${others[0]+kcat_short_wait kcat_json}
versus produce "${others[@]:--}"
versus produce_without_keys "${others[@]:--}"
versus txgen -
delete_topic "$benchmark"

#!/bin/bash
# What Kafka can do to a stream: the broker is killed, halted for longer than a session lasts, or started anew; offsets that no record has;
# topics that are deleted and made again, with fewer and with more records; records that retention removes before they were read.
. "$(dirname "$0")/faults.sh"
start_postgres
start_kafka
admin() { "$root/tests/admin.pl" "$KAFKA_BROKERS" "$@"; }
generate() { txgen -q -s $((seed + $1)) -n "$2" "${@:3}" 2>/dev/null; } # SALT COUNT OPTION...

# Compaction takes its time: it begins while other things are tested.
topic compacted 1 cleanup.policy=compact segment.ms=200 min.cleanable.dirty.ratio=0.001 delete.retention.ms=0
generate 1 1020 --customers 20 >"$work/compacted" # of one population: the same keys again and again
sed -n 1,400p "$work/compacted" | kproduce -q -t compacted

# --- a broker that dies, halts, and starts anew, under two pipelines while producing goes on -------------------------------
broker() { cat "$work/kafka/pid" 2>/dev/null | cut -d' ' -f1; }
kafka_dies() { kill -9 "$(broker)" && draw_ms 0 1500 && sleep "$pause" && "$root/scripts/kafka" start -D "$work/kafka" >/dev/null; }
kafka_restarts() { "$root/scripts/kafka" stop -D "$work/kafka" && "$root/scripts/kafka" start -D "$work/kafka" >/dev/null; }
# Longer than the session of 3 s.
kafka_halts() { local pid; pid=$(broker) && kill -STOP "$pid" && draw_ms 3500 5500 && sleep "$pause" && kill -CONT "$pid"; }
kconsume_halts() {
	local pid
	pid=$(pid_of one kconsume) && [ -n "$pid" ] && kill -STOP "$pid" && draw_ms 3500 5500 && sleep "$pause" && kill -CONT "$pid"
}
at_exit eval 'kill -CONT "$(broker)"'

stream=broken topic_name=broken
export PGDATABASE=broken
make_database broken
table_without_key broken bare_fact # where only the fence keeps a row from being there twice
pgload_command=(pgload -q --stream broken -t bare_fact)
topic broken 4
produce() { # until $work/enough is there
	local i=0
	while [ ! -e "$work/enough" ]; do
		generate $((100 + i)) 4000 -r 1000 --duplicates 0.01 --malformed 0.01
		i=$((i + 1))
	done | kproduce -q -t broken
}
produce &
producer=$!
for name in one two; do
	kconsume_command=(kconsume -q --resume -G broken -t broken --instance-id "$name" -X session.timeout.ms=3000 -X heartbeat.interval.ms=500)
	supervise "$name"
done
wait_for 60 moved 0
declare -A times
faults=(kafka_dies kafka_halts kconsume_halts kafka_restarts)
spend 0
for ((i = 0; i < $(long 3 8) || SECONDS < fault_until; i++)); do
	fault=${faults[i % ${#faults[@]}]}
	ok "$fault" "$fault"
	times[$fault]=$((${times[$fault]-0} + 1))
	before=$(stored)
	ok "… and the stream goes on" wait_for 90 moved "$before"
done
touch "$work/enough"
wait "$producer"
is "the producer delivered everything" "$?" 0
ok "all is stored in the end" wait_for 120 everything_stored
for name in one two; do
	ok "pipeline $name was never refused" [ ! -e "$work/$name/failed" ]
	[ ! -e "$work/$name/failed" ] || complaints "$name"
	finish_pipeline "$name"
done
for fault in "${!times[@]}"; do note "$fault: ${times[$fault]} times"; done
same_as_undisturbed "Kafka: broker killed, restarted, halted; consumer halted" "$i" bare_fact
pgload_command=()

# --- offsets without a record: transactions, aborted ones, compaction -----------------------------------------------------
# The lag of an idle stream must reach 0 all the same.
caught_up() {
	kconsume --lag --stream "$stream" -t "$topic_name" >"$work/lag" 2>/dev/null &&
		jq -s -e 'length > 0 and all(.lag == 0 and .next_offset != null)' "$work/lag" >/dev/null
}
export PGDATABASE=holes
make_database holes
stream=holes topic_name=transactional
topic transactional 2
abort() { { generate "$1" "$2"; printf '{"torn'; } | kproduce -q -t transactional --transactional t 2>/dev/null; }
commit() { generate "$1" "$2" --duplicates 0.01 | kproduce -q -t transactional --transactional t; }
kconsume_command=(kconsume -q --resume -G holes -t transactional --instance-id holes -X session.timeout.ms=6000)
supervise holes
rounds=0
spend 0
while [ "$rounds" -lt 2 ] || ! over; do
	commit $((1000 + rounds)) 300
	abort $((2000 + rounds)) 200
	ok "the lag reaches 0 though the log ends in aborted records" wait_for 30 caught_up
	draw 2
	[ "$drawn" -eq 0 ] || kill_stage KILL holes pgload
	commit $((3000 + rounds)) 20
	ok "and behind a transaction's marker" wait_for 30 caught_up
	rounds=$((rounds + 1))
	[ "$rounds" -lt 20 ] || break
done
finish_pipeline holes
ok "there are holes" [ "$(sql "select sum(holes) from stream_position where stream = 'holes'")" -ge $((rounds * 200)) ]
same_as_undisturbed "Kafka: transactions committed and aborted" $((rounds * 2))

# run_once: the stream from its position to the end of the log; sets `statuses`.
run_once() {
	kconsume -q -e --resume -p 0 --stream "$stream" -t "$topic_name" 2>"$work/err.kconsume" | fraudcheck -q | pgload -q --stream "$stream" >/dev/null 2>"$work/err.pgload"
	statuses="${PIPESTATUS[*]}"
}
stream=compacted topic_name=compacted
run_once
is "a compacted topic is read" "$statuses" "0 0 0"
stored_rows() { sql "select count(*) from fact_transaction"; }
last=$(sql "select last_offset from stream_position where stream = 'compacted'")
# more of the same keys: what was stored goes, the last record too
sleep 0.3
sed -n 401,1000p "$work/compacted" | kproduce -q -t compacted
sleep 0.3
sed -n 1001,1020p "$work/compacted" | kproduce -q -t compacted # rolls the segment
vanished() { kconsume -q -e -p 0 --stream look -t compacted | jq -n -e "all(inputs; ._kafka.offset != $last)" >/dev/null; }
ok "compaction removes the record at the position" wait_for 60 vanished
run_once
is "reading goes on behind it" "$statuses" "0 0 0"
# compaction goes on: what the log holds by now was there to be read
sql "select transaction_id from fact_transaction" | sort >"$work/ids.stored"
kconsume -q -e -p 0 --stream look -t compacted --plain | jq -r .transaction_id | sort >"$work/ids.left"
ok "the log holds something" [ -s "$work/ids.left" ]
is "everything that it holds is stored" "$(comm -13 "$work/ids.stored" "$work/ids.left" | wc -l)" 0
ok "the lag is 0" caught_up
is "the books agree" "$("$root/scripts/reconcile" --stream compacted >/dev/null; echo $?)" 0
report "Kafka: compaction past the position" 1 "$(log_end compacted)" "$(comm -13 "$work/ids.stored" "$work/ids.left" | wc -l)" "$(uniq -d "$work/ids.stored" | wc -l)"

# --- what must be refused -------------------------------------------------------------------------------------------------
refusals=0 changed=0 kept=0
unchanged() {
	local now
	now=$(snapshot | md5sum)
	is "… and nothing has changed" "$now" "$was"
	refusals=$((refusals + 1)) kept=$((kept + $(stored)))
	[ "$now" = "$was" ] || changed=$((changed + 1))
}
refused() { # WHAT REGEX: 65, and nothing has changed
	run_once
	is "$1: refused with 65" "${statuses%% *}" 65
	like "… in words" "$(cat "$work/err.kconsume")" "$2"
	unchanged
}
fresh() { # TOPIC: of one partition, with 300 records stored, in a database of its own
	stream=$1 topic_name=$1 PGDATABASE=$1
	make_database "$1"
	topic "$1" 1
	generate 7 300 | kproduce -q -t "$1"
	run_once
	was=$(snapshot | md5sum)
}
again() { # COUNT: the topic deleted and made again, with so many records
	admin delete "$topic_name" && topic "$topic_name" 1 && generate 7 "$1" | kproduce -q -t "$topic_name"
}
fresh recreated
is "300 records are stored" "$(stored) $(stored_rows)" "300 300"
ok "the topic is deleted" admin delete recreated
exits 2 "without it nothing starts" kconsume -q -e --resume -p 0 --stream recreated -t recreated
kconsume -v -e -p 0 --stream soon -t soon >"$work/soon" 2>"$work/soon.err" & soon=$!
ok "a topic that is not there is waited for" wait_for 10 grep -q 'soon is not known' "$work/soon.err"
topic soon 1
wait "$soon"
is "… for a moment" "$? $(jq -r ._kafka.event "$work/soon" | sort -u | paste -s)" "0 assigned	end"
topic recreated 1
refused "made again, empty" 'recreated/0: .*ends at 0.*position is 300'
generate 7 200 | kproduce -q -t recreated
refused "made again with fewer records" 'recreated/0: .*ends at 200.*position is 300'
again 300
refused "made again with as many" 'recreated/0: .*offset 299 has time'
again 900
refused "made again with more" 'recreated/0: .*offset 299 has time'

fresh shortened
generate 8 400 | kproduce -q -t shortened
ok "retention takes what was stored, to the last record" admin trim shortened 0 300
run_once
is "… the rest is read" "$statuses $(stored) $(stored_rows)" "0 0 0 700 700"
generate 9 400 | kproduce -q -t shortened
was=$(snapshot | md5sum)
ok "retention takes records that were not stored" admin trim shortened 0 900
refused "retention beyond the position" 'shortened/0: .*begins at 900.*position is 700'
gap=$(grep -oE "accept-gap [^ ;]+" "$work/err.kconsume" | head -1)
is "… says what to do" "$gap" "accept-gap shortened/0:700-900"
kconsume -q -e -p 0 --stream shortened -t shortened 2>/dev/null | fraudcheck -q | pgload -q --$gap >/dev/null
is "… which helps" "${PIPESTATUS[*]} $(sql "select next_offset, rows + duplicates + dead_letters + labels, holes from stream_position") $(sql "select from_offset, to_offset from stream_gap")" \
	"0 0 0 1100|900|200 700|900"
run_once
is "… and then --resume works again" "$statuses" "0 0 0"
ok "the books agree, also with the log" "$root/scripts/reconcile" -b "$KAFKA_BROKERS"

# --- the same under a running pipeline ------------------------------------------------------------------------------------
fresh live
kconsume_command=(kconsume --resume -G live -t live --instance-id live -X session.timeout.ms=6000 -X heartbeat.interval.ms=500)
supervise live
generate 10 100 | kproduce -q -t live
ok "a running stream" wait_for 60 everything_stored
wait_for 10 running live
was=$(snapshot | md5sum)
ok "its topic is deleted, and made again with fewer records" again 200
ok "… it stops" wait_for 60 ended live
like "… with 65" "$(tail -1 "$work/live/statuses")" '^65 '
unchanged
fresh live2
kconsume_command=(kconsume --resume -G live2 -t live2 --instance-id live2 -X session.timeout.ms=6000 -X heartbeat.interval.ms=500)
supervise live2
generate 10 100 | kproduce -q -t live2
ok "another running stream" wait_for 60 everything_stored
wait_for 10 running live2
was=$(snapshot | md5sum)
ok "its topic is deleted, and stays away" admin delete live2
ok "… it stops" wait_for 60 ended live2
like "… since the topic is gone" "$(tail -1 "$work/live2/statuses")" '^2 '
unchanged
report "Kafka: topics deleted, made again, cut by retention: refused" "$refusals" "$kept" "$changed" "$changed"
finish

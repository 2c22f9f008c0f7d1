#!/bin/bash
# Two and then four pipelines in one group over one topic: one joins and leaves every few seconds, stages of the others are killed, and the topic
# gets more partitions, all while producing goes on.
. "$(dirname "$0")/faults.sh"
start_postgres
start_kafka
admin() { "$root/tests/admin.pl" "$KAFKA_BROKERS" "$@"; }

stream=group topic_name=group partitions=2
topic group $partitions
make_database group
export PGDATABASE=group
table_without_key group bare_fact # where only the fence keeps a row from being there twice
pgload_command=(pgload -q --stream group -t bare_fact)
# Each round is a producer of its own: it knows the partitions of the day.
produce() {
	local i=0
	while [ ! -e "$work/enough" ]; do
		txgen -q -s $((seed + 100 + i)) -n 2000 -r 1500 --duplicates 0.01 --malformed 0.01 --late 0.01 2>/dev/null | kproduce -q -t group || exit
		i=$((i + 1))
	done
}
produce &
producer=$!
at_exit touch "$work/enough"

# NAME [OPTION...]: those that stay are static members, those that come and go are not.
member() {
	kconsume_command=(kconsume -q --resume -G group -t group -X session.timeout.ms=3000 -X heartbeat.interval.ms=300
		-X topic.metadata.refresh.interval.ms=1000 "${@:2}")
	supervise "$1"
}
declare -A count=([joined]=0 [left]=0 [killed]=0 [widened]=0)
bump() { count[$1]=$((${count[$1]} + 1)); }
guest=
guest_joins() { guest=guest$((++guests)); member "$guest"; bump joined; }
guest_leaves() {
	draw 2
	if [ "$drawn" -eq 0 ]; then # in order, or not
		ok "a pipeline leaves in order" finish_pipeline "$guest"
	else
		touch "$work/$guest/stop"
		for stage in kconsume fraudcheck pgload; do kill_stage KILL "$guest" "$stage"; done
		wait_for 20 ended "$guest"
	fi
	[ ! -e "$work/$guest/failed" ] || refused+=("$guest")
	guest=
	bump left
}
guests=0 refused=()
stages=(kconsume fraudcheck pgload)
kill_one() { # of the pipelines that stay
	draw ${#stay[@]}
	local name=${stay[drawn]}
	draw 3
	kill_stage KILL "$name" "${stages[drawn]}" && bump killed
}
widen() {
	partitions=$((partitions + 2))
	ok "the topic gets $partitions partitions" admin widen group $partitions && bump widened
}
known() { [ "$(sql "select count(*) from stream_position where stream = 'group'")" -eq "$partitions" ]; }

# storm SECONDS: until the time is over, and something of everything has happened.
storm() {
	local i before
	spend "$1"
	for ((i = 0; i < 4 || SECONDS < fault_until; i++)); do
		[ -z "$guest" ] && guest_joins || guest_leaves
		draw_ms 300 2500
		sleep "$pause"
		kill_one
		[ "$i" -ne 1 ] || [ "$partitions" -ge 12 ] || widen
		before=$(stored)
		wait_for 90 moved "$before" || { ok "records flow" false; break; }
	done
	[ -z "$guest" ] || guest_leaves
	ok "all partitions are read, new ones too" wait_for 60 known
}
[ -z "${TIME-}" ] || TIME=$((TIME / 2)) # two storms

stay=(a)
member a --instance-id a
wait_for 60 moved 0
storm 6
two=$((count[joined] + count[left] + count[killed] + count[widened]))
for name in b c; do
	member "$name" --instance-id "$name"
	stay+=("$name")
done
storm 6

touch "$work/enough"
wait "$producer"
is "the producer delivered everything" "$?" 0
ok "all is stored in the end" wait_for 120 everything_stored
for name in "${stay[@]}"; do
	[ ! -e "$work/$name/failed" ] || refused+=("$name")
	ended "$name" || finish_pipeline "$name"
done
is "no pipeline was ever refused" "${refused[*]-}" ""
for name in "${refused[@]}"; do complaints "$name"; done
note "joined ${count[joined]}, left ${count[left]}, killed ${count[killed]}, partitions added ${count[widened]} times; $two of it with two pipelines"
ok "each thing happened often enough" [ $((count[joined] >= 4 && count[killed] >= 2 && count[widened] >= 2)) -eq 1 ]
same_as_undisturbed "groups of two and four pipelines: join, leave, kill, partitions added" \
	$((count[joined] + count[left] + count[killed] + count[widened])) bare_fact
finish

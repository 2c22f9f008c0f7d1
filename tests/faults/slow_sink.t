#!/bin/bash
# PostgreSQL stalls for longer than max.poll.interval.ms (10 s here) while a backlog waits: kconsume keeps its membership and its
# partitions, no stage grows, and another pipeline may join in the midst of it.
. "$(dirname "$0")/faults.sh"
start_postgres
start_kafka

backlog=$(long 150000 600000)
topic_name=slow
topic slow 4
pgload --init -q >/dev/null
txgen -q -s "$seed" -n "$backlog" --duplicates 0.01 --malformed 0.01 2>/dev/null | kproduce -q -t slow

member() { # NAME
	kconsume_command=(kconsume -v --resume -G "$stream" -t slow --instance-id "$1" -X session.timeout.ms=6000 -X max.poll.interval.ms=10000)
	pgload_command=(pgload --stream "$stream" --batch 2000)
	supervise "$1"
}
assignments() { grep -c 'partitions assigned' "$work/$1/kconsume.err" || true; }
assigned_again() { [ "$(assignments "$1")" -gt "$2" ]; }

# --- stalls -----------------------------------------------------------------------------------------------------------

# The backends of pgload that hold a transaction open: stopped, they keep their locks.
stall_backends() {
	stalled=$(sql "select string_agg(pid::text, ' ') from pg_stat_activity where application_name = 'pgload' and datname = current_database()
		and xact_start is not null and query not like '%pg_is_in_recovery%'")
	[ -n "$stalled" ] && kill -STOP $stalled
}
relieve_backends() { kill -CONT $stalled; }

stall_lock() {
	mkfifo "$work/hold"
	psql -Xq <"$work/hold" >"$work/held" 2>&1 &
	holder=$!
	exec 6>"$work/hold"
	rm "$work/hold"
	printf '%s\n' 'begin; lock table fact_transaction in exclusive mode;' '\echo held' >&6
	wait_for 20 grep -q held "$work/held"
}
relieve_lock() {
	printf '%s\n' '\q' >&6 # what was started meanwhile holds the pipe open
	exec 6>&-
	wait "$holder"
}
at_exit eval 'kill -CONT ${stalled-} 2>/dev/null'

# Resident kilobytes of a stage.
resident() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$(pid_of "$1" "$2")/status"; }
nothing_moves() { local a; a=$(stored) && sleep 0.3 && [ "$a" = "$(stored)" ]; }

# stall KIND: for longer than the poll interval; then a second pipeline joins or leaves, and only then the server goes on.
stalls=0
stall() {
	local kind=$1 pid before again early stage now
	wait_for 30 "stall_$kind" || { note "no transaction to stall"; return 1; }
	wait_for 20 nothing_moves
	pid=$(pid_of one kconsume)
	before=$(stored) again=$(assignments one)
	sleep 2 # the pipes and queues are full by now
	declare -A early
	for stage in kconsume fraudcheck pgload; do early[$stage]=$(resident one "$stage"); done
	sleep 10
	is "a stall ($kind) of more than max.poll.interval.ms: the same kconsume runs" "$(pid_of one kconsume)" "$pid"
	is "it has its partitions as before" "$(assignments one) $(grep -ci 'poll interval' "$work/one/kconsume.err")" "$again 0"
	is "nothing was stored meanwhile" "$(stored)" "$before"
	for stage in kconsume fraudcheck pgload; do
		now=$(resident one "$stage")
		note "$stage: ${early[$stage]} kB after 2 s of the stall, $now kB after 12 s"
		ok "$stage does not grow" [ "$now" -le $((early[$stage] + 1024)) ]
	done
	# the rebalance
	if supervised two 2>/dev/null; then
		finish_two
	else
		member two
	fi
	ok "a rebalance in the midst of it" wait_for 30 assigned_again one "$again"
	is "that kconsume went through" "$(pid_of one kconsume)" "$pid"
	"relieve_$kind"
	ok "and the server goes on" wait_for 60 moved "$before"
	stalls=$((stalls + 1))
}
# Not to wait until it has stored what it read: the server stalls.
finish_two() {
	touch "$work/two/stop"
	kill_stage TERM two kconsume
	kill_stage KILL two pgload
	wait_for 20 ended two
}

member one
wait_for 60 moved 0
kinds=(backends lock)
draw 2
stall "${kinds[drawn]}"
spend 0
while ! over; do
	# more to do, so that the stages are full again
	txgen -q -s $((seed + stalls)) -n 100000 2>/dev/null | kproduce -q -t slow
	draw 2
	stall "${kinds[drawn]}" || break
done
ok "all is stored in the end" drained
for name in one two; do
	[ -e "$work/$name" ] || continue
	ok "pipeline $name was never refused" [ ! -e "$work/$name/failed" ]
	[ ! -e "$work/$name/failed" ] || complaints "$name"
	ended "$name" || finish_pipeline "$name"
done
same_as_undisturbed "slow sink: PostgreSQL stalled beyond max.poll.interval.ms, a rebalance meanwhile" "$stalls"
finish

#!/bin/bash
# A stage that is killed takes the whole pipe with it, within a second: when all are idle, when every pipe between them is full, and while
# kconsume waits for a broker. Nobody takes the death of a neighbour for success: the stages before it end with 74, those behind it with what they
# were able to store.
source "$(dirname "$0")/../tap.sh"
source "$root/tests/kafka.sh"
start_postgres
start_mock transactions:1
exits 0 "tables" pgload --init

stage() { # NAME COMMAND...
	echo "$BASHPID" >"$work/$1.pid"
	exec "${@:2}"
}
# pipeline TABLE STREAM: in the background, until somebody ends it; its statuses go to $work/statuses.
pipeline() {
	rm -f "$work"/*.pid "$work/statuses"
	(
		trap - EXIT
		stage kconsume kconsume -q -p 0 --stream "$2" "${brisk[@]}" 2>"$work/kconsume.err" |
			stage fraudcheck fraudcheck -q 2>"$work/fraudcheck.err" | stage pgload pgload -q -t "$1" >"$work/commits" 2>"$work/pgload.err"
		echo "${PIPESTATUS[*]}" >"$work/statuses"
	) 7>&- 2>/dev/null &
	subshell=$!
}
pid_of() { cat "$work/$1.pid"; }
stored() { [ "$(sql "select coalesce(sum(next_offset), 0) from stream_position where stream = '$1'")" -ge "$2" ]; }
ended() { [ -s "$work/statuses" ]; }
# Kill one of them and see how the others end.
dies() { # STAGE STATUSES DESCRIPTION
	local began=${EPOCHREALTIME/./} ms
	kill -9 "$(pid_of "$1")"
	wait_for 20 ended || kill -9 "$(pid_of kconsume)" "$(pid_of fraudcheck)" "$(pid_of pgload)"
	ms=$(((${EPOCHREALTIME/./} - began) / 1000))
	wait "$subshell"
	is "$3: $1 dies" "$(cat "$work/statuses")" "$2"
	# a second is promised, ten are given to a busy machine: who does not look never notices
	ok "… the others notice" [ "$ms" -lt 10000 ]
	note "after $ms ms"
	is "… and say nothing" "$(cat "$work"/*.err)" ''
}

# --- idle
txgen -q -n 500 | kproduce -q
number=0
for expected in 'kconsume 137 0 0' 'fraudcheck 74 137 0' 'pgload 74 74 137'; do
	number=$((number + 1))
	pipeline fact_transaction "idle$number"
	ok "all is stored" wait_for 20 stored "idle$number" 500
	dies "${expected%% *}" "${expected#* }" "idle"
done

# --- kconsume waits for a broker that takes connections and says nothing
perl -MIO::Socket::INET -e '$| = 1; my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 5) or die; print $s->sockport, "\n"; sleep 600' >"$work/silent" &
at_exit kill "$!"
wait_for 10 test -s "$work/silent"
asks() { [ "$(ls "/proc/$(pid_of kconsume)/task" | wc -l)" -ge 3 ]; } # threads of librdkafka
there=$KAFKA_BROKERS
KAFKA_BROKERS=127.0.0.1:$(cat "$work/silent")
pipeline fact_transaction waits
ok "kconsume waits for a broker" wait_for 20 asks
dies fraudcheck '74 137 0' "connecting"
KAFKA_BROKERS=$there

# --- every pipe is full, since pgload waits for a lock
txgen -q -n 9000 -s 2 | kproduce -q
lock() { # until `unlock`
	mkfifo "$work/locker"
	psql -Xq <"$work/locker" >/dev/null &
	locker=$!
	exec 7>"$work/locker"
	rm "$work/locker"
	echo "begin; lock table stream_position;" >&7
	wait_for 10 locked
}
locked() { [ "$(sql "select count(*) from pg_locks where relation = 'stream_position'::regclass and mode = 'AccessExclusiveLock' and granted")" = 1 ]; }
unlock() { exec 7>&-; wait "$locker"; }
waits() { [ "$(sql "select count(*) from pg_stat_activity where application_name = 'pgload' and wait_event_type = 'Lock'")" -ge 1 ]; }
# Neither of the two goes on: both wait for one and the same thing, twice in a row.
stuck() { [ "$(cat "/proc/$(pid_of fraudcheck)/io")" = "$(sleep 0.2; cat "/proc/$(pid_of fraudcheck)/io")" ]; }
for expected in 'fraudcheck 74 137 0' 'pgload 74 74 137'; do
	number=$((number + 1))
	lock
	pipeline fact_transaction "full$number"
	ok "pgload waits for a lock" wait_for 20 waits
	ok "the pipes are full" wait_for 20 stuck
	case $expected in
	fraudcheck*) # pgload has its input to store first
		kill -9 "$(pid_of fraudcheck)"
		ok "full: fraudcheck dies, and kconsume ends" wait_for 3 eval '! kill -0 "$(pid_of kconsume)"'
		unlock
		ok "… pgload stores what it has" wait_for 20 ended
		like "… and each tells what it met: torn, unless a line happened to end there" "$(cat "$work/statuses")" '^74 137 (74|0)$'
		;;
	*)
		dies pgload "${expected#* }" "full"
		unlock
		;;
	esac
	wait "$subshell"
done
finish

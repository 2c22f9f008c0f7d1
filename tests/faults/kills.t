#!/bin/bash
# kill -9 of every stage, while producing goes on: at any moment, inside an open transaction, two stages at once, within the first 100 ms, while
# kconsume asks where to resume, and of the supervisor itself. Into a table with a key, and into one without, where only the fence prevents doubles,
# through two connections; now and then another pipeline reads the same partitions for a while, from the stored positions or from the beginning.
# The long form: at least 200 kills, 40 of each stage, over 300,000 records.
source "$(dirname "$0")/faults.sh"
start_postgres
start_kafka
topic_name=transactions
topic transactions 4
minimum=$(long 12 200) each=$(long 4 40) records=$(long 8000 300000)

# --- the producer ----------------------------------------------------------------------------------------------------
# What txgen prints, faults among it, and beside it: labels; ids again with another amount; ids again under another customer, so in another
# partition; and, through a producer with another key, whole records again in another partition.
mix() {
	perl -ne 'BEGIN { $| = 1; open $again, "|-", "kproduce", "-q", "--key", "merchant_id" or die; $again->autoflush(1) }
		print;
		next unless /"amount":[0-9]/ && /^\{"transaction_id":"([0-9a-f-]{36})","transaction_ts":"([^"]+)","customer_id":"([0-9a-f-]{36})"/;
		my ($id, $ts, $customer, $other) = ($1, $2, $3, $_);
		$n++;
		print qq({"label_for":"$id","label_ts":"$ts","is_fraud":true,"customer_id":"$customer"}\n) if $n % 97 == 0;
		print $other if $n % 61 == 0 && $other =~ s/"amount":/"amount":1/;
		print $other if $n % 71 == 0 && $other =~ s/"customer_id":"......../"customer_id":"0badf00d/;
		print {$again} $_ if $n % 83 == 0;
		END { close $again }'
}
produce() {
	{ echo "$BASHPID" >"$work/txgen.pid"; exec txgen -q -n 0 -s "$((seed + 1))" -r "$(long 400 1200)" --duplicates .01 --malformed .01 --late .01; } |
		mix | kproduce -q
}
stop_txgen() { kill "$(cat "$work/txgen.pid")" 2>/dev/null; }

# --- the pipelines ---------------------------------------------------------------------------------------------------
turn() { stream=$1; export PGDATABASE=$1; } # a database for each, so that pg_stat_activity tells their backends apart
start_pipeline() {
	turn "$1"
	kconsume_command=(kconsume -q "--resume=echo \$\$ >$work/$1/asking; exec pgload --positions --stream $1" -G "$1" --instance-id "$1"
		-X session.timeout.ms=6000)
	pgload_command=(pgload -q --stream "$1" "${@:2}")
	supervise "$1"
}
make_database keyed
make_database keyless
ok "a table without a key" table_without_key keyless bare_fact
produce &
producer=$!
at_exit stop_txgen
start_pipeline keyed
start_pipeline keyless -t bare_fact --connections 2
declare -A mark=([keyed]=0 [keyless]=0) before kills=([kconsume]=0 [fraudcheck]=0 [pgload]=0) kills_of=([keyed]=0 [keyless]=0)
declare -A next_to=([kconsume]=fraudcheck [fraudcheck]=pgload [pgload]=kconsume)
total=0 inside=0 together=0 young=0 asking=0

# Back in operation, all three stages, after the statuses that were there.
restarted() { [ "$(restart_count "$stream")" -gt "${before[$stream]}" ] && running "$stream"; }
soon() { # COMMAND...: a finer wait_for, for what comes very soon
	local try
	for try in {1..4000}; do
		! "$@" || return 0
		sleep 0.005
	done
	return 1
}
reborn() { local pid; pid=$(pid_of "$stream" "$1") && [ -n "$pid" ] && [ "$pid" != "$2" ]; } # STAGE PID-BEFORE

# What follows a kill now and then, without waiting for the position to move: the stage dies again within its first 100 ms, or kconsume dies
# while it asks for the positions, or the command that answers it.
kill_again() { # STAGE PID-BEFORE
	draw 4
	case $drawn in
	0)
		soon reborn "$1" "$2" || return
		draw_ms 0 100
		sleep "$pause"
		kill_stage KILL "$stream" "$1" && young=$((young + 1))
		;;
	1)
		soon test -s "$work/$stream/asking" || return
		draw 2
		if [ "$drawn" = 0 ]; then kill_stage KILL "$stream" kconsume; else kill -9 "$(cat "$work/$stream/asking")" 2>/dev/null; fi &&
			asking=$((asking + 1))
		;;
	esac
}

# Fails if the stage did not run, or nothing was killed.
kill_one() { # STAGE
	local victim=$1 pid other=
	pid=$(pid_of "$stream" "$victim") && [ -n "$pid" ] || return
	before[$stream]=$(restart_count "$stream")
	rm -f "$work/$stream/asking"
	draw 2
	if [ "$victim" = pgload ] && [ "$drawn" = 0 ]; then
		kill_inside "$stream" || return
		inside=$((inside + 1))
	else
		kill_stage KILL "$stream" "$victim" || return
		draw 4
		if [ "$drawn" = 0 ]; then
			other=${next_to[$victim]}
			kill_stage KILL "$stream" "$other" && together=$((together + 1))
		fi
	fi
	kills[$victim]=$((kills[$victim] + 1))
	kills_of[$stream]=$((kills_of[$stream] + 1))
	total=$((total + 1))
	kill_again "$victim" "$pid"
	return 0
}

# Another owner of all partitions, until it has come to the end. Every other one reads from the beginning.
rivals=0 rival=
start_rival() {
	local resume=(--resume) table=fact_transaction
	[ -z "$rival" ] || ! kill -0 "$rival" 2>/dev/null || return
	rivals=$((rivals + 1))
	[ $((rivals % 2)) = 0 ] || resume=()
	[ "$stream" = keyed ] || table=bare_fact
	(
		trap - EXIT
		kconsume -q -e -p 0,1,2,3 -t "$topic_name" --stream "$stream" "${resume[@]}" | fraudcheck -q |
			PGAPPNAME=rival pgload -q --stream "$stream" -t "$table" >"$work/rival.commits"
		echo "${PIPESTATUS[*]}" >>"$work/rivals"
	) </dev/null 2>>"$work/rivals.err" &
	rival=$!
}

enough() {
	over && [ "$total" -ge "$minimum" ] && [ $((inside * 4)) -ge "${kills[pgload]}" ] &&
		[ "${kills[kconsume]}" -ge "$each" ] && [ "${kills[fraudcheck]}" -ge "$each" ] && [ "${kills[pgload]}" -ge "$each" ]
}

# --- injuring --------------------------------------------------------------------------------------------------------
spend 15
moves=0 turns=(kconsume fraudcheck pgload kconsume pgload fraudcheck)
while ! enough; do
	draw 2
	turn "$([ "$drawn" = 0 ] && echo keyed || echo keyless)"
	wait_for 60 moved "${mark[$stream]}" || { complaints "$stream"; break; }
	[ $((total % 4)) != 1 ] || start_rival
	draw_ms 0 500
	sleep "$pause"
	kill_one "${turns[total % 6]}" || continue
	moves=$((moves + 1))
	wait_for 60 restarted || { complaints "$stream"; break; }
	mark[$stream]=$(stored)
done
ok "as many kills as there were to be, each after the position had moved since the last one" enough
wait "$rival"
is "the other owners of the partitions ended well" "$(sort -u "$work/rivals")" "0 0 0"
note "kill -9: $total (${kills[kconsume]} of kconsume, ${kills[fraudcheck]} of fraudcheck, ${kills[pgload]} of pgload)"
note "of pgload inside an open transaction: $inside; another stage in the same moment: $together"
note "moved between consecutive kills of a pipeline: $moves of $total"
note "besides: killed within the first 100 ms: $young; during the question for the positions: $asking"
note "other owners of the same partitions meanwhile: $rivals"

# --- the supervisor itself -------------------------------------------------------------------------------------------
make_database supervised
turn supervised
dir=$work/supervised
stream_script() { "$root/scripts/stream" "$1" --stream supervised --dir "$dir" "${@:2}"; }
start_supervised() { stream_script start -n 2 -t "$topic_name" -X session.timeout.ms=6000; }
at_exit stream_script stop
kill_supervisors() {
	local pids pid
	pids=$(cut -d' ' -f1 "$dir"/[12]/supervisor.pid)
	kill -9 $pids
	# dead, not only about to die: `start` would take them for running
	for pid in $pids; do wait_for 20 eval "! grep -q '^State:[[:space:]]*[^Z]' /proc/$pid/status" || return; done
}
supervisor_kills=0
ok "scripts/stream starts" start_supervised
spend 1
while [ "$supervisor_kills" -lt 2 ] || { ! over && [ "$supervisor_kills" -lt "$(long 2 10)" ]; }; do
	ok "the supervised stream moves" wait_for 60 moved "${mark[supervised]-0}"
	# the stages live on as orphans, or one of them dies as well
	draw 2
	[ "$drawn" = 0 ] || kill -9 "$(cut -d' ' -f1 "$dir/1/pgload.pid")" 2>/dev/null
	ok "both supervisors are killed" kill_supervisors
	supervisor_kills=$((supervisor_kills + 1))
	ok "and started again" start_supervised
	mark[supervised]=$(stored)
done
# at least so many records, whatever the time
plenty() { [ "$(log_end "$topic_name")" -ge "$records" ]; }
ok "at least $records records" wait_for 300 plenty
stop_txgen
wait "$producer"
ok "everything arrives under scripts/stream" wait_for 120 everything_stored
ok "scripts/stream stops in order" stream_script stop
is "all its stages ended well" "$(cat "$dir"/[12]/statuses | sort -u)" "0 0 0"

# --- the comparison --------------------------------------------------------------------------------------------------
same_as_undisturbed "kill -9 of scripts/stream" "$supervisor_kills"
for name in keyed keyless; do
	turn "$name"
	ok "$name: everything arrives" wait_for 120 everything_stored
	ok "$name: drains" finish_pipeline "$name"
	ok "$name: nobody refused anything" [ ! -e "$work/$name/failed" ]
	[ ! -e "$work/$name/failed" ] || complaints "$name"
done
turn keyed
ok "ids came again with another content" [ "$(sql "select count(*) > 0 from dead_letter where reason = 'conflicting_duplicate'")" = t ]
like "duplicates, malformed lines and labels, too" "$(sql 'select sum(duplicates), sum(dead_letters), sum(labels) from stream_position')" '^[1-9].*[|][1-9].*[|][1-9]'
same_as_undisturbed "kill -9 of stages, table with a key" "${kills_of[keyed]}"
turn keyless
same_as_undisturbed "kill -9 of stages, table without a key" "${kills_of[keyless]}" bare_fact
finish

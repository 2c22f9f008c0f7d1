#!/bin/bash
# kill -9 of every stage under rules that remember: with --rewind of what fraudcheck --longest-window says, all verdicts are those of an unbroken
# run. Events and Kafka's times go on for weeks; one partition is silent for days and then receives all it missed, where Kafka's times say nothing
# of event times: fraudcheck refuses to judge (65) unless its windows are whole, and says which --rewind will do.
# Then what is lost without it: no --rewind, one too short, each with --cold and without.
source "$(dirname "$0")/faults.sh"
helper produce
start_postgres
start_kafka
topic_name=transactions
topic transactions 4 retention.ms=-1
customers=$(long 250 600) minimum=$(long 8 100)
rules=(-f "$root/tests/faults/windows.rules" --lateness 6h)
fraudcheck_command=(fraudcheck -q "${rules[@]}")
needed=$(fraudcheck "${rules[@]}" --longest-window)
is "what the rules need: window and delay, lateness, and twice what may be ahead" "$needed" 32h
from=2024-03-01T00:00:00Z silent_from=2024-03-05T00:00:00.000Z silent_until=2024-03-09T12:00:00.000Z

produce() {
	{ echo "$BASHPID" >"$work/txgen.pid"; exec txgen -q -n 0 -s "$((seed + 1))" --customers "$customers" --merchants 100 --from "$from" \
		-r "$(long 700 1500)" --late .02 --duplicates .02 --malformed .003 --with-labels --label-delay 6h --rate-of leaked_card=.1; } |
		"$root/tests/faults/windows_frames.pl" "$work" 2 "$silent_from" "$silent_until" | "$helpers/produce" "$KAFKA_BROKERS" transactions
}

stop_txgen() { kill "$(cat "$work/txgen.pid")" 2>/dev/null; }

# --- the pipeline ----------------------------------------------------------------------------------------------------
rewind() { echo "$1" >"$work/rewind.new" && mv "$work/rewind.new" "$work/rewind"; }
kconsume_command=(bash -c 'exec kconsume -q --resume -G fraud --instance-id windows -X session.timeout.ms=6000 --rewind "$(cat "$0")"' "$work/rewind")
make_database windows
export PGDATABASE=windows
restarted() { [ "$(restart_count windows)" -gt "$before" ] && running windows; }
refused() { [ -e "$work/windows/failed" ]; }
back() { restarted || refused; }

# The pipeline was refused: once more, with the --rewind that it asked for.
refusals=0
heed() {
	local advice
	refused || return 0
	refusals=$((refusals + 1))
	advice=$(grep -o 'let kconsume --rewind [0-9]*s' "$work/windows/fraudcheck.err" | tail -1)
	[ -n "$advice" ] && [ "$(tail -1 "$work/windows/statuses" | cut -d' ' -f2)" = 65 ] || { complaints windows; return 1; }
	rewind "${advice##* }"
	rm "$work/windows/failed"
	wait_for 20 ended windows || return
	supervise windows
	wait_for 60 running windows
}

total=0
declare -A kills=([kconsume]=0 [fraudcheck]=0 [pgload]=0)
kill_one() { # STAGE: then what a supervisor does
	rewind "$needed"
	before=$(restart_count windows)
	kill_stage KILL windows "$1" || return
	kills[$1]=$((kills[$1] + 1)) total=$((total + 1))
	wait_for 60 back && heed
}

# --- injuring --------------------------------------------------------------------------------------------------------
rewind "$needed"
produce &
producer=$!
at_exit stop_txgen
supervise windows
spend 12
enough() {
	over && [ "$stops" = 2 ] && [ "$total" -ge "$minimum" ] && [ "${kills[kconsume]}" -ge 2 ] && [ "${kills[fraudcheck]}" -ge 2 ] && [ "${kills[pgload]}" -ge 2 ]
}
mark=0 failed=0 stops=0 turns=(kconsume fraudcheck pgload)
position() { sql "select next_offset from stream_position where topic = 'transactions' and partition = 2"; }
reached() { [ "$(position)" -ge "$1" ]; }
reached_or_refused() { refused || reached "$1"; }
stopped() { [ -s "$work/stop$1" ]; }
something_to_do() { moved "$1" || stopped $((stops + 1)) || refused; }
# The backlog stops: all of it so far is stored, one is killed, and the next record of the backlog is the first that is judged after the restart.
in_backlog() { # NUMBER
	local at
	at=$(cat "$work/stop$1")
	wait_for 60 reached_or_refused "$at" && heed
	ok "in the backlog ($1): what came is stored" wait_for 60 reached "$at"
	kill_one "${turns[$1]}" # not under `ok`, which would count it in a subshell
	tap_result $? "… killed, and back"
	touch "$work/go$1"
	if [ "$1" = 1 ]; then
		ok "… refused: records before the silence belong to its windows, and were not read" wait_for 60 refused
		heed
		tap_result $? "… and goes on with the --rewind that it asked for"
	fi
	ok "the partition goes on" wait_for 60 reached_or_refused $((at + 1))
	[ "$1" = 1 ] || ok "… 32 hours back by Kafka's times bring the whole backlog, and more is not needed" eval '! refused'
	mark=$(stored)
}
while ! enough; do
	wait_for 60 something_to_do "$mark" && heed || { failed=1; complaints windows; break; }
	if stopped $((stops + 1)); then
		stops=$((stops + 1))
		in_backlog "$stops"
		continue
	fi
	draw_ms 0 700
	sleep "$pause"
	kill_one "${turns[total % 3]}" || { refused && failed=1 && break; continue; }
	mark=$(stored)
done
touch "$work/go1" "$work/go2" # whatever went wrong, the producer ends
ok "killed $total times, each stage, twice in the backlog" enough
stop_txgen
wait "$producer"
is "everything was produced" $? 0
ok "the pipeline was back after each kill" [ "$failed" = 0 ]
ok "everything arrives" drained
ok "drains" finish_pipeline windows
ok "nobody refused anything else" eval '! refused'
note "kill -9: $total (${kills[kconsume]} of kconsume, ${kills[fraudcheck]} of fraudcheck, ${kills[pgload]} of pgload); refused for incomplete windows: $refusals"

# --- the comparison --------------------------------------------------------------------------------------------------
same_as_undisturbed "kill -9 under rules with windows" "$total"
ok "labels, duplicates, late records were among it" [ "$(sql "select bool_and(n > 0) from (values ((select count(*) from fraud_label)),
	((select sum(duplicates)::bigint from stream_position))) v(n)")" = t ]
is "every rule fired" "$(sql "select count(*) from (select rule from fact_transaction, unnest(fraud_reasons) rule group by 1 having count(*) > 20) r")" 12

# --- what is lost otherwise ------------------------------------------------------------------------------------------
# The first half of the topic, then the rest after a restart with these options of kconsume (before --) and fraudcheck.
contents windows >"$work/want"
half=$(($(log_end transactions) / 2))
runs=0
broken_run() { # [OPTION of kconsume]... -- [OPTION of fraudcheck]...
	local consume=() count
	while [ "$1" != -- ]; do consume+=("$1"); shift; done
	shift
	runs=$((runs + 1))
	export PGDATABASE=broken$runs
	make_database "$PGDATABASE"
	kconsume -q -t transactions -p 0,1,2,3 --stream fraud -c "$half" | fraudcheck -q "${rules[@]}" | pgload -q >/dev/null
	kconsume -q -t transactions -p 0,1,2,3 --stream fraud --resume -e "${consume[@]}" 2>/dev/null | fraudcheck -q "${rules[@]}" "$@" 2>"$work/err" | pgload -q >/dev/null
	statuses=${PIPESTATUS[*]}
	count=$(comm -3 "$work/want" <(contents "$PGDATABASE") | wc -l)
	different=$([ "$count" -gt 0 ] && echo yes || echo no)
	note "${consume[*]} $*: $statuses, $count lines differ"
}
broken_run --rewind "$needed" --
is "broken in the middle, --rewind $needed: the same" "$statuses $different" "0 0 0 no"
broken_run --
like "without --rewind it is refused" "$statuses $(cat "$work/err")" '^[0-9]+ 65 0 .*let kconsume --rewind'
broken_run --rewind 2h --
like "with one too short, too" "$statuses $(cat "$work/err")" '^[0-9]+ 65 0 .*let kconsume --rewind'
broken_run -- --cold
is "without --rewind, --cold: other verdicts" "$statuses $different" "0 0 0 yes"
broken_run --rewind 2h -- --cold
is "with one too short, --cold: other verdicts" "$statuses $different" "0 0 0 yes"
finish

#!/bin/bash
# scripts/stream by itself: what it does with the exit statuses of the stages, with signals and with the dead. The stages are
# stand-ins that do what the test tells them; the real ones run under it in tests/e2e.
source "$(dirname "$0")/../tap.sh"

source "$root/tests/stages.sh"
at_exit stream stop

# --- start, status, stop
tell '' '' ''
exits 1 "status of nothing" stream status
exits 1 "nor is there anything to tell" stream reload
exits 0 "starts" stream start -n 2 -b nowhere:1 -X a=b --connections 3
exits 0 "status: all run" stream status
is "two pipelines" "$(grep -c running "$work/out")" 2
exits 0 "a second start changes nothing" stream start
is "kconsume was started twice" "$(calls 'kconsume --resume -G fraud --instance-id fraud-[0-9]*-[12] --metrics .* -b nowhere:1 -X a=b')" 2
is "pgload too" "$(calls 'pgload -q --stream fraud --metrics .* --connections 3')" 2
both_listen() { [ "$(calls 'fraudcheck listens')" -eq 2 ]; }
wait_for 5 both_listen
exits 0 "new rules" stream reload
told_all() { [ "$(calls 'fraudcheck HUP')" -eq 2 ]; }
ok "each fraudcheck is told" wait_for 5 told_all
is "and nobody else" "$(calls '.* HUP')" 2
exits 0 "all of them go on" stream status
exits 0 "stops" stream stop --grace 5
is "kconsume was told" "$(calls 'kconsume TERM')" 2
is "the others were not, they read to the end" "$(calls '(fraudcheck|pgload) TERM')/$(calls 'pgload drained')" 0/2
ok "state" state_is stopped
exits 1 "status after the stop" stream status
exits 0 "stop again" stream stop


# --- several starts at once
tell '' '' ''
for i in 1 2 3; do stream start -n 2 2>/dev/null & starts+=($!); done
wait "${starts[@]}"
is "one of them starts two pipelines" "$(calls 'kconsume --resume')" 2
exits 0 "stops" stream stop --grace 5
printf '%s/\n' "$dir" >"$work/pattern"
is "nobody is left" "$(grep -slF -f "$work/pattern" /proc/[0-9]*/cmdline | wc -l)" 0

# --- what restarts
tell 'exit 75\n' '' ''
exits 0 "starts with a dependency that is not there yet" stream start
ok "75 restarts" wait_for 10 eval '[ "$(calls "kconsume --resume")" -ge 2 ] && state_is running'
like "status shows the restart and the last error" "$(stream status)" 'running +1 .*kconsume: error: told to end with 75'
kill -9 "$(cut -d' ' -f1 "$dir/1/fraudcheck.pid")"
ok "a killed stage restarts the whole pipeline" wait_for 15 eval '[ "$(calls fraudcheck\ --metrics)" -ge 3 ] && state_is running'
like "… and the log says why" "$(cat "$dir/1/log")" 'fraudcheck ended by signal 9; again in [0-9]+ ms'
stream stop
tell 'exit 74\n' 'exit 74\n' 'exit 75\n'
stream start
ok "74 beside 75 is ignored" wait_for 10 grep -q 'pgload: a dependency is unavailable' "$dir/1/log"
stream stop
tell '' 'exit 74\nexit 74\n' ''
stream start
ok "74 alone is tried again" wait_for 10 grep -q 'an I/O error (74); again' "$dir/1/log"
stream stop

# --- what stops
for status in 1 2 65 70 127; do
	tell 'exit 74\n' 'exit 75\n' "exit $status\n"
	exits 1 "$status stops, also beside 74 and 75" stream start
	like "… with a message" "$(cat "$work/err")" "pipeline 1: pgload ended with $status: .*told to end with $status"
	ok "… and stays so" state_is failed
done

# --- stages that do not end, supervisors that die
tell '' 'deaf\n' 'deaf\n'
stream start --grace 1
exits 0 "stop ends what does not listen" stream stop --grace 1
ok "… all of it" eval '! alive 1/kconsume && ! alive 1/fraudcheck && ! alive 1/pgload'
tell '' '' ''
stream start
kill -9 "$(cut -d' ' -f1 "$dir/1/supervisor.pid")"
exits 1 "a dead supervisor is seen" stream status
like "… by name" "$(cat "$work/out")" '1 +died'
ok "its stages go on" alive 1/kconsume
exits 0 "stop reaches them" stream stop
ok "… all of them" eval '! alive 1/kconsume && ! alive 1/fraudcheck && ! alive 1/pgload'

tell '' '' ''
stream start -n 2
supervisor=$(cut -d' ' -f1 "$dir/1/supervisor.pid")
kill -9 "$supervisor"
ok "one of two supervisors dies" wait_for 5 eval '! grep -q "^State:[[:space:]]*[^Z]" "/proc/$supervisor/status"'
exits 1 "start does not take the other one for all" stream start -n 2
like "… says what to do" "$(cat "$work/err")" 'one of its pipelines has ended.*stop it, then start again'
exits 0 "stop ends all" stream stop

# --- a number that another process got meanwhile
tell '' '' ''
stream start
stream stop
sleep 60 &
bystander=$!
for name in supervisor kconsume fraudcheck pgload; do echo "$bystander 1" >"$dir/1/$name.pid"; done
stream stop --grace 1
ok "a stale pid file harms nobody" kill -0 "$bystander"
kill "$bystander"

# --- foreground
tell '' '' ''
"$root/scripts/stream" start --foreground -n 2 --dir "$dir" 2>"$work/foreground" &
foreground=$!
ok "the foreground runs" wait_for 5 eval 'state_is running 1 && state_is running 2'
kill -TERM "$foreground"
wait "$foreground"
is "SIGTERM ends it in order" "$?/$(calls 'pgload drained')" 0/2
tell 'exit 2\n' '' ''
exits 2 "the foreground passes the status on" stream start --foreground
like "… with the words of the stage" "$(cat "$work/err")" 'kconsume: error: told to end with 2'

exits 2 "wrong option" stream start --nonsense
exits 2 "wrong number" stream start -n 0
exits 2 "wrong name" stream start --stream 'a b'
finish

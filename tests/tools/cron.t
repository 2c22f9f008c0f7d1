#!/bin/bash
# scripts/cron: the five fields mean what crontab(5) says; the job runs, is ended, and is told of.
source "$(dirname "$0")/../tap.sh"
cron=$root/scripts/cron
end() { kill "$@" 2>/dev/null; }

next() { is "'$2' after $1${TZ:+ ($TZ)}" "$("$cron" --next "$1" "$2" 2>&1)" "$3"; }
next '2026-01-01 00:00' '* * * * *' '2026-01-01 00:01'
next '2026-01-01 00:00:59' '*/5 * * * *' '2026-01-01 00:05'
next '2026-01-01 23:58' '*/5 * * * *' '2026-01-02 00:00'
next '2026-01-01 08:01' '5-20/5,50 8,18 * * *' '2026-01-01 08:05'
next '2026-01-01 08:21' '5-20/5,50 8,18 * * *' '2026-01-01 08:50'
next '2026-01-01 08:51' '5-20/5,50 8,18 * * *' '2026-01-01 18:05'
next '2026-01-01 00:00' '0 3 * * 1' '2026-01-05 03:00'
next '2026-01-05 03:00' '0 3 * * 1-5' '2026-01-06 03:00'
next '2026-01-02 00:00' '0 0 * * 0' '2026-01-04 00:00'
next '2026-01-02 00:00' '0 0 * * 7' '2026-01-04 00:00'
next '2026-01-31 12:00' '30 4 31 * *' '2026-03-31 04:30'
next '2026-03-01 00:00' '0 0 29 2 *' '2028-02-29 00:00'
next '2026-01-02 00:00' '0 0 13 * 5' '2026-01-09 00:00' # either of two restricted days
next '2026-01-10 00:00' '0 0 13 * 5' '2026-01-13 00:00'
next '2026-12-31 23:59' '08 09 1 1 *' '2027-01-01 09:08'   # not octal
TZ=Europe/Berlin next '2026-03-28 12:00' '0 0 * * *' '2026-03-29 00:00'
TZ=Europe/Berlin next '2026-03-29 00:00' '30 2 * * *' '2026-03-30 02:30'
TZ=Europe/Berlin next '2026-10-24 23:30' '0 4 * * 0' '2026-10-25 04:00'

for bad in '* * * *' '* * * * * *' '60 * * * *' '* 24 * * *' '* * 0 * *' '* * * 13 *' '* * * * 8' '5-1 * * * *' '*/0 * * * *' 'a * * * *' '1- * * * *' ', * * * *' '0 0 31 2 *'; do
	exits 2 "'$bad' is refused" "$cron" --next 2026-01-01 "$bad"
	is "… in one line" "$(grep -c '^cron: error: .*(see --help)$' "$work/err")/$(wc -l <"$work/err")" 1/1
done
exits 2 "a command is needed" "$cron" '* * * * *'
cd "$work" || exit 1
touch '*file'
is "an asterisk is no file" "$("$cron" --next '2026-01-01 00:00' '* * * * *')" '2026-01-01 00:01'

# at work
starts() { # COMMAND...: in the background, with a time that does not come while the test runs
	"$cron" --now --metrics "$work/cron.prom" '0 0 29 2 *' "$@" 2>"$work/words" &
	pid=$!
	at_exit end "$pid"
}
told() { grep -qx "txpipe_cron_$1" "$work/cron.prom"; }
starts bash -c 'echo "$0 and $1" >"$2"; exit 3' 'a b' '*' "$work/ran"
ok "the job runs at once with --now" wait_for 10 test -s "$work/ran"
is "… with its arguments as they are" "$(cat "$work/ran")" 'a b and *'
ok "its status is told" wait_for 10 told 'exit_status 3'
is "… in words, too" "$(cat "$work/words")" 'cron: warning: the command ended with 3'
ok "… and that one has run" told 'runs_total 1'
exits 0 "--health takes the file" aggregate --health "$work/cron.prom"
exits 0 "Prometheus, too" promtool check metrics <"$work/cron.prom"
is "… not a word" "$(cat "$work/out" "$work/err")" ''
kill "$pid"
wait "$pid"
is "SIGTERM is the end" $? 0

# shellcheck disable=SC2016
starts bash -c 'trap "echo ended >\"$0\"; exit 0" TERM; echo started >"$0"; while [ -e "$0" ]; do sleep 0.1; done' "$work/long"
ok "a long one" wait_for 10 grep -q started "$work/long"
ok "… is told of while it runs" wait_for 10 told 'running 1'
kill "$pid"
wait "$pid"
is "SIGTERM" $? 0
is "… ends the job first" "$(cat "$work/long")" ended

# a time that comes while the job runs is left out: a clock of the test's own, a minute a look
mkdir bin
sed 's/printf -v now .%(%s)T. -1/now=$((${now:-1767225600} + 60))/' "$cron" >bin/cron
chmod +x bin/cron
"$work/bin/cron" --metrics "$work/cron.prom" '* * * * *' bash -c 'echo x >>"$0"; until [ -e "$1" ]; do sleep 0.1; done' "$work/times" "$work/go" 2>/dev/null &
pid=$!
at_exit end "$pid"
left_out() { [ "$(sed -n 's/^txpipe_cron_left_out_total //p' "$work/cron.prom")" -ge 2 ]; }
ok "times are left out while it runs" wait_for 30 left_out
is "… it is started once" "$(wc -l <"$work/times")" 1
touch "$work/go"
again() { [ "$(wc -l <"$work/times")" -ge 3 ]; }
ok "… and again afterwards" wait_for 30 again
kill "$pid"
wait "$pid"
finish

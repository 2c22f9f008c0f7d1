#!/bin/bash
# scripts/demo, unattended and ended by Ctrl-C: shows what it should, holds its books, and leaves no process and no file.
source "$(dirname "$0")/../tap.sh"
export TMPDIR=$work/tmp
mkdir "$TMPDIR"
left() { # processes that inherited this test's TMPDIR, but for the test itself
	local file pid
	for file in /proc/[0-9]*/environ; do
		pid=${file//[!0-9]/}
		[ "$pid" -eq $$ ] || [ "$pid" -eq "$BASHPID" ] || ! grep -qz "^TMPDIR=$TMPDIR\$" "$file" || tr '\0' ' ' <"/proc/$pid/cmdline"
	done
} 2>/dev/null

exits 0 "ten seconds, unattended" "$root/scripts/demo" --seconds 10 --rate 300 --customers 100000
cp "$work/out" "$work/shown"
ok "records flow" grep -Eq '[1-9][0-9]* records/s +[1-9][0-9]* stored' "$work/shown"
ok "duplicates and dead letters are among them" grep -Eq '[1-9][0-9]* duplicates, [1-9][0-9]* dead letters' "$work/shown"
ok "few are flagged, as in life" awk '/% flagged/ { for (i = 2; i <= NF; i++) if ($i == "%") share = $(i - 1) } END { exit !(share > 0 && share <= 2) }' "$work/shown"
names=$(sed -nE 's/^rule +([a-z_]+).*/\1/p' "$root/fraudcheck/rules/scored.rules" | paste -sd'|')
ok "reasons are shown, of the scored rules" grep -Eq "\\| (.*, )?($names)(,|\$| )" "$work/shown"
ok "dead letters are shown by reason" grep -Eq '^ +(not_json|not_object|duplicate_name|not_utf8|nul|bad_uuid|missing|wrong_type)[a-z_]* +\|' "$work/shown"
is "the daily mart has four days" "$(sed -n '/daily mart/,/Reconciliation/p' "$work/shown" | grep -Ec '^ +20[0-9-]{8} \|')" 4
is "the reconciliation names each partition, and agrees" "$(sed -n '/^Reconciliation/,$p' "$work/shown" | grep -c ': ok$')" 5
is "no process is left" "$(left)" ''
is "no file is left" "$(ls "$TMPDIR")" ''

# Ctrl-C reaches the whole foreground process group: here the demo's own (and what runs in the background ignores it by default)
: >"$work/shown" # what the first one showed must not pass for this one's
setsid env --default-signal=INT "$root/scripts/demo" --rate 300 --customers 2000 >"$work/shown" 2>"$work/err" </dev/null &
demo=$!
at_exit end_demo
end_demo() { kill -TERM "$demo" 2>/dev/null && wait "$demo"; }
ok "runs until it is told" wait_for 60 grep -Eq '[1-9][0-9]* records/s +[1-9]' "$work/shown"
page=$(sed -n 's/^demo: the page: \(http:.*\)$/\1/p' "$work/err")
like "the address of the page is told" "$page" '^http://127\.0\.0\.1:[0-9]+/$'
is "… at the end of the start" "$(sed '1,/^demo: the page: /d' "$work/err" | grep -E 'installing|building|starting')" ''
is "… it is alive" "$(curl -s -m 20 -o "$work/page" -w '%{http_code}' "$page") $(grep -c '<main' "$work/page")" '200 1'
stored() { [ "$(curl -s -m 20 "${page}api/live" | jq '.rows')" -gt 0 ]; }
ok "… and has figures" wait_for 10 stored
kill -INT -- "-$demo"
wait "$demo"
is "Ctrl-C: ends in order" "$?" 0
is "… with the reconciliation" "$(sed -n '/^Reconciliation/,$p' "$work/shown" | grep -c ': ok$')" 5
is "… no process is left" "$(left)" ''
is "… no file is left" "$(ls "$TMPDIR")" ''

exits 2 "wrong broker" "$root/scripts/demo" --broker pigeon
exits 2 "wrong number" "$root/scripts/demo" --seconds many
finish

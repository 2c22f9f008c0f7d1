#!/bin/bash
# What the README shows works when pasted: the one-liners, one after the other into one shell; each block that says what it needs (run:).
# What needs a real Kafka is in tests/e2e/readme.t.
source "$(dirname "$0")/../tap.sh"
source "$root/tests/examples.sh"

export XDG_STATE_HOME=$work/state XDG_RUNTIME_DIR=$work/run
mkdir -p "$work/state" "$work/run"
chmod 755 "$work/state" "$work/run"
at_exit "$root/scripts/postgres" stop
mkdir "$work/checkout"
cd "$work/checkout" || exit 1
ln -s "${TXPIPE_BIN:-$root/bin}" bin
for entry in scripts aggregate pgload fraudcheck; do ln -s "$root/$entry" "$entry"; done

mapfile -t lines < <(sed -n '/<!-- one-liners/,/^```$/p' "$root/README.md" | grep -Ev '^(<!--|```|$)')
ok "the README has six one-liners" [ "$(printf '%s\n' "${lines[@]}" | grep -cv '^#')" -eq 6 ]
for line in "${lines[@]}"; do
	case $line in
	'#'*) name=${line#\# } ;;
	*)
		# a shell of the user's own: what one line exports, the next one sees
		eval "$line" >"$work/out" 2>"$work/err"
		status=$?
		# the reader of a pipe that ends with head may leave early: its stages then end with 74 or by SIGPIPE
		[[ $line == *head* && ($status -eq 74 || $status -eq 141) ]] && status=0
		tap_result "$status" "$name"
		[ "$status" -eq 0 ] || head -20 "$work/err" | sed 's/^/# /'
		ok "… and prints something" grep -q . "$work/out" "$work/err"
		;;
	esac
done
is "the facts are there" "$(sql 'select count(*) >= 100000 from fact_transaction')" t
is "the marts are there" "$(sql 'select sum(transactions) >= 100000 from daily_sales_summary')" t
ok "dead letters are there" [ "$(sql 'select count(*) from dead_letter')" -gt 0 ]

mkdir "$work/ex"
examples_extract "$work/ex" "$root/README.md"
ok "the README has other examples" [ "$(find "$work/ex" -name script | wc -l)" -ge 8 ]
examples_run "$work/ex"
is "each block of commands is run here, or says where" "$(awk '
	/^<!-- (run|one-liners|through Kafka|tested by)/ { marked = NR } /^```sh/ && marked != NR - 1 { print NR }' "$root/README.md")" ''
for file in $(sed -n 's/^<!-- tested by: \(.*\) -->/\1/p' "$root/README.md"); do ok "… in $file" [ -e "$root/$file" ]; done
finish

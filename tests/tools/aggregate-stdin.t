#!/bin/bash
# aggregate --stdin: the same models on NDJSON, on a server that is made for it and leaves nothing behind.
. "$(dirname "$0")/../tap.sh"
export TXPIPE_PROJECT=$root/aggregate/marts TMPDIR=$work/tmp
mkdir -m 1777 "$TMPDIR"
node() { jq -r --arg n "$1" "select(.node == \$n) | $2" "$work/out"; }
left() { ls -A "$TMPDIR"; }
txgen -q -n 3000 >"$work/raw"
fraudcheck -q <"$work/raw" >"$work/facts"
txgen -q customers >"$work/customers"
txgen -q merchants >"$work/merchants"

# the server's programs need not be in PATH, and are not on Debian
exits 0 'a build from a pipe' env PATH="${TXPIPE_BIN:-$root/bin}:/usr/bin:/bin" bash -c "cat '$work/facts' | aggregate build --stdin --show daily_sales_summary --show merchant_analysis"
is 'prints the marts, one row a line' "$(jq -s 'map(select(.day != null).transactions) | add' "$work/out")" 3000
is 'both of them' "$(jq -s 'map(select(.merchant_id != null).transactions) | add' "$work/out")" 3000
is 'with amounts converted' "$(jq -s 'map(select(.day != null)) | [(map(.sales) | add > 0), (map(.unknown_currency) | add)] | map(tostring) | join(" ")' "$work/out")" '"true 0"'
is 'and the frauds that were judged' "$(jq -s 'map(select(.day != null).frauds) | add' "$work/out")" "$(jq -s 'map(select(.is_fraud)) | length' "$work/facts")"
is 'nothing else' "$(jq -r 'select(.type != null)' "$work/out")" ''
like 'tests of what was not given are left out, in words' "$(cat "$work/err")" 'notice: [0-9]+ tests of tables that were not given are left out'
is 'nothing is left behind' "$(left)" ''
exits 0 'from a file, with dimensions' aggregate build --stdin --load "dim_customer=$work/customers" --load "dim_merchant=$work/merchants" "$work/facts"
is 'without --show the report as always' "$(jq -r 'select(.type == "run") | .status' "$work/out")" published
is 'with the tests of what was given' "$(node source_relationships_stream_fact_transaction_customer_id '[.status, .rows] | join(" ")')" 'pass 3000'
is 'no word of left out tests' "$(grep -c 'left out' "$work/err")" 0
exits 0 'lines that cannot be loaded' bash -c "{ head -100 '$work/facts'; echo '{\"no\":1}'; echo nonsense; } | aggregate build --stdin --show daily_sales_summary"
is 'do not count' "$(jq -s 'map(.transactions) | add' "$work/out")" 100
like 'and are told with the reason' "$(cat "$work/err")" 'warning: 2 lines were not loaded: 1 [a-z_]+, 1 [a-z_]+'

mkdir -p "$work/p/models"
printf 'name: own\n' >"$work/p/dbt_project.yml"
printf 'sources:\n  - name: raw\n    schema: public\n    tables: [{name: dim_customer}]\n' >"$work/p/models/s.yml"
printf "select home_country, count(*) as n from {{ source('raw', 'dim_customer') }} group by 1\n" >"$work/p/models/countries.sql"
exits 0 'another table, another project' bash -c "aggregate run --stdin=dim_customer --project-dir '$work/p' --show countries <'$work/customers'"
is 'works as well' "$(jq -s 'map(.n) | add' "$work/out")" "$(wc -l <"$work/customers")"
exits 1 'a failed test' bash -c "head -3 '$work/facts' | jq -c '.amount = -1' | aggregate build --stdin --show daily_sales_summary"
is 'is exit 1; a test of the source lets the marts be seen' "$(jq -s 'map(.transactions) | add' "$work/out")" 3
exits 2 'a model that is not there' bash -c "aggregate build --stdin --show nothing </dev/null"
exits 2 'a table that is not there' bash -c "aggregate build --stdin=nothing <'$work/facts'"
exits 74 'a torn last line' bash -c "head -c 5000 '$work/facts' | aggregate build --stdin"
is 'after all of which nothing is left behind' "$(left)" ''
exits 2 '--stdin and a server' aggregate build --stdin -d dbname=x
exits 2 '--load without --stdin' aggregate build --load a=b
exits 2 '--stdin of a command that runs nothing' aggregate list --stdin
exits 2 'no server on this machine' env PATH=/none "$(command -v aggregate)" build --stdin -s nothing_here

# --- signals, kill -9
serving() { pgrep_folder >/dev/null; }
# The processes whose working directory is a throw-away cluster of this test.
pgrep_folder() {
	local link found=1
	for link in /proc/[0-9]*/cwd; do
		case $(readlink "$link" 2>/dev/null) in
		"$TMPDIR"/aggregate.*) echo "${link//[!0-9]/}"; found=0 ;;
		esac
	done
	return $found
}
gone() { ! pgrep_folder >/dev/null && [ -z "$(left)" ]; }
mkfifo "$work/pipe"
for signal in TERM KILL; do
	aggregate build --stdin <"$work/pipe" >"$work/out" 2>"$work/err" & run=$!
	exec 7>"$work/pipe"
	head -10 "$work/facts" >&7
	ok "a run waits for more input ($signal)" wait_for 30 serving
	kill -"$signal" "$run"
	if [ "$signal" = TERM ]; then
		exec 7>&-
		wait "$run" 2>/dev/null
		is 'SIGTERM: 143' "$?" 143
	else
		wait "$run" 2>/dev/null
		exec 7>&-
	fi
	ok "after SIG$signal nothing is left behind" wait_for 20 gone
done
finish

#!/bin/bash
# The crontab line of aggregate, run as cron runs it: no environment but its own, /bin/sh, no terminal, another folder.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/marts.sh"
start_postgres
make_tables
fill_dimensions
fill_facts 2026-01-01 1 500

# The install tree, so that the binary finds the marts beside itself and nothing points into the source tree.
bin=$(dirname "$(command -v aggregate)")
mkdir -p "$work/usr/bin" "$work/usr/share/txpipe" "$work/elsewhere"
cp "$bin/aggregate" "$work/usr/bin/"
cp -R "$root/aggregate/marts" "$work/usr/share/txpipe/marts"
chmod -R a+rX "$work/usr"

table=$root/aggregate/crontab
jobs=$(grep -Ev '^[[:space:]]*(#|$)|^[A-Z_]+=' "$table")
is 'one job' "$(wc -l <<<"$jobs")" 1
is 'its five fields are those of a crontab' "$(awk '{ print ($1 ~ /^[0-9*\/,-]+$/) ($2 ~ /^[0-9*\/,-]+$/) ($3 ~ /^[0-9*\/,-]+$/) ($4 ~ /^[0-9*\/,-]+$/) ($5 ~ /^[0-9*\/,-]+$/) }' <<<"$jobs")" 11111
command=$(awk '{ for (i = 6; i <= NF; i++) printf "%s%s", (i > 6 ? " " : ""), $i }' <<<"$jobs")
is 'no % in it, which cron would turn into a newline' "$(grep -c % <<<"$command")" 0

# What the file sets, with the names of this machine's database and folder in place of the installed ones.
mapfile -t settings < <(grep -E '^[A-Z_]+=' "$table" |
	sed -e "s#^PATH=/usr/local/bin:#PATH=$work/usr/bin:#" -e "s#^PGHOST=.*#PGHOST=$PGHOST#" -e "s#^PGDATABASE=.*#PGDATABASE=$PGDATABASE#")
is 'the file sets three variables' "${#settings[@]}" 3

as_cron() {
	cd "$work/elsewhere" &&
		setsid -w env -i HOME="$work/elsewhere" LOGNAME=cron SHELL=/bin/sh "${settings[@]}" PGUSER="$PGUSER" PGPORT="$PGPORT" \
			/bin/sh -c "$command" </dev/null
}
exits 0 'the line runs' as_cron
is 'and says nothing, so that nothing is mailed' "$(cat "$work/out" "$work/err")" ''
is 'the marts are there' "$(sql 'select sum(transactions) from daily_sales_summary')" 500
is 'and right' "$(marts_differences)" ''
is 'nothing is left in the folder it ran in' "$(ls -A "$work/elsewhere")" ''
before=$(marts_fingerprint)
exits 0 'the next tick' as_cron
is 'changes nothing' "$(marts_fingerprint)" "$before"
fill_facts 2026-01-02 501 600
exits 0 'the next day' as_cron
is 'has its day' "$(sql 'select day, transactions from daily_sales_summary order by 1' | tr '\n' ' ')" '2026-01-01|500 2026-01-02|100 '

sql 'alter table dim_currency rename to gone'
exits 2 'a failure has its exit status' as_cron
like 'and its words, which cron mails' "$(cat "$work/err")" 'aggregate: error: .*dim_currency'
sql 'alter table gone rename to dim_currency'

# The installed marts are those of the binary, wherever it is called from; a project in the working directory wins.
is 'the marts beside the binary are found' "$(cd / && "$work/usr/bin/aggregate" list | jq -r 'select(.type == "model") | .node' | sort | sed -n 2p)" customer_kpi
mkdir -p "$work/mine/models" && printf 'name: mine\n' >"$work/mine/dbt_project.yml" && echo 'select 1 as one' >"$work/mine/models/one.sql"
is 'a project here wins' "$(cd "$work/mine" && "$work/usr/bin/aggregate" list | jq -r .node)" one
finish

#!/bin/bash
# deploy/postgresql/roles.sql: each tool does its whole work as its role, and the role can do nothing else.
source "$(dirname "$0")/../tap.sh"
source "$root/tests/kafka.sh"
start_postgres
start_mock transactions:2
roles() { psql -X -q -v ON_ERROR_STOP=1 -f "$root/deploy/postgresql/roles.sql"; }
as() { PGUSER=$1 "${@:2}"; }
marts=(--project-dir "$root/aggregate/marts" -q)

pgload -q --init >/dev/null
ok "the roles are made" roles
ok "… again, as they are" roles

# --- pgload -------------------------------------------------------------------------------------------------------------------------
{
	txgen -q -n 1500 --customers 100 --merchants 30 --malformed .02 --duplicates .02
	txgen labels -q -n 1500 --customers 100 --merchants 30
} | kproduce -q
# by number, since the mock lets the second member of a group wait for a session
path() { kconsume -q -e -p 0,1 --stream fraud "${brisk[@]}" "$@" | fraudcheck -q | as pgload_writer pgload -q >/dev/null; }
ok "dimensions" as pgload_writer "$root/scripts/seed-dims" --customers 100 --merchants 30
ok "… once more, as updates" as pgload_writer "$root/scripts/seed-dims" --customers 100 --merchants 30
ok "the stream" path
like "facts, duplicates, dead letters and labels" "$(sql "select sum(rows) > 1000, sum(duplicates) > 10, sum(dead_letters) > 10, sum(labels) > 0 from stream_position")" '^t\|t\|t\|t$'
ok "positions" as pgload_writer pgload --positions --stream fraud
ok "resumed at them" as pgload_writer path --resume
ok "lag" as pgload_writer kconsume --lag
ok "dead letters" as pgload_writer pgload --dead-letters
ok "a stream is reset" as pgload_writer pgload --reset-stream --stream fraud
ok "… and read again, all of it known" path
is "… is it" "$(sql 'select sum(rows) from stream_position')" 0
txgen -q -n 1600 --customers 100 --merchants 30 | tail -50 >"$work/in"
ok "a look at what would happen" as pgload_writer pgload --dry-run "$work/in"
exits 0 "a file" as pgload_writer pgload "$work/in"
envelope() { # FROM: 10 records of a stream from there on
	awk -v at="$1" '{ printf "{\"_kafka\":{\"stream\":\"gap\",\"topic\":\"t\",\"partition\":0,\"of\":1,\"run\":\"r%d\",\"origin\":\"offset\",\"begin\":%d,\"offset\":%d,\"ts\":1},%s\n", at, at, at + NR - 1, substr($0, 2) }' \
		<(txgen -q -n $((1700 + $1)) --customers 100 --merchants 30 | tail -10 | fraudcheck -q)
}
envelope 0 | as pgload_writer pgload -q >/dev/null
envelope 20 >"$work/gap"
exits 0 "a gap is accepted" as pgload_writer pgload --accept-gap t/0:10-20 "$work/gap"
is "… and noted" "$(sql 'select accepted_by from stream_gap')" pgload_writer

# --- aggregate ----------------------------------------------------------------------------------------------------------------------
aggregate_as() { as "$1" aggregate "${@:2}" "${marts[@]}"; }
for work_of_it in build build 'build -f' test verify status docs 'prune --older 400d --dry-run'; do
	exits 0 "aggregate $work_of_it" aggregate_as aggregate_owner $work_of_it
done
ok "the roles are made once more, behind the first build" roles
like "… and the marts can be read" "$(sql 'select count(*) from daily_sales_summary')" '^[1-9]'
sql "update dim_customer set home_country = 'KR'; update fact_transaction set amount = amount + 1 where is_foreign" >/dev/null
exits 0 "after changes" aggregate_as aggregate_owner build
exits 0 "and they agree" aggregate_as aggregate_owner verify
exits 2 "aggregate prune wants another role" as aggregate_owner aggregate prune --older 1s "${marts[@]}"
like "… in words" "$(cat "$work/err")" 'permission denied for table fact_transaction'
sql "update fact_transaction set transaction_ts = now() - interval '500 days' where transaction_id in (select transaction_id from fact_transaction limit 20)" >/dev/null
exits 0 "… which has it" as aggregate_pruner aggregate prune --older 499d "${marts[@]}"
is "… and deletes what is old" "$(sql "select count(*) from fact_transaction where transaction_ts < now() - interval '499 days'")" 0
exits 0 "… the marts forget it" aggregate_as aggregate_owner build
exits 0 "… rightly" aggregate_as aggregate_owner verify
ok "the books balance" "$root/scripts/reconcile"

# --- txdash -------------------------------------------------------------------------------------------------------------------------
ok "again, now that there are marts" roles
names=$(sql "select customer_name from dim_customer union select customer_email from dim_customer")
PGUSER=txdash_reader txdash -l 127.0.0.1:0 -b 127.0.0.1:9 2>"$work/dash.err" &
at_exit kill "$!"
wait_for 10 grep -q 'notice: http' "$work/dash.err"
url=$(sed -n 's/^txdash: notice: \(http:.*\)\/$/\1/p' "$work/dash.err")
ready() { [ "$(curl -s -m 20 -o /dev/null -w '%{http_code}' "$url/readyz")" = 200 ]; }
ok "the page is ready" wait_for 10 ready
sql "update dim_customer set home_country = null where customer_id = (select customer_id from fact_transaction limit 1)" >/dev/null
one=$(sql 'select transaction_id from fact_transaction where is_fraud limit 1')
customer=$(sql "select customer_id from fact_transaction where transaction_id = '$one'")
for name in cards daily customers_at_risk merchants_at_risk by_category by_country by_method rules verdicts map merchants_map flagged currencies runs run_nodes \
	failing_rows lineage dead_letters "dead_letters?search=not_json" dead_by_reason books "record?id=$one" "history?customer=$customer"; do
	since="from=2020-01-01T00:00:00Z"
	[[ $name != *\?* ]] || since=${name#*\?}
	curl -s -m 20 "$url/api/${name%%\?*}?$since" | tee -a "$work/page" | jq -r 'if .error then .error elif .missing then "missing" else "ok" end' >"$work/answer"
	is "the page: ${name%%\?*}" "$(cat "$work/answer")" ok
done
is "customers are there" "$(curl -s -m 20 "$url/api/flagged?from=2020-01-01T00:00:00Z" | jq -r '.columns as $c | .rows[0] | [.[$c | map(if type == "object" then .name else . end) | index("customer_id")], .[$c | map(if type == "object" then .name else . end) | index("customer_name")]] | map(type) | join(" ")')" "string null"
ok "there are names that could be shown" [ "$(wc -l <<<"$names")" -gt 150 ]
is "not one of them is" "$(grep -oFf - "$work/page" <<<"$names" | sort -u | head -3)" ''
exits 0 "a report" as txdash_reader txdash --once -b 127.0.0.1:9
is "… without them" "$(grep -oFf - "$work/out" <<<"$names" | sort -u | head -3)" ''
curl -sN -m 60 "$url/events" >"$work/events" &
at_exit kill "$!"
wait_for 10 grep -q '^event: tick' "$work/events"
id=$(txgen -q -n 1 -s 77 --customers 100 --merchants 30 --from "$(date -u +%FT%TZ)" | jq -c '.amount = 99999 | .currency = "USD"' | tee "$work/one" | jq -r .transaction_id)
fraudcheck -q <"$work/one" | as pgload_writer pgload -q >/dev/null
ok "what was just flagged comes" wait_for 10 grep -q "$id" "$work/events"
is "… without a name" "$(grep -oFf - "$work/events" <<<"$names" | head -1)" ''

# --- what each must not be able to do -----------------------------------------------------------------------------------------------
refused() { # ROLE STATEMENT
	local said
	said=$(PGUSER=$1 PGOPTIONS='-c default_transaction_read_only=off' psql -X -At -v ON_ERROR_STOP=1 -c "begin" -c "$2" -c "rollback" 2>&1)
	like "$1: $2" "$said" 'ERROR:  (permission denied|must be (owner|superuser|member)|only roles|must have)'
}
while IFS= read -r statement; do refused pgload_writer "$statement"; done <<'END'
update fact_transaction set is_fraud = false
delete from fact_transaction
truncate fact_transaction
delete from fraud_label
delete from dead_letter
update dead_letter set resolved_at = now()
delete from dim_customer
delete from fact_transaction_retracted
alter table fact_transaction disable trigger all
alter table stream_position drop constraint every_offset_is_accounted_for
drop table stream_gap
create table more (a int)
create schema more
select * from aggregate.run
select * from daily_sales_summary
insert into txpipe_schema (version, name) values (1000, 'x')
copy fact_transaction to program 'cat'
copy fact_transaction to '/tmp/facts'
select pg_read_file('/etc/passwd')
alter role pgload_writer createrole
set role aggregate_owner
END
while IFS= read -r statement; do refused aggregate_owner "$statement"; done <<'END'
insert into fact_transaction (transaction_id, transaction_ts, customer_id, merchant_id, amount, currency, is_foreign, is_fraud) values (gen_random_uuid(), now(), gen_random_uuid(), gen_random_uuid(), 1, 'USD', false, false)
update fact_transaction set is_fraud = false
delete from fact_transaction
truncate fraud_label
delete from dead_letter
update stream_position set next_offset = 0
delete from fact_transaction_retracted
select txpipe_adopt('fact_transaction')
alter table dim_customer add column more text
drop table dead_letter
create schema more
copy fact_transaction to program 'cat'
set role aggregate_pruner
set role pgload_writer
END
while IFS= read -r statement; do refused aggregate_pruner "$statement"; done <<'END'
update fact_transaction set is_fraud = false
delete from stream_position
delete from dim_customer
truncate fact_transaction
set role pgload_writer
END
while IFS= read -r statement; do refused txdash_reader "$statement"; done <<'END'
select customer_name from dim_customer
select customer_email from dim_customer
select home_latitude, home_longitude from dim_customer
select * from dim_customer
select count(*) filter (where customer_email like 'a%') from dim_customer
select * from dim_customer_retracted
select extra from fact_transaction
select raw from dead_letter
select row from aggregate.failure
select customer_name from customer_kpi
select * from pg_authid
insert into dim_currency values ('XXX', 1)
update fact_transaction set is_fraud = false
delete from dead_letter
update stream_position set next_offset = 0
create table more (a int)
set role aggregate_owner
END

# --- again and again ----------------------------------------------------------------------------------------------------------------
txgen -q -n 1800 --customers 100 --merchants 30 | tail -100 | fraudcheck -q | as pgload_writer pgload -q >/dev/null
exits 0 "whose marts they are works on them after that, too" aggregate_as aggregate_owner build
exits 0 "… all of them" aggregate_as aggregate_owner build -f
exits 0 "… and they agree" aggregate_as aggregate_owner verify
is "none may log in with no password where one is asked for" "$(sql "select count(*) from pg_authid where rolname in ('pgload_writer', 'aggregate_owner', 'aggregate_pruner', 'txdash_reader') and rolpassword is not null")" 0
sql 'create schema other; create table other.names as select customer_name from dim_customer; create sequence other.numbers; create function
	other.three() returns int language sql as $$ select 3 $$; revoke all on function other.three() from public' >/dev/null
sql 'grant update on fact_transaction to pgload_writer; grant select on dim_customer to txdash_reader; grant create on schema public to txdash_reader;
	grant usage on schema other to txdash_reader; grant select on other.names to txdash_reader; grant select (customer_email) on dim_customer to txdash_reader;
	grant usage on sequence other.numbers to txdash_reader; grant execute on function other.three() to txdash_reader' >/dev/null
sql "do 'begin execute format(''grant create on database %I to txdash_reader'', current_database()); end'" >/dev/null
ok "once more" roles
refused pgload_writer "update fact_transaction set is_fraud = true"
refused txdash_reader "select customer_name from dim_customer where true"
refused txdash_reader "select customer_email from dim_customer where true"
refused txdash_reader "select from other.names"
refused txdash_reader "create table one_more (a int)"
refused txdash_reader "create schema one_more"
sql 'grant usage on schema other to txdash_reader' >/dev/null # to see what is behind it
refused txdash_reader "select from other.names where true"
refused txdash_reader "select nextval('other.numbers')"
refused txdash_reader "select other.three()"
is "nothing is left to be told" "$(roles 2>&1)" ''
sql 'grant pg_read_all_data to txdash_reader' >/dev/null
like "by another role it can: that is told" "$(roles 2>&1)" 'WARNING:  txdash_reader may select customer_name of dim_customer all the same'
sql 'revoke pg_read_all_data from txdash_reader; grant update on fact_transaction to public' >/dev/null
like "… and what all can" "$(roles 2>&1)" 'WARNING:  pgload_writer may update is_fraud of fact_transaction all the same'

# --- where nobody is a superuser --------------------------------------------------------------------------------------------------------
sql 'create role plain login createrole' >/dev/null
sql 'create database plain owner plain' >/dev/null
plain() { PGDATABASE=plain as "$@"; }
exits 0 "a database of somebody who may make roles" plain plain pgload -q --init
exits 0 "… who makes them" plain plain psql -X -q -v ON_ERROR_STOP=1 -f "$root/deploy/postgresql/roles.sql"
txgen -q -n 300 --customers 50 --merchants 20 | fraudcheck -q >"$work/in"
exits 0 "… dimensions" plain pgload_writer "$root/scripts/seed-dims" --customers 50 --merchants 20
exits 0 "… facts" plain pgload_writer pgload "$work/in"
exits 0 "… marts" plain aggregate_owner aggregate build "${marts[@]}"
exits 0 "… made again behind them" plain plain psql -X -q -v ON_ERROR_STOP=1 -f "$root/deploy/postgresql/roles.sql"
is "… not a word" "$(cat "$work/out" "$work/err")" ''
exits 0 "… marts again" plain aggregate_owner aggregate build -f "${marts[@]}"
is "… which the page reads" "$(PGDATABASE=plain as txdash_reader psql -X -q -A -t -c 'select sum(transactions) from sales_by_day')" 300
finish

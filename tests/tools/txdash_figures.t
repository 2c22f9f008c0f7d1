#!/bin/bash
# txdash: daily figures are read from the marts, with what changed since, and are those of the facts; what takes long holds up nobody.
source "$(dirname "$0")/../tap.sh"
source "$root/tests/dash.sh"
start_postgres
pgload -q --init >/dev/null && "$root/scripts/seed-dims" --customers 300 --merchants 60 || exit 1
load() { txgen -q --customers 300 --merchants 60 "$@" 2>/dev/null | fraudcheck -q | pgload -q >/dev/null; }
load -n 4000 --from "$(date -u -d '-3 days' +%FT00:00:00Z)"
build() { aggregate -q build --project-dir "$root/aggregate/marts" "$@" >/dev/null; }
build || exit 1

start main
ok "is ready" wait_for 10 ready
whole() { printf 'from=2020-01-01&to=%d-01-01' $((2100 + RANDOM % 7000)) | sed 's/\(....-01-01\)/\1T00:00:00Z/g'; } # another question each time: no answer is remembered
cards() { get "/api/cards?$(whole)${1-}" | jq -r '.rows[0] | map(tostring) | join("|")'; }
usd="amount / units_per_base"
facts="fact_transaction left join dim_currency using (currency)"
numbers() { jq -Rr 'split("|") | map(tonumber? // . | tostring) | join("|")'; }
cards_of_facts() {
	sql "select count(*), round(sum($usd), 2), count(*) filter (where is_fraud), round(count(*) filter (where is_fraud)::numeric / count(*), 6),
		round(sum($usd) filter (where is_fraud), 2), round(sum($usd) filter (where is_fraud) / sum($usd), 6), count(*) filter (where units_per_base is null)
		from $facts where ${1-true}" | numbers
}
daily() { get "/api/daily?$(whole)${1-}" | cells; }
daily_of_facts() {
	sql "select (transaction_ts at time zone 'UTC')::date, count(*), round(coalesce(sum($usd), 0), 2), count(*) filter (where is_fraud),
		round(count(*) filter (where is_fraud)::numeric / count(*), 6), round(coalesce(sum($usd) filter (where is_fraud), 0), 2),
		round(coalesce(sum($usd) filter (where is_fraud), 0) / sum($usd), 6) from $facts where ${1-true} group by 1 order by 1" | numbers
}
rules() { get "/api/rules?$(whole)${1-}" | cells; }
rules_of_facts() {
	sql "select r, count(*), count(*) filter (where is_fraud), count(*) filter (where cardinality(fraud_reasons) = 1), round(sum($usd), 2)
		from $facts, unnest(fraud_reasons) r where ${1-true} group by 1 order by 2 desc, 1" | numbers
}
agree() { # WHEN
	is "$1: cards" "$(cards)" "$(cards_of_facts)"
	is "$1: days" "$(daily)" "$(daily_of_facts)"
	is "$1: rules" "$(rules)" "$(rules_of_facts)"
}

# --- read from the marts ------------------------------------------------------------------------------------------------------------
agree "after a build"
is "the models are as the page knows them (else their fingerprints in marts.sql want a look)" "$(psql -XAtq -f "$root/dashboard/sql/marts.sql" | wc -l)" 1
real=$(sql 'select count(*) from fact_transaction')
first=$(sql 'select ctid from sales_by_day limit 1')
sql "update sales_by_day set transactions = transactions + 1000000 where ctid = '$first'" >/dev/null
is "whole days are read from the marts" "$(cards | cut -d'|' -f1)" $((real + 1000000))
is "… not parts of days" "$(get '/api/cards?from=2020-01-01T00:00:01Z' | jq '.rows[0][0]')" "$real"
is "… nor what somebody did" "$(get "/api/cards?$(whole)&customer=$(sql 'select customer_id from fact_transaction limit 1')" | jq '.rows[0][0] < 1000000')" true
compiled=$(sql "select compiled from aggregate.state where relation_name = 'sales_by_day'")
sql "update aggregate.state set compiled = 'of another time zone' where relation_name = 'sales_by_day'" >/dev/null
is "… nor from models that are not the shipped ones" "$(cards | cut -d'|' -f1)" "$real"
sql "update aggregate.state set compiled = '$compiled', system_identifier = system_identifier + 1 where relation_name = 'sales_by_day'" >/dev/null
is "… nor from those of another server" "$(cards | cut -d'|' -f1)" "$real"
sql "update aggregate.state set system_identifier = system_identifier - 1 where relation_name = 'sales_by_day'" >/dev/null
is "… they are again" "$(cards | cut -d'|' -f1)" $((real + 1000000))
sql "update sales_by_day set transactions = transactions - 1000000 where transactions > 1000000" >/dev/null

# --- with what changed since --------------------------------------------------------------------------------------------------------
# a transaction that was open while aggregate built, and commits after it
mkfifo "$work/late"
psql -X -q <"$work/late" >/dev/null &
exec 5>"$work/late"
echo "begin; insert into fact_transaction (transaction_id, transaction_ts, customer_id, merchant_id, amount, currency, is_foreign, is_fraud, fraud_reasons)
	select gen_random_uuid(), now() - i * interval '5 hours', customer_id, merchant_id, 100 + i, 'EUR', true, true, '{foreign}' from fact_transaction, generate_series(1, 3) i limit 30;" >&5
open_one() { [ "$(sql "select count(*) from pg_stat_activity where state = 'idle in transaction'")" = 1 ]; }
ok "a transaction stays open" wait_for 10 open_one
load -n 700 --from "$(date -u +%FT00:00:00Z)"
agree "with new rows"
build
agree "after another build"
echo "commit; select pg_sleep(0);" >&5
exec 5>&-
closed() { ! open_one; }
ok "it commits, late" wait_for 10 closed
agree "with rows that were in progress then"
sql "update fact_transaction set amount = amount + 50, is_fraud = not is_fraud, fraud_reasons = '{by_hand}' where transaction_id in (select transaction_id from fact_transaction order by 1 limit 40)" >/dev/null
sql "delete from fact_transaction where transaction_id in (select transaction_id from fact_transaction order by 1 offset 20 limit 40)" >/dev/null
sql "insert into fact_transaction (transaction_id, transaction_ts, customer_id, merchant_id, amount, currency, is_foreign, is_fraud)
	select gen_random_uuid(), now() - interval '40 days', customer_id, merchant_id, 7, 'XXX', false, false from fact_transaction limit 1" >/dev/null
agree "with changed, deleted and odd ones"
is "… and a currency" "$(cards '&currency=EUR')" "$(cards_of_facts "currency = 'EUR'")"
is "… and a rule" "$(cards '&rule=foreign')" "$(cards_of_facts "'foreign' = any(fraud_reasons)")"
is "… day by day" "$(daily '&rule=foreign&currency=EUR')" "$(daily_of_facts "'foreign' = any(fraud_reasons) and currency = 'EUR'")"
is "… hits with it" "$(rules '&rule=by_hand')" "$(rules_of_facts "'by_hand' = any(fraud_reasons)")"
day=$(date -u -d '-2 days' +%F) next=$(date -u -d '-1 days' +%F)
is "… of one day" "$(get "/api/daily?from=${day}T00:00:00Z&to=${next}T00:00:00Z" | cells)" "$(daily_of_facts "transaction_ts >= '$day' and transaction_ts < '$next'")"
build
agree "and after a build that takes them in"
sql 'create table kept as select * from fact_transaction' >/dev/null
sql 'truncate fact_transaction' >/dev/null
is "a truncated table's marts are no longer asked" "$(cards | cut -d'|' -f1)" 0

# --- what takes long holds up nobody ------------------------------------------------------------------------------------------------
kill "$pid_main"
sql "create view slow as select pg_sleep(60)::text as slept" >/dev/null
sql "insert into stream_position (stream, target, topic, partition, first_offset, next_offset, rows, duplicates, dead_letters, labels, holes, partitions)
	values ('slow', 'slow', 'slow', 0, 0, 0, 0, 0, 0, 0, 0, 1)" >/dev/null
start slow
curl -sN -m 120 "$url/events" >"$work/events" &
at_exit kill "$!"
counting() { [ "$(sql "select count(*) from pg_stat_activity where query like '-- Is each row%' and state = 'active' and pid <> pg_backend_pid()")" = 1 ]; }
ticks() { grep -c '^event: tick' "$work/events"; }
ok "rows are being counted" wait_for 20 counting
before=$(ticks)
while counting; do sleep 0.05; done
ok "meanwhile the page ticks on" [ $(($(ticks) - before)) -ge 2 ]
words() { get /api/live | jq -e '.books_words | startswith("too many rows to count within 8 s")'; }
ok "and says that it was too much" wait_for 10 words
curl -s -m 60 "$url/api/books" >"$work/books" &
books=$!
ok "a question that takes long is asked" wait_for 20 counting
is "… a quick one is answered meanwhile" "$(get /api/currencies | jq '.rows | length > 0') $(cat "$work/books")" "true "
wait "$books"
like "… until it is given up" "$(jq -r .error "$work/books")" 'longer than 8 s'
is "… and not asked again for a while" "$(get /api/books | jq -r .error; counting && echo again)" "$(jq -r .error "$work/books")"
sql "delete from stream_position where stream = 'slow'" >/dev/null

# --- what was asked before aggregate built is not remembered after it -----------------------------------------------------------------
sql 'alter table dim_merchant rename to merchants' >/dev/null
sql 'create table gone (gone boolean)' >/dev/null
sql 'create view dim_merchant as with s as materialized (select pg_sleep(4)) select m.* from merchants m, s where not exists (select from gone)' >/dev/null
curl -s -m 60 "$url/api/merchants_map" >"$work/map" &
map=$!
asking() { [ "$(sql "select count(*) from pg_stat_activity where query like '-- Where business is done%' and state = 'active'")" = 1 ]; }
ok "a question takes its time" wait_for 10 asking
before=$(grep -c '^event: built' "$work/events")
sql 'insert into gone values (true)' >/dev/null
sql "notify txpipe, 'aggregate'" >/dev/null
built() { [ "$(grep -c '^event: built' "$work/events")" -gt "$before" ]; }
ok "aggregate has built meanwhile" wait_for 10 built
wait "$map"
is "it was of before" "$(jq '.rows | length > 0' "$work/map")" true
is "… and is asked anew" "$(get /api/merchants_map | jq '.rows | length')" 0
finish

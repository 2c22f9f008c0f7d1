#!/bin/bash
# aggregate build on the suite's marts: numbers, second runs, late rows, missing dimensions, tests that gate.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/marts.sh"
start_postgres
make_tables
fill_dimensions
fill_facts 2026-01-01 1 3000
export TXPIPE_PROJECT=$root/aggregate/marts

node() { jq -r --arg n "$1" "select(.node == \$n) | $2" "$work/out"; }

# --- the first run, the same run again, the second day
exits 0 'the first build' aggregate build
is 'each line of stdout is a node, the last one the run' "$(jq -r '.type' "$work/out" | sort | uniq -c | tr -s ' \n' ' ')" ' 10 model 1 run 53 test '
is 'the run is published' "$(node txpipe '.status')" published
like 'a table for people on stderr' "$(cat "$work/err")" '^sales_by_day +model +success +3 +3 +0 +0'
is 'no colour without a terminal' "$(grep -c $'\033' "$work/err")" 0
is 'the marts agree with a statement of its own' "$(marts_differences)" ''
is 'a day has its transactions' "$(sql 'select day, transactions, frauds, fraud_rate, unknown_currency from daily_sales_summary')" '2026-01-01|3000|300|0.100000|0'
before=$(marts_fingerprint)
exits 0 'the second build' aggregate build
is 'nothing new: no row is touched' "$(marts_fingerprint)" "$before"
is 'and every model says so' "$(jq -r 'select(.type == "model") | .status' "$work/out" | sort | uniq -c | tr -s ' \n' ' ')" ' 10 unchanged '
first_day=$(sql "select ctid, xmin, t from sales_by_day t where day = '2026-01-01' order by currency")
fill_facts 2026-01-02 3001 4000
exits 0 'the run of the second day' aggregate build
is 'has the second day' "$(sql 'select day, transactions from daily_sales_summary order by 1' | tr '\n' ' ')" '2026-01-01|3000 2026-01-02|1000 '
is 'wrote three rows of it' "$(node sales_by_day '[.inserted, .updated, .deleted] | join(" ")')" '3 0 0'
is 'left those of the first day where they were' "$(sql "select ctid, xmin, t from sales_by_day t where day = '2026-01-01' order by currency")" "$first_day"
is 'and the numbers are right' "$(marts_differences)" ''

# --- late, changed, deleted
fill_facts 2026-01-01 5000 5001
exits 0 'a build after two late rows' aggregate build
is 'they are in the day they belong to' "$(sql "select transactions from daily_sales_summary where day = '2026-01-01'")" 3002
sql "update fact_transaction set amount = amount + 1 where transaction_id = md5('t1')::uuid; delete from fact_transaction where transaction_ts >= '2026-01-02'"
exits 0 'a build after an update and deletes' aggregate build
is 'a day without rows is gone' "$(node sales_by_day '[.inserted, .updated, .deleted] | join(" ")')" '0 1 3'
is 'and the numbers are right again' "$(marts_differences)" ''

# --- dimensions
sql "update dim_currency set units_per_base = 0.90 where currency = 'EUR'" # a view on measures needs no build for it
is 'a corrected rate shows at once' "$(marts_differences)" ''
sql "insert into fact_transaction (transaction_id, transaction_ts, customer_id, merchant_id, amount, currency, is_foreign, is_fraud)
	select md5('x' || i)::uuid, '2026-01-03 10:00Z', md5('new')::uuid, md5('newshop')::uuid, 10, 'XTS', false, false from generate_series(1, 5) i"
exits 0 'a build with a customer, a merchant and a currency that no dimension has' aggregate build
is 'it counts, and its amount is shown as missing' "$(sql "select transactions, sales, unknown_currency from daily_sales_summary where day = '2026-01-03'")" '5|0.0000|5'
is 'the customer is there' "$(sql "select customer_name, home_country, transactions, unknown_currency from customer_kpi where customer_id = md5('new')::uuid")" 'unknown|unknown|5|5'
is 'the merchant is there' "$(sql "select merchant_category, country, transactions from merchant_analysis where merchant_id = md5('newshop')::uuid")" 'unknown|unknown|5'
is 'missing dimensions under one per cent are a warning' "$(jq -r 'select(.node | startswith("source_relationships")) | .status' "$work/out" | sort -u)" warn
is 'with their number' "$(node source_relationships_stream_fact_transaction_customer_id '[.failures, .rows] | join(" ")')" '5 3007'
like 'on stderr too' "$(cat "$work/err")" 'warning?: test source_relationships_stream_fact_transaction_customer_id: .*sources.yml:[0-9]+: 5 of 3007 rows fail'
sql "insert into dim_customer (customer_id, customer_name, home_country) values (md5('new')::uuid, 'late', 'ES')"
is 'a late dimension shows at once' "$(sql "select customer_name, home_country from customer_kpi where customer_id = md5('new')::uuid")" 'late|ES'
is 'still the same numbers' "$(marts_differences)" ''

sql "insert into dim_customer (customer_id) select md5('late' || i)::uuid from generate_series(1, 5) i" # none of them helps
sql "create table parked as select merchant_id, merchant_name, merchant_category, country, latitude, longitude from dim_merchant where merchant_id = md5('m1')::uuid; delete from dim_merchant where merchant_id = md5('m1')::uuid"
exits 1 'dimensions missing for more than one per cent fail the build' aggregate build
is 'by that test alone' "$(jq -r 'select(.status == "fail") | .node' "$work/out")" source_relationships_stream_fact_transaction_merchant_id
is 'a test of sources reports: the marts are published' "$(node txpipe '.status')" published
is 'failing rows are kept, as many as the limit says' "$(sql "select count(*), bool_and(row->>'merchant_id' in (md5('m1')::uuid::text, md5('newshop')::uuid::text)) from aggregate.failure join aggregate.run using (run_id)
	where node = 'source_relationships_stream_fact_transaction_merchant_id' and run_id = (select max(run_id) from aggregate.run)")" '100|t'
sql 'insert into dim_merchant (merchant_id, merchant_name, merchant_category, country, latitude, longitude) select * from parked'

# --- bad places, bad rows
exits 0 'aggregate test' aggregate test
is 'a caught bad location does not break the range test' "$(node source_between_stream_fact_transaction_latitude '.status')" pass
is 'but it is looked at otherwise' "$(node source_between_stream_fact_transaction_latitude '.rows')" "$(sql "select count(*) from fact_transaction where 'bad_location' = any(fraud_reasons) is not true")"
is 'tests publish nothing' "$(node txpipe '.status')" checked
sql "update fact_transaction set is_fraud = false, fraud_reasons = '{}' where transaction_id = md5('t100')::uuid"
exits 1 'a bad location that nobody caught fails' aggregate test
is 'in one row' "$(node source_between_stream_fact_transaction_latitude '[.status, .failures] | join(" ")')" 'fail 1'
sql "update fact_transaction set is_fraud = true, fraud_reasons = '{bad_location}' where transaction_id = md5('t100')::uuid"
sql "update fact_transaction set payment_method = 'cheque' where transaction_id = md5('t7')::uuid"
exits 0 'an unheard-of payment method is a warning' aggregate build
is 'of one row' "$(node source_accepted_values_stream_fact_transaction_payment_method '[.status, .failures] | join(" ")')" 'warn 1'
sql "update fact_transaction set amount = -5 where transaction_id = md5('t7')::uuid"
exits 1 'a negative amount fails' aggregate test -s source:stream.fact_transaction
sql "update fact_transaction set amount = 5, payment_method = 'credit_card' where transaction_id = md5('t7')::uuid"

# --- history
is 'every run is in the history' "$(sql "select bool_and(exit_status in (0, 1)), min(status), max(status) from aggregate.run where snapshot is not null")" 't|checked|published'
is 'with its nodes' "$(sql "select count(*) from aggregate.node_result where run_id = 1")" 63
is 'the state names snapshot and cluster' "$(sql "select count(*), bool_and(snapshot is not null), count(distinct s.system_identifier), bool_and(s.system_identifier = c.system_identifier)
	from aggregate.state s, lateral (select system_identifier from pg_control_system()) c")" '10|t|1|t'
is 'show prints the rows' "$(aggregate show daily_sales_summary | jq -s 'map(.transactions) | add')" "$(sql 'select count(*) from fact_transaction')"
exits 2 'show of what is not there' aggregate show nothing
is 'a build into a closed pipe is published nevertheless' "$( (aggregate build -q; echo "$?" >"$work/status") | true; cat "$work/status"; sql 'select status from aggregate.run order by run_id desc limit 1')" '74
published'
ok 'metrics are written' aggregate build -q --metrics "$work/m.prom"
like 'how the nodes ended' "$(cat "$work/m.prom")" '^txpipe_aggregate_nodes\{status="pass"\} '
finish

#!/bin/bash
# seed-dims: the dimensions that match the stream of the same options; a second run changes nothing.
. "$(dirname "$0")/../tap.sh"

start_postgres
pgload -q --init >"$work/init" || { echo "Bail out! pgload --init fails"; exit 1; }

state() { sql "select md5(string_agg(t::text, ',' order by t::text)) from (
	select to_jsonb(d) - 'xid' - 'loaded_at' from $1 d) t"; }
all() { echo "$(state dim_customer) $(state dim_merchant) $(state dim_currency)"; }

exits 0 "dimensions are loaded" "$root/scripts/seed-dims" -s 3 --customers 500 --merchants=60
is "every customer, merchant and currency" \
	"$(sql "select (select count(*) from dim_customer), (select count(*) from dim_merchant),
		(select count(*) from dim_currency)")" \
	"500|60|$(wc -l <"$root/lib/currencies.ndjson")"
is "nothing is missing in them" "$(sql "select
	(select count(*) from dim_customer where num_nulls(customer_name, customer_email, home_country, home_latitude,
		home_longitude, registered_at) > 0)
	+ (select count(*) from dim_merchant where num_nulls(merchant_name, merchant_category, country, latitude,
		longitude) > 0)")" 0
before=$(all)
exits 0 "a second run" "$root/scripts/seed-dims" -s 3 --customers 500 --merchants 60
is "… changes nothing" "$(all)" "$before"

txgen -q -n 5000 -s 3 --customers 500 --merchants 60 | fraudcheck -q | pgload -q >"$work/load"
is "the stream of the same options refers to them" "$(sql "select count(*),
	count(*) filter (where c.customer_id is null or m.merchant_id is null or u.currency is null),
	count(*) filter (where f.is_foreign <> (c.home_country <> m.country))
	from fact_transaction f left join dim_customer c using (customer_id)
	left join dim_merchant m using (merchant_id) left join dim_currency u using (currency)")" "5000|0|0"

exits 0 "another population" "$root/scripts/seed-dims" --seed 4 --customers 10 --merchants 5 -d "dbname=$PGDATABASE"
is "… comes beside the first" \
	"$(sql "select (select count(*) from dim_customer), (select count(*) from dim_merchant)")" "510|65"

exits 2 "an unknown option" "$root/scripts/seed-dims" --shoes 4
like "… is named" "$(cat "$work/err")" "unknown argument '--shoes'"
exits 2 "a missing argument" "$root/scripts/seed-dims" --customers
exits 2 "a bad number is the generator's usage error" "$root/scripts/seed-dims" --customers 0
exits 0 "--help" "$root/scripts/seed-dims" --help
sql "drop table dim_merchant cascade" >"$work/drop" 2>&1
exits 2 "a missing table is for a person to make" "$root/scripts/seed-dims" --customers 10 --merchants 5
like "… by name" "$(cat "$work/err")" dim_merchant

finish

# For tests of aggregate: source this after tap.sh. The tables that pgload makes, with few rows in them.

make_tables() { pgload --init -q >/dev/null; }

# Currencies, 40 customers, 9 merchants.
fill_dimensions() {
	psql -X -q -v ON_ERROR_STOP=1 <<-'SQL'
		insert into dim_currency (currency, units_per_base) values ('USD', 1), ('EUR', 0.92), ('JPY', 151.3)
			on conflict (currency) do update set units_per_base = excluded.units_per_base;
		insert into dim_customer (customer_id, customer_name, home_country, registered_at)
			select md5('c' || i)::uuid, 'customer ' || i, (array['DE', 'FR'])[1 + i % 2], '2025-01-01' from generate_series(1, 40) i;
		insert into dim_merchant (merchant_id, merchant_name, merchant_category, country, latitude, longitude)
			select md5('m' || i)::uuid, 'merchant ' || i, (array['food', 'travel', 'books'])[1 + i % 3], 'IT', 41, 12
			from generate_series(1, 9) i;
	SQL
}

# fill_facts DAY FIRST LAST: one transaction a number, on that day; every tenth is foreign and flagged, every hundredth has a
# place that does not exist.
fill_facts() {
	psql -X -q -v ON_ERROR_STOP=1 -v day="$1" -v first="$2" -v last="$3" <<-'SQL'
		insert into fact_transaction (transaction_id, transaction_ts, customer_id, merchant_id, amount, currency, latitude, longitude,
			payment_method, is_foreign, is_fraud, fraud_score, fraud_reasons)
		select md5('t' || i)::uuid, :'day'::timestamptz + i % 1440 * interval '1 min', md5('c' || (1 + i % 40))::uuid,
			md5('m' || (1 + i % 9))::uuid, (i % 977) + 0.37, (array['USD', 'EUR', 'JPY'])[1 + i % 3],
			case when i % 100 = 0 then 123 else 10 end, 10, 'credit_card', i % 10 = 0, i % 10 = 0, 0,
			case when i % 100 = 0 then '{foreign,bad_location}' when i % 10 = 0 then '{foreign}' else '{}'::text[] end
		from generate_series(:first, :last) i;
	SQL
}

# What the marts' tables hold and where each row lies: equal only if nothing was written.
marts_fingerprint() {
	local t
	for t in sales_by_day sales_by_customer sales_by_merchant alerts_by_day labelled_transaction; do
		sql "select '$t', count(*), md5(string_agg(format('%s %s %s', ctid, xmin, t), ';' order by ctid)) from $t t"
	done
}

# The content only.
marts_content() {
	local t
	for t in daily_sales_summary customer_kpi merchant_analysis fraud_performance rule_performance; do
		sql "select '$t', count(*), md5(string_agg(t::text, ';' order by t::text)) from $t t"
	done
}

# The three marts, said once more and otherwise: from the facts, row by row. Prints the rows in which they differ. Money may differ in its
# last digit: here each transaction is converted and rounded, there the sum of a currency.
marts_differences() {
	sql "
	with f as (select f.*, (f.transaction_ts at time zone 'UTC')::date as day, f.amount / c.units_per_base as base
		from fact_transaction f left join dim_currency c using (currency)),
	daily as (select day, count(*) n, coalesce(sum(base), 0) s, sum(is_fraud::int) x, count(*) - count(base) u from f group by 1),
	customer as (select customer_id, count(*) n, coalesce(sum(base), 0) s, avg(base) a, sum(is_fraud::int) x from f group by 1),
	merchant as (select merchant_id, count(*) n, coalesce(sum(base), 0) s, sum(is_fraud::int) x from f group by 1)
	select 'daily', coalesce(d.day, m.day)::text from daily d full join daily_sales_summary m using (day)
		where (d.n, d.x, d.u, round(d.x::numeric / d.n, 6)) is distinct from (m.transactions, m.frauds, m.unknown_currency, m.fraud_rate)
			or (abs(d.s - m.sales) <= 0.0001) is not true
	union all
	select 'customer', coalesce(d.customer_id, m.customer_id)::text from customer d full join customer_kpi m using (customer_id)
		left join dim_customer k using (customer_id)
		where (d.n, d.x, coalesce(k.customer_name, 'unknown'), coalesce(k.home_country, 'unknown'), d.a is null) is distinct from
			(m.transactions, m.frauds, m.customer_name, m.home_country, m.average_spend is null)
			or (abs(d.s - m.spend) <= 0.0001) is not true or abs(d.a - m.average_spend) > 0.0001
	union all
	select 'merchant', coalesce(d.merchant_id, m.merchant_id)::text from merchant d full join merchant_analysis m using (merchant_id)
		left join dim_merchant k using (merchant_id)
		where (d.n, d.x, coalesce(k.merchant_category, 'unknown'), coalesce(k.country, 'unknown')) is distinct from
			(m.transactions, m.frauds, m.merchant_category, m.country)
			or (abs(d.s - m.sales) <= 0.0001) is not true"
}

-- Customers with the highest share of fraud, of those with at least 5 transactions: one of one is no 100 %. They are ranked by what the share is
-- at least (lower end of Wilson's interval, 95 %), so that few transactions weigh less than many.
, summed as ( -- in each currency as it was paid: to convert sums costs less than to convert each amount
	select customer_id, currency, count(*) as transactions, count(*) filter (where is_fraud) as frauds, sum(amount) as amount,
		sum(amount) filter (where is_fraud) as fraud_amount
	from facts
	group by 1, 2
), counted as (
	select s.customer_id, sum(s.transactions)::bigint as transactions, sum(s.frauds)::bigint as frauds, sum(s.amount / c.units_per_base) as usd,
		sum(s.fraud_amount / c.units_per_base) as fraud_usd
	from summed s
	left join dim_currency c on c.currency = s.currency
	group by 1
	having sum(s.transactions) >= 5 and sum(s.frauds) > 0
), rated as (
	select *, frauds::float8 / transactions as p, transactions::float8 as n, 1.96 ^ 2 as zz from counted
)
select r.customer_id, /*personal*/ d.customer_name /*end*/ as customer_name, d.home_country, r.transactions, r.frauds,
	round(r.p::numeric, 6) as fraud_ratio,
	round(((r.p + zz / (2 * n) - sqrt(zz) * sqrt((p * (1 - p) + zz / (4 * n)) / n)) / (1 + zz / n))::numeric, 6) as fraud_ratio_at_least,
	round(coalesce(r.usd, 0), 2) as revenue_usd, round(coalesce(r.fraud_usd, 0), 2) as fraud_usd
from rated r
left join dim_customer d on d.customer_id = r.customer_id
order by fraud_ratio_at_least desc, r.frauds desc, 1
limit 50

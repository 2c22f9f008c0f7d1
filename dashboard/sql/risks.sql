-- Behind sums_by_party.sql: parties with any fraud, to be ranked by what its share is at least (lower end of Wilson's interval, 95 %), so that few
-- transactions weigh less than many.
, counted as (
	select s.party, sum(s.transactions)::bigint as transactions, sum(s.frauds)::bigint as frauds, sum(s.amount / c.units_per_base) as usd,
		sum(s.fraud_amount / c.units_per_base) as fraud_usd
	from summed s
	left join dim_currency c on c.currency = s.currency
	group by 1
	having sum(s.frauds) > 0
), rated as (
	select *, frauds::float8 / transactions as p, transactions::float8 as n, 1.96 ^ 2 as zz from counted
), risks as (
	select party, transactions, frauds, round(p::numeric, 6) as fraud_ratio,
		round(((p + zz / (2 * n) - sqrt(zz) * sqrt((p * (1 - p) + zz / (4 * n)) / n)) / (1 + zz / n))::numeric, 6) as fraud_ratio_at_least,
		round(coalesce(usd, 0), 2) as revenue_usd, round(coalesce(fraud_usd, 0), 2) as fraud_usd
	from rated
)

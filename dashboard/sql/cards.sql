-- The figures on top of the page.
select
	coalesce(sum(s.transactions), 0)::bigint as transactions,
	round(coalesce(sum(s.amount / c.units_per_base), 0), 2) as revenue_usd,
	coalesce(sum(s.frauds), 0)::bigint as frauds,
	round(sum(s.frauds) / nullif(sum(s.transactions), 0), 6) as fraud_ratio,
	round(coalesce(sum(s.fraud_amount / c.units_per_base), 0), 2) as fraud_usd,
	round(coalesce(sum(s.fraud_amount / c.units_per_base), 0) / nullif(sum(s.amount / c.units_per_base), 0), 6) as fraud_value_ratio,
	coalesce(sum(s.transactions) filter (where c.currency is null), 0)::bigint as unknown_currency
from sums s
left join dim_currency c on c.currency = s.currency

-- Revenue and fraud, day by day (UTC); the latest 4,000 days, should times be anything.
select * from (
	select
		s.day,
		sum(s.transactions)::bigint as transactions,
		round(coalesce(sum(s.amount / c.units_per_base), 0), 2) as revenue_usd,
		sum(s.frauds)::bigint as frauds,
		round(sum(s.frauds) / sum(s.transactions), 6) as fraud_ratio,
		round(coalesce(sum(s.fraud_amount / c.units_per_base), 0), 2) as fraud_usd,
		round(coalesce(sum(s.fraud_amount / c.units_per_base), 0) / nullif(sum(s.amount / c.units_per_base), 0), 6) as fraud_value_ratio
	from sums s
	left join dim_currency c on c.currency = s.currency
	group by 1
	order by 1 desc
	limit 4000
) latest
order by 1

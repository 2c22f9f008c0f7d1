-- Revenue and fraud, day by day (UTC).
select
	(transaction_ts at time zone 'UTC')::date as day,
	count(*) as transactions,
	round(coalesce(sum(usd), 0), 2) as revenue_usd,
	count(*) filter (where is_fraud) as frauds,
	round(count(*) filter (where is_fraud)::numeric / count(*), 6) as fraud_ratio,
	round(coalesce(sum(usd) filter (where is_fraud), 0), 2) as fraud_usd,
	round(coalesce(sum(usd) filter (where is_fraud), 0) / nullif(sum(usd), 0), 6) as fraud_value_ratio
from facts
group by 1
order by 1

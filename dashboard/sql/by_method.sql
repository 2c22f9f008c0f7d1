-- By payment method.
select
	coalesce(f.payment_method, 'unknown') as payment_method,
	count(*) as transactions,
	round(coalesce(sum(f.usd), 0), 2) as revenue_usd,
	count(*) filter (where f.is_fraud) as frauds,
	round(count(*) filter (where f.is_fraud)::numeric / count(*), 6) as fraud_ratio,
	round(coalesce(sum(f.usd) filter (where f.is_fraud), 0), 2) as fraud_usd,
	round(coalesce(sum(f.usd) filter (where f.is_fraud), 0) / nullif(sum(f.usd), 0), 6) as fraud_value_ratio
from facts f
group by 1
order by 3 desc, 1
limit 100

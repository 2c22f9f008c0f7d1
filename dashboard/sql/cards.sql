-- The figures on top of the page.
select
	count(*) as transactions,
	round(coalesce(sum(usd), 0), 2) as revenue_usd,
	count(*) filter (where is_fraud) as frauds,
	round(count(*) filter (where is_fraud)::numeric / nullif(count(*), 0), 6) as fraud_ratio,
	round(coalesce(sum(usd) filter (where is_fraud), 0), 2) as fraud_usd,
	round(coalesce(sum(usd) filter (where is_fraud), 0) / nullif(sum(usd), 0), 6) as fraud_value_ratio,
	(select count(*) from (select distinct customer_id from facts) c) as customers, -- count(distinct …) would sort them all
	(select count(*) from (select distinct merchant_id from facts) m) as merchants,
	count(*) filter (where usd is null) as unknown_currency
from facts

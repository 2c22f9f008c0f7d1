-- Merchants with the highest share of fraud.
select r.party as merchant_id, coalesce(d.merchant_name, 'unknown') as merchant_name, d.merchant_category, d.country, r.transactions, r.frauds,
	r.fraud_ratio, r.fraud_ratio_at_least, r.revenue_usd, r.fraud_usd
from risks r
left join dim_merchant d on d.merchant_id = r.party
order by r.fraud_ratio_at_least desc, r.frauds desc, r.party

-- Customers with the highest share of fraud.
select r.party as customer_id, /*personal*/ d.customer_name /*end*/ as customer_name, d.home_country, r.transactions, r.frauds,
	r.fraud_ratio, r.fraud_ratio_at_least, r.revenue_usd, r.fraud_usd
from risks r
left join dim_customer d on d.customer_id = r.party
order by r.fraud_ratio_at_least desc, r.frauds desc, r.party

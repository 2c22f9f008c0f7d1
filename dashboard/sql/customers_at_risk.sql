-- Customers with the highest share of fraud, of those with at least 5 transactions: one of one is no 100 %.
select r.party as customer_id, /*personal*/ d.customer_name /*end*/ as customer_name, d.home_country, r.transactions, r.frauds,
	r.fraud_ratio, r.fraud_ratio_at_least, r.revenue_usd, r.fraud_usd
from risks r
left join dim_customer d on d.customer_id = r.party
where r.transactions >= 5
order by r.fraud_ratio_at_least desc, r.frauds desc, 1
limit 50

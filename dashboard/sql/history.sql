-- A customer's ($3) latest transactions.
select f.transaction_id, f.transaction_ts, f.amount, left(f.currency, 12) as currency,
	round(f.amount / c.units_per_base, 2) as amount_usd,
	left(m.merchant_name, 120) as merchant_name, m.merchant_category, left(f.payment_method, 60) as payment_method,
	f.is_fraud, f.fraud_score::float8 as fraud_score,
	to_jsonb(array(select left(r, 60) from unnest(f.fraud_reasons[1:20]) r)) as fraud_reasons
from fact_transaction f
left join dim_currency c on c.currency = f.currency
left join dim_merchant m on m.merchant_id = f.merchant_id
where f.customer_id = $3::uuid
order by f.transaction_ts desc
limit 40

-- A customer's ($3) latest transactions.
select f.transaction_id, f.transaction_ts, f.amount, f.currency, round(f.amount / nullif(c.units_per_base, 0), 2) as amount_usd,
	m.merchant_name, m.merchant_category, f.payment_method, f.is_fraud, f.fraud_score::float8 as fraud_score,
	to_jsonb(coalesce(f.fraud_reasons, '{}')) as fraud_reasons
from fact_transaction f
left join dim_currency c on c.currency = f.currency
left join dim_merchant m on m.merchant_id = f.merchant_id
where f.customer_id = $3::uuid
order by f.transaction_ts desc
limit 40

-- One transaction ($8), with what is known of its customer, merchant and label.
select
	f.transaction_id, f.transaction_ts, f.loaded_at, f.amount, f.currency, round(f.amount / nullif(c.units_per_base, 0), 2) as amount_usd,
	f.is_fraud, f.fraud_score::float8 as fraud_score,
	to_jsonb(array(select left(r, 200) from unnest(f.fraud_reasons[1:100]) r)) as fraud_reasons, f.ruleset,
	f.payment_method, f.device_id, f.is_foreign, f.latitude, f.longitude,
	f.customer_id, /*personal*/ d.customer_name /*end*/ as customer_name, d.home_country, d.registered_at, f.merchant_id, m.merchant_name, m.merchant_category, m.country,
	l.is_fraud as label_is_fraud, l.label_ts, /*personal*/ f.extra /*end*/ as extra
from fact_transaction f
left join dim_currency c on c.currency = f.currency
left join dim_customer d on d.customer_id = f.customer_id
left join dim_merchant m on m.merchant_id = f.merchant_id
left join fraud_label l on l.label_for = f.transaction_id
where f.transaction_id = $8::uuid

-- The last flagged transactions, newest first, by when they were stored. Those of the given time and filters. Texts are cut:
-- nobody says how long reasons and names are.
, newest as (
	select * from facts where is_fraud order by xid desc, transaction_ts desc limit 50
)
select
	f.transaction_id, f.transaction_ts, f.loaded_at, f.amount, left(f.currency, 12) as currency,
	round(f.usd, 2) as amount_usd,
	f.customer_id, left(/*personal*/ d.customer_name /*end*/, 120) as customer_name,
	f.merchant_id, left(m.merchant_name, 120) as merchant_name, f.fraud_score::float8 as fraud_score,
	to_jsonb(array(select left(r, 60) from unnest(f.fraud_reasons[1:20]) r)) as fraud_reasons
from newest f
left join dim_customer d on d.customer_id = f.customer_id
left join dim_merchant m on m.merchant_id = f.merchant_id
order by f.loaded_at desc, f.transaction_ts desc

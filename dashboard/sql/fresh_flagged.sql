-- The flagged ones among what came since the last look ($1, $2 as in tick.sql), newest last, in the columns of flagged.sql.
select * from (
	select
		f.transaction_id, f.transaction_ts, f.loaded_at, f.amount, left(f.currency, 12) as currency,
		round(f.amount / c.units_per_base, 2) as amount_usd,
		f.customer_id, left(/*personal*/ d.customer_name /*end*/, 120) as customer_name,
		f.merchant_id, left(m.merchant_name, 120) as merchant_name, f.fraud_score::float8 as fraud_score,
		to_jsonb(array(select left(r, 60) from unnest(f.fraud_reasons[1:20]) r)) as fraud_reasons
	from fact_transaction f
	left join dim_currency c on c.currency = f.currency
	left join dim_customer d on d.customer_id = f.customer_id
	left join dim_merchant m on m.merchant_id = f.merchant_id
	where f.is_fraud and (f.xid >= $1::xid8 or f.xid = any($2::xid8[]))
	order by f.loaded_at desc, f.transaction_ts desc
	limit 50
) newest
order by loaded_at, transaction_ts

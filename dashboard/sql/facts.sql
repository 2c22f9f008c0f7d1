-- The transactions that a question is about. Put in front of every query that reads facts, so that all figures of a page mean the same: $1 from,
-- $2 until (the last 30 days and today if null), $3 customer, $4 merchant, $5 rule, $6 currency.
with facts as not materialized (
	select f.transaction_id, f.transaction_ts, f.customer_id, f.merchant_id, f.amount, f.currency, f.latitude, f.longitude, f.payment_method,
		f.is_fraud, f.fraud_score, f.fraud_reasons, f.loaded_at, f.xid,
		f.amount / c.units_per_base as usd -- who does not need it does not pay for it: then the planner leaves the join out
	from fact_transaction f
	left join dim_currency c on c.currency = f.currency
	where f.transaction_ts >= coalesce($1::timestamptz, date_trunc('day', now()) - interval '30 days')
		and f.transaction_ts < coalesce($2::timestamptz, 'infinity')
		and ($3::uuid is null or f.customer_id = $3::uuid)
		and ($4::uuid is null or f.merchant_id = $4::uuid)
		and ($5::text is null or f.fraud_reasons @> array[$5::text])
		and ($6::text is null or f.currency = $6::text)
)

-- Behind facts.sql: what each day (UTC) took in, in each currency as it was paid; and what rules said, one row for each set of reasons.
, sums as (
	select (transaction_ts at time zone 'UTC')::date as day, currency, count(*) as transactions, sum(amount) as amount,
		count(*) filter (where is_fraud) as frauds, sum(amount) filter (where is_fraud) as fraud_amount
	from facts
	group by 1, 2
), alerts as (
	select currency, is_fraud, coalesce(fraud_reasons, '{}') as fraud_reasons, count(*) as transactions, sum(amount) as amount
	from facts
	where is_fraud or cardinality(fraud_reasons) > 0
	group by 1, 2, 3
)

-- The same as facts.sql and sums_of_facts.sql, of whole days and without customer or merchant, from what aggregate has counted already and what
-- has changed since: $10, $11 and $12 are the end, the transactions in progress and the whole of the snapshot of which the marts are. A few rows a day
-- instead of all.
with changed as not materialized (
	select transaction_ts, currency, amount, is_fraud, coalesce(fraud_reasons, '{}') as fraud_reasons, 1 as sign
	from fact_transaction
	where xid >= $10::xid8 or xid = any($11::xid8[])
	union all
	select transaction_ts, currency, amount, is_fraud, coalesce(fraud_reasons, '{}'), -1
	from fact_transaction_retracted
	where (retracted_by >= $10::xid8 or retracted_by = any($11::xid8[])) and pg_visible_in_snapshot(xid, $12::pg_snapshot)
), alerts_by_all as (
	select day, currency, is_fraud, fraud_reasons, transactions::numeric, amount from alerts_by_day
	union all
	select (transaction_ts at time zone 'UTC')::date, currency, is_fraud, fraud_reasons, sign, sign * amount
	from changed
	where is_fraud or cardinality(fraud_reasons) > 0
), alerts as (
	select day, currency, is_fraud, fraud_reasons, sum(transactions) as transactions, sum(amount) as amount
	from alerts_by_all
	where day >= coalesce(($1::timestamptz at time zone 'UTC')::date, current_date - 30)
		and day < coalesce(($2::timestamptz at time zone 'UTC')::date, 'infinity')
		and ($5::text is null or fraud_reasons @> array[$5::text])
		and ($6::text is null or currency = $6::text)
	group by 1, 2, 3, 4
	having sum(transactions) <> 0
), sums_by_all as (
	select day, currency, transactions::numeric, amount, frauds::numeric, 0 as fraud_amount from sales_by_day where $5::text is null
	union all
	select (transaction_ts at time zone 'UTC')::date, currency, sign, sign * amount, case when is_fraud then sign else 0 end, 0
	from changed
	where $5::text is null
	union all -- the value of what was flagged; with a rule, all that it fired on
	select day, currency, case when $5::text is null then 0 else transactions end, case when $5::text is null then 0 else amount end,
		case when is_fraud and $5::text is not null then transactions else 0 end, case when is_fraud then amount else 0 end
	from alerts
), sums as (
	select day, currency, sum(transactions) as transactions, sum(amount) as amount, sum(frauds) as frauds, sum(fraud_amount) as fraud_amount
	from sums_by_all
	where day >= coalesce(($1::timestamptz at time zone 'UTC')::date, current_date - 30)
		and day < coalesce(($2::timestamptz at time zone 'UTC')::date, 'infinity')
		and ($6::text is null or currency = $6::text)
	group by 1, 2
	having sum(transactions) <> 0
)

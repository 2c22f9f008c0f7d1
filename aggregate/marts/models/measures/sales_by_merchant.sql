{{ config(materialized='fold', unique_key=['merchant_id', 'currency']) }}

select
	merchant_id,
	currency,
	sum(sign) as transactions,
	sum(sign * amount) as amount,
	sum(sign) filter (where is_fraud) as frauds
from {{ changes('fact_transaction') }}
group by 1, 2

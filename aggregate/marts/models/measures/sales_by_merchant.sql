{{ config(materialized='table', unique_key=['merchant_id', 'currency']) }}

select
	merchant_id,
	currency,
	count(*) as transactions,
	sum(amount) as amount,
	count(*) filter (where is_fraud) as frauds
from {{ source('stream', 'fact_transaction') }}
group by 1, 2

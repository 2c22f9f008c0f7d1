{{ config(materialized='table', unique_key=['customer_id', 'currency']) }}

select
	customer_id,
	currency,
	count(*) as transactions,
	sum(amount) as amount,
	count(*) filter (where is_fraud) as frauds
from {{ source('stream', 'fact_transaction') }}
group by 1, 2

{{ config(materialized='fold', unique_key=['customer_id', 'currency']) }}

select
	customer_id,
	currency,
	sum(sign) as transactions,
	sum(sign * amount) as amount,
	sum(sign) filter (where is_fraud) as frauds
from {{ changes('fact_transaction') }}
group by 1, 2

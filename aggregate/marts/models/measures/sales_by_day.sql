{# Measures only: what a day took in, in each currency as it was paid. Rates and names are looked up when the mart is read. #}
{{ config(materialized='table', unique_key=['day', 'currency']) }}

select
	(transaction_ts at time zone '{{ var("time_zone") }}')::date as day,
	currency,
	count(*) as transactions,
	sum(amount) as amount,
	count(*) filter (where is_fraud) as frauds
from {{ source('stream', 'fact_transaction') }}
group by 1, 2

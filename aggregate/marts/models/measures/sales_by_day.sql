{# Measures only: what a day took in, in each currency as it was paid. Rates and names are looked up when the mart is read. #}
{{ config(materialized='fold', unique_key=['day', 'currency']) }}

select
	(transaction_ts at time zone '{{ var("time_zone") }}')::date as day,
	currency,
	sum(sign) as transactions,
	sum(sign * amount) as amount,
	sum(sign) filter (where is_fraud) as frauds
from {{ changes('fact_transaction') }}
group by 1, 2

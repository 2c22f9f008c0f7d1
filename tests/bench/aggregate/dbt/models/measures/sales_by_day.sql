{{ config(unique_key=['day', 'currency']) }}
select (transaction_ts at time zone 'UTC')::date as day, currency, count(*) as transactions, sum(amount) as amount, count(*) filter (where is_fraud) as frauds,
	max(loaded_at) as loaded_at
from {{ source('stream', 'fact_transaction') }}
{% if is_incremental() %}
where ((transaction_ts at time zone 'UTC')::date, currency) in (select (transaction_ts at time zone 'UTC')::date, currency from {{ source('stream', 'fact_transaction') }}
	where loaded_at > (select max(loaded_at) from {{ this }}))
{% endif %}
group by 1, 2

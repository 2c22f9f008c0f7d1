{{ config(unique_key=['merchant_id', 'currency']) }}
select merchant_id as merchant_id, currency, count(*) as transactions, sum(amount) as amount, count(*) filter (where is_fraud) as frauds,
	max(loaded_at) as loaded_at
from {{ source('stream', 'fact_transaction') }}
{% if is_incremental() %}
where (merchant_id, currency) in (select merchant_id, currency from {{ source('stream', 'fact_transaction') }}
	where loaded_at > (select max(loaded_at) from {{ this }}))
{% endif %}
group by 1, 2

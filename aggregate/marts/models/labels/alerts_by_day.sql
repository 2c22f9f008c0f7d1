{# What the rules said, before anybody knows better: one row for each set of reasons. Not per rule: a record has several. #}
{{ config(materialized='fold', unique_key=['day', 'currency', 'is_fraud', 'fraud_reasons']) }}

select
	(transaction_ts at time zone '{{ var("time_zone") }}')::date as day,
	currency,
	is_fraud,
	coalesce(fraud_reasons, '{}'::text[]) as fraud_reasons,
	sum(sign) as transactions,
	sum(sign * amount) as amount
from {{ changes('fact_transaction') }}
where is_fraud or cardinality(fraud_reasons) > 0
group by 1, 2, 3, 4

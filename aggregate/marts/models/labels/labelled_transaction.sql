{# Verdict beside label, one row for each transaction that has a label: one or two in a hundred. A label comes weeks after its transaction, and
   touches that alone; a transaction touches something only if its label is there already. #}
{{ config(materialized='rebuild', unique_key='transaction_id', touches=[
	'fraud_label: label_for',
	'fact_transaction: (select l.label_for from public.fraud_label l where l.label_for = c.transaction_id)']) }}

select
	l.label_for as transaction_id,
	(f.transaction_ts at time zone '{{ var("time_zone") }}')::date as day,
	f.currency,
	f.amount,
	f.is_fraud as flagged,
	coalesce(f.fraud_reasons, '{}'::text[]) as fraud_reasons,
	l.is_fraud as fraud,
	l.label_ts
from {{ source('stream', 'fraud_label') }} l
join {{ source('stream', 'fact_transaction') }} f on f.transaction_id = l.label_for

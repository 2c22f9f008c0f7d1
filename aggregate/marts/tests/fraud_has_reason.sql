-- A verdict of fraud without a rule that gave it: another tool wrote it, or the rules lost their reasons.
{{ config(severity='warn') }}

select transaction_id, transaction_ts, fraud_score
from {{ source('stream', 'fact_transaction') }}
where is_fraud and coalesce(cardinality(fraud_reasons), 0) = 0

-- Verdicts against labels (charge-backs), of the transactions that have one.
, judged as (
	select f.is_fraud as flagged, l.is_fraud as fraud, f.usd
	from facts f
	join fraud_label l on l.label_for = f.transaction_id
)
select
	case when fraud and flagged then 'caught' when fraud then 'missed' when flagged then 'false alarm' else 'rightly passed' end as outcome,
	count(*) as transactions, round(coalesce(sum(usd), 0), 2) as usd
from judged
group by 1
order by 2 desc, 1

-- How often each rule fired, those that never did among them: $9 holds the names that fraudcheck's own figures tell of.
, fired as (
	select r as rule, f.transaction_id, f.usd, f.is_fraud, cardinality(f.fraud_reasons) as reasons
	from facts f, unnest(f.fraud_reasons) r
), names as (
	select unnest($9::text[]) as rule
	union
	select rule from fired
)
select n.rule, count(f.rule) as hits, count(*) filter (where f.is_fraud) as flagged, count(*) filter (where f.reasons = 1) as alone,
	round(coalesce(sum(f.usd), 0), 2) as usd
from names n
left join fired f on f.rule = n.rule
group by 1
order by 2 desc, 1

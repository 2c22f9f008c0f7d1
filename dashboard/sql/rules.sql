-- How often each rule fired, those that never did among them: $9 holds the names that fraudcheck's own figures tell of.
, fired as (
	select r as rule, a.transactions, a.is_fraud, cardinality(a.fraud_reasons) as reasons, a.amount / c.units_per_base as usd
	from alerts a
	cross join unnest(a.fraud_reasons) r
	left join dim_currency c on c.currency = a.currency
), names as (
	select unnest($9::text[]) as rule
	union
	select rule from fired
)
select left(n.rule, 200) as rule, coalesce(sum(f.transactions), 0)::bigint as hits,
	coalesce(sum(f.transactions) filter (where f.is_fraud), 0)::bigint as flagged,
	coalesce(sum(f.transactions) filter (where f.reasons = 1), 0)::bigint as alone,
	round(coalesce(sum(f.usd), 0), 2) as usd
from names n
left join fired f on f.rule = n.rule
group by 1
order by 2 desc, 1
limit 500

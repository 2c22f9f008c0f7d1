{{ config(materialized='view') }}

with hits as (
	select
		a.day,
		r.rule,
		sum(a.transactions)::bigint as hits,
		sum(a.transactions) filter (where cardinality(a.fraud_reasons) = 1)::bigint as alone,
		sum(a.amount / nullif(c.units_per_base, 0)::numeric) as value
	from {{ ref('alerts_by_day') }} a
	cross join lateral unnest(a.fraud_reasons) r(rule)
	left join {{ source('stream', 'dim_currency') }} c on c.currency = a.currency
	group by a.day, r.rule
),
frauds as (
	select
		t.day,
		r.rule,
		count(*) as frauds,
		count(*) filter (where cardinality(t.fraud_reasons) = 1) as alone,
		sum(t.amount / nullif(c.units_per_base, 0)::numeric) as value
	from {{ ref('labelled_transaction') }} t
	cross join lateral unnest(t.fraud_reasons) r(rule)
	left join {{ source('stream', 'dim_currency') }} c on c.currency = t.currency
	where t.fraud
	group by t.day, r.rule
)
select
	h.day,
	h.rule,
	h.hits,
	coalesce(f.frauds, 0) as frauds,
	coalesce(h.alone, 0) as hits_alone,
	coalesce(f.alone, 0) as frauds_alone,
	round(coalesce(f.frauds, 0)::numeric / h.hits, 6) as precision,
	round(coalesce(f.frauds, 0)::numeric / nullif(d.frauds, 0), 6) as recall,
	round(coalesce(f.value, 0), 4) as value_caught,
	round(coalesce(h.value, 0) - coalesce(f.value, 0), 4) as value_wrongly_hit,
	round(coalesce(f.value, 0) / nullif(d.value_at_risk, 0), 6) as share_of_value_at_risk,
	d.settled
from hits h
join {{ ref('fraud_performance') }} d on d.day = h.day
left join frauds f on f.day = h.day and f.rule = h.rule

{{ config(materialized='view') }}

with alerts as (
	select
		a.day,
		sum(a.transactions)::bigint as flagged,
		sum(a.amount / nullif(c.units_per_base, 0)::numeric) as flagged_value
	from {{ ref('alerts_by_day') }} a
	left join {{ source('stream', 'dim_currency') }} c on c.currency = a.currency
	where a.is_fraud
	group by a.day
),
frauds as (
	select
		t.day,
		count(*) as frauds,
		count(*) filter (where t.flagged) as caught,
		sum(t.amount / nullif(c.units_per_base, 0)::numeric) as value,
		sum(t.amount / nullif(c.units_per_base, 0)::numeric) filter (where t.flagged) as caught_value,
		count(*) filter (where nullif(c.units_per_base, 0) is null) as unknown_currency
	from {{ ref('labelled_transaction') }} t
	left join {{ source('stream', 'dim_currency') }} c on c.currency = t.currency
	where t.fraud
	group by t.day
),
newest as (
	select (max(label_ts) at time zone '{{ var("time_zone") }}')::date as day from {{ ref('labelled_transaction') }}
)
select
	d.day,
	d.transactions,
	coalesce(a.flagged, 0) as flagged,
	coalesce(f.frauds, 0) as frauds,
	coalesce(f.caught, 0) as caught,
	round(coalesce(f.caught, 0)::numeric / a.flagged, 6) as precision,
	round(f.caught::numeric / f.frauds, 6) as recall,
	round(coalesce(f.value, 0), 4) as value_at_risk,
	round(coalesce(f.caught_value, 0), 4) as value_caught,
	round(coalesce(f.value, 0) - coalesce(f.caught_value, 0), 4) as value_lost,
	round(coalesce(a.flagged_value, 0) - coalesce(f.caught_value, 0), 4) as value_wrongly_stopped,
	coalesce(f.unknown_currency, 0) as unknown_currency,
	coalesce(d.day + {{ var('label_days') }} <= n.day, false) as settled
from (select day, sum(transactions)::bigint as transactions from {{ ref('sales_by_day') }} group by day) d
left join alerts a on a.day = d.day
left join frauds f on f.day = d.day
cross join newest n

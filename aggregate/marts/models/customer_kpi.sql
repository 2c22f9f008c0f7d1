{{ config(materialized='view') }}

select
	p.customer_id,
	coalesce(d.customer_name, 'unknown') as customer_name,
	coalesce(d.home_country, 'unknown') as home_country,
	d.registered_at,
	p.transactions,
	round(coalesce(p.spend, 0), 4) as spend,
	round(p.spend / nullif(p.transactions - p.unknown_currency, 0), 4) as average_spend,
	p.frauds,
	round(p.frauds::numeric / p.transactions, 6) as fraud_rate,
	p.unknown_currency
from ( -- not `with`: the planner then sees that each occurs once, and proves the test
	select
		s.customer_id,
		sum(s.transactions)::bigint as transactions,
		sum(s.amount / nullif(c.units_per_base, 0)::numeric) as spend,
		sum(s.frauds)::bigint as frauds,
		coalesce(sum(s.transactions) filter (where nullif(c.units_per_base, 0) is null), 0)::bigint as unknown_currency
	from {{ ref('sales_by_customer') }} s
	left join {{ source('stream', 'dim_currency') }} c on c.currency = s.currency
	group by s.customer_id
) p
left join {{ source('stream', 'dim_customer') }} d on d.customer_id = p.customer_id

{{ config(materialized='view') }}

select
	p.merchant_id,
	coalesce(d.merchant_name, 'unknown') as merchant_name,
	coalesce(d.merchant_category, 'unknown') as merchant_category,
	coalesce(d.country, 'unknown') as country,
	p.transactions,
	round(coalesce(p.sales, 0), 4) as sales,
	p.frauds,
	round(p.frauds::numeric / p.transactions, 6) as fraud_rate,
	p.unknown_currency
from ( -- not `with`: the planner then sees that each occurs once, and proves the test
	select
		s.merchant_id,
		sum(s.transactions)::bigint as transactions,
		sum(s.amount / nullif(c.units_per_base, 0)::numeric) as sales,
		sum(s.frauds)::bigint as frauds,
		coalesce(sum(s.transactions) filter (where nullif(c.units_per_base, 0) is null), 0)::bigint as unknown_currency
	from {{ ref('sales_by_merchant') }} s
	left join {{ source('stream', 'dim_currency') }} c on c.currency = s.currency
	group by s.merchant_id
) p
left join {{ source('stream', 'dim_merchant') }} d on d.merchant_id = p.merchant_id

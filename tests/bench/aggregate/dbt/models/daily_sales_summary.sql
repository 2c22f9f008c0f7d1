select
	s.day,
	sum(s.transactions)::bigint as transactions,
	round(coalesce(sum(s.amount / nullif(c.units_per_base, 0)::numeric), 0), 4) as sales,
	sum(s.frauds)::bigint as frauds,
	round(sum(s.frauds) / sum(s.transactions), 6) as fraud_rate,
	coalesce(sum(s.transactions) filter (where nullif(c.units_per_base, 0) is null), 0)::bigint as unknown_currency
from {{ ref('sales_by_day') }} s
left join {{ source('stream', 'dim_currency') }} c on c.currency = s.currency
group by s.day

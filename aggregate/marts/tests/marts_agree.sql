-- One snapshot, three marts: each must count every transaction once.
with totals as (
	select 'daily_sales_summary' as mart, sum(transactions) as transactions, sum(frauds) as frauds
	from {{ ref('daily_sales_summary') }}
	union all
	select 'customer_kpi', sum(transactions), sum(frauds) from {{ ref('customer_kpi') }}
	union all
	select 'merchant_analysis', sum(transactions), sum(frauds) from {{ ref('merchant_analysis') }}
)
select *
from totals
where (select count(distinct (transactions, frauds)) from totals) > 1

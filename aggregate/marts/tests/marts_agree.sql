-- One snapshot, three sets of measures: each must count every transaction once.
with totals as (
	select 'day' as of, sum(transactions) as transactions, sum(frauds) as frauds from {{ ref('sales_by_day') }}
	union all
	select 'customer', sum(transactions), sum(frauds) from {{ ref('sales_by_customer') }}
	union all
	select 'merchant', sum(transactions), sum(frauds) from {{ ref('sales_by_merchant') }}
)
select *
from totals
where (select count(distinct (transactions, frauds)) from totals) > 1

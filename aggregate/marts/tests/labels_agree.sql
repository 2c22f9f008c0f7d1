-- Verdicts are counted in two folds, labels beside facts in a third table: none of them may tell of a day what another does not know.
with day as (
	select day, sum(frauds) as flagged, sum(transactions) as transactions from {{ ref('sales_by_day') }} group by day
),
alert as (
	select day, sum(transactions) filter (where is_fraud) as flagged from {{ ref('alerts_by_day') }} group by day
),
label as (
	select day, count(*) as labels, count(*) filter (where flagged) as flagged from {{ ref('labelled_transaction') }} group by day
)
select coalesce(d.day, a.day, l.day) as day, d.flagged, a.flagged as alerts, d.transactions, l.labels, l.flagged as flagged_labels
from day d
full join alert a on a.day = d.day
full join label l on l.day = coalesce(d.day, a.day)
where coalesce(d.flagged, -1) <> coalesce(a.flagged, 0) or l.labels > d.transactions or l.flagged > d.flagged

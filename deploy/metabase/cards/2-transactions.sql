-- name: Transactions by day
-- description: And how many of them were flagged
-- display: bar
-- dimensions: day
-- metrics: transactions frauds
-- place: 0 12 12 6
select day, transactions, frauds from daily_sales_summary order by day

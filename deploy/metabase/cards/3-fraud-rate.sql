-- name: Fraud rate by day
-- description: Flagged ones among all transactions
-- display: line
-- dimensions: day
-- metrics: fraud_rate
-- place: 6 0 12 6
select day, fraud_rate from daily_sales_summary order by day

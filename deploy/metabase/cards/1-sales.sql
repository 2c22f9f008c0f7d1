-- name: Sales by day
-- description: In US dollars; amounts in currencies without a rate are left out
-- display: line
-- dimensions: day
-- metrics: sales
-- place: 0 0 12 6
select day, sales from daily_sales_summary order by day

-- name: Customers by spend
-- description: The twenty highest, in US dollars
-- display: table
-- place: 12 12 12 8
select customer_name, home_country, transactions, spend, average_spend, frauds
from customer_kpi
order by spend desc, customer_id
limit 20

-- name: Merchants by fraud rate
-- description: The twenty highest, of those with at least twenty transactions
-- display: table
-- place: 12 0 12 8
select merchant_name, merchant_category, country, transactions, frauds, fraud_rate
from merchant_analysis
where transactions >= 20
order by fraud_rate desc, frauds desc, merchant_id
limit 20

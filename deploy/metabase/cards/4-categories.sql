-- name: Sales by category
-- description: In US dollars, by the category of the merchant
-- display: row
-- dimensions: merchant_category
-- metrics: sales
-- place: 6 12 12 6
select merchant_category, sum(sales) as sales
from merchant_analysis
group by merchant_category
order by sales desc

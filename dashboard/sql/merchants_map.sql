-- Where business is done at all: behind the map of flagged transactions.
select round(latitude::numeric, 1) as latitude, round(longitude::numeric, 1) as longitude, count(*) as merchants
from dim_merchant
where latitude between -90 and 90 and longitude between -180 and 180
group by 1, 2
order by 3 desc, 1, 2
limit 3000

-- Where flagged transactions took place; the newest.
select transaction_id, transaction_ts, latitude, longitude, round(usd, 2) as amount_usd
from facts
where is_fraud and latitude between -90 and 90 and longitude between -180 and 180
order by transaction_ts desc
limit 1500

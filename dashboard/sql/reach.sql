-- How many took part.
select
	(select count(*) from (select distinct customer_id from facts) c) as customers, -- count(distinct …) would sort them all
	(select count(*) from (select distinct merchant_id from facts) m) as merchants

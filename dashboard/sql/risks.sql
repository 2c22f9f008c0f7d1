-- Behind `parties` of endpoint.c: those with any fraud and with `least` transactions or more (one of one is no 100 %), ranked by what the share of fraud is
-- at least (lower end of Wilson's interval, 95 %), so that few transactions weigh less than many. Amounts are added up of the worst only: that costs
-- more than counting.
, counted as (
	select party, count(*) as transactions, count(*) filter (where is_fraud) as frauds
	from parties
	group by 1
	having count(*) >= min(least) and count(*) filter (where is_fraud) > 0
), rated as (
	select *, frauds::float8 / transactions as p, transactions::float8 as n, 1.96 ^ 2 as zz from counted
), worst as materialized (
	select party, transactions, frauds, round(p::numeric, 6) as fraud_ratio,
		round(((p + zz / (2 * n) - sqrt(zz) * sqrt((p * (1 - p) + zz / (4 * n)) / n)) / (1 + zz / n))::numeric, 6) as fraud_ratio_at_least
	from rated
	order by fraud_ratio_at_least desc, frauds desc, party
	limit 50
), valued as (
	select party, sum(usd) as usd, sum(usd) filter (where is_fraud) as fraud_usd from parties where party in (select party from worst) group by 1
), risks as (
	select w.*, round(coalesce(v.usd, 0), 2) as revenue_usd, round(coalesce(v.fraud_usd, 0), 2) as fraud_usd from worst w join valued v on v.party = w.party
)

-- Behind `parties` of endpoint.c: what each (a merchant, a way to pay) took part in, in each currency as it was paid: to convert sums costs less than to
-- convert each amount.
, summed as (
	select party, currency, count(*) as transactions, sum(amount) as amount, count(*) filter (where is_fraud) as frauds,
		sum(amount) filter (where is_fraud) as fraud_amount
	from parties
	group by 1, 2
)

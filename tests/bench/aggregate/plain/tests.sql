-- The same 21 tests, those of the facts in one scan. Keys are constraints: nothing to look at.
set jit = off;
select count(*) filter (where c.customer_id is null), count(*) filter (where m.merchant_id is null), count(*) filter (where k.currency is null),
	count(*) filter (where payment_method not in ('credit_card', 'debit_card', 'apple_pay', 'google_pay', 'bank_transfer')),
	count(*) filter (where amount < 0),
	count(*) filter (where not (f.latitude between -90 and 90) and not (is_fraud and 'bad_location' = any(fraud_reasons))),
	count(*) filter (where not (f.longitude between -180 and 180) and not (is_fraud and 'bad_location' = any(fraud_reasons)))
from fact_transaction f left join dim_customer c using (customer_id) left join dim_merchant m (merchant_id) using (merchant_id) left join dim_currency k using (currency);
select count(*) - count(distinct day), count(*) filter (where day is null) from plain.daily_sales_summary;
select count(*) - count(distinct customer_id), count(*) filter (where customer_id is null) from plain.customer_kpi;
select count(*) - count(distinct merchant_id), count(*) filter (where merchant_id is null) from plain.merchant_analysis;

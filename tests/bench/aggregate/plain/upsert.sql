-- 10,000 rows by hand, with a watermark (which loses what commits late); no tests.
set jit = off;
begin;
select until as since from plain.loaded \gset
insert into plain.sales_by_day as t
select (transaction_ts at time zone 'UTC')::date, currency, count(*), sum(amount), count(*) filter (where is_fraud)
from fact_transaction where loaded_at > :'since' group by 1, 2
on conflict (day, currency) do update set transactions = t.transactions + excluded.transactions, amount = t.amount + excluded.amount, frauds = t.frauds + excluded.frauds;
insert into plain.sales_by_customer as t
select customer_id, currency, count(*), sum(amount), count(*) filter (where is_fraud) from fact_transaction where loaded_at > :'since' group by 1, 2
on conflict (customer_id, currency) do update set transactions = t.transactions + excluded.transactions, amount = t.amount + excluded.amount, frauds = t.frauds + excluded.frauds;
insert into plain.sales_by_merchant as t
select merchant_id, currency, count(*), sum(amount), count(*) filter (where is_fraud) from fact_transaction where loaded_at > :'since' group by 1, 2
on conflict (merchant_id, currency) do update set transactions = t.transactions + excluded.transactions, amount = t.amount + excluded.amount, frauds = t.frauds + excluded.frauds;
update plain.loaded set until = (select max(loaded_at) from fact_transaction);
commit;

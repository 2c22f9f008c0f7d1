-- What somebody who knows SQL would write: three tables, their keys, three views, and the tests.
set client_min_messages = warning;
set jit = off;
drop schema if exists plain cascade;
create schema plain;
create table plain.sales_by_day as
select (transaction_ts at time zone 'UTC')::date as day, currency, count(*) as transactions, sum(amount) as amount, count(*) filter (where is_fraud) as frauds
from fact_transaction group by 1, 2;
create table plain.sales_by_customer as
select customer_id, currency, count(*) as transactions, sum(amount) as amount, count(*) filter (where is_fraud) as frauds from fact_transaction group by 1, 2;
create table plain.sales_by_merchant as
select merchant_id, currency, count(*) as transactions, sum(amount) as amount, count(*) filter (where is_fraud) as frauds from fact_transaction group by 1, 2;
alter table plain.sales_by_day add primary key (day, currency);
alter table plain.sales_by_customer add primary key (customer_id, currency);
alter table plain.sales_by_merchant add primary key (merchant_id, currency);
create view plain.daily_sales_summary as
select s.day, sum(s.transactions)::bigint as transactions, sum(s.amount / c.units_per_base) as sales, sum(s.frauds)::bigint as frauds
from plain.sales_by_day s left join dim_currency c using (currency) group by s.day;
create view plain.customer_kpi as
select s.customer_id, sum(s.transactions)::bigint as transactions, sum(s.amount / c.units_per_base) as spend, sum(s.frauds)::bigint as frauds
from plain.sales_by_customer s left join dim_currency c using (currency) group by s.customer_id;
create view plain.merchant_analysis as
select s.merchant_id, sum(s.transactions)::bigint as transactions, sum(s.amount / c.units_per_base) as sales, sum(s.frauds)::bigint as frauds
from plain.sales_by_merchant s left join dim_currency c using (currency) group by s.merchant_id;
create table plain.loaded as select max(loaded_at) as until from fact_transaction;
\ir tests.sql

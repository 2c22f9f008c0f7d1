-- For tables of millions of rows: indexes that the page uses and loading can do without, so that whoever wants one pays for it knowingly.
--   psql -v ON_ERROR_STOP=1 -f deploy/postgresql/indexes.sql
-- Each is made while rows go on being stored (hence: outside of a transaction), and can be dropped at any time.

-- Times ("last hour", "last 7 days") of a table that holds much more: a few pages, next to nothing for whoever loads.
create index concurrently if not exists fact_transaction_ts on fact_transaction using brin (transaction_ts) with (pages_per_range = 32);

-- What is flagged, by time: the map.
create index concurrently if not exists fact_transaction_flagged on fact_transaction (transaction_ts) where is_fraud;

-- What a customer did lately, behind a click on a record. Entries come in no order, so this one is what loading feels.
create index concurrently if not exists fact_transaction_customer on fact_transaction (customer_id, transaction_ts);

-- What came since the last look. $1 (xid8): where the snapshot of the last look ended; $2 (xid8[]): what was in progress in it. Rows are new
-- if they are visible now and were not then, whatever the order in which their transactions committed. Both null: the first look.
with fresh as (
	select
		count(*) as records,
		count(*) filter (where is_fraud) as flagged,
		extract(epoch from percentile_cont(0.5) within group (order by loaded_at - transaction_ts))::float8 as p50,
		extract(epoch from percentile_cont(0.95) within group (order by loaded_at - transaction_ts))::float8 as p95
	from fact_transaction
	where xid >= $1::xid8 or xid = any($2::xid8[])
), here as (
	select pg_current_snapshot() as snapshot
)
select
	pg_snapshot_xmax(snapshot)::text as xmax,
	(select coalesce('{' || string_agg(x::text, ',') || '}', '{}') from pg_snapshot_xip(snapshot) x) as xip,
	fresh.*,
	(select extract(epoch from loaded_at)::float8 from fact_transaction order by xid desc limit 1) as last_at
from here, fresh

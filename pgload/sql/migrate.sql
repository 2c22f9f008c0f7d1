-- Which steps this database has seen. One --init at a time.
select pg_advisory_xact_lock(hashtext('txpipe schema'));
create table if not exists txpipe_schema (
	version     integer primary key,
	name        text not null,
	applied_at  timestamptz not null default now()
);

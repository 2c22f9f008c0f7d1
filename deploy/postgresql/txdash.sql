-- A role for txdash that can look and nothing else:  psql -v ON_ERROR_STOP=1 -f deploy/postgresql/txdash.sql
-- Again after the first `aggregate build`, which makes the schema `aggregate`. Then give it a password (\password txdash), or let it in by
-- pg_hba.conf, and start txdash with PGUSER=txdash.
do $$
begin
	if not exists (select from pg_roles where rolname = 'txdash') then
		create role txdash login connection limit 8;
	end if;
	if to_regnamespace('aggregate') is not null then
		grant usage on schema aggregate to txdash;
		grant select on all tables in schema aggregate to txdash;
	end if;
end
$$;
alter role txdash set default_transaction_read_only = on;
alter role txdash set statement_timeout = '8s';
grant usage on schema public to txdash;
grant select on all tables in schema public to txdash;
alter default privileges in schema public grant select on tables to txdash;

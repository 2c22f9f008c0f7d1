-- Database and role of Metabase: `psql -f` as a superuser of the pipeline's database, with METABASE_DB_PASSWORD in the environment, behind roles.sql. May
-- be repeated; the password becomes the one that is given.
\getenv password METABASE_DB_PASSWORD
select 'create role metabase login' where not exists (select from pg_roles where rolname = 'metabase') \gexec
alter role metabase password :'password';
select 'create database metabase owner metabase' where not exists (select from pg_database where datname = 'metabase') \gexec

-- the marts: those that are there, and what aggregate will make
grant usage on schema public to metabase;
select format('grant select on %s to metabase', oid::regclass) from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm', 'p') and relowner = 'aggregate_owner'::regrole \gexec
alter default privileges for role aggregate_owner in schema public grant select on tables to metabase;

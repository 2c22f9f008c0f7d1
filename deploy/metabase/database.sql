-- Database and role of Metabase: `psql -f` as a superuser of the pipeline's database, with METABASE_DB_PASSWORD in the environment. May be
-- repeated; the password becomes the one that is given.
\getenv password METABASE_DB_PASSWORD
select 'create role metabase login' where not exists (select from pg_roles where rolname = 'metabase') \gexec
alter role metabase password :'password';
select 'create database metabase owner metabase' where not exists (select from pg_database where datname = 'metabase') \gexec

-- what is there, and what aggregate will make
grant usage on schema public to metabase;
grant select on all tables in schema public to metabase;
alter default privileges in schema public grant select on tables to metabase;

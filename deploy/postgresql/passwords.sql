-- Lets the roles of roles.sql log in by password: `psql -f` as a superuser, with the three passwords in the environment. May be repeated.
\getenv pgload PGLOAD_PASSWORD
\getenv aggregate AGGREGATE_PASSWORD
\getenv txdash TXDASH_DB_PASSWORD
alter role pgload_writer password :'pgload';
alter role aggregate_owner password :'aggregate';
alter role txdash_reader password :'txdash';

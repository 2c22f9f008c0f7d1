-- Roles that can do what their tool does and nothing else:  psql -v ON_ERROR_STOP=1 -f deploy/postgresql/roles.sql
--
-- As a superuser, or as the owner of the database and its tables who may make roles (createrole), behind `pgload --init`; again behind the first
-- `aggregate build`, and behind each later `--init`. Each time the roles have afterwards, beside what they own, what stands here and no more; what they
-- could do by other roles or by grants to PUBLIC is told. None of them can log in before it gets a password (\password pgload_writer), a certificate or
-- a line in pg_hba.conf. docs/operations.md says how they are used; tests/tools/roles.t holds them to it.
--
--   pgload_writer     stores: adds facts and dead letters, moves positions, keeps labels and dimensions up to date. Changes and deletes no fact.
--   aggregate_owner   reads what is stored, and owns the marts and the schema `aggregate`.
--   aggregate_pruner  the same, and deletes what is old: for `aggregate prune`, which nobody else needs to be able to.
--   txdash_reader     reads what the page shows. Names, addresses, and the bytes that producers sent are not for it.
begin;
set local client_min_messages = warning;

do $$
declare
	role text;
	what text;
begin
	foreach role in array array['pgload_writer', 'aggregate_owner', 'aggregate_pruner', 'txdash_reader'] loop
		if to_regrole(role) is null then
			execute format('create role %I login', role);
		end if;
		if exists (select from pg_roles r where r.rolname = role and (rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls)) then
			execute format('alter role %I nosuperuser nocreatedb nocreaterole noreplication nobypassrls', role); -- which only a superuser may say
		end if;
		for what in -- not on what it owns: an owner without rights cannot read the marts it built; nor on what is not ours
			with own as (select oid, nspname, nspowner from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'),
			given (rights, owner) as (
				select format('create on database %I', datname), datdba from pg_database where datname = current_database()
				union all
				select format('all on schema %I', nspname), nspowner from own
				union all
				select format('all on table %s', c.oid::regclass), relowner from pg_class c
				where relnamespace in (select oid from own) and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
				union all
				select format('all on routine %s', p.oid::regprocedure), proowner from pg_proc p where pronamespace in (select oid from own)
			)
			select rights from given where owner <> to_regrole(role) and pg_has_role(owner, 'member')
		loop
			execute format('revoke %s from %I', what, role);
		end loop;
	end loop;
	if not pg_has_role(current_user, 'aggregate_owner', 'member') then
		execute format('grant aggregate_owner to %I', current_user); -- only a member may give it what it shall own
	end if;
end
$$;
revoke create on schema public from public;
grant usage on schema public to pgload_writer, aggregate_owner, txdash_reader;

-- --- pgload -------------------------------------------------------------------------------------------------------------
grant select on txpipe_schema to pgload_writer;
grant select, insert on fact_transaction, dead_letter, stream_gap to pgload_writer;
grant select, insert, update on fraud_label, dim_customer, dim_merchant, dim_currency to pgload_writer; -- the latest label counts
grant insert on fraud_label_retracted, dim_customer_retracted, dim_merchant_retracted, dim_currency_retracted to pgload_writer; -- what an update replaces
grant select, insert, update, delete on stream_position to pgload_writer; -- delete: --reset-stream

-- --- aggregate ----------------------------------------------------------------------------------------------------------
-- Models of the shipped project lie in `public`. A project with a schema of its own, owned by this role, can do without the create.
grant create on schema public to aggregate_owner;
grant select on fact_transaction, fraud_label, dim_customer, dim_merchant, dim_currency, dead_letter, stream_position, fact_transaction_retracted,
	fraud_label_retracted, dim_customer_retracted, dim_merchant_retracted, dim_currency_retracted to aggregate_owner;

grant aggregate_owner to aggregate_pruner;
grant delete on fact_transaction, fraud_label, dead_letter, fact_transaction_retracted, fraud_label_retracted, dim_customer_retracted,
	dim_merchant_retracted, dim_currency_retracted to aggregate_pruner;
grant insert on fact_transaction_retracted, fraud_label_retracted to aggregate_pruner; -- what a delete takes away

-- What another role has built so far becomes aggregate_owner's.
do $$
declare
	made record;
begin
	if to_regnamespace('aggregate') is null then
		create schema aggregate authorization aggregate_owner;
	end if;
	alter schema aggregate owner to aggregate_owner;
	for made in select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'aggregate' loop
		execute format('alter table %s owner to aggregate_owner', made.name);
	end loop;
	if to_regclass('aggregate.state') is not null then
		for made in
			select c.oid::regclass as name, c.relkind = 'v' as is_view
			from aggregate.state s
			join pg_namespace n on n.nspname = s.relation_schema
			join pg_class c on c.relnamespace = n.oid and c.relname = s.relation_name
		loop
			execute format('alter %s %s owner to aggregate_owner', case when made.is_view then 'view' else 'table' end, made.name);
			execute format('grant all on %s to aggregate_owner', made.name);
		end loop;
	end if;
end
$$;

-- --- txdash -------------------------------------------------------------------------------------------------------------
alter role txdash_reader connection limit 8;
alter role txdash_reader set default_transaction_read_only = on;
alter role txdash_reader set statement_timeout = '8s';
grant select on dim_merchant, dim_currency, fraud_label, stream_position to txdash_reader;
grant select (customer_id, home_country, registered_at) on dim_customer to txdash_reader;
grant select (transaction_id, transaction_ts, customer_id, merchant_id, amount, currency, latitude, longitude, device_id, payment_method, is_foreign,
	is_fraud, fraud_score, fraud_reasons, ruleset, loaded_at, xid) on fact_transaction to txdash_reader; -- not extra: it holds what producers added
grant select (transaction_ts, currency, amount, is_fraud, fraud_reasons, xid, retracted_by) on fact_transaction_retracted to txdash_reader;
grant select (id, stream, target, topic, partition, kafka_offset, source, line, "by", reason, detail, raw_bytes, raw_sha256, received_at, resolved_at)
	on dead_letter to txdash_reader;
do $$
begin
	grant usage on schema aggregate to txdash_reader;
	if to_regclass('aggregate.state') is not null then
		grant select on aggregate.run, aggregate.node_result, aggregate.state to txdash_reader;
		grant select (run_id, node, number) on aggregate.failure to txdash_reader; -- not the rows themselves
	end if;
	if to_regclass('aggregate.pruned') is not null then
		grant select on aggregate.pruned to txdash_reader;
	end if;
end
$$;
\ir page.sql

-- --- what is not ours to take away ------------------------------------------------------------------------------------------
do $$
declare
	way record;
begin
	for way in
		select * from (values
			('txdash_reader', 'dim_customer', 'customer_name', 'select'), ('txdash_reader', 'dim_customer', 'customer_email', 'select'),
			('txdash_reader', 'dim_customer', 'home_latitude', 'select'), ('txdash_reader', 'dim_customer', 'home_longitude', 'select'),
			('txdash_reader', 'fact_transaction', 'extra', 'select'), ('txdash_reader', 'dead_letter', 'raw', 'select'),
			('txdash_reader', 'fact_transaction', 'is_fraud', 'update'), ('pgload_writer', 'fact_transaction', 'is_fraud', 'update'),
			('aggregate_owner', 'fact_transaction', 'is_fraud', 'insert'), ('aggregate_owner', 'fact_transaction', 'is_fraud', 'update'),
			('aggregate_pruner', 'fact_transaction', 'is_fraud', 'update')) t (role, relation, member, verb)
		where has_column_privilege(role, relation, member, verb)
	loop
		raise warning '% may % % of % all the same: by a role that it is in, by a grant to PUBLIC, or because it owns it',
			way.role, way.verb, way.member, way.relation;
	end loop;
end
$$;

commit;

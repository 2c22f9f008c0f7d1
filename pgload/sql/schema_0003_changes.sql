-- What changed, for models that follow changes: every row carries the transaction that wrote it last (xid), and the old images of updated and
-- deleted rows go to <table>_retracted. Inserting pays nothing for it.

create or replace function txpipe_restamp() returns trigger language plpgsql as $$
begin
	new.xid := pg_current_xact_id();
	return new;
end
$$;

-- Columns go by name: one that was added to the table later must not shift the others.
create or replace function txpipe_retract() returns trigger language plpgsql as $$
declare
	retracted regclass := format('%I.%I', tg_table_schema, tg_table_name || '_retracted');
	columns text;
begin
	if not exists (select from old_rows) then
		return null;
	end if;
	select string_agg(quote_ident(s.attname), ', ' order by s.attnum) into columns
	from pg_attribute s
	join pg_attribute r on r.attrelid = retracted and r.attname = s.attname and r.attnum > 0 and not r.attisdropped
	where s.attrelid = tg_relid and s.attnum > 0 and not s.attisdropped;
	execute format('insert into %s (%s, retracted_by) select %s, pg_current_xact_id() from old_rows', retracted, columns, columns);
	return null;
end
$$;

-- Follow a table that has a column xid. Again after its columns changed: the new ones are added.
create or replace function txpipe_track(source regclass) returns void language plpgsql as $$
declare
	retracted text;
	added record;
begin
	select format('%I.%I', n.nspname, c.relname || '_retracted') into retracted
	from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = source;
	execute format('create table if not exists %s as select *, null::xid8 as retracted_by from %s with no data', retracted, source);
	for added in
		select a.attname, format_type(a.atttypid, a.atttypmod) as type from pg_attribute a
		where a.attrelid = source and a.attnum > 0 and not a.attisdropped
			and not exists (select from pg_attribute r where r.attrelid = retracted::regclass and r.attname = a.attname)
	loop
		execute format('alter table %s add column %I %s', retracted, added.attname, added.type);
	end loop;
	execute format('create index if not exists %I on %s (retracted_by)',
		(select relname || '_retracted_by' from pg_class where oid = source), retracted);
	execute format('create or replace trigger txpipe_restamp before update on %s for each row execute function txpipe_restamp()', source);
	execute format('create or replace trigger txpipe_retract_update after update on %s referencing old table as old_rows '
		'for each statement execute function txpipe_retract()', source);
	execute format('create or replace trigger txpipe_retract_delete after delete on %s referencing old table as old_rows '
		'for each statement execute function txpipe_retract()', source);
end
$$;

do $$
begin
	perform txpipe_track(t) from unnest(array['fact_transaction', 'fraud_label', 'dim_customer', 'dim_merchant', 'dim_currency']::regclass[]) t;
end
$$;

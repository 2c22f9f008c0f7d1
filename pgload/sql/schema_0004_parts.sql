-- Partitioned tables can be followed too, a row cannot claim to be of another transaction, and a table that was restored from another server
-- can be taken over.

-- Old images of all parts of a table go to one place, named after the whole.
create or replace function txpipe_retracted(source oid) returns regclass language sql stable as $$
	select format('%I.%I', n.nspname, c.relname || '_retracted')::regclass
	from pg_class c join pg_namespace n on n.oid = c.relnamespace
	where c.oid = coalesce(pg_partition_root(source)::oid, source)
$$;

-- Columns that a table and its old images have in common, by name: one that was added to the table later must not shift the others.
create or replace function txpipe_retracted_columns(source oid, before text) returns text language sql stable as $$
	select string_agg(before || quote_ident(s.attname), ', ' order by s.attname)
	from pg_attribute s
	join pg_attribute r on r.attrelid = txpipe_retracted(source) and r.attname = s.attname and r.attnum > 0 and not r.attisdropped
	where s.attrelid = source and s.attnum > 0 and not s.attisdropped
$$;

create or replace function txpipe_retract() returns trigger language plpgsql as $$
begin
	if exists (select from old_rows) then
		execute format('insert into %s (%s, retracted_by) select %s, pg_current_xact_id() from old_rows', txpipe_retracted(tg_relid),
			txpipe_retracted_columns(tg_relid, ''), txpipe_retracted_columns(tg_relid, ''));
	end if;
	return null;
end
$$;

create or replace function txpipe_retract_row() returns trigger language plpgsql as $$
begin
	execute format('insert into %s (%s, retracted_by) select %s, pg_current_xact_id()', txpipe_retracted(tg_relid),
		txpipe_retracted_columns(tg_relid, ''), txpipe_retracted_columns(tg_relid, '($1).')) using old;
	return null;
end
$$;

-- Follow a table that has a column xid. Again after its columns changed: the new ones are added.
--
-- A partitioned table is followed row by row: the triggers of a statement that names the whole are not those of the part, and the other way
-- round, but a row trigger of the whole is also one of each part, of those that come later too. A row that moves to another part
-- is a delete there and an insert here.
--
-- A row that is inserted with the xid of another (`insert … select *` from a copy) would never be seen as new. A table refuses it by a check
-- that only rows that come are held against, which costs an insert next to nothing; not valid, so that a dump restores its
-- rows before it. A partitioned one stamps it: a check would be in the way of attach.
create or replace function txpipe_track(source regclass) returns void language plpgsql as $$
declare
	retracted text;
	added record;
	kind "char";
begin
	select format('%I.%I', n.nspname, c.relname || '_retracted'), c.relkind into retracted, kind
	from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = source;
	if (select relispartition from pg_class where oid = source) then
		raise exception '% is a part of %: follow that', source, pg_partition_root(source);
	end if;
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
	if kind = 'p' then
		execute format('create or replace trigger txpipe_restamp before insert or update on %s for each row execute function txpipe_restamp()',
			source);
		execute format('create or replace trigger txpipe_retract_row after update or delete on %s for each row '
			'execute function txpipe_retract_row()', source);
		return;
	end if;
	if not exists (select from pg_constraint where conrelid = source and conname = 'txpipe_written') then
		execute format('alter table %s add constraint txpipe_written check (xid = pg_current_xact_id()) not valid', source);
	end if;
	execute format('create or replace trigger txpipe_restamp before update on %s for each row execute function txpipe_restamp()', source);
	execute format('create or replace trigger txpipe_retract_update after update on %s referencing old table as old_rows '
		'for each statement execute function txpipe_retract()', source);
	execute format('create or replace trigger txpipe_retract_delete after delete on %s referencing old table as old_rows '
		'for each statement execute function txpipe_retract()', source);
end
$$;

-- After a table was restored from another server: its rows name transactions of that server, which mean nothing here or, worse, will mean
-- something later. They become rows of this transaction. Models that follow the table then need --full-refresh.
create or replace function txpipe_adopt(source regclass) returns void language plpgsql as $$
begin
	execute format('alter table %s disable trigger user', source);
	execute format('update %s set xid = pg_current_xact_id()', source);
	execute format('alter table %s enable trigger user', source);
	execute format('truncate %s', txpipe_retracted(source));
end
$$;

do $$
begin
	perform txpipe_track(t) from unnest(array['fact_transaction', 'fraud_label', 'dim_customer', 'dim_merchant', 'dim_currency']::regclass[]) t;
end
$$;

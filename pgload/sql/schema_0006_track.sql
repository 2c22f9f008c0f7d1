-- Following a table once more leaves the triggers that are there alone: whoever follows it takes a trigger that was made anew for one that
-- was missing in between. And the old images take over a column's new type.

create or replace function txpipe_trigger(source regclass, name text, kind int, called regproc, definition text) returns void
language plpgsql as $$
begin
	if not exists (select from pg_trigger where tgrelid = source and tgname = name and tgfoid = called and tgtype = kind
			and tgenabled in ('O', 'A') and tgqual is null) then
		execute format('create or replace trigger %I %s execute function %s()', name, format(definition, source), called);
	end if;
end
$$;

-- Old images of a source, column by column as the source has them.
create or replace function txpipe_track_images(source regclass, retracted text) returns void language plpgsql as $$
declare
	here record;
begin
	if to_regclass(retracted) is null then
		execute format('create table %s as select *, null::xid8 as retracted_by from %s with no data', retracted, source);
	end if;
	for here in
		select a.attname, format_type(a.atttypid, a.atttypmod) as type, r.attname is null as missing
		from pg_attribute a
		left join pg_attribute r on r.attrelid = retracted::regclass and r.attname = a.attname and r.attnum > 0 and not r.attisdropped
		where a.attrelid = source and a.attnum > 0 and not a.attisdropped
			and (r.attname is null or (a.atttypid, a.atttypmod) <> (r.atttypid, r.atttypmod))
	loop
		if here.missing then
			execute format('alter table %s add column %I %s', retracted, here.attname, here.type);
		else
			execute format('alter table %s alter column %I type %s using %2$I::%3$s', retracted, here.attname, here.type);
		end if;
	end loop;
	execute format('create index if not exists %I on %s (retracted_by)',
		(select relname || '_retracted_by' from pg_class where oid = source), retracted);
end
$$;

-- Follow a table that has a column xid. Again after its columns changed. What it makes, and why, is said in version 4.
create or replace function txpipe_track(source regclass) returns void language plpgsql set client_min_messages = warning as $$
declare
	retracted text;
	kind "char";
begin
	select format('%I.%I', n.nspname, c.relname || '_retracted'), c.relkind into retracted, kind
	from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = source;
	if (select relispartition from pg_class where oid = source) then
		raise exception '% is a part of %: follow that', source, pg_partition_root(source);
	end if;
	perform txpipe_track_images(source, retracted);
	if kind = 'p' then
		perform txpipe_trigger(source, 'txpipe_restamp', 23, 'txpipe_restamp', 'before insert or update on %s for each row');
		perform txpipe_trigger(source, 'txpipe_retract_row', 25, 'txpipe_retract_row', 'after update or delete on %s for each row');
		return;
	end if;
	if not exists (select from pg_constraint where conrelid = source and conname = 'txpipe_written') then
		execute format('alter table %s add constraint txpipe_written check (xid = pg_current_xact_id()) not valid', source);
	end if;
	perform txpipe_trigger(source, 'txpipe_restamp', 19, 'txpipe_restamp', 'before update on %s for each row');
	perform txpipe_trigger(source, 'txpipe_retract_update', 16, 'txpipe_retract',
		'after update on %s referencing old table as old_rows for each statement');
	perform txpipe_trigger(source, 'txpipe_retract_delete', 8, 'txpipe_retract',
		'after delete on %s referencing old table as old_rows for each statement');
end
$$;

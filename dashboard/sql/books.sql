-- Is each row and each dead letter that was counted there? One line a target table; what `aggregate prune` deleted counts as there. (A name that
-- a table has only at run time is asked for through XML, as in scripts/reconcile.sql.)
with pruned as (
	select (xpath('/row/relation/text()', x))[1]::text::oid as relation, (xpath('/row/rows/text()', x))[1]::text::bigint as rows
	from unnest(xpath('/table/row', case when exists (
			select from pg_class c join pg_namespace n on n.oid = c.relnamespace
			where n.nspname = 'aggregate' and c.relname = 'pruned' and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select'))
		then query_to_xml('select to_regclass(relation)::oid as relation, rows from aggregate.pruned', false, false, '') else '<table/>' end)) x
), counted as (
	select target, sum(rows)::bigint as rows, sum(dead_letters)::bigint as dead_letters,
		sum(next_offset - first_offset - (rows + duplicates + dead_letters + labels + holes))::bigint as unaccounted,
		bool_or(broken_at is not null) as broken,
		(select c.oid::regclass from pg_class c join pg_namespace n on n.oid = c.relnamespace
			where c.relkind in ('r', 'p', 'f', 'v') and target in (n.nspname || '.' || c.relname,
				case when n.oid = (select relnamespace from pg_class where oid = 'stream_position'::regclass) then c.relname end)
			order by target = c.relname desc limit 1) as name
	from stream_position
	group by target
), held as (
	select c.*,
		(xpath('/row/n/text()', case when c.name is not null
			then query_to_xml(format('select count(*) as n from %s', c.name), false, true, '') end))[1]::text::bigint
			+ coalesce((select sum(p.rows) from pruned p where p.relation = c.name), 0) as stored,
		(select count(*) from dead_letter d where d.target = c.target and d.stream is not null)
			+ coalesce((select sum(p.rows) from pruned p where p.relation = 'dead_letter'::regclass), 0) as letters
	from counted c
)
select target, rows as rows_counted, stored::bigint as rows_stored, dead_letters as dead_letters_counted, letters::bigint as dead_letters_stored,
	unaccounted as offsets_unaccounted,
	concat_ws('; ',
		case when name is null then 'the table is gone' end,
		case when stored < rows then (rows - stored) || ' rows are missing' end,
		case when letters < dead_letters then (dead_letters - letters) || ' dead letters are missing' end,
		case when unaccounted <> 0 then unaccounted || ' offsets are not accounted for' end,
		case when broken then 'a stream is marked as broken' end) as wrong
from held
order by target

-- The books of every stream (psql variables: stream, or empty for all). Tab-separated: kind, then its columns; see scripts/reconcile.
\set QUIET on
\pset format unaligned
\pset fieldsep '\t'
\pset tuples_only on

-- What `aggregate prune` deleted, by table, if it ever ran here.
create temporary table reconcile_pruned as
select (xpath('/row/relation/text()', x))[1]::text as relation, (xpath('/row/rows/text()', x))[1]::text::bigint as rows
from unnest(xpath('/table/row', case when to_regclass('aggregate.pruned') is not null
	then query_to_xml('select to_regclass(relation)::oid as relation, rows from aggregate.pruned', false, false, '') else '<table/>' end)) x;

-- Each offset between first and next is accounted for, and each dead letter counted is there.
select 'position', p.stream, p.target, p.topic, p.partition, p.first_offset, p.next_offset, p.rows, p.duplicates, p.dead_letters, p.labels,
	p.holes,
	p.next_offset - p.first_offset - (p.rows + p.duplicates + p.dead_letters + p.labels + p.holes),
	(select count(*) from dead_letter d where d.stream = p.stream and d.target = p.target and d.topic = p.topic and d.partition = p.partition
		and d.kafka_offset >= p.first_offset and d.kafka_offset < p.next_offset)
		+ coalesce((select sum(rows) from reconcile_pruned where relation = 'dead_letter'::regclass::oid::text), 0),
	coalesce(p.broken_at::text, '')
from stream_position p
where :'stream' in ('', p.stream)
order by p.stream, p.target, p.topic, p.partition;

-- Each row counted is there. Rows are counted per target by all streams; rows that came from files are in the table only.
select 'table', t.target, t.rows,
	case when t.name is not null
		then (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %s', t.name), false, true, '')))[1]::text::bigint
			+ coalesce((select sum(rows) from reconcile_pruned r where r.relation = t.name::regclass::oid::text), 0) end
from (
	-- pgload leaves the schema out where it is that of the suite's tables; names may have points of their own
	select target, sum(rows) as rows,
		(select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
			where c.relkind in ('r', 'p', 'f', 'v') and target in (n.nspname || '.' || c.relname,
				case when n.oid = (select relnamespace from pg_class where oid = 'stream_position'::regclass) then c.relname end)
			order by target = c.relname desc limit 1) as name
	from stream_position
	group by target
	having bool_or(:'stream' in ('', stream))
) t
order by t.target;

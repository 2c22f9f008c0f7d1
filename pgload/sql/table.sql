-- $1: a table's name as the user gave it. Its oid, its name as SQL, and its name in stream_position: without the schema where that is the
-- schema of the suite's own tables.
select c.oid, format('%I.%I', n.nspname, c.relname),
	case when n.oid = (select relnamespace from pg_class where oid = to_regclass('stream_position'))
		then c.relname else n.nspname || '.' || c.relname end,
	c.relkind
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.oid = to_regclass($1)

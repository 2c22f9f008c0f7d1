-- $1: oid of a table. Its columns, domains traced back to the type below them.
with recursive base(attnum, type, typmod, required) as (
	select a.attnum, a.atttypid, a.atttypmod, a.attnotnull
	from pg_attribute a where a.attrelid = $1::oid and a.attnum > 0 and not a.attisdropped
	union all
	select b.attnum, t.typbasetype, case when t.typtypmod = -1 then b.typmod else t.typtypmod end, b.required or t.typnotnull
	from base b join pg_type t on t.oid = b.type where t.typtype = 'd'
), key as (
	-- The primary key, else the oldest unique index over columns that are never null.
	select (i.indkey::int2[])[0:i.indnkeyatts - 1] as columns from pg_index i
	where i.indrelid = $1::oid and i.indisunique and i.indisvalid and i.indimmediate and i.indpred is null and i.indexprs is null
		and not exists (select from pg_attribute a
			where a.attrelid = i.indrelid and a.attnum = any((i.indkey::int2[])[0:i.indnkeyatts - 1]) and not a.attnotnull)
	order by i.indisprimary desc, i.indexrelid limit 1
)
select
	a.attname,
	quote_ident(a.attname),
	t.oid,
	t.typname,
	b.typmod,
	format_type(t.oid, b.typmod),
	format_type(a.atttypid, a.atttypmod),
	b.required,
	a.attgenerated <> '' or a.attidentity = 'a',
	coalesce(
		case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end,
		case when a.attidentity = 'd' then format('nextval(%L)', pg_get_serial_sequence($1::oid::regclass::text, a.attname)) end),
	coalesce(a.attnum = any(key.columns), false),
	exists (select from pg_opclass o join pg_am m on m.oid = o.opcmethod
		where m.amname = 'btree' and o.opcdefault and (o.opcintype = t.oid
			or o.opcintype = 'anyarray'::regtype and t.typelem <> 0 and t.typlen = -1
			or o.opcintype = 'anyenum'::regtype and t.typtype = 'e'
			or o.opcintype = 'text'::regtype and t.typname = 'varchar')),
	t.typelem,
	-- What a text is cast to: without its length, which an assignment checks and a cast enforces by cutting. -1 says so; with null in its
	-- place bit and character come out as the types of length 1.
	format_type(t.oid, -1),
	case when t.typcategory = 'A' and t.typelem <> 0 then format_type(t.typelem, -1) end
from base b
join pg_type t on t.oid = b.type and t.typtype <> 'd'
join pg_attribute a on a.attrelid = $1::oid and a.attnum = b.attnum
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
left join key on true
order by a.attnum

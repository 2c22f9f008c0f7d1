-- What is built from what: tables that follow their sources, by what aggregate remembers of them; views, by the server's own catalogue.
with recursive made as (
	select to_regclass(format('%I.%I', relation_schema, relation_name))::oid as relation, materialised, sources, rows, changed_at
	from aggregate.state
), edges as (
	select split_part(line, ' ', 1)::regclass::oid as source, m.relation as target
	from made m, regexp_split_to_table(m.sources, '\n') line
	where line ~ '^\S+' and to_regclass(split_part(line, ' ', 1)) is not null
	union
	select d.refobjid, r.ev_class
	from made m
	join pg_rewrite r on r.ev_class = m.relation
	join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class
	where m.materialised = 'view'
), depth as (
	select e.source as relation, 0 as level from edges e where not exists (select from edges x where x.target = e.source)
	union
	select e.target, d.level + 1 from depth d join edges e on e.source = d.relation where d.level < 20
)
select
	(select max(level) from depth where depth.relation = e.target) as level,
	t.relname as relation, m.materialised, m.rows, nullif(m.changed_at, '-infinity') as changed_at,
	jsonb_agg(s.relname order by s.relname) as built_from
from edges e
join pg_class t on t.oid = e.target
join pg_class s on s.oid = e.source
join made m on m.relation = e.target
group by 1, 2, 3, 4, 5
order by 1, 2

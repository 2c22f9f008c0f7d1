-- Has aggregate run here, and may we look at what it keeps?
select exists (
	select from pg_class c
	join pg_namespace n on n.oid = c.relnamespace
	where n.nspname = 'aggregate' and c.relname = 'run' and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
)

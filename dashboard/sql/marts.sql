-- May daily figures be read from the marts? One row, or none: then they are counted from the facts. They may if aggregate made both in one run,
-- from the models as they are shipped (their fingerprints say so: days of UTC, these sums), on this server, and the facts lie in the files that it followed.
select split_part(s.snapshot::text, ':', 2) as xmax, '{' || split_part(s.snapshot::text, ':', 3) || '}' as xip, s.snapshot::text as snapshot
from aggregate.state s
join aggregate.state a on a.snapshot::text = s.snapshot::text and a.relation_schema = s.relation_schema
where s.relation_name = 'sales_by_day' and s.compiled = '66e815102b4b1d2ec6597146ef3840652ee902109e1c85bff7288d5edb2ac5e1'
	and a.relation_name = 'alerts_by_day' and a.compiled = '3ceb0c72ef87fda2aeaaafecec684aa4a17f68fd0fc3852281e8d30ce0eb7c88'
	and to_regclass('sales_by_day')::oid = to_regclass(format('%I.sales_by_day', s.relation_schema))::oid
	and to_regclass('alerts_by_day')::oid = to_regclass(format('%I.alerts_by_day', s.relation_schema))::oid
	and s.system_identifier = (select system_identifier from pg_control_system())
	and not exists (
		select from regexp_split_to_table(s.sources, '\s+') word
		where word ~ '^\d+:\d+$' and split_part(word, ':', 2) is distinct from pg_relation_filenode(split_part(word, ':', 1)::oid)::text
	)

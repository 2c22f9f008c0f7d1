-- Rows that tests found wrong in the last runs; long ones are cut.
select n.run_id, n.started_at, n.test, n.number, case when octet_length(n.row::text) > 4000 then to_jsonb(left(n.row::text, 4000)) else n.row end as row
from (
	select f.run_id, r.started_at, f.node as test, f.number, (/*personal*/ f.row /*end*/)::jsonb as row
	from aggregate.failure f
	join aggregate.run r using (run_id)
	order by f.run_id desc, f.node, f.number
	limit 100
) n
order by n.run_id desc, n.test, n.number

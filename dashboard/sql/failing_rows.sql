-- Rows that tests found wrong in the last runs.
select f.run_id, r.started_at, f.node as test, f.number, /*personal*/ f.row /*end*/ as row
from aggregate.failure f
join aggregate.run r using (run_id)
order by f.run_id desc, f.node, f.number
limit 100

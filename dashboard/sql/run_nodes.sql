-- What a run did ($8: its number; the last one if null).
select node, type, status, rows, inserted, updated, deleted, failures, round(ms::numeric, 1) as ms, message
from aggregate.node_result
where run_id = coalesce($8::bigint, (select max(run_id) from aggregate.run))
order by type, node

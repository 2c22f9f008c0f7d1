-- Runs of aggregate, newest first.
select
	r.run_id, r.started_at, r.project, r.command, r.status, r.exit_status,
	round(extract(epoch from r.finished_at - r.started_at)::numeric, 3) as seconds,
	count(n.*) filter (where n.type in ('model', 'seed')) as models,
	sum(n.inserted) filter (where n.type <> 'test')::bigint as rows_inserted,
	sum(n.updated) filter (where n.type <> 'test')::bigint as rows_updated,
	count(n.*) filter (where n.type = 'test' and n.status in ('pass', 'unchanged')) as tests_passed,
	count(n.*) filter (where n.type = 'test' and n.status = 'warn') as tests_warned,
	count(n.*) filter (where n.type = 'test' and n.status in ('fail', 'error')) as tests_failed,
	r.message
from (select * from aggregate.run order by run_id desc limit 50) r
left join aggregate.node_result n using (run_id)
group by r.run_id, r.started_at, r.project, r.command, r.status, r.exit_status, r.finished_at, r.message
order by r.run_id desc

-- The last runs of aggregate, in figures for monitoring.
with last as (
	select run_id from aggregate.run where command in ('build', 'test') order by run_id desc limit 1
)
select
	(select extract(epoch from max(finished_at))::float8 from aggregate.run where command = 'build' and status = 'published') as last_success,
	(select count(*) from aggregate.node_result n join last using (run_id) where n.type = 'test' and n.status in ('fail', 'error')) as failing_tests,
	(select max(run_id) from aggregate.run) as last_run

-- $1: the silent ones of the look before. Another writer may have gone without the server knowing it: a connection that is dead on one side only.
-- In the middle of a COPY no timeout of the server's applies, and its locks would stay. End those that have waited for their client for as long as
-- we have waited for a lock, and have not come any further since we looked before: who is only slow must not be ended, or two slow ones end each
-- other for ever.
select silent.pid, silent.seen, case when silent.seen = any($1::text[]) then pg_terminate_backend(silent.pid) end
from (
	select a.pid, concat_ws(' ', a.pid, a.query_start, p.bytes_processed) as seen
	from pg_stat_activity a left join pg_stat_progress_copy p using (pid)
	where a.pid <> pg_backend_pid() and a.datname = current_database() and a.usename = current_user
		and a.application_name = current_setting('application_name') and a.backend_xid is not null
		and a.wait_event = 'ClientRead' and a.query_start < clock_timestamp() - current_setting('lock_timeout')::interval
) silent

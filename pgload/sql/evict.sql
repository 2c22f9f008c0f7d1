-- Another writer may have gone without the server knowing it: a connection that is dead on one side only. In the middle of a COPY no timeout of
-- the server's applies, and its locks would stay. End those that have waited for their client for as long as we have waited for a lock; a
-- writer that lives all the same stores its batch again.
select pid, pg_terminate_backend(pid)
from pg_stat_activity
where pid <> pg_backend_pid() and datname = current_database() and usename = current_user
	and application_name = current_setting('application_name') and backend_xid is not null
	and wait_event = 'ClientRead' and query_start < clock_timestamp() - current_setting('lock_timeout')::interval

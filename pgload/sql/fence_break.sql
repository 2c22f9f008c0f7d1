-- $1 stream, $2 target, $3 topic, $4 partition: records of it came out of order, so what was skipped is not known to be stored. Durable at once, also
-- where commits are asynchronous.
update stream_position set broken_at = coalesce(broken_at, now()), updated_at = now()
where stream = $1 and target = $2 and topic = $3 and partition = $4::integer
returning set_config('synchronous_commit', 'on', true)

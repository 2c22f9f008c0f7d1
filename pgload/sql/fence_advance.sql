-- $1 target, $2 writer, then arrays: what the batch did to each position that it has locked.
update stream_position p
set next_offset = u.next_offset,
	rows = p.rows + u.rows,
	duplicates = p.duplicates + u.duplicates,
	dead_letters = p.dead_letters + u.dead_letters,
	labels = p.labels + u.labels,
	holes = p.holes + u.holes,
	last_offset = coalesce(u.last_offset, p.last_offset),
	last_ts = case when u.last_offset is null then p.last_ts else u.last_ts end,
	cluster_id = coalesce(u.cluster_id, p.cluster_id),
	run = coalesce(u.run, p.run),
	run_holes = case when u.run is null then p.run_holes else u.run_holes::bigint[] end,
	writer = $2,
	updated_at = clock_timestamp()
from unnest($3::text[], $4::text[], $5::integer[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],
		$12::bigint[], $13::bigint[], $14::text[], $15::text[], $16::text[])
	as u(stream, topic, partition, next_offset, rows, duplicates, dead_letters, labels, holes, last_offset, last_ts, cluster_id, run, run_holes)
where p.target = $1 and p.stream = u.stream and p.topic = u.topic and p.partition = u.partition and p.next_offset <= u.next_offset

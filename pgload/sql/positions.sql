-- $1 stream, $2 target or null: where the stream goes on. Without a target the one that is furthest behind speaks.
select distinct on (topic, partition)
	row_to_json((select line from (select stream, topic, partition, first_offset, next_offset, last_offset, last_ts, cluster_id, partitions,
		broken_at, target, updated_at) line))::text,
	broken_at, topic, partition, target
from stream_position
where stream = $1 and ($2::text is null or target = $2)
order by topic, partition, broken_at is null, next_offset

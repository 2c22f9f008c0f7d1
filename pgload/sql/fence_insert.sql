-- $1 target, $2 streams, $3 topics, $4 partitions, $5 begins, $6 partitions of the topic, $7 writer: rows for partitions that this process sees
-- for the first time. In key order, as all writers do it: no deadlocks. Another writer that is making the same row is waited for.
insert into stream_position (stream, target, topic, partition, first_offset, next_offset, partitions, writer)
select u.stream, $1, u.topic, u.partition, u.begin, u.begin, u.partitions, $7
from unnest($2::text[], $3::text[], $4::integer[], $5::bigint[], $6::integer[]) as u(stream, topic, partition, begin, partitions)
order by u.stream, u.topic, u.partition
on conflict do nothing
returning stream, topic, partition

-- $1 target, $2 streams, $3 topics, $4 partitions: lock the positions of a batch. A statement of its own: it must see what another writer
-- committed while we waited to insert.
select u.i, p.next_offset, p.broken_at, p.cluster_id, p.last_offset, p.last_ts, p.run, p.run_holes, p.writer
from unnest($2::text[], $3::text[], $4::integer[]) with ordinality as u(stream, topic, partition, i)
join stream_position p on p.target = $1 and p.stream = u.stream and p.topic = u.topic and p.partition = u.partition
order by p.stream, p.topic, p.partition
for update of p

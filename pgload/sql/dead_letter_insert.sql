-- $1 target. One that is there already, with the same bytes, stays as it is.
insert into dead_letter (stream, target, topic, partition, kafka_offset, source, line, "by", reason, detail, raw, raw_bytes, raw_sha256)
select stream, $1, topic, partition, kafka_offset, source, line, "by", reason, detail, raw, raw_bytes, raw_sha256
from pgload_dead_letter
order by stream, topic, partition, kafka_offset, source, line
on conflict do nothing

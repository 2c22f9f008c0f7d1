-- $1 stream, $2 target, $3 since, each or null: what is not resolved yet. The members of _reject, the bytes, the coordinates.
select json_strip_nulls(row_to_json((select reject from (select "by", reason, detail, source, line) reject)))::text, raw, raw_bytes, raw_sha256,
	json_strip_nulls(row_to_json((select letter from (select id, stream, target, topic, partition, kafka_offset as "offset", received_at)
		letter)))::text
from dead_letter
where resolved_at is null and ($1::text is null or stream = $1) and ($2::text is null or target = $2)
	and ($3::timestamptz is null or received_at >= $3::timestamptz)
order by id

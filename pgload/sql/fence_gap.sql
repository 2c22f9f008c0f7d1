-- $1 stream, $2 target, $3 topic, $4 partition, $5 from, $6 to: an operator gave these offsets up.
insert into stream_gap (stream, target, topic, partition, from_offset, to_offset)
values ($1, $2, $3, $4::integer, $5::bigint, $6::bigint) on conflict do nothing

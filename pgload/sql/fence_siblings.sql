-- $1 target, $2 stream, $3 topic, $4 partition: how many partitions the topic had at least, when a position for one of the others was made.
select min(partitions) from stream_position where target = $1 and stream = $2 and topic = $3 and partition <> $4::integer

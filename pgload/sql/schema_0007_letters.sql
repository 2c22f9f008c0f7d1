-- A topic that was made again has other messages at the same offsets: after --reset-stream these would have been taken for the dead letters of
-- the old topic, and lost. So what was refused is part of what a dead letter is known by.
drop index dead_letter_offset;
create unique index dead_letter_offset on dead_letter
	(stream, target, topic, partition, kafka_offset, sha256(coalesce(raw, '')), coalesce(raw_sha256, '')) where stream is not null;

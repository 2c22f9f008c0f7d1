-- How far each stream has come in each target, and what became of its offsets.
select stream, target, topic, partition, first_offset, next_offset, rows, duplicates, dead_letters, labels, holes,
	next_offset - first_offset - (rows + duplicates + dead_letters + labels + holes) as unaccounted,
	row_number() over (partition by topic, partition order by stream, target) as nth, -- several may read one partition
	last_ts, broken_at, updated_at, extract(epoch from updated_at)::float8 as updated_epoch
from stream_position
order by stream, target, topic, partition

-- $1 target, $2 writer: it has read its input to the end and stored all of it, so another one may go on behind it. What others hold they will write
-- themselves.
with mine as (
	select stream, topic, partition from stream_position where target = $1 and writer = $2
	order by stream, topic, partition for update skip locked
)
update stream_position p set writer = p.writer || ' ended'
from mine where p.target = $1 and p.stream = mine.stream and p.topic = mine.topic and p.partition = mine.partition

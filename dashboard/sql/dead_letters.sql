-- Dead letters, newest first; $7: a text that occurs in reason, detail or content (in whatever case; letters beyond ASCII as they are).
-- `replay` is what a shell would send one of them again with, byte for byte; where it was cut or has line ends inside, there is no such line.
select d.id, d.received_at, left(d."by", 60) as "by", left(d.reason, 120) as reason, left(d.detail, 500) as detail, d.stream, d.topic, d.partition, d.kafka_offset as "offset", d.source, d.line,
	substring(d.raw from 1 for 2004) as content, coalesce(d.raw_bytes, octet_length(d.raw)) as bytes, d.resolved_at,
	case when d.raw is not null and d.raw_sha256 is null and position('\x0a'::bytea in d.raw) = 0 then
		format('(psql -XAtc "select encode(raw, ''base64'') from dead_letter where id = %s" | base64 -d; echo) | kproduce%s', d.id,
			case when d.topic ~ '^[A-Za-z0-9._-]+$' and d.topic <> 'transactions' then ' -t ' || d.topic else '' end)
	end as replay
from (
	select id, received_at, "by", reason, detail, stream, topic, partition, kafka_offset, source, line, raw_bytes, raw_sha256, resolved_at,
		(/*personal*/ raw /*end*/)::bytea as raw
	from dead_letter
	where ($7::text is null or position(convert_to($7::text, 'UTF8') in (/*personal*/ raw /*end*/)::bytea) > 0
			or position(lower($7::text) in lower(concat_ws(' ', "by", reason, detail, source, encode((/*personal*/ raw /*end*/)::bytea, 'escape')))) > 0)
		and ($1::timestamptz is null or received_at >= $1::timestamptz) and ($2::timestamptz is null or received_at < $2::timestamptz)
	order by id desc
	limit 100
) d
order by d.id desc

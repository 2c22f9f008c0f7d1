-- What became of each message against what the oracle says (input_oracle.pl): a line for each difference, beginning with the word lost,
-- doubled or wrong; and one line `messages N rows N duplicates N dead letters N labels N`. The table `sent` holds the oracle's rows.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\set verdict '''^"is_fraud":(true|false),"fraud_score":[0-9.]+,"fraud_reasons":\\[[a-z_",]*\\],"ruleset":"[0-9a-f]+"\\}$'''

-- the server's own reading of the messages that must be rows: of json, not jsonb, where it matters how a number was written
create temp table wanted as
select partition, kafka_offset, kind, (j ->> 'transaction_id')::uuid as transaction_id, (j ->> 'transaction_ts')::timestamptz as transaction_ts,
	(j ->> 'customer_id')::uuid as customer_id, (j ->> 'merchant_id')::uuid as merchant_id, (j ->> 'amount')::numeric(18, 4) as amount,
	j ->> 'currency' as currency, (j ->> 'latitude')::float8 as latitude, (j ->> 'longitude')::float8 as longitude, j ->> 'device_id' as device_id,
	j ->> 'payment_method' as payment_method, (j ->> 'is_foreign')::boolean as is_foreign,
	nullif(j::jsonb - '{transaction_id,transaction_ts,customer_id,merchant_id,amount,currency,latitude,longitude,device_id,payment_method,is_foreign,
		is_fraud,fraud_score,fraud_reasons,ruleset}'::text[], '{}') as extra
from sent, convert_from(payload, 'UTF8') as t (text), lateral (select text::json as j) as parsed
where class = 'row';
create index on wanted (transaction_id);

create temp table letter as select * from dead_letter where stream = :'stream' and topic = :'topic';
create unique index on letter (partition, kafka_offset);

-- 1. what must be a dead letter is one, byte for byte, by the right tool and for the right reason
select 'lost', 'no dead letter', s.kind, s.partition, s.kafka_offset, s.by, s.reasons
from sent s left join letter l using (partition, kafka_offset)
where s.class in ('dead', 'refused') and l.id is null;

select 'wrong', 'dead letter', s.kind, s.partition, s.kafka_offset, s.by, s.reasons, l.by, l.reason, l.detail
from sent s join letter l using (partition, kafka_offset)
where s.class in ('dead', 'refused') and (l.by <> s.by or not l.reason = any (s.reasons) or coalesce(l.detail, '') = '');

select 'wrong', 'bytes', s.kind, s.partition, s.kafka_offset, length(s.raw), length(l.raw), l.raw_bytes
from sent s join letter l using (partition, kafka_offset)
where s.class in ('dead', 'refused') and case when s.by = 'pgload' and right(encode(s.raw, 'escape'), 1) <> '}'
	then substring(l.raw for length(s.raw)) is distinct from s.raw or convert_from(substring(l.raw from length(s.raw) + 1), 'UTF8') !~ :verdict
		or l.raw_bytes is not null
	else (l.raw, l.raw_bytes, l.raw_sha256) is distinct from (s.raw, s.raw_bytes, s.raw_sha256) end;

-- 2. what must be a row is in the table with just that content; of an id with several contents one, and the others are dead letters
create temp view same as
select w.*, f.transaction_id is not null as stored, l.id is not null as is_letter, l.reason, (w.transaction_ts, w.customer_id, w.merchant_id, w.amount, w.currency, w.latitude,
	w.longitude, w.device_id, w.payment_method, w.is_foreign, w.extra) is not distinct from (f.transaction_ts, f.customer_id, f.merchant_id, f.amount, f.currency,
	f.latitude, f.longitude, f.device_id, f.payment_method, f.is_foreign, f.extra) as equal
from wanted w left join fact_transaction f using (transaction_id) left join letter l using (partition, kafka_offset);

select 'lost', 'no row', kind, partition, kafka_offset, transaction_id from same where not stored;
select 'lost', 'another content is stored, and this one is no dead letter', kind, partition, kafka_offset, transaction_id
from same where stored and not equal and not is_letter;
select 'doubled', 'row and dead letter', kind, partition, kafka_offset, transaction_id, reason from same where stored and equal and is_letter;
select 'wrong', 'dead letter of a second content', kind, partition, kafka_offset, reason from same where is_letter and reason <> 'conflicting_duplicate';

-- 3. nothing else is there
select 'doubled', 'a row of no message', transaction_id
from fact_transaction f where not exists (select from wanted w where w.transaction_id = f.transaction_id) and device_id is distinct from 'slot';
select 'doubled', 'a dead letter of no message', partition, kafka_offset, by, reason
from letter l where not exists (select from sent s where (s.partition, s.kafka_offset) = (l.partition, l.kafka_offset) and s.class in ('dead', 'refused', 'row'));

-- 4. labels
create temp table label as
select partition, kafka_offset, (j ->> 'label_for')::uuid as label_for, (j ->> 'label_ts')::timestamptz as label_ts, (j ->> 'is_fraud')::boolean as is_fraud,
	(j ->> 'customer_id')::uuid as customer_id, nullif(j::jsonb - '{label_for,label_ts,is_fraud,customer_id,merchant_id,transaction_ts}'::text[], '{}') as extra
from sent, lateral (select convert_from(payload, 'UTF8')::json as j) as parsed
where class = 'label';
select 'lost', 'label', w.* from label w left join fraud_label f using (label_for)
where (w.label_ts, w.is_fraud, w.customer_id, w.extra) is distinct from (f.label_ts, f.is_fraud, f.customer_id, f.extra);
select 'doubled', 'label', label_for from fraud_label where label_for not in (select label_for from label);

-- 5. the counters, partition by partition
create temp view counted as select partition, rows, duplicates, dead_letters, labels, holes, first_offset, next_offset from stream_position
where stream = :'stream' and topic = :'topic';
select 'wrong', 'counters', partition, c.rows, c.duplicates, c.dead_letters, c.labels, c.holes, c.next_offset, n.*
from counted c full join (select partition, count(*) as messages, count(l.id) as letters, count(*) filter (where class = 'label') as labels
	from sent left join letter l using (partition, kafka_offset) group by partition) n using (partition)
where (c.first_offset, c.next_offset, c.dead_letters, c.labels, c.holes, c.rows + c.duplicates) is distinct from
	(0, n.messages, n.letters, n.labels, 0, n.messages - n.letters - n.labels);
select 'wrong', 'rows counted and stored', c.rows, f.rows from (select sum(rows) as rows from counted) c,
	(select count(*) as rows from fact_transaction where device_id is distinct from 'slot') f where c.rows is distinct from f.rows;

select 'messages', (select count(*) from sent), 'rows', sum(rows), 'duplicates', sum(duplicates), 'dead letters', sum(dead_letters), 'labels', sum(labels) from counted;

-- What a database holds, a line each: see contents() in faults.sh. :facts is the table that the stream was loaded into.
create temp view said_twice as
select distinct (convert_from(raw, 'UTF8')::jsonb ->> 'transaction_id')::uuid as id from dead_letter where reason = 'conflicting_duplicate';

select 'fact', transaction_id, md5((to_jsonb(t) - 'xid' - 'loaded_at')::text)
from :"facts" t where transaction_id not in (select id from said_twice);

-- the contents of an id that came with more than one, as a set, without the verdict
with content as (
	select transaction_id, transaction_ts, customer_id, merchant_id, amount, currency, latitude, longitude, device_id, payment_method, is_foreign
	from :"facts" where transaction_id in (select id from said_twice)
	union
	select r.* from dead_letter d, jsonb_to_record(convert_from(d.raw, 'UTF8')::jsonb) as r (transaction_id uuid, transaction_ts timestamptz,
		customer_id uuid, merchant_id uuid, amount numeric(18, 4), currency text, latitude float8, longitude float8, device_id text,
		payment_method text, is_foreign boolean)
	where d.reason = 'conflicting_duplicate')
select 'conflict', transaction_id, md5(c::text) from content c;

select 'dead letter', stream, topic, partition, kafka_offset, source, line, by, reason, md5(raw)
from dead_letter where reason <> 'conflicting_duplicate';

select 'label', label_for, md5((to_jsonb(t) - 'xid' - 'loaded_at')::text) from fraud_label t;

-- together, as it depends on which came first whether a repeated id is a duplicate here or there
select 'counted', stream, topic, sum(rows + duplicates + dead_letters + labels) from stream_position group by 2, 3;

# For the tests of the whole path: source after tap.sh.

# What txgen said it wrote (its last line on stderr, kept in FILE): one number.
counted() { tail -1 "$1" | jq -r "$2"; }

# All stored columns that a second run may not change, in an order that does not depend on the run.
checksums() {
	sql "select 'facts', count(*), md5(string_agg(md5((to_jsonb(t) - 'xid' - 'loaded_at')::text), '' order by transaction_id)) from fact_transaction t"
	sql "select 'dead letters', count(*), md5(string_agg(md5(concat_ws('|', stream, topic, partition, kafka_offset, reason, encode(raw, 'hex'))), ''
		order by stream, topic, partition, kafka_offset, source, line)) from dead_letter"
	sql "select 'positions', stream, topic, partition, first_offset, next_offset, rows, duplicates, dead_letters, labels, holes, last_offset
		from stream_position order by 2, 3, 4"
}

# Facts whose verdict is not the one of the three rules, said once more in SQL.
wrong_verdicts() {
	sql "select count(*) from fact_transaction f left join dim_currency c using (currency)
		where is_fraud is distinct from (coalesce(f.amount::float8 / c.units_per_base::float8 > 3000, false) or f.is_foreign
			or coalesce(f.latitude < -90 or f.latitude > 90, false) or coalesce(f.longitude < -180 or f.longitude > 180, false))"
}

# The same for the reasons.
wrong_reasons() {
	sql "select count(*) from fact_transaction f left join dim_currency c using (currency)
		where (select array_agg(r order by r) from unnest(fraud_reasons) r) is distinct from (select array_agg(r order by r) from unnest(array[
			case when f.amount::float8 / c.units_per_base::float8 > 3000 then 'high_amount' end,
			case when f.is_foreign then 'foreign' end,
			case when f.latitude < -90 or f.latitude > 90 or f.longitude < -180 or f.longitude > 180 then 'bad_location' end]) r where r is not null)"
}

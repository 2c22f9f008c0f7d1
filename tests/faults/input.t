#!/bin/bash
# Malformed messages of all kinds, and rows that only the server can refuse: each message must end as exactly one row, duplicate, label or dead
# letter with the bytes of the message. Every single one is compared with what an oracle that shares nothing with the tools says of it.
source "$(dirname "$0")/faults.sh"
here=$root/tests/faults
start_postgres
start_kafka
helper produce

# A database in which the server has reasons of its own to refuse: a trigger that raises, one that drops the row, a check, an exclusion.
make_strict_database() {
	make_database "$1" || return 1
	export PGDATABASE=$1
	txgen -q currencies | pgload -q -t dim_currency >/dev/null
	psql -X -q -v ON_ERROR_STOP=1 <<-'SQL'
		create function refuse() returns trigger language plpgsql as $$
		begin
			if new.device_id like 'refuse-%' then
				raise exception 'no device of the name %', new.device_id;
			elsif new.device_id = 'vanish' then
				return null;
			end if;
			return new;
		end
		$$;
		create trigger refuse before insert on fact_transaction for each row execute function refuse();
		alter table fact_transaction add constraint no_cheques check (payment_method <> 'cheque');
		alter table fact_transaction add constraint one_at_a_time exclude using gist (int4range(0, 9) with &&) where (device_id = 'slot');
		insert into fact_transaction (transaction_id, transaction_ts, customer_id, merchant_id, amount, currency, device_id, is_foreign, is_fraud)
			values ('00000000-0000-4000-8000-000000000000', now(), gen_random_uuid(), gen_random_uuid(), 1, 'USD', 'slot', false, false);
		create table sent (partition int, kafka_offset bigint, kind text, class text, by text, reasons text[], payload bytea, raw bytea, raw_bytes bigint,
			raw_sha256 text, primary key (partition, kafka_offset));
	SQL
}

# send ROUND COUNT: new messages into a new topic, $topic_name; $work/sent is what the oracle says of them.
send() {
	topic "$topic_name" 4
	perl "$here/input_frames.pl" "$seed" "$1" 4 "$2" >"$work/frames" || return 1
	perl "$here/input_oracle.pl" <"$work/frames" >"$work/sent" || return 1
	"$helpers/produce" "$KAFKA_BROKERS" "$topic_name" <"$work/frames"
}

# load_sent DATABASE: as `send` has sent them
load_sent() { make_strict_database "$1" && psql -X -q -v ON_ERROR_STOP=1 -c "\\copy sent from '$work/sent'"; }

# judge NAME: what is stored against the oracle; three checks and the report's line.
judge() {
	local lost doubled
	psql -X -q -v stream="$stream" -v topic="$topic_name" -f "$here/input.sql" >"$work/judged" 2>&1 || echo "wrong|psql failed" >>"$work/judged"
	lost=$(grep -c '^lost' "$work/judged")
	doubled=$(grep -c '^doubled' "$work/judged")
	is "$1: nothing lost" "$lost $(grep '^lost' "$work/judged" | head -5)" "0 "
	is "$1: nothing doubled or made up" "$doubled $(grep '^doubled' "$work/judged" | head -5)" "0 "
	is "$1: every dead letter, byte and counter is right" "$(grep -v '^messages' "$work/judged" | grep -Ev '^(lost|doubled)' | head -8)" ""
	note "$1: $(grep '^messages' "$work/judged" | tr '|' ' ')"
	ok "$1: reconciliation" "$root/scripts/reconcile" -b "$KAFKA_BROKERS" --stream "$stream"
	report "$1" "$(sql "select count(*) from sent where class in ('dead', 'refused')")" "$(sql 'select count(*) from sent')" "$lost" "$doubled"
}

note "every kind, through the pipeline as it stands"
topic_name=input-0
ok "messages, and an oracle that agrees with their maker" send 0 0
ok "at least 1,000 different malformed ones" [ "$(awk -F'\t' '$4 == "dead" { print $7 }' "$work/sent" | sort -u | wc -l)" -ge 1000 ]
load_sent one
supervise a
ok "all of it is stored" wait_for 120 everything_stored
ok "it drains" finish_pipeline a
is "with no restart" "$(cat "$work/a/statuses")" "0 0 0"
judge "malformed messages"

note "the same with keys and headers in the envelope, and small batches"
load_sent two
kconsume_command=(kconsume -q --envelope key,headers -G "$stream" -t "$topic_name" -e)
"${kconsume_command[@]}" | fraudcheck -q | pgload -q --stream "$stream" --batch 37 >/dev/null
is "statuses" "${PIPESTATUS[*]}" "0 0 0"
judge "malformed messages under keys and headers of any bytes"
kconsume_command=()

note "dead letters sent again"
topic_name=again
topic again 4
stream=again
pgload --dead-letters --stream fraud 2>/dev/null | kproduce -q -t again --rejects "$work/cut" 2>"$work/err"
is "statuses" "${PIPESTATUS[*]}" "0 0"
is "what was cut, or a null, stays behind" "$(jq -r '._reject | select(has("raw_sha256") or (has("raw") or has("raw_base64") | not)) | .reason' "$work/cut" | wc -l)" \
	"$(sql "select count(*) from dead_letter where stream = 'fraud' and (raw_bytes is not null or raw is null)")"
kconsume -q -G again -t again -e | fraudcheck -q | pgload -q --stream again --max-refused 100 >/dev/null
is "statuses" "${PIPESTATUS[*]}" "0 0 0"
again() { sql "select by, reason, md5(raw), count(*) from dead_letter where stream = '$1' and raw_bytes is null and raw is not null group by 1, 2, 3 order by 1, 2, 3"; }
again fraud >"$work/first"
ok "there are some" [ "$(wc -l <"$work/first")" -ge 1000 ]
is "each arrives again as it was, byte for byte" "$(again again | diff "$work/first" - | head -5)" ""
stream=fraud

note "damage at random"
round=0
while round=$((round + 1)); [ "$round" -le 1 ] || { [ -n "${TIME-}" ] && ! over; }; do
	[ "$round" -ne 1 ] || spend 0
	topic_name=input-$round
	ok "round $round: messages" send "$round" 400
	load_sent "round$round"
	supervise "r$round"
	draw 3
	victim=(kconsume fraudcheck pgload)
	victim=${victim[drawn]}
	draw_ms 0 700
	sleep "$pause"
	kill_stage KILL "r$round" "$victim" || victim=nobody
	ok "round $round, $victim killed: all of it is stored" wait_for 120 everything_stored
	ok "round $round: it drains" finish_pipeline "r$round"
	judge "messages damaged at random"
	export PGDATABASE=one
	dropdb "round$round"
done
finish

#!/bin/bash
# scripts/reconcile: agrees with good books, and says where bad ones are wrong; with -b it asks the log, too.
. "$(dirname "$0")/../tap.sh"
start_postgres
reconcile() { "$root/scripts/reconcile" "$@"; }
exits 75 "no tables" reconcile
pgload --init >/dev/null || exit 1
exits 1 "no positions" reconcile
exits 2 "an unknown argument" reconcile --nope
exits 75 "no server" env PGHOST="$work/nowhere" "$root/scripts/reconcile"

kmock -t transactions:2 >"$work/broker" 2>"$work/err" & broker=$!
at_exit kill "$broker"
wait_for 10 test -s "$work/broker"
KAFKA_BROKERS=$(head -1 "$work/broker" | sed 's/.*=//')
export KAFKA_BROKERS
txgen -q -n 500 --malformed 0.02 --duplicates 0.02 2>/dev/null | kproduce -q -t transactions 2>"$work/err" || cat "$work/err"
kconsume -q -e -G r 2>"$work/err" | fraudcheck -q | pgload -q >/dev/null || cat "$work/err"

ok "good books" reconcile
ok "of one stream" reconcile --stream r
ok "and the log" reconcile -b "$KAFKA_BROKERS"
exits 1 "of a stream that is not there" reconcile --stream nobody
echo '{"one":"more"}' | kproduce -q -t transactions 2>"$work/err" || cat "$work/err"
exits 1 "a log that has more" reconcile -b "$KAFKA_BROKERS"
like "says so" "$(cat "$work/out")" 'WRONG: the log ends at [0-9]+;the log holds|WRONG: the log ends at [0-9]+'
ok "is not asked without -b" reconcile

sql "update fact_transaction set transaction_ts = '2020-01-01' where ctid in (select ctid from fact_transaction limit 5);
	update dead_letter set received_at = '2020-01-01' where ctid in (select ctid from dead_letter limit 2)" >/dev/null
ok "old rows and dead letters are pruned" aggregate prune --older 400d --project-dir "$root/aggregate/marts"
ok "and the books still balance" reconcile
sql "delete from fact_transaction where ctid in (select ctid from fact_transaction limit 3)" >/dev/null
exits 1 "missing rows" reconcile
like "are counted" "$(cat "$work/out")" 'fact_transaction: .* WRONG: 3 are missing'
sql "update stream_position set holes = 1, rows = rows - 1 where partition = 0" >/dev/null
exits 1 "a record that is in the log but was not counted" reconcile -b "$KAFKA_BROKERS"
like "is found" "$(grep '/0:' "$work/out")" 'WRONG: .*the log holds [0-9]+ records, [0-9]+ were counted'
sql "delete from dead_letter" >/dev/null
exits 1 "missing dead letters" reconcile
like "are counted, too" "$(cat "$work/out")" 'WRONG: [0-9]+ dead letters were counted, 2 are there'
sql "alter table stream_position drop constraint every_offset_is_accounted_for; update stream_position set rows = rows - 2 where partition = 1" >/dev/null
exits 1 "offsets without an account" reconcile
like "are said" "$(grep '/1:' "$work/out")" 'WRONG: 2 offsets are not accounted for'
sql "update stream_position set broken_at = now()" >/dev/null
exits 1 "a broken stream" reconcile
like "is told" "$(cat "$work/out")" 'WRONG: .*broken since'

sql "create schema \"a.b\"; create table \"a.b\".t (n int); create table \"c.d\" (n int); truncate stream_position;
	insert into stream_position (stream, target, topic, partition, first_offset, next_offset, partitions) values ('r', 'a.b.t', 't', 0, 0, 0, 1), ('r', 'c.d', 't', 0, 0, 0, 1)" >/dev/null
ok "names with points" reconcile
sql 'drop table "c.d"' >/dev/null
exits 1 "a table that is not there" reconcile
like "is called gone" "$(cat "$work/out")" '^c\.d: 0 rows counted, none stored: WRONG: the table is gone'
finish

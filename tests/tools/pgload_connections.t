#!/bin/bash
# pgload --connections: partitions are spread over several connections. What is stored is the same as by one, whatever fails, and no connection
# holds up another.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/path.sh"
start_postgres -c deadlock_timeout=100ms
pgload --init >/dev/null || exit 1

# records PARTITION FROM TO [KEY]: a partition's records; KEY, an expression of awk, makes the id out of the offset o and the partition p.
records() {
	awk -v p="$1" -v from="$2" -v to="$3" "BEGIN { for (o = from; o < to; o++)
		printf \"{\\\"_kafka\\\":{\\\"stream\\\":\\\"s\\\",\\\"topic\\\":\\\"tx\\\",\\\"partition\\\":%d,\\\"of\\\":4,\\\"run\\\":\\\"r%d\\\",\\\"origin\\\":\\\"beginning\\\",\\\"begin\\\":0,\\\"offset\\\":%d,\\\"ts\\\":%d},\\\"transaction_id\\\":\\\"00000000-0000-4000-8000-%012d\\\",\\\"transaction_ts\\\":\\\"2026-01-01T00:00:00Z\\\",\\\"customer_id\\\":\\\"00000000-0000-4000-9000-000000000001\\\",\\\"merchant_id\\\":\\\"00000000-0000-4000-a000-000000000001\\\",\\\"amount\\\":1.25,\\\"currency\\\":\\\"EUR\\\",\\\"is_foreign\\\":false,\\\"is_fraud\\\":false}\\n\", p, p, o, o, ${4-o * 4 + p} }"
}
both() { paste -d '\n' <(records 0 "$1" "$2") <(records 1 "$1" "$2"); } # FROM TO: of partitions 0 and 1, line by line
# Four partitions, dealt out line by line, every tenth record once more in the next partition.
total=20000
paste -d '\n' <(records 0 0 5000 'o % 10 == 9 ? (o - 1) * 4 + 3 : o * 4 + p') <(records 1 0 5000 'o % 10 == 9 ? (o - 1) * 4 : o * 4 + p') \
	<(records 2 0 5000) <(records 3 0 5000) >"$work/all"
fresh() { sql "truncate stream_position, stream_gap, fact_transaction, dead_letter" >/dev/null; rm -f "$work/out" "$work/err"; }
books() { sql "select sum(next_offset - first_offset), sum(rows), sum(duplicates), sum(dead_letters), sum(labels), sum(holes) from stream_position"; }
facts() { sql "select count(*), count(distinct transaction_id) from fact_transaction"; }
next_offset() { sql "select coalesce(sum(next_offset), 0) from stream_position"; }
of_partition() { sql "select coalesce(sum(next_offset), 0) from stream_position where partition = $1"; } # PARTITION
sessions() { sql "select count(*) from pg_stat_activity where application_name = 'pgload' and datname = current_database()"; }
told() { jq -s -c '[(map(.rows) | add), (map(.duplicates) | add), (map(.dead_letters) | add)]' "$work/out"; }

# begin OPTION...: a pgload with two connections, which reads what is written to descriptor 7; end: that was all, and how it ended.
mkfifo "$work/pipe"
begin() {
	pgload --connections 2 "$@" <"$work/pipe" >"$work/out" 2>"$work/err" & loader=$!
	exec 7>"$work/pipe"
}
end() {
	exec 7>&-
	wait "$loader"
}

note "what is stored does not depend on it"
fresh
pgload "$work/all" >"$work/out"
is "by one connection: status" "$?" 0
want=$(checksums | grep -v ^positions) sums=$(books)
is "all is stored" "$(books) $(told)" "$total|19000|1000|0|0|0 [19000,1000,0]"
for n in 2 4; do
	fresh
	pgload --connections $n --batch 500 --metrics "$work/metrics" "$work/all" >"$work/out" 2>"$work/err"
	is "by $n: status" "$?" 0
	is "the same is stored" "$(checksums | grep -v ^positions)" "$want"
	is "and counted" "$(books) $(told)" "$sums [19000,1000,0]"
	ok "the books agree" "$root/scripts/reconcile"
	is "the file of metrics, too" "$(sed -n 's/^txpipe_pgload_rows_total{.*} //p' "$work/metrics")" 19000
	is "each partition's positions were moved in order" "$(jq -r '.positions[] | "\(.partition) \(.next_offset)"' "$work/out" |
		awk '$2 <= last[$1] { wrong++ } { last[$1] = $2 } END { print wrong + 0, last[0], last[1], last[2], last[3] }')" "0 5000 5000 5000 5000"
	pgload --connections $n "$work/all" >"$work/out"
	is "a second time: nothing" "$? $(books) $(jq -s 'map(.skipped) | add' "$work/out")" "0 $sums $total"
done
exits 2 "none" pgload --connections 0 "$work/all"
exits 2 "too many" pgload --connections 9 "$work/all"

note "who stores what"
sql "create table t (transaction_id uuid primary key, backend int not null default pg_backend_pid())" >/dev/null
paste -d '\n' <(records 0 0 500) <(records 1 0 500) <(records 2 0 500) <(records 3 0 500) | pgload -t t --connections 3 --batch 100 >/dev/null 2>&1
is "each partition keeps to a connection, and all are used" "$(sql "select count(distinct (partition, backend)), count(distinct backend)
	from (select (right(transaction_id::text, 12)::int % 4) partition, backend from t) t")" "4|3"
sql "create table plain (n int primary key, s text, backend int not null default pg_backend_pid())" >/dev/null
seq 5000 | sed 's/.*/{"n":&,"s":"x"}/' >"$work/plain"
is "lines without an envelope: all is stored" "$(pgload -t plain --connections 2 --batch 100 "$work/plain" | jq -s 'map(.rows) | add') $(sql "select count(*) from plain")" "5000 5000"
is "by both" "$(sql "select count(distinct backend) from plain")" 2
seq 5000 | awk '{ printf "{\"n\":%d,\"s\":\"%d\"}\n", NR % 7, NR }' >"$work/updates"
for try in 1 2 3; do
	sql "truncate plain" >/dev/null
	pgload -t plain --upsert --connections 4 --batch 10 "$work/updates" >/dev/null
	is "the last one of a key wins" "$? $(sql "select string_agg(s, ' ' order by n) from plain")" "0 4998 4999 5000 4994 4995 4996 4997"
done

note "the same records in two partitions"
fresh
paste -d '\n' <(records 0 0 10000 o) <(records 1 0 10000 '(o * 7919 + 3) % 10000') | pgload --connections 2 --batch 200 >"$work/out" 2>"$work/err"
is "each is stored once" "$? $(facts) $(books) $(told)" "0 10000|10000 20000|10000|10000|0|0|0 [10000,10000,0]"
ok "the books agree" "$root/scripts/reconcile"
fresh
# Both connections store one of two records, and when both have, each wants the other's.
sql "create sequence met; create function meet() returns trigger language plpgsql as \$\$ declare turn int; begin
	if tg_op = 'INSERT' and coalesce(current_setting('meet.second', true), '') = 'on' then
		turn := (nextval('met') + 1) / 2 * 2;
		for i in 1..case when turn = 2 then 2000 else 50 end loop exit when (select last_value from met) >= turn; perform pg_sleep(0.01); end loop;
	end if;
	perform set_config('meet.second', 'on', true);
	return new; end \$\$" >/dev/null
sql "create trigger meet before insert on fact_transaction for each row execute function meet()" >/dev/null
(records 0 0 12 o; records 1 0 12 'o % 2 == 0 ? o + 1 : o - 1') >"$work/crossed"
paste -d '\n' <(head -12 "$work/crossed") <(tail -12 "$work/crossed") | pgload --connections 2 --batch 2 >"$work/out" 2>"$work/err"
is "a deadlock between own connections: status" "$?" 0
like "is the server's to resolve" "$(cat "$work/err")" 'deadlock detected'
is "each is stored once" "$(facts) $(books)" "12|12 24|12|12|0|0|0"
fresh
sql "alter sequence met restart" >/dev/null
PGOPTIONS="-c deadlock_timeout=5s" pgload --connections 2 --batch 2 --grace 60s <(paste -d '\n' <(head -12 "$work/crossed") <(tail -12 "$work/crossed")) \
	>"$work/out" 2>"$work/err" & loader=$!
ok "two wait for each other" wait_for 20 eval '[ "$(sql "select count(*) from pg_stat_activity where application_name = '\''pgload'\'' and wait_event_type = '\''Lock'\''")" = 2 ]'
kill -TERM "$loader"
wait "$loader"
is "the end is asked for: what was read is stored all the same" "$? $(facts)" "0 12|12"
sql "drop trigger meet on fact_transaction" >/dev/null

note "one connection waits"
fresh
mkfifo "$work/held"
records 0 0 1 | pgload >/dev/null
psql -X -q <"$work/held" >/dev/null 2>&1 & holder=$!
exec 8>"$work/held"
echo "begin; select from stream_position where partition = 0 for update;" >&8
ok "somebody holds a position" wait_for 10 eval '[ "$(sql "select count(*) from pg_stat_activity where state = '\''idle in transaction'\''")" = 1 ]'
begin --batch 10
# one write: the second full batch of partition 0 is there before the lines of partition 1 have seen a pause
(records 1 0 5; records 0 1 31) >"$work/mixed"
cat "$work/mixed" >&7
ok "others are stored meanwhile" wait_for 10 eval '[ "$(of_partition 1)" = 5 ]'
is "its own is not" "$(of_partition 0)" 1
echo "commit;" >&8
ok "until it is let go" wait_for 20 eval '[ "$(of_partition 0)" = 31 ]'
exec 8>&-
end
is "status" "$? $(books)" "0 36|36|0|0|0|0"
wait "$holder"

note "the end is asked for"
fresh
begin
both 0 500 >&7
ok "it is at work" wait_for 10 eval '[ "$(next_offset)" -gt 0 ]'
is "with two sessions" "$(sessions)" 2
kill -TERM "$loader"
both 500 600 >&7
end
is "all that came is stored" "$? $(next_offset) $(books)" "0 1200 1200|1200|0|0|0|0"

fresh
psql -X -q <"$work/held" >/dev/null 2>&1 & holder=$!
exec 8>"$work/held"
records 0 0 1 | pgload >/dev/null
echo "begin; select from stream_position where partition = 0 for update;" >&8
ok "somebody holds a position" wait_for 10 eval '[ "$(sql "select count(*) from pg_stat_activity where state = '\''idle in transaction'\''")" = 1 ]'
pgload --connections 2 --grace 1s <"$work/pipe" >"$work/out" 2>"$work/err" & loader=$!
exec 7>"$work/pipe"
(records 1 0 5; records 0 1 6) >"$work/mixed"
cat "$work/mixed" >&7
ok "one connection waits for it" wait_for 10 eval '[ "$(of_partition 1) $(sql "select count(*) from pg_stat_activity where wait_event_type = '\''Lock'\'' and application_name = '\''pgload'\''")" = "5 1" ]'
kill -TERM "$loader"
wait "$loader"
is "after the grace time nobody waits for a lock any more" "$? $(of_partition 0) $(of_partition 1)" "75 1 5"
exec 7>&- 8>&-
wait "$holder"

note "nobody reads what it tells"
fresh
pgload --connections 4 --batch 100 "$work/all" 2>"$work/err" | head -n 1 >"$work/out"
is "it stops, silently" "${PIPESTATUS[0]} $(cat "$work/err")" "74 "
is "what is stored is counted" "$(sql "select sum(rows) from stream_position")" "$(sql "select count(*) from fact_transaction")"
ok "there was more to store" test "$(next_offset)" -lt $total
is "and the rest is stored by another one" "$(pgload --connections 4 "$work/all" >/dev/null; echo $?) $(checksums | grep -v ^positions) $(books)" "0 $want $sums"

note "a torn last line"
fresh
(head -n 400 "$work/all"; printf '{"_kafka":{"stream":"s","topic":"tx","part') >"$work/torn"
exits 74 "is told" pgload --connections 4 --batch 30 "$work/torn"
is "all that stands before it is stored" "$(next_offset)" 400

note "records that pgload refuses"
(records 0 0 5; records 1 0 5; records 2 0 5) | sed '/"offset":[24],/s/"amount":1.25/"amount":"x"/' >"$work/rejects"
fresh
pgload --connections 3 --max-rejects 5 "$work/rejects" >"$work/out" 2>"$work/err"
is "are counted over all connections" "$? $(books)" "1 15|9|0|6|0|0"
is "and kept by partition" "$(sql "select string_agg(partition || '/' || kafka_offset, ' ' order by partition, kafka_offset) from dead_letter")" "0/2 0/4 1/2 1/4 2/2 2/4"
fresh
pgload --connections 3 --max-rejects 6 "$work/rejects" >"$work/out" 2>"$work/err"
is "as many as are allowed" "$?" 0

note "labels"
# labels PARTITION VERDICT HOUR: of the transactions 0..299, the later ones first in partition 1.
labels() {
	records "$1" 0 300 "$([ "$1" = 0 ] && echo o || echo 299 - o)" | sed "s/\"transaction_id\"/\"label_for\"/; s/\"is_fraud\":false/\"is_fraud\":$2,\"label_ts\":\"2026-02-01T0$3:00:00Z\"/"
}
for later in 0 1; do
	fresh
	sql "truncate fraud_label" >/dev/null
	paste -d '\n' <(labels 0 true $((2 - later))) <(labels 1 false $((1 + later))) | pgload --connections 2 --batch 20 >"$work/out" 2>"$work/err"
	is "of the same transactions in two partitions: the later one counts" "$? $(sql "select count(*), count(*) filter (where is_fraud) from fraud_label") $(books)" \
		"0 300|$((300 - 300 * later)) 600|0|0|0|600|0"
done

note "kill -9"
fresh
kills=0 inside=0 moved=1 last=0
sql "create function dawdle() returns trigger language plpgsql as 'begin perform pg_sleep(0.02); return null; end'" >/dev/null
sql "create trigger dawdle after insert on fact_transaction for each statement execute function dawdle()" >/dev/null
while [ "$(next_offset)" -lt $total ] && [ "$kills" -lt 60 ]; do
	pgload --connections 2 --batch 1000 "$work/all" >/dev/null 2>&1 & loader=$!
	if [ "$kills" -lt 8 ]; then
		sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
		kill -STOP "$loader" 2>/dev/null
		open=$(sql "select count(*) from pg_stat_activity where application_name = 'pgload' and backend_xid is not null")
		kill -9 "$loader" 2>/dev/null && kills=$((kills + 1)) inside=$((inside + (open > 0)))
	fi
	wait "$loader" 2>/dev/null
	[ "$(next_offset)" -ge "$last" ] || moved=0
	last=$(next_offset)
done
is "after $kills kills, $inside inside open transactions, the same is stored" "$(checksums | grep -v ^positions) $(books)" "$want $sums"
is "no position went back" "$moved" 1
ok "the books agree" "$root/scripts/reconcile"

note "connections are cut"
fresh
pgload --connections 2 --batch 500 "$work/all" >"$work/out" 2>"$work/err" & loader=$!
cut() { [ "$(sql "select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity where application_name = 'pgload' and backend_xid is not null limit 1) s")" = 1 ]; }
wait_for 20 test -s "$work/out" # one that is cut before the first batch is a failed start, and says 75
for i in 1 2 3; do wait_for 10 cut; done
wait "$loader"
is "status" "$?" 0
like "it said so" "$(cat "$work/err")" 'trying again'
is "the same is stored" "$(checksums | grep -v ^positions) $(books)" "$want $sums"
sql "drop trigger dawdle on fact_transaction" >/dev/null
fresh
begin
both 0 5 >&7
ok "two connections, and no more to do" wait_for 10 eval '[ "$(next_offset)" = 10 ]'
sql "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pgload' order by backend_start limit 1" >/dev/null
ok "the first connection is lost" wait_for 10 eval '[ "$(sessions)" = 1 ]'
end
is "the end is noted by the other" "$? $(sql "select count(*) from stream_position where writer like '% ended'")" "0 2"

note "rows that the server refuses"
fresh
sql "alter table fact_transaction add constraint small check (transaction_id::text !~ '[47]$')" >/dev/null
both 0 50 | pgload --connections 2 >"$work/out" 2>"$work/err"
is "are found in each partition" "$? $(facts) $(books)" "0 80|80 100|80|0|20|0|0"
fresh
sql "alter table fact_transaction drop constraint small, add constraint none check (amount > 100)" >/dev/null
begin
records 0 0 60 >&7
ok "sixty in one partition" wait_for 20 eval '[ "$(next_offset)" = 60 ]'
records 1 0 60 >&7
end
is "sixty in another are too many, though no connection has had a hundred" "$? $(of_partition 0) $(($(of_partition 1) < 60))" "65 60 1"
sql "alter table fact_transaction drop constraint none" >/dev/null

note "out of order"
fresh
begin
both 0 10 >&7
ok "two partitions" wait_for 10 eval '[ "$(next_offset)" = 20 ]'
records 1 5 6 >&7
end
is "one of them is refused" "$? $(sql "select partition, next_offset, broken_at is not null from stream_position order by 1")" "65 0|10|f
1|10|t"
fresh
both 0 100 >"$work/one"
sed 's/"r\([01]\)","origin":"beginning","begin":0/"again\1","origin":"resume","begin":50/' <(grep -E '"offset":[5-9][0-9],' "$work/one") >"$work/two"
cat "$work/one" "$work/two" "$work/one" | pgload --connections 2 >"$work/out"
is "a new run of each partition, and the old one once more" "$? $(books) $(jq -s 'map(.skipped) | add' "$work/out")" "0 200|200|0|0|0|0 300"

note "nothing is stored"
fresh
pgload --connections 4 --dry-run "$work/all" >"$work/out"
is "by a dry run" "$? $(facts) $(told)" "0 0|0 $(told)"
finish

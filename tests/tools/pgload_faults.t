#!/bin/bash
# What happens to pgload when the server or pgload itself fails: nothing is lost, nothing is stored twice.
. "$(dirname "$0")/../tap.sh"
start_postgres
pgload --init >/dev/null || exit 1

# records RUN ORIGIN FROM TO: enveloped records of one partition, written fast
records() {
	awk -v run="$1" -v origin="$2" -v from="$3" -v to="$4" 'BEGIN { for (o = from; o < to; o++)
		printf "{\"_kafka\":{\"stream\":\"s\",\"topic\":\"tx\",\"partition\":0,\"of\":1,\"run\":\"%s\",\"origin\":\"%s\",\"begin\":%d,\"offset\":%d,\"ts\":%d},\"transaction_id\":\"00000000-0000-4000-8000-%012d\",\"transaction_ts\":\"2026-01-01T00:00:00Z\",\"customer_id\":\"00000000-0000-4000-9000-000000000001\",\"merchant_id\":\"00000000-0000-4000-a000-000000000001\",\"amount\":%d.25,\"currency\":\"EUR\",\"is_foreign\":false,\"is_fraud\":false}\n", run, origin, from, o, o, o, o }'
}
fresh() { sql "truncate stream_position, stream_gap, fact_transaction, dead_letter" >/dev/null; }
books() { sql "select first_offset, next_offset, rows, duplicates, dead_letters, labels, holes from stream_position"; }
facts() { sql "select count(*), count(distinct transaction_id) from fact_transaction"; }
next_offset() { sql "select coalesce(max(next_offset), 0) from stream_position"; }
loader_backend() { sql "select pid from pg_stat_activity where application_name = 'pgload' and datname = current_database() and pid <> pg_backend_pid() limit 1"; }

note "kill -9"
fresh
total=40000 kills=0 moved=1 last=0
records x beginning 0 $total >"$work/all"
# A trigger makes each batch last a while, so that the kill falls into an open transaction.
sql "create function dawdle() returns trigger language plpgsql as 'begin perform pg_sleep(0.02); return null; end'" >/dev/null
sql "create trigger dawdle after insert on fact_transaction for each statement execute function dawdle()" >/dev/null
while [ "$(next_offset)" -lt $total ] && [ "$kills" -lt 60 ]; do
	pgload --batch 2000 "$work/all" >/dev/null 2>&1 & loader=$!
	if [ "$kills" -lt 12 ]; then
		sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
		kill -9 "$loader" 2>/dev/null && kills=$((kills + 1))
	fi
	wait "$loader" 2>/dev/null
	[ "$(next_offset)" -ge "$last" ] || moved=0
	last=$(next_offset)
done
sql "drop trigger dawdle on fact_transaction" >/dev/null
is "after $kills kills all is there once" "$(facts) $(books)" "$total|$total 0|$total|$total|0|0|0|0"
is "the position never went back" "$moved" 1
ok "the books agree" "$root/scripts/reconcile"

note "the connection is cut"
fresh
(head -20000 "$work/all"; for i in 1 2 3; do
	b=$(loader_backend); [ -z "$b" ] || sql "select pg_terminate_backend($b)" >/dev/null
	tail -n +$((10000 + i * 10000 - 9999 + 10000)) "$work/all" | head -10000 2>/dev/null
done) 2>/dev/null | awk '!seen[$0]++' | pgload -v >"$work/out" 2>"$work/err"
is "status" "$?" 0
is "nothing is lost or doubled" "$(facts) $(books)" "$total|$total 0|$total|$total|0|0|0|0"
like "it said so" "$(cat "$work/err")" 'trying again'

note "a new connection breaks, too, while its session is set up, three times"
fresh
sql "create sequence broken; create function break_it() returns event_trigger language plpgsql as 'begin
	if nextval(''broken'') <= 3 then perform pg_terminate_backend(pg_backend_pid()); end if; end'" >/dev/null
rm -f "$work/out"
(head -10 "$work/all"; wait_for 10 test -s "$work/out"
	sql "create event trigger break_it on ddl_command_start when tag in ('CREATE TABLE') execute function break_it()" >/dev/null
	sql "select pg_terminate_backend($(loader_backend))" >/dev/null; sed -n 11,20p "$work/all") | pgload >"$work/out" 2>"$work/err"
is "status" "$?" 0
is "nothing is lost or doubled" "$(facts) $(books)" "20|20 0|20|20|0|0|0|0"
is "it broke" "$(sql "select last_value >= 4 from broken")" t
sql "drop event trigger break_it" >/dev/null

note "an immediate stop of the server"
fresh
(head -10000 "$work/all"; sleep 0.5; pg=$(head -1 "$work/postgres/data/postmaster.pid"); kill -QUIT "$pg"; sleep 0.3
	"$root/scripts/postgres" start -D "$work/postgres" --fast >/dev/null; tail -n +10001 "$work/all") | pgload >"$work/out" 2>"$work/err"
is "status" "$?" 0
is "nothing is lost or doubled" "$(facts) $(books)" "$total|$total 0|$total|$total|0|0|0|0"

note "a server that stays away"
fresh
rm -f "$work/out"
(head -10 "$work/all"; wait_for 10 test -s "$work/out"; kill -QUIT "$(head -1 "$work/postgres/data/postmaster.pid")"; sleep 0.2; sed -n 11,20p "$work/all") |
	pgload --patience 1s >"$work/out" 2>"$work/err"
is "status" "$?" 75
"$root/scripts/postgres" start -D "$work/postgres" --fast >/dev/null
is "what was committed is there, no more" "$(facts) $(books)" "10|10 0|10|10|0|0|0|0"

note "records out of order while the server is away"
fresh
rm -f "$work/out" "$work/err"
(head -10 "$work/all"; wait_for 10 test -s "$work/out"; kill -QUIT "$(head -1 "$work/postgres/data/postmaster.pid")"
	wait_for 20 test ! -e "$work/postgres/data/postmaster.pid"; sed -n 5p "$work/all"; wait_for 20 grep -q "after offset" "$work/err"; sleep 0.3
	"$root/scripts/postgres" start -D "$work/postgres" --fast >/dev/null) | pgload >"$work/out" 2>"$work/err"
is "status" "$?" 65
is "the stream is marked all the same" "$(sql "select next_offset, broken_at is not null from stream_position")" "10|t"

note "the answer to COMMIT is lost"
# A standby that never comes: the transaction is committed here, and its backend waits. Then it is terminated.
idle() { [ "$(sql "select count(*) from pg_stat_activity where application_name = 'pgload' and state = 'idle' and query like 'create temp%dead_letter%'")" = 1 ]; }
waiting() { [ -n "$(sql "select pid from pg_stat_activity where application_name = 'pgload' and wait_event = 'SyncRep'")" ]; }
lose_answer() { # FILE TABLE: sets status
	local lost loader
	rm -f "$work/go"
	(wait_for 10 test -e "$work/go"; cat "$1") | pgload -t "$2" >"$work/out" 2>"$work/err" & loader=$!
	wait_for 10 idle
	sql "alter system set synchronous_standby_names = 'nobody'" >/dev/null
	sql "select pg_reload_conf()" >/dev/null
	wait_for 10 eval '[ "$(sql "show synchronous_standby_names")" = nobody ]'
	touch "$work/go"
	ok "the commit waits" wait_for 10 waiting
	psql -Xq -c "set synchronous_commit = local" -c "alter system reset synchronous_standby_names" >/dev/null
	lost=$(sql "select pid from pg_stat_activity where application_name = 'pgload'")
	sql "select pg_terminate_backend($lost)" >/dev/null
	sql "select pg_reload_conf()" >/dev/null
	wait "$loader"
	status=$?
}
fresh
head -5 "$work/all" >"$work/five"
lose_answer "$work/five" fact_transaction
is "status" "$status" 0
like "the batch was sent again" "$(cat "$work/err")" 'trying again'
is "and found to be stored" "$(facts) $(books) $(jq -c '[.rows,.skipped]' "$work/out")" "5|5 0|5|5|0|0|0|0 [0,5]"
# Neither position nor key: the server is asked what became of the transaction.
sql "create table keyless (n int)" >/dev/null
seq 5 | sed 's/.*/{"n":&}/' >"$work/plain"
lose_answer "$work/plain" keyless
is "without position and key: status" "$status" 0
is "stored once, and told so" "$(sql "select count(*) from keyless") $(jq -c '[.rows,.duplicates]' "$work/out")" "5 [5,0]"

note "a locked table"
fresh
(psql -Xq -c "begin; lock table fact_transaction; select pg_sleep(1)" >/dev/null) & locker=$!
wait_for 5 eval '[ "$(sql "select count(*) from pg_locks where mode = '\''AccessExclusiveLock'\'' and relation = '\''fact_transaction'\''::regclass")" = 1 ]'
is "is waited for" "$(head -5 "$work/all" | pgload >/dev/null; echo $?) $(facts)" "0 5|5"
wait "$locker"

note "rows that the server refuses"
fresh
sql "create function no_sevens() returns trigger language plpgsql as \$\$ begin
	if new.amount::text like '%7.25%' then raise exception 'no sevens, please: %', new.amount; end if; return new; end \$\$" >/dev/null
sql "create trigger no_sevens before insert on fact_transaction for each row execute function no_sevens()" >/dev/null
is "few of them" "$(head -100 "$work/all" | pgload >/dev/null; echo $?)" 0
is "are dead letters" "$(books) $(facts)" "0|100|90|0|10|0|0 90|90"
is "each with the server's words" "$(sql "select kafka_offset, reason, detail from dead_letter order by kafka_offset limit 1")" \
	"7|refused_by_server|SQLSTATE P0001: no sevens, please: 7.2500"
head -3000 "$work/all" >"$work/some"
pgload "$work/some" >/dev/null 2>"$work/err"
is "too many of them: status" "$?" 65
like "says what to do" "$(cat "$work/err")" '--max-refused'
is "that batch is not stored" "$(sql "select dead_letters <= 100 and rows + dead_letters = next_offset and rows = (select count(*) from fact_transaction)
	from stream_position")" t
is "unless they are allowed" "$(pgload --max-refused 50 "$work/some" >/dev/null; echo $?) $(books)" "0 0|3000|2700|0|300|0|0"
sql "drop trigger no_sevens on fact_transaction" >/dev/null
sql "create table tiny (n int primary key check (n % 104 > 0))" >/dev/null
seq 11000 | sed 's/.*/{"n":&}/' >"$work/tiny"
is "of a batch larger than the last 10000: a share of that batch" "$(pgload -t tiny "$work/tiny" 2>/dev/null | jq -c '[.rows,.dead_letters]')" \
	"[10895,105]"
fresh
sql "alter table fact_transaction add constraint small check (amount < 50)" >/dev/null
is "a check constraint, and the pipe's own rejects beside it" \
	"$( (head -60 "$work/all"; records x beginning 0 62 | tail -2 | sed 's/"EUR"/7/') | pgload >/dev/null; echo $?) $(books) $(facts)" "0 0|62|50|0|12|0|0 50|50"
sql "alter table fact_transaction drop constraint small" >/dev/null
fresh
sql "create table known (id uuid primary key); insert into known select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid from generate_series(0, 9) n;
	alter table fact_transaction add constraint known foreign key (transaction_id) references known deferrable initially deferred" >/dev/null
is "a constraint that is checked at commit" "$(head -12 "$work/all" | pgload >/dev/null; echo $?) $(books)" "0 0|12|10|0|2|0|0"
sql "alter table fact_transaction drop constraint known" >/dev/null

note "faults of the set-up"
fresh
sql "alter table fact_transaction rename to elsewhere" >/dev/null
exits 2 "no such table" pgload "$work/all"
sql "alter table elsewhere rename to fact_transaction" >/dev/null
rm -f "$work/out"
(head -5 "$work/all"; wait_for 10 test -s "$work/out"; sql "alter table fact_transaction alter device_id type int using null" >/dev/null
	sql "select pg_terminate_backend($(loader_backend))" >/dev/null; sed -n 6,10p "$work/all") | pgload >"$work/out" 2>"$work/err"
is "a table altered behind a cut connection: status" "$?" 75
is "is not written to" "$(facts)" "5|5"
sql "alter table fact_transaction alter device_id type text using null" >/dev/null
fresh
is "asynchronous commit" "$(head -100 "$work/all" | pgload --async-commit >/dev/null; echo $?) $(facts)" "0 100|100"

note "a writer whose client is gone without the server knowing it, in the middle of a COPY, with locks"
fresh
mkfifo "$work/silent"
sleep 600 >"$work/silent" &
at_exit kill $!
PGAPPNAME=pgload psql -X -q -c begin -c 'lock table fact_transaction in exclusive mode' -c 'select pg_current_xact_id()' \
	-c 'copy dim_currency from stdin' <"$work/silent" >"$work/orphan" 2>&1 &
silent() { [ "$(sql "select count(*) from pg_stat_activity where wait_event = 'ClientRead' and query ~ '^copy'")" = 1 ]; }
ok "it is there" wait_for 10 silent
# Meanwhile one that lives, but comes on slowly.
sql "create table slow (text text); create table behind_slow (like fact_transaction including all)" >/dev/null
slowly() { printf 'begin; lock table behind_slow in exclusive mode;\ncopy slow from stdin;\n'; until [ -e "$work/ended" ]; do printf '%0150000d\n' 0; sleep 0.3; done; printf '\\.\ncommit;\n'; }
slowly | PGAPPNAME=pgload psql -X -q -v ON_ERROR_STOP=1 >"$work/slow" 2>&1 & slow=$!
slow() { [ "$(sql "select count(*) from pg_stat_progress_copy where relid = 'slow'::regclass")" = 1 ]; }
ok "so is a slow one" wait_for 10 slow
pgload -v -t behind_slow <(tail -5 "$work/all") >/dev/null 2>"$work/waited" & waits=$!
exits 0 "another one stores its batch" pgload <(head -10 "$work/all")
is "… and once" "$(facts)" "10|10"
looked_twice() { [ "$(grep -c "SQLSTATE 55P03" "$work/waited")" -ge 2 ]; }
ok "one behind the slow one has looked twice" wait_for 20 looked_twice
: >"$work/ended"
wait "$slow"
is "the slow one comes to its end" "$? $(cat "$work/slow")" "0 "
wait "$waits"
is "… and the one behind it stores its batch" "$? $(sql "select count(*) from behind_slow")" "0 5"
is "the silent one was ended, by one of them, with a word" "$(cat "$work/err" "$work/waited" | grep -oE "warning: ended server process [0-9]+" | sort -u | wc -l)" 1
finish

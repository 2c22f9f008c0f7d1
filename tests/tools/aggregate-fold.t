#!/bin/bash
# aggregate: folds. What is taken in is what the last run did not see, however it came; what cannot be known is refused.
. "$(dirname "$0")/../tap.sh"
start_postgres -c max_prepared_transactions=2
pgload --init -q >/dev/null
p=$work/p
export TXPIPE_PROJECT=$p
sql "create table fact (id int primary key, shop text, at timestamptz, amount numeric(12,2), score real, currency text, xid xid8 not null default pg_current_xact_id());
	create index on fact (xid)"
sql "select txpipe_track('fact')" >/dev/null

model() { cat >"$p/models/$1.sql"; } # NAME: its SQL is stdin
project() {
	rm -rf "$p" && mkdir -p "$p/models" "$p/tests"
	printf 'name: folds\nvars:\n  time_zone: UTC\n' >"$p/dbt_project.yml"
	printf 'sources:\n  - name: raw\n    schema: public\n    tables:\n      - name: fact\n' >"$p/models/sources.yml"
	model shops <<-'SQL'
		{{ config(materialized='fold', unique_key=['shop', 'currency']) }}
		select shop, currency, sum(sign) as n, sum(sign * amount) as amount, sum(sign) filter (where amount > 100) as large
		from {{ changes('fact') }}
		group by 1, 2
	SQL
	model days <<-'SQL'
		{{ config(materialized='fold', unique_key=['day', 'currency']) }}
		select (f.at at time zone '{{ var("time_zone") }}')::date as day, currency, sum(f.sign) as n,
			min(amount) as least, max(f.amount) filter (where f.shop <> 's0') as most
		from {{ changes('raw', 'fact') }} f
		where f.shop is not null
		group by day, currency
	SQL
}
facts() { # FROM TO [MORE COLUMNS' VALUES]: facts of those numbers
	sql "insert into fact (id, shop, at, amount, score, currency) select i, 's' || i % 3, '2026-01-01 22:30Z'::timestamptz + i % 48 * interval '1 h', i, i,
		(array['USD', 'EUR'])[1 + i % 2] from generate_series($1, $2) i"
}
node() { jq -r --arg n "$1" "select(.node == \$n) | $2" "$work/out"; }
wrote() { node "$1" '[.status, .inserted, .updated, .deleted] | join(" ")'; }
# verified DESCRIPTION: build, then nothing may differ from a count of everything
verified() {
	exits 0 "$1: build" aggregate build
	cp "$work/out" "$work/built"
	exits 0 "$1: verify" aggregate verify
	cp "$work/built" "$work/out"
}

# --- the first run, nothing new, new rows, changed rows, rows that go
project
facts 1 100
verified 'the first build'
is 'creates both' "$(wrote shops); $(wrote days)" 'success 6 0 0; success 6 0 0'
is 'a sum without rows is 0, not null' "$(sql 'select count(*) from shops where large = 0')" 6
verified 'nothing new'
is 'writes nothing' "$(wrote shops); $(wrote days)" 'unchanged 0 0 0; unchanged 0 0 0'
facts 101 101
verified 'one row more'
is 'touches its group' "$(wrote shops); $(wrote days)" 'success 0 1 0; success 0 1 0'
sql "update fact set shop = 's9' where id in (5, 6)"
verified 'rows that move to another group'
is 'leave one and open one' "$(wrote shops)" 'success 2 2 0'
sql "delete from fact where shop = 's9'"
verified 'rows that go'
is 'take their groups with them' "$(wrote shops)" 'success 0 0 2'
sql "update fact set score = score + 1"
verified 'an update of what no fold reads'
is 'writes nothing' "$(wrote shops); $(wrote days)" 'unchanged 0 0 0; unchanged 0 0 0'
sql "insert into fact values (200, 's1', '2026-01-02', 5, 0, 'USD'); update fact set amount = 7 where id = 200; delete from fact where id = 200"
verified 'a row that came and went between two runs'
is 'was never there' "$(wrote shops)" 'unchanged 0 0 0'
sql "begin; insert into fact values (201, 's1', '2026-01-02', 5, 0, 'USD'); update fact set amount = 8 where id = 201; savepoint a; delete from fact where id = 201; rollback to a; commit"
verified 'insert, update and a delete taken back, in one transaction'
is 'count as one row' "$(sql "select sum(n) = (select count(*) from fact) from shops")" t

# --- extremes
sql "update fact set amount = 0.5 where id = 10"
verified 'a new minimum'
sql "update fact set amount = 50 where id = 10; delete from fact where amount = (select max(amount) from fact)"
verified 'extremes that are taken back'
sql "delete from fact where shop <> 's0' and currency = 'EUR'"
verified 'a filtered maximum of no rows'
is 'is null' "$(sql "select count(*) from days where currency = 'EUR' and most is not null")" 0
sql "update fact set amount = 'NaN' where id = 12"
verified 'not a number'
sql "update fact set amount = 12 where id = 12"
verified 'a number again'
is 'the sum is one again' "$(sql "select count(*) from shops where amount = 'NaN'")" 0
sql "insert into fact values (300, null, '2026-01-02', 5, 0, 'USD')"
exits 1 'a key that is null' aggregate build
like 'is named' "$(cat "$work/err")" 'models/shops.sql: unique_key: null value in column "shop"'
sql 'delete from fact where id = 300'
verified 'without it'

# --- what commits late: the reason for all this
coproc psql -X -q -A -t
late=$COPROC_PID
printf '%s\n' 'begin;' "insert into fact values (400, 's1', '2026-01-02', 5, 0, 'USD');" '\echo open' >&"${COPROC[1]}"
read -r _ <&"${COPROC[0]}"
facts 401 420
verified 'while a transaction is open'
is 'its row is not in' "$(sql 'select (select sum(n) from shops) = (select count(*) from fact)')" t
facts 421 440
verified 'once more'
printf '%s\n' 'commit;' '\echo done' >&"${COPROC[1]}"
read -r _ <&"${COPROC[0]}"
verified 'the transaction has committed'
is 'and its row is in' "$(wrote shops) $(sql 'select (select sum(n) from shops) = (select count(*) from fact)')" 'success 0 1 0 t'
printf '%s\n' 'begin;' "update fact set shop = 's2' where id = 400;" "delete from fact where id = 401;" '\echo open' >&"${COPROC[1]}"
read -r _ <&"${COPROC[0]}"
facts 441 450
verified 'while an update is open'
printf '%s\n' 'commit;' '\q' >&"${COPROC[1]}"
wait "$late"
verified 'the update has committed'
is 'it has moved its row' "$(wrote shops)" 'success 0 3 0'
sql "begin; insert into fact values (460, 's1', '2026-01-02', 5, 0, 'USD'); prepare transaction 'p'"
verified 'with a prepared transaction'
sql "commit prepared 'p'"
verified 'that is committed now'
is 'is in' "$(wrote shops)" 'success 0 1 0'
sql "begin; insert into fact values (461, 's1', '2026-01-02', 5, 0, 'USD'); rollback"
verified 'a transaction that was rolled back'
is 'is not' "$(wrote shops)" 'unchanged 0 0 0'

# --- one state per model
facts 500 520
exits 0 'one of two models' aggregate build -s shops
facts 521 530
verified 'both again'
sql 'drop table days'
verified 'a mart that was dropped by hand'
is 'is counted anew' "$(wrote days)" "success $(sql 'select count(*) from days') 0 0"
# a failed test keeps the run, and the state with it
printf 'select * from {{ ref("shops") }} where n > 100000 or amount > 1000000\n' >"$p/tests/too_much.sql"
sql "insert into fact values (600, 's1', '2026-01-02', 2000000, 0, 'USD')"
exits 1 'a test that fails' aggregate build
exits 1 'and again: what was rolled back is not forgotten' aggregate build
sql 'update fact set amount = 20 where id = 600'
verified 'repaired'
rm "$p/tests/too_much.sql"

# --- verify can fail, and says what
sql "update shops set n = n + 1, amount = amount - 1 where shop = 's1' and currency = 'USD'"
exits 1 'a mart that somebody else wrote' aggregate verify
like 'is told' "$(cat "$work/err")" 'model shops failed: .*models/shops.sql: 2 rows of "public"."shops" and of a count of everything differ'
is 'both sides are kept' "$(sql "select string_agg(key, ' ' order by key) from aggregate.failure, jsonb_object_keys(row) key where run_id = (select max(run_id) from aggregate.run)")" 'counted stored'
is 'nothing is published' "$(sql "select status from aggregate.run order by run_id desc limit 1")" checked
exits 0 '--full-refresh repairs it' aggregate build --full-refresh
is 'writing what differs' "$(wrote shops)" 'success 0 1 0'
verified 'repaired'
sql "update shops set n = 1 where shop = 's1' and currency = 'USD'; delete from fact where shop = 's1' and currency = 'USD'"
exits 65 'more taken back than there is: 65' aggregate build
like 'names the group' "$(cat "$work/err")" 'more rows were retracted than the group \(s1, USD\) of "public"."shops" has'
exits 0 'full refresh' aggregate build -f
verified 'repaired again'

# --- what cannot be told from the difference is refused
facts 700 800
verified 'before the truncate'
sql 'truncate fact'
facts 801 850
exits 2 'a truncate: exit 2' aggregate build
like 'in words' "$(cat "$work/err")" 'models/shops.sql: "public"."fact" was truncated, .*run once with --full-refresh'
exits 0 'full refresh' aggregate build -f
verified 'after the truncate'
exits 2 'another time zone: exit 2' aggregate build --vars '{time_zone: Asia/Seoul}'
like 'in words' "$(cat "$work/err")" 'models/days.sql: its SQL, its key or a variable \(such as the time zone\) .*run once with --full-refresh'
exits 0 'full refresh' aggregate build -f --vars '{time_zone: Asia/Seoul}'
exits 0 'and on' aggregate build --vars '{time_zone: Asia/Seoul}'
exits 0 'in that zone' aggregate verify --vars '{time_zone: Asia/Seoul}'
exits 0 'and back' aggregate build -f
sed -i 's/amount > 100/amount > 50/' "$p/models/shops.sql"
exits 2 'changed SQL: exit 2' aggregate build
exits 0 'full refresh' aggregate build -f
verified 'with it'
sql 'alter table fact add column note text'
facts 851 855
exits 2 'a column more in the source: its old images need it too' aggregate build
like 'says how' "$(cat "$work/err")" "select txpipe_track\('\"public\".\"fact\"'\)"
sql "select txpipe_track('fact')" >/dev/null
sql "update fact set note = 'x' where id = 851"
verified 'with the column'
sql 'alter table fact disable trigger txpipe_retract_delete'
exits 2 'a trigger that is off: exit 2' aggregate build
like 'says why' "$(cat "$work/err")" 'changes of "public"."fact" would go unnoticed \(fact\)'
sql 'delete from fact where id = 851; alter table fact enable trigger txpipe_retract_delete'
exits 2 'a trigger that was off: what went meanwhile is not known' aggregate build
like 'says so' "$(cat "$work/err")" '"public"."fact" had its triggers switched off or made anew, .*--full-refresh'
exits 0 'full refresh' aggregate build -f
sql "select txpipe_track('fact')" >/dev/null
verified 'following once more leaves the triggers alone'
sql 'alter table fact rename shop to old; alter table fact rename currency to shop; alter table fact rename old to currency'
exits 2 'columns that change their names with one another' aggregate build
like 'are told' "$(cat "$work/err")" '"public"."fact" had a column dropped or renamed since it was last read'
sql 'alter table fact rename shop to old; alter table fact rename currency to shop; alter table fact rename old to currency'
verified 'with their own names again'
sql "alter table fact drop column note; alter table fact add column note text default 'other'"
exits 2 'a column that is dropped and added again' aggregate build
sql 'alter table fact alter column note type varchar(9)'
exits 2 'of another type' aggregate build
like 'its old images need that too' "$(cat "$work/err")" "select txpipe_track\('\"public\".\"fact\"'\)"
sql "select txpipe_track('fact')" >/dev/null
exits 0 'and get it: full refresh' aggregate build -f
sql "update fact set note = 'x' where id = 852; delete from fact where id = 853"
verified 'then it goes on'
# a truncate is seen at once, whatever the snapshot: here between the look at the table (of a test) and the reading of it (by a fold)
printf '        columns: [{name: at, tests: [not_null]}]\n' >>"$p/models/sources.yml"
model a_waits <<'SQL'
{{ config(materialized='table', unique_key='a') }}
select 1 as a, count(*) as b from (select pg_advisory_xact_lock(77)) x -- after the tests of {{ source('raw', 'fact') }}
SQL
verified 'with a test that remembers'
sql 'drop table shops'
printf '%s\n' 'begin; select pg_advisory_xact_lock(77);' "select 'locked' \\g $work/locked" 'do $$ begin' \
	"while not exists (select from pg_locks where locktype = 'advisory' and not granted) loop perform pg_sleep(0.02); end loop; end \$\$;" \
	'truncate fact; commit;' | psql -X -q -A -t >/dev/null & other=$!
ok 'somebody is about to truncate' wait_for 20 test -s "$work/locked"
exits 75 'a truncate in mid-run: nothing is published' aggregate build
wait "$other"
like 'and the table is named' "$(cat "$work/err")" 'fact was truncated or rewritten while the run read it: nothing is published'
is 'not even an empty mart' "$(sql "select to_regclass('shops')")" ''
rm "$p/models/a_waits.sql"
sed -i '$d' "$p/models/sources.yml"
facts 856 899
exits 0 'the next one' aggregate build -f
verified 'goes on'
sql 'alter table fact set unlogged'
exits 2 'a table that a crash empties' aggregate build -f
like 'is not followed' "$(cat "$work/err")" 'a crash empties what is not logged, .*alter table fact set logged'
sql 'alter table fact set logged'
exits 0 'full refresh' aggregate build -f
sql 'create table plain (id int, at timestamptz)'
printf '      - name: plain\n' >>"$p/models/sources.yml"
model plain_days <<'SQL'
{{ config(materialized='fold', unique_key='day') }} select (at at time zone 'UTC')::date as day, sum(sign) as n from {{ changes('plain') }} group by 1
SQL
exits 2 'a table that is not followed: exit 2' aggregate build -s plain_days
like 'says how' "$(cat "$work/err")" 'does not say which transaction wrote a row: alter table "public"."plain" add column xid'
rm "$p/models/plain_days.sql"

# --- restored into another cluster
exits 1 'a row that claims to be of another transaction is refused by the table' psql -X -v ON_ERROR_STOP=1 -c 'insert into fact select id + 9000, shop, at, amount, score, currency, xid from fact'
like 'by a check' "$(cat "$work/err")" 'violates check constraint "txpipe_written"'
sql "alter table fact drop constraint txpipe_written"
exits 2 'without the check it is not followed' aggregate build
sql "insert into fact values (900, 's1', '2026-01-02', 5, 0, 'USD', (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1000)::text::xid8)"
sql "select txpipe_track('fact')" >/dev/null
exits 65 'a row of a transaction that has not happened: 65' aggregate build
like 'is told' "$(cat "$work/err")" 'holds rows of transactions that have not happened on this server: .*txpipe_adopt'
exits 65 'full refresh does not help by itself' aggregate build -f
sql "select txpipe_adopt('fact')" >/dev/null
exits 2 'adopted: what the marts hold was other rows' aggregate build
exits 0 'and refreshed' aggregate build -f
verified 'then it goes on'
pg_dump >"$work/dump.sql"
sql 'select pg_current_xact_id()' >/dev/null
here=$PGHOST
eval "$("$root/scripts/postgres" start -D "$work/second" --fast)"
at_exit "$root/scripts/postgres" stop -D "$work/second"
psql -X -q -f "$work/dump.sql" >/dev/null 2>"$work/restore.err"
is 'a dump goes into another cluster' "$(sql 'select count(*) > 0 from fact')" t
is 'without an error' "$(cat "$work/restore.err")" ''
exits 65 'where the marts are not trusted: 65' aggregate build
like 'with a reason' "$(cat "$work/err")" '(was built on another server and restored here|holds rows of transactions that have not happened)'
sql "select txpipe_adopt('fact')" >/dev/null
exits 0 'adopted and refreshed' aggregate build -f
facts 1000 1010
verified 'it goes on there'
export PGHOST=$here

# --- a partitioned source, with parts that come and go
sql "create table part (id int, at timestamptz, amount numeric, xid xid8 not null default pg_current_xact_id()) partition by range (at);
	create table part_1 partition of part for values from ('2026-01-01') to ('2026-02-01');
	create table part_2 (amount numeric, id int, xid xid8 not null default pg_current_xact_id(), at timestamptz);
	create index on part (xid)"
sql "select txpipe_track('part')" >/dev/null
sql "alter table part attach partition part_2 for values from ('2026-02-01') to ('2026-03-01')"
printf '      - name: part\n' >>"$p/models/sources.yml"
model parts <<'SQL'
{{ config(materialized='fold', unique_key='day') }}
select (at at time zone 'UTC')::date as day, sum(sign) as n, sum(sign * amount) as amount, max(id) as last from {{ changes('part') }} group by 1
SQL
sql "insert into part select i, '2026-01-25'::timestamptz + i * interval '1 h', i from generate_series(1, 300) i"
verified 'a partitioned table'
sql "update part set amount = amount + 1 where id < 10; update part_1 set amount = 0 where id = 20; delete from part_2 where id > 290; update only part_2 set amount = 3 where id = 280"
verified 'updates and deletes that name the whole or a part'
sql "update part set at = at + interval '20 days' where id <= 5"
verified 'rows that move from one part to another'
sql "create table part_3 partition of part for values from ('2026-03-01') to ('2026-04-01'); insert into part values (400, '2026-03-03', 1), (401, '2026-03-04', 2)"
verified 'a new part'
sql "insert into part select id + 1000, at, amount, xid from part where id < 50"
verified 'rows that claim to be of another transaction are stamped'
sql "update part_3 set amount = 7 where id = 400; delete from part_3 where id = 401"
verified 'is followed like the others'
sql "begin; truncate part_3; insert into part values (402, '2026-03-05', 1); commit"
exits 2 'a truncated part' aggregate build -s parts
exits 0 'full refresh' aggregate build -f
sql 'alter table part detach partition part_3'
exits 2 'a part that is detached' aggregate build -s parts
like 'is told' "$(cat "$work/err")" 'or lost a part since'
exits 0 'full refresh' aggregate build -f
sql 'alter table part detach partition part_2'
sql 'update part_2 set amount = amount + 1000 where id = 280'
sql "alter table part attach partition part_2 for values from ('2026-02-01') to ('2026-03-01')"
exits 2 'a part that was written while it was detached' aggregate build -s parts
like 'is told' "$(cat "$work/err")" 'or a part detached and attached again, since'
exits 0 'full refresh' aggregate build -f
sql "alter table part attach partition part_3 for values from ('2026-03-01') to ('2026-04-01')"
exits 2 'a part that comes with rows' aggregate build -s parts
like 'is told' "$(cat "$work/err")" 'got a part that was filled before it was attached'
exits 0 'full refresh' aggregate build -f
verified 'goes on'
sql 'alter table part_3 disable trigger txpipe_retract_row'
exits 2 'a part whose trigger is off' aggregate build -s parts
like 'is named' "$(cat "$work/err")" 'would go unnoticed \(part_3\)'
rm "$p/models/parts.sql"

# --- kill -9 in mid-run, of aggregate and of the server: what was folded but not published is folded again, once
crash() { # DESCRIPTION STATUS COMMAND...: run the command while a build stands between its folds and its end
	local name=$1 want=$2 run status
	shift 2
	facts "$next" $((next + 20))
	sql "update fact set shop = 's3' where id = $next - 1"
	next=$((next + 30))
	printf "{{ config(severity='warn') }} select shop from {{ ref('shops') }}, {{ ref('days') }}, pg_sleep(60) limit 1\n" >"$p/tests/slow.sql"
	aggregate build >"$work/out" 2>"$work/err" & run=$!
	ok "$name: in mid-run" wait_for 20 busy
	is "$name: a second run meanwhile" "$(aggregate build -q >/dev/null 2>&1; echo $?)" 75
	rm "$p/tests/slow.sql"
	"$@" "$run"
	wait "$run" 2>/dev/null
	status=$?
	is "$name: status" "$status" "$want"
	ok "$name: the server is there" wait_for 30 sql 'select 1'
	ok "$name: and rid of the run" wait_for 30 idle
	is "$name: nothing of it is published" "$(sql 'select * from shops order by 1, 2' | md5sum)" "$before"
	verified "$name: the next one"
	before=$(sql 'select * from shops order by 1, 2' | md5sum)
}
busy() { [ "$(sql "select count(*) from pg_stat_activity where application_name = 'aggregate' and query like '%pg_sleep%' and state = 'active'")" = 1 ]; }
idle() { [ "$(sql "select count(*) from pg_stat_activity where application_name = 'aggregate'")" = 0 ]; }
kill_run() { kill -KILL "$1"; }
kill_server() {
	kill -KILL "$(head -1 "$work/postgres/data/postmaster.pid")"
	wait_for 30 restarted
}
restarted() { "$root/scripts/postgres" start -D "$work/postgres" --fast -c max_prepared_transactions=2; }
next=20000
before=$(sql 'select * from shops order by 1, 2' | md5sum)
crash 'kill -9 of aggregate' 137 kill_run
crash 'kill -9 of the server' 75 kill_server
crash 'once more' 137 kill_run

# --- the rules: each a load error that names itself
rule() { # DESCRIPTION REGEX KEY SQL: refused before any server is asked
	printf "{{ config(materialized='fold', unique_key=[%s]) }}\n%s\n" "$3" "$4" >"$p/models/broken.sql"
	exits 2 "$1: exit 2" aggregate compile
	like "$1: named" "$(cat "$work/err")" "models/broken.sql:[0-9]+: fold, rule $2"
}
F="from {{ changes('fact') }}"
rule 'a join' 'one source: a fold reads nothing but' "'shop'" "select shop, sum(sign) as n $F f join {{ source('raw', 'plain') }} d on d.id = f.id group by 1"
rule 'a join without a call' 'one source: no join' "'shop'" "select shop, sum(sign) as n $F f left join plain d on d.id = f.id group by 1"
rule 'a second table' 'one source: no join' "'shop'" "select shop, sum(sign) as n $F f, plain group by 1"
rule 'a subquery' 'one source: no subquery' "'shop'" "select shop, sum(sign) as n $F where id in (select id from plain) group by 1"
rule 'two sources' 'one source: this is the second' "'shop'" "select shop, sum(sign) as n $F union all select 'a', sum(sign) $F group by 1"
rule 'no source' 'one source: it reads from' "'shop'" "select shop, 1 as n from fact group by 1"
rule 'source() instead' 'one source: a fold reads nothing but' "'shop'" "select shop, 1 as n from {{ source('raw', 'fact') }} group by 1"
rule 'with' 'one query' "'shop'" "with f as (select * $F) select shop, sum(sign) as n from f group by 1"
rule 'having' 'one query: having' "'shop'" "select shop, sum(sign) as n $F group by 1 having sum(sign) > 1"
rule 'limit' 'one query: limit' "'shop'" "select shop, sum(sign) as n $F group by 1 limit 5"
rule 'a window' 'one query: no window' "'shop'" "select shop, sum(sign) over () as n $F group by 1"
rule 'count(*)' 'signed sums: n counts a retracted row' "'shop'" "select shop, count(*) as n $F group by 1"
rule 'avg' 'signed sums: a cannot be folded' "'shop'" "select shop, sum(sign) as n, avg(amount) as a $F group by 1"
rule 'a sum without sign' 'signed sums: a must add' "'shop'" "select shop, sum(sign) as n, sum(amount) as a $F group by 1"
rule 'a sum that is not linear' 'signed sums: a must add' "'shop'" "select shop, sum(sign) as n, sum(sign * amount + 1) as a $F group by 1"
rule 'the square of the sign' 'signed sums: a must add' "'shop'" "select shop, sum(sign) as n, sum(sign * (amount * sign)) as a $F group by 1"
rule 'a rounded sum' 'signed sums: a must be' "'shop'" "select shop, sum(sign) as n, round(sum(sign * amount)) as a $F group by 1"
rule 'a cast sum' 'signed sums: a must be' "'shop'" "select shop, sum(sign) as n, sum(sign * amount)::bigint as a $F group by 1"
rule 'a filter on the sign' 'signed sums: the filter of a' "'shop'" "select shop, sum(sign) as n, sum(sign) filter (where sign > 0) as a $F group by 1"
rule 'where on the sign' 'signed sums: where' "'shop'" "select shop, sum(sign) as n $F where sign > 0 group by 1"
rule 'distinct' 'signed sums: distinct' "'shop'" "select shop, sum(sign) as n, count(distinct id) as d $F group by 1"
rule 'no count' 'count: one column is sum' "'shop'" "select shop, sum(sign * amount) as a $F group by 1"
rule 'no name' 'names' "'shop'" "select shop, sum(sign) $F group by 1"
rule 'no key' 'keys' '' "select shop, sum(sign) as n $F group by 1"
rule 'another group by' 'keys: group by names exactly' "'shop'" "select shop, sum(sign) as n $F group by currency"
rule 'a key that is not grouped' 'keys' "'shop', 'currency'" "select shop, currency, sum(sign) as n $F group by 1"
rule 'no group by' 'keys: group by' "'shop'" "select shop, sum(sign) as n $F"
rule 'a key that looks at the sign' 'keys: the key shop' "'shop'" "select shop || sign as shop, sum(sign) as n $F group by 1"
printf "{{ config(materialized='table', unique_key='a') }}\nselect shop, sum(sign) as n $F group by 1\n" >"$p/models/broken.sql"
exits 2 'changes() elsewhere' aggregate compile
like 'is told' "$(cat "$work/err")" "belongs to models with materialized='fold'"
printf "{{ config(materialized='fold', unique_key='shop', alias='fact') }}\nselect shop, sum(sign) as n $F group by 1\n" >"$p/models/broken.sql"
exits 2 'changes() of what the run writes' aggregate compile
like 'is told' "$(cat "$work/err")" 'writes "public"."fact", which is also'

served() { # DESCRIPTION REGEX KEY SQL: refused with the server's knowledge
	printf "{{ config(materialized='fold', unique_key=[%s]) }}\n%s\n" "$3" "$4" >"$p/models/broken.sql"
	exits 2 "$1: exit 2" aggregate build -s broken
	like "$1: named" "$(cat "$work/err")" "models/broken.sql:[0-9]+: fold, rule $2"
}
served 'floating point' 'exact numbers: s is neither' "'shop'" "select shop, sum(sign) as n, sum(sign * score) as s $F group by 1"
served 'amounts of several currencies' 'currency: a adds' "'shop'" "select shop, sum(sign) as n, sum(sign * amount) as a $F group by 1"
served 'a day in the zone of the session' 'only the row: day depends' "'day'" "select at::date as day, sum(sign) as n $F group by 1"
served 'the clock' 'only the row: n depends' "'shop'" "select shop, sum(sign) as m, sum(sign) filter (where at > now() - interval '1 day') as n $F group by 1"
served 'the clock in where' 'only the row: where depends' "'shop'" "select shop, sum(sign) as n $F where at < now() group by 1"
rule 'a text that is a clock' "only the row: 'now' is a clock" "'shop'" "select shop, sum(sign) as n, sum(sign) filter (where at < 'now') as past $F group by 1"
rule 'or the beginning of a day' "only the row: e'Today 12:00' is a clock" "'shop'" "select shop, sum(sign) as n $F where at < e'Today 12:00' group by 1"
served 'chance' 'only the row: s depends' "'shop'" "select shop, sum(sign) as n, sum(sign * (random() * 9)::int) as s $F group by 1"
cat >"$p/models/broken.sql" <<'SQL'
{{ config(materialized='fold', unique_key=['Odd "key"', 'c']) }}
-- what a fold may look like: comments with from and select in them, 'texts', casts of what is added
SELECT extract(hour FROM "fact".at AT TIME ZONE 'UTC')::int as "Odd ""key""", -- , from
	coalesce(currency, $$no 'select'$$) as c, /* sum(x) /* from */ y */ sum("fact"."sign") as n,
	sum(case when amount > 5 and shop in ('s1', 'from (select') then id else 0 end * sign) as picked,
	sum((id * 2 + 1) * fact.sign) FILTER (WHERE shop = 's1' or (amount > 3)) as odd, max(length(shop)) as longest
FROM {{ changes('fact') }}
WHERE (amount > 1 or shop like 's%' escape '!')
GROUP BY extract(hour FROM "fact".at AT TIME ZONE 'UTC')::int, 2;
SQL
verified 'a fold with everything that may be in one'
sql "update fact set shop = 's7', amount = 4 where id % 7 = 0; delete from fact where id % 11 = 0"
verified 'and changes to it'
exits 0 'what compile prints' bash -c 'aggregate compile -s broken >"$1/q.sql"' - "$work"
is 'psql runs, and it gives the same' "$(psql -X -q -A -t -f "$work/q.sql" | sort | md5sum)" "$(sql 'select * from broken' | sort | md5sum)"
finish

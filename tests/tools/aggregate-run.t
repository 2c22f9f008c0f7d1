#!/bin/bash
# aggregate: what a run does when something goes wrong: gates, locks, signals, crashes, changed models, broken SQL, a server
# that is away.
. "$(dirname "$0")/../tap.sh"
start_postgres
sql 'create table fact (id int primary key, shop text, amount numeric); insert into fact select i, $$s$$ || i % 3, i from generate_series(1, 30) i'

p=$work/p
export TXPIPE_PROJECT=$p
node() { jq -r --arg n "$1" "select(.node == \$n) | $2" "$work/out"; }

# A project: a table, a view on it, tests that gate.
project() {
	rm -rf "$p" && mkdir -p "$p/models" "$p/tests"
	printf 'name: demo\n' >"$p/dbt_project.yml"
	cat >"$p/models/schema.yml" <<-'YAML'
		sources:
		  - name: raw
		    schema: public
		    tables: [{name: fact}]
		models:
		  - name: shops
		    columns:
		      - name: shop
		        tests: [unique, not_null]
		      - name: amount
		        tests:
		          - between: {min: 0}
	YAML
	shops 'sum(amount) as amount'
	printf "select count(*) as shops, sum(amount) as amount from {{ ref('shops') }}\n" >"$p/models/total.sql"
}
shops() { # SELECT-LIST
	printf "{{ config(materialized='table', unique_key='shop') }}\nselect shop, %s\nfrom {{ source('raw', 'fact') }}\ngroup by 1\n" "$1" >"$p/models/shops.sql"
}
content() { sql "select string_agg(t::text, ' ' order by t::text) from shops t"; }
where_it_lies() { sql "select string_agg(format('%s %s %s', ctid, xmin, t), ' ' order by t::text) from shops t; select 'shops'::regclass::oid"; }

project
exits 0 'a build' aggregate build
is 'the table' "$(content)" '(s0,165) (s1,145) (s2,155)'

# --- tests gate publishing
before=$(where_it_lies)
sql "insert into fact values (99, 's9', -1)"
exits 1 'a failing test of a model: exit 1' aggregate build
is 'nothing is published' "$(where_it_lies)" "$before"
is 'the report says so' "$(node demo '.status') $(node shops '.status') $(node between_shops_amount '.status') $(node total '.status')" 'rolled_back rolled_back fail skipped'
like 'and where, on stderr' "$(cat "$work/err")" 'error: test between_shops_amount failed: .*/models/schema.yml:12: 1 of 4 rows fail'
is 'the history has it' "$(sql 'select status, exit_status from aggregate.run order by run_id desc limit 1')" 'rolled_back|1'
is 'with the failing row, fetched before the rollback' "$(sql "select node, row from aggregate.failure order by run_id desc limit 1")" 'between_shops_amount|{"shop": "s9", "amount": -1}'
is 'the state still is that of the last build' "$(sql "select count(*) from aggregate.state s join aggregate.run r on r.snapshot::text = s.snapshot::text where r.status = 'published'")" 2
printf "{{ config(severity='warn') }}\nselect * from {{ ref('shops') }} where amount < 0\n" >"$p/tests/no_loss.sql"
exits 1 'with a warning beside it' aggregate build
is 'a warning is a warning' "$(node no_loss '.status')" warn
exits 1 'run builds without tests, aggregate test then tells' bash -c 'aggregate run >/dev/null && aggregate test'
is 'and run did publish' "$(content)" '(s0,165) (s1,145) (s2,155) (s9,-1)'
sql 'delete from fact where id = 99'
rm "$p/tests/no_loss.sql"
exits 0 'good again' aggregate build
sed -i 's/tables: .*/tables:\n      - name: fact\n        columns:\n          - name: amount\n            tests: [{between: {max: 10, GATE}}]/' "$p/models/schema.yml"
sed -i 's/GATE/severity: error/' "$p/models/schema.yml"
sql "insert into fact values (100, 's8', 100)"
exits 1 'a failing test of a source: exit 1' aggregate build
is 'but the marts are published' "$(content) $(node demo '.status')" '(s0,165) (s1,145) (s2,155) (s8,100) published'
sed -i 's/severity: error/gate: true/' "$p/models/schema.yml"
sql "update fact set amount = 101 where id = 100"
exits 1 'with gate: true it is as a test of a model' aggregate build
is 'and they are not' "$(content) $(node demo '.status') $(node shops '.status')" '(s0,165) (s1,145) (s2,155) (s8,100) rolled_back skipped'
sql 'delete from fact where id = 100'
project
exits 0 'good again' aggregate build

# --- a test is left out only if a constraint proves it
sql 'create table loose (a int, b int not null unique, c int); insert into loose values (1, 1, 1), (1, 2, null), (null, 3, 2)'
cat >"$p/models/loose.yml" <<'YAML'
sources:
  - name: loose
    schema: public
    tables:
      - name: loose
        columns:
          - {name: a, tests: [unique, not_null]}
          - {name: b, tests: [unique, not_null]}
          - {name: c, tests: [unique, {not_null: {where: "a is null"}}]}
YAML
exits 1 'tests of a table with and without constraints' aggregate test -s source:loose
is 'what no constraint proves is run' "$(jq -r 'select(.type == "test") | [(.node | ltrimstr("source_") | sub("_loose_loose"; "")), .status, .failures, .rows] | join(" ")' "$work/out" |
	sort | tr '\n' ';')" 'not_null_a fail 1 3;not_null_b pass 0 ;not_null_c pass 0 1;unique_a fail 1 2;unique_b pass 0 ;unique_c pass 0 2;'
is 'a value that occurs twice is kept with its number' "$(sql "select row from aggregate.failure where node = 'source_unique_loose_loose_a'")" '{"times": 2, "value": 1}'
rm "$p/models/loose.yml"

# --- the key
before=$(where_it_lies)
printf "{{ config(materialized='table', unique_key='shop') }}\nselect shop, sum(amount) as amount from {{ source('raw', 'fact') }} group by 1 union all select 's1', 0\n" >"$p/models/shops.sql"
exits 1 'a key that occurs twice: exit 1' aggregate build
like 'it is named' "$(cat "$work/err")" 'models/shops.sql: unique_key is not unique: the query yields \(s1\) more than once'
is 'nothing is published' "$(where_it_lies)" "$before"
printf "{{ config(materialized='table', unique_key='shop') }}\nselect nullif(shop, 's1') as shop, sum(amount) as amount from {{ source('raw', 'fact') }} group by 1\n" >"$p/models/shops.sql"
exits 1 'a key that is null: exit 1' aggregate build
like 'it is named too' "$(cat "$work/err")" 'models/shops.sql: unique_key: null value in column "shop"'

# --- a model whose columns change; nobody's table is dropped
project
sql 'create role reader; grant select on shops to reader; grant usage on schema public to reader'
shops 'sum(amount) as amount, count(*) as n'
exits 2 'a new column: exit 2' aggregate build
like 'what changed, and what to do' "$(cat "$work/err")" 'the columns of "public"."shops" changed \(\+ n \(bigint\)\): run once with --full-refresh'
is 'nothing is published' "$(where_it_lies)" "$before"
oid=$(sql "select 'shops'::regclass::oid")
shops "sum(amount)::bigint as amount, count(*) as n"
exits 0 '--full-refresh changes it, though a view reads it' aggregate build --full-refresh
is 'to the new columns' "$(sql 'select * from shops order by shop limit 1')" 's0|165|10'
is 'in the same table, with its grants' "$(sql "select oid = $oid, has_table_privilege('reader', oid, 'select') from pg_class where oid = 'shops'::regclass")" 't|t'
is 'and the view is there again' "$(sql 'select * from total')" '3|465'
sql 'create view elsewhere as select n from shops'
shops 'sum(amount) as amount'
exits 2 'a column that somebody else reads stays' aggregate build -f
like 'and they are named' "$(cat "$work/err")" 'view elsewhere depends on'
sql 'drop view elsewhere'
exits 0 'then it goes' aggregate build -f
printf "select 'x' as other, 1 as columns\n" >"$p/models/total.sql"
exits 2 'a view whose columns change needs --full-refresh too' aggregate build
exits 0 'and gets it' aggregate build -f
printf "{{ config(materialized='table', unique_key='other') }} select 'x' as other, 1 as columns\n" >"$p/models/total.sql"
exits 2 'so does a view that becomes a table' aggregate build
exits 0 'and it becomes one' aggregate build -f
is 'indeed' "$(sql "select relkind from pg_class where oid = 'total'::regclass")" r
sql 'create table precious as select 42 as answer'
printf "{{ config(materialized='table', unique_key='answer') }} select 1 as answer\n" >"$p/models/precious.sql"
exits 65 'a table that aggregate did not make is not touched: 65' aggregate build -f
like 'it says why' "$(cat "$work/err")" '"public"."precious" exists, and aggregate did not make it'
is 'indeed' "$(sql 'select * from precious')" 42
project
exits 2 'back from table to view' aggregate build
exits 0 'with --full-refresh' aggregate build -f

# --- a schema of its own, several keys, odd names
cat >"$p/models/Odd.sql" <<'SQL'
{{ config(materialized='table', schema='own place', alias='Odd "name"', unique_key=['Key', 'order']) }}
select id % 2 as "Key", shop as "order", max(amount) as "a,b", null::text as "c'd" from {{ source('raw', 'fact') }} group by 1, 2
SQL
exits 0 'odd names' aggregate build -s Odd
exits 0 'and once more' aggregate build -s Odd
is 'nothing changed' "$(node Odd '[.status, .rows] | join(" ")')" 'unchanged 6'
sql 'insert into fact values (200, $$s1$$, 1000)'
exits 0 'one row more' aggregate build -s Odd
is 'one row written' "$(node Odd '[.inserted, .updated, .deleted] | join(" ")')" '0 1 0'
sql 'delete from fact where id = 200'
rm "$p/models/Odd.sql"

# --- broken SQL, with its line
project
printf "{{ config(materialized='table', unique_key='shop') }}\nselect shop,\n  summ(amount) as amount -- é ü\nfrom {{ source('raw', 'fact') }}\ngroup by 1\n" >"$p/models/shops.sql"
exits 2 'bad SQL: exit 2' aggregate build
like 'file, line, hint' "$(cat "$work/err")" 'models/shops.sql:3: function summ\(numeric\) does not exist \(SQLSTATE 42883\); hint: '
is 'what builds on it is skipped' "$(node total '.status')" skipped
printf "select shops,\n  amount,\n  colour\nfrom {{ ref('shops') }}\n" >"$p/models/total.sql"
shops 'sum(amount) as amount'
exits 2 'a column that does not exist' aggregate build
like 'behind a ref, the line is right' "$(cat "$work/err")" 'models/total.sql:3: column "colour" does not exist'
printf "select 1/(amount - amount) as x\nfrom {{ ref('shops') }}\n" >"$p/models/total.sql"
printf "select * from {{ ref('total') }} where x > 0\n" >"$p/tests/divides.sql"
exits 2 'an error at run time' aggregate build -f
like 'names the test' "$(cat "$work/err")" 'tests/divides.sql: division by zero'
rm "$p/tests/divides.sql"
printf "select 1;\ndrop table fact\n" >"$p/models/total.sql"
exits 2 'two statements in a model' aggregate build
is 'are not run' "$(sql 'select count(*) from fact')" 30
printf "delete from fact\n" >"$p/models/total.sql"
exits 2 'a model that is no query' aggregate build
is 'is not run' "$(sql 'select count(*) from fact')" 30
for kind in view "table', unique_key='id" "rebuild', unique_key='id"; do
	printf "{{ config(materialized='$kind') }}\nwith gone as (delete from fact returning id)\nselect id from gone\n" >"$p/models/total.sql"
	exits 2 "a query that deletes, ${kind%%\'*}" aggregate build
	like 'is refused with its line' "$(cat "$work/err")" 'models/total.sql:2: WITH clause containing a data-modifying statement'
	is 'is not run' "$(sql 'select count(*) from fact')" 30
done
project
sed -i 's/name: amount/name: amounts/' "$p/models/schema.yml"
exits 2 'a test of a column that does not exist' aggregate build
like 'is found among the tests of its scan' "$(cat "$work/err")" 'schema.yml:12: test between_shops_amounts: column t.amounts does not exist'
is 'and the others of the scan are judged' "$(node not_null_shops_shop '.status')" pass
project
rm -rf "$p/models/"*.sql
printf "select * from {{ source('raw', 'fact') }} f join nowhere using (id)\n" >"$p/models/total.sql"
sed -i '/^models/,$d' "$p/models/schema.yml"
exits 2 'a table that does not exist' aggregate build
like 'with a hint' "$(cat "$work/err")" 'models/total.sql:1: relation "nowhere" does not exist .*hint: '

# --- one at a time; signals; crashes
project
exits 0 'a good build' aggregate build -f
before=$(where_it_lies)
sql "insert into fact values (300, 's7', 7)"
printf "{{ config(severity='warn') }} select shop from {{ ref('shops') }}, pg_sleep(30)\n" >"$p/tests/slow.sql"
busy() { [ "$(sql "select count(*) from pg_stat_activity where application_name = 'aggregate' and query like '%pg_sleep%' and state = 'active'")" = 1 ]; }
idle() { [ "$(sql "select count(*) from pg_stat_activity where application_name = 'aggregate'")" = 0 ]; }
aggregate build >"$work/slow.out" 2>"$work/slow.err" & slow=$!
ok 'a slow run is under way' wait_for 10 busy
rm "$p/tests/slow.sql"
exits 75 'a second run at once: 75' aggregate build
like 'already running, and who' "$(cat "$work/err")" 'already running: another run of the project demo has the lock \(server process [0-9]+, aggregate,'
exits 0 'tests may run meanwhile' aggregate test
is 'readers see the last published marts' "$(where_it_lies)" "$before"
kill -TERM "$slow"
began=$SECONDS
wait "$slow"
is 'SIGTERM: 143' "$?" 143
ok 'at once: the statement is cancelled on the server' test $((SECONDS - began)) -lt 10
ok 'where nothing is left of it' wait_for 3 idle
is 'nothing is published' "$(where_it_lies)" "$before"
is 'the report and the history say cancelled' "$(jq -r 'select(.type == "run") | .status' "$work/slow.out") $(sql "select status, exit_status from aggregate.run order by run_id desc limit 1")" 'cancelled cancelled|143'
printf "{{ config(severity='warn') }} select shop from {{ ref('shops') }}, pg_sleep(30)\n" >"$p/tests/slow.sql"
aggregate build >/dev/null 2>&1 & slow=$!
wait_for 10 busy
rm "$p/tests/slow.sql"
kill -KILL "$slow"
wait "$slow" 2>/dev/null
is 'kill -9 in mid-run leaves the marts as they were' "$(where_it_lies)" "$before"
ok 'the server notices that the client is gone' wait_for 5 idle
exits 0 'and the next run works' aggregate build
is 'with everything' "$(content)" '(s0,165) (s1,145) (s2,155) (s7,7)'

sql 'delete from fact where id = 300'
exits 0 'a good build' aggregate build
before=$(where_it_lies)
sql "insert into fact values (300, 's7', 7)"
printf "{{ config(severity='warn') }} select shop from {{ ref('shops') }}, pg_sleep(30)\n" >"$p/tests/slow.sql"
aggregate build >"$work/slow.out" 2>"$work/slow.err" & slow=$!
wait_for 10 busy
rm "$p/tests/slow.sql"
sql "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'aggregate'" >/dev/null
wait "$slow"
is 'a server that goes away in mid-run: 75' "$?" 75
is 'nothing is published' "$(where_it_lies)" "$before"
exits 0 'and the next run works' aggregate build

# --- one snapshot: what is committed while a run is under way belongs to the next one
printf "{{ config(materialized='table', unique_key='one') }} select 1 as one, count(*) as n from {{ source('raw', 'fact') }}\n" >"$p/models/early.sql"
printf "{{ config(severity='warn') }} select one from {{ ref('early') }}, pg_sleep(2)\n" >"$p/tests/slow.sql"
printf "{{ config(materialized='table', unique_key='one') }} select one, (select count(*) from {{ source('raw', 'fact') }}) as n from {{ ref('early') }}\n" >"$p/models/later.sql"
aggregate build >/dev/null 2>&1 & slow=$!
ok 'a run stands between two models' wait_for 10 busy
sql "insert into fact values (301, 's1', 1)"
wait "$slow"
is 'the marts of a run agree' "$(sql 'select count(*) from early join later using (one, n)')" 1
is 'with what was there when it began' "$(sql 'select n + 1 = (select count(*) from fact) from early')" t
sql 'delete from fact where id = 301'
rm "$p/models/early.sql" "$p/models/later.sql" "$p/tests/slow.sql"

exits 0 '--log json' aggregate build --log json -v
is 'nothing but JSON on stderr' "$(jq -e . "$work/err" >/dev/null && echo json)" json

# --- whoever runs it
printf "{{ config(materialized='table', unique_key='zone') }} select current_setting('timezone') as zone, date '2026-02-01' + 0 || '' as day\n" >"$p/models/zone.sql"
exits 0 'a build by somebody who lives elsewhere' env PGTZ=Asia/Tokyo PGDATESTYLE=German aggregate build -s zone
is 'is as any other' "$(sql 'select * from zone')" 'UTC|2026-02-01'
rm "$p/models/zone.sql"

# --- failing rows: as many as the limit says, none if not wanted, and none that is huge
printf "select i, null::int as gone, case when i = 1 then repeat('x', 70000) else 'y' end as text from generate_series(1, 5) i\n" >"$p/models/wide.sql"
cat >"$p/models/wide.yml" <<'YAML'
models:
  - name: wide
    columns:
      - name: gone
        tests:
          - not_null: {name: all_kept, severity: warn}
          - not_null: {name: two_kept, severity: warn, limit: 2}
          - not_null: {name: none_kept, severity: warn, store_failures: false}
          - not_null: {name: enough, warn_if: "> 3", error_if: "> 5"}
          - not_null: {name: few_enough, warn_if: "> 5", error_if: "> 100%"}
YAML
exits 0 'tests that fail' aggregate build -s wide
is 'each finds them, and says what its conditions make of them' "$(for t in all_kept two_kept none_kept enough few_enough; do node "$t" '[.status, .failures] | join(" ")'; done | tr '\n' ';')" \
	'warn 5;warn 5;warn 5;warn 5;pass 5;'
is 'what is kept is what was asked for' "$(sql "select string_agg(node || ' ' || n, ';' order by node) from (select node, count(*) as n from aggregate.failure
	where run_id = (select max(run_id) from aggregate.run) group by node) x")" 'all_kept 5;enough 5;two_kept 2'
is 'a huge row as its size' "$(sql "select count(*) filter (where (row->>'bytes')::int > 70000), max(length(row::text)) < 100 from aggregate.failure where node = 'all_kept'")" '1|t'
rm "$p/models/wide".*

# --- two projects at once in an empty database: one makes the schema aggregate, the other waits for it
sql 'create database fresh'
cp -R "$p" "$work/q" && printf 'name: another\n' >"$work/q/dbt_project.yml"
for project in p q; do
	rm -f "$work/$project"/models/* "$work/$project"/tests/*
	printf "select 1 as a\n" >"$work/$project/models/only_$project.sql"
done
waiting() { [ "$(sql "select count(*) from pg_locks where locktype = 'advisory' and not granted")" = "$1" ]; }
coproc psql -X -q -A -t -d fresh
holder=$COPROC_PID
printf '%s\n' 'begin; select pg_advisory_xact_lock(1634166643);' '\echo held' >&"${COPROC[1]}"
read -r _ <&"${COPROC[0]}"
read -r _ <&"${COPROC[0]}"
aggregate build -q -d dbname=fresh --project-dir "$work/p" >/dev/null 2>"$work/err.p" & first=$!
aggregate build -q -d dbname=fresh --project-dir "$work/q" >/dev/null 2>"$work/err.q" & second=$!
ok 'both wait' wait_for 20 waiting 2
printf '%s\n' 'commit;' '\q' >&"${COPROC[1]}"
wait "$first"
is 'the one is done' "$? $(cat "$work/err.p")" '0 '
wait "$second"
is 'and the other' "$? $(cat "$work/err.q")" '0 '
wait "$holder"
project

# --- rights, servers
sql 'create role owner login'
sql 'create database other'
exits 2 'no right to make the schema: exit 2' aggregate build -d 'user=owner dbname=other'
like 'says what is needed' "$(cat "$work/err")" 'hint: .*create on the database is needed'
exits 2 'an unknown database' aggregate build -d 'dbname=nowhere'
exits 2 'an unknown role' aggregate build -d 'user=nobody_here'
sql "create role guarded login password 'right'" && sed -i '1i local all guarded scram-sha-256' "$(sql 'show hba_file')" && sql 'select pg_reload_conf()' >/dev/null
exits 2 'a wrong password' env PGPASSWORD=hunter2 aggregate build -d 'user=guarded'
is 'is not told' "$(grep -c hunter2 "$work/err")" 0
exits 75 'a server that is away: 75' env PGPASSWORD=hunter2 aggregate build -d 'host=127.0.0.1 port=1'
is 'the password is not told' "$(grep -c hunter2 "$work/err")" 0
sql "grant create on database other to owner"
psql -X -q -d other -c 'create table fact (id int, shop text, amount numeric); grant select on fact to owner; grant create on schema public to owner'
exits 0 'a plain role with rights on its own is enough' aggregate build -d 'user=owner dbname=other'
sql 'insert into aggregate.migration (version) values (1000)'
exits 2 'a newer schema aggregate' aggregate build
like 'asks for a newer program' "$(cat "$work/err")" 'install the newer aggregate'
sql 'delete from aggregate.migration where version = 1000'
sql 'truncate aggregate.state'
exits 65 'a state that is lost is not guessed at' aggregate build
finish

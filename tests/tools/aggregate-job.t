#!/bin/bash
# aggregate as a job: tried again, limited in time, heard of when it fails; its history, run_results.json, and what looks at them: status,
# retry, docs, prune, state:modified.
. "$(dirname "$0")/../tap.sh"
start_postgres
p=$work/p
export TXPIPE_PROJECT=$p
node() { jq -r --arg n "$1" "select(.node == \$n) | $2" "$work/out"; }
sql "create table fact (id int primary key, shop text, amount numeric, at timestamptz not null default now());
	insert into fact select i, 's' || i % 3, i, '2026-01-01' from generate_series(1, 30) i"

project() {
	rm -rf "$p" && mkdir -p "$p/models" "$p/tests"
	printf 'name: demo\n' >"$p/dbt_project.yml"
	cat >"$p/models/schema.yml" <<-'YAML'
		sources:
		  - name: raw
		    schema: public
		    tables:
		      - name: fact
		        meta: {prune_by: at}
		models:
		  - name: shops
		    description: What <shops> & "others" sold.
		    columns:
		      - name: shop
		        description: Its name.
		        tests: [unique, not_null]
		      - name: amount
		        tests:
		          - between: {min: 0}
	YAML
	printf "{{ config(materialized='table', unique_key='shop') }}\nselect shop, sum(amount) as amount\nfrom {{ source('raw', 'fact') }}\ngroup by 1\n" >"$p/models/shops.sql"
	printf "select count(*) as shops, sum(amount) as amount from {{ ref('shops') }}\n" >"$p/models/total.sql"
}
content() { sql "select string_agg(t::text, ' ' order by t::text) from shops t"; }

# --- before the first run
project
exits 0 'status before the first run' aggregate status
like 'says never' "$(cat "$work/out")" '^shops +model +never'
exits 2 'retry before the first run' aggregate retry
like 'says that there was none' "$(cat "$work/err")" 'the project demo has not run in this database yet'
exits 0 'state:modified before the first run' aggregate list -s state:modified
is 'is everything' "$(jq -r 'select(.type == "model") | .node' "$work/out" | sort | tr '\n' ' ')" 'shops total '
exits 0 'docs before the first run' aggregate docs
like 'say so' "$(cat "$work/out")" 'Not run yet'

# --- retries
exits 75 'a server that is away' aggregate build -d 'host=127.0.0.1 port=1' --retries 2 --backoff 1ms
is 'is tried again as often as told' "$(grep -c 'trying again in' "$work/err") $(grep -c 'cannot connect' "$work/err")" '2 3'
exits 0 'a good build' aggregate build --retries 2
is 'is done once' "$(grep -c 'trying again' "$work/err") $(sql 'select count(*) from aggregate.run')" '0 1'
sql "insert into fact values (99, 's9', -1)"
exits 1 'a failed test' aggregate build --retries 2 --backoff 1ms
is 'is not tried again: waiting does not cure it' "$(grep -c 'trying again' "$work/err") $(sql 'select count(*) from aggregate.run')" '0 2'
sql 'delete from fact where id = 99'
psql -X -q -c "begin; lock table fact in access exclusive mode; select pg_sleep(600)" >/dev/null 2>&1 & holder=$!
locked() { [ "$(sql "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and relation = 'fact'::regclass and granted")" = 1 ]; }
waits() { [ "$(sql "select count(*) from pg_stat_activity where application_name = 'aggregate' and wait_event_type = 'Lock'")" = 1 ]; }
free() { sql "select pg_terminate_backend(pid) from pg_locks where mode = 'AccessExclusiveLock' and relation = 'fact'::regclass" >/dev/null; }
ok 'a table is locked' wait_for 10 locked
exits 75 '--timeout ends a run: 75' aggregate build --timeout 300ms
is 'which is told' "$(jq -r 'select(.type == "run") | [.status, .message] | join(": ")' "$work/out")" 'cancelled: longer than --timeout'
is 'and nothing of it stays on the server' "$(sql "select count(*) from pg_stat_activity where application_name = 'aggregate' and state <> 'idle'")" 0
aggregate build --timeout 500ms --retries 1000 --backoff 1ms >"$work/again.out" 2>"$work/again.err" & again=$!
ok 'a run waits' wait_for 10 waits
ok 'and again' wait_for 20 grep -q 'try 2 of 1001 did not succeed' "$work/again.err"
free
wait "$again"
is 'until it succeeds' "$?" 0
is 'stdout has the report of that try alone' "$(jq -r 'select(.type == "run") | .status' "$work/again.out")" published
wait "$holder" 2>/dev/null

# --- on failure
exits 0 'a good build' aggregate build --on-failure "cat >$work/told"
ok 'tells nobody' test ! -e "$work/told"
sql "insert into fact values (99, 's9', -1)"
exits 1 'a failed one' aggregate build --on-failure "cat >$work/told; echo words"
is 'gives its report to the command' "$(jq -r 'select(.node == "between_shops_amount" or .type == "run") | .status' "$work/told" | tr '\n' ' ')" 'fail rolled_back '
ok 'the whole of it' cmp "$work/out" "$work/told"
like 'what the command says is on stderr' "$(cat "$work/err")" '^words$'
exits 1 'a command that does not read' aggregate build --on-failure 'exit 3'
like 'or fails is told' "$(cat "$work/err")" 'warning: --on-failure: the command ended with status 3'
sql 'delete from fact where id = 99'
exits 75 'a run that could not begin' aggregate build -d 'host=127.0.0.1 port=1' --on-failure "cat >$work/told"
is 'says why' "$(jq -r '[.node, .type, .status, .exit_status, (.message | test("cannot connect"))] | map(tostring) | join(" ")' "$work/told")" 'demo run failed 75 true'
printf 'name: demo\nmodles: {}\n' >"$p/dbt_project.yml"
exits 2 'a broken project' aggregate build --on-failure "cat >$work/told"
like 'does too' "$(jq -r .message "$work/told")" "dbt_project.yml:2: unknown key 'modles'"
project
printf "{{ config(severity='warn') }} select shop from {{ ref('shops') }}, pg_sleep(30)\n" >"$p/tests/slow.sql"
rm "$work/told"
busy() { [ "$(sql "select count(*) from pg_stat_activity where application_name = 'aggregate' and query like '%pg_sleep%' and state = 'active'")" = 1 ]; }
aggregate build --retries 5 --on-failure "cat >$work/told" >/dev/null 2>&1 & slow=$!
ok 'a slow run is under way' wait_for 10 busy
exits 75 'a second one' aggregate build --retries 1 --backoff 1ms
is 'is tried again: the first may end' "$(grep -c 'already running' "$work/err")" 2
kill -TERM "$slow"
wait "$slow"
is 'a run ended by a signal is not tried again' "$?" 143
ok 'and tells nobody' test ! -e "$work/told"
rm "$p/tests/slow.sql"

# --- run_results.json
exits 0 'a build with a target' aggregate build --target-path "$work/target"
is 'writes results with dbt names' "$(jq -r '.results[] | select(.unique_id == "model.demo.shops") | [.status, (.execution_time | type), .relation_name, .failures, (.adapter_response | type), .thread_id] | map(tostring) | join(" ")' "$work/target/run_results.json")" \
	'success number "public"."shops" null object main'
is 'of every node' "$(jq -r '[.results[].unique_id] | join(" ")' "$work/target/run_results.json")" \
	'model.demo.shops test.demo.unique_shops_shop test.demo.not_null_shops_shop test.demo.between_shops_amount model.demo.total'
is 'and of the whole' "$(jq -r '[(.metadata.dbt_schema_version | test("run-results")), (.elapsed_time | type), .args.which] | map(tostring) | join(" ")' "$work/target/run_results.json")" 'true number build'
printf 'name: demo\ntarget-path: out\n' >"$p/dbt_project.yml"
sql "insert into fact values (99, 's9', -1)"
exits 1 'a failed one, with the target of the project' aggregate build
is 'says so in words of dbt' "$(jq -r '.results[] | [.unique_id, .status, .failures] | map(tostring) | join(" ")' "$p/out/run_results.json" | tr '\n' ';')" \
	'model.demo.shops skipped null;test.demo.unique_shops_shop pass 0;test.demo.not_null_shops_shop pass 0;test.demo.between_shops_amount fail 1;model.demo.total skipped null;'
exits 74 'a target that cannot be written' aggregate test -s unique_shops_shop --target-path /proc/nothing
sql 'delete from fact where id = 99'
project

# --- retry
sql "insert into fact values (99, 's9', -1)"
exits 1 'a failed build' aggregate build
sql 'delete from fact where id = 99'
exits 0 'a look at what is there' aggregate freshness
exits 0 'and another one' aggregate verify
exits 0 'retry, whatever was looked at since' aggregate retry
is 'runs what was left undone, with its tests' "$(jq -r '.node' "$work/out" | sort | tr '\n' ' ')" 'between_shops_amount demo not_null_shops_shop shops total unique_shops_shop '
like 'and says of which run' "$(cat "$work/err")" "notice: the last run is [0-9]+, 'build' of .* \(rolled_back\): once more what it left undone"
exits 0 'retry when all was well' aggregate retry
is 'does nothing' "$(cat "$work/out")" ''
exits 2 'retry with a selection' aggregate retry -s shops
printf "select * from {{ ref('shops') }} where amount > 100\n" >"$p/tests/small.sql"
exits 1 'a test run that fails' aggregate test
rm "$p/tests/small.sql"
exits 0 'retry of a test that is gone' aggregate retry
like 'says so' "$(cat "$work/err")" 'warning: test small of the last run is no longer in the project'

# --- state:modified
exits 0 'a build of everything' aggregate build
exits 2 'nothing modified is nothing selected' aggregate build -s state:modified
like 'in words' "$(cat "$work/err")" 'nothing is modified'
printf "select count(*) as shops, sum(amount) as amount, 1 as one from {{ ref('shops') }}\n" >"$p/models/total.sql"
exits 0 'what was modified' aggregate build -s state:modified -f
is 'is built' "$(jq -r 'select(.type == "model") | .node + " " + .status' "$work/out")" 'total success'
exits 2 'a method that is none' aggregate build -s 'stat:modified'
like 'is told' "$(cat "$work/err")" "'stat:modified': nodes are selected by name, tag:T, path:P, source:S or state:modified"

# --- status
sql "insert into fact values (31, 's0', 1)"
exits 0 'a build' aggregate build
psql -X -q -c "begin; insert into fact values (32, 's0', 1); select pg_sleep(600)" >/dev/null 2>&1 & writer=$!
writes() { [ "$(sql "select count(*) from pg_stat_activity where query like '%pg_sleep(600)%' and wait_event = 'PgSleep'")" = 1 ]; }
ok 'somebody writes to a source' wait_for 10 writes
exits 0 'status' aggregate status
like 'a model: last run, rows, duration, tests, oldest open writer' "$(cat "$work/out")" '^shops +model +success +[0-9]+ s ago +3 +[0-9.]+ +3 pass +[0-9]+ s \(process [0-9]+\)$'
exits 0 'status as JSON' aggregate status --output json -s total
is 'one line' "$(jq -r '[.node, .status, .tests.fail, (.open_writer.process | type)] | map(tostring) | join(" ")' "$work/out")" 'total unchanged 0 number'
sql "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(600)%' and wait_event = 'PgSleep'" >/dev/null
wait "$writer" 2>/dev/null
exits 0 'status without writers' aggregate status
like 'shows none' "$(cat "$work/out")" '3 pass +$'

# --- docs
exits 0 'docs' aggregate docs
cp "$work/out" "$work/docs.html"
like 'lineage is drawn' "$(tr '\n' ' ' <"$work/docs.html")" '<svg .*<path d="M.*href="#model.shops".*</svg>'
is 'three boxes, two lines' "$(grep -o '<rect ' "$work/docs.html" | wc -l) $(grep -o '<path ' "$work/docs.html" | wc -l)" '3 2'
is 'what is linked is there' "$(grep -o 'href="#[^"]*"' "$work/docs.html" | sort -u | sed 's/href="#//; s/"//' | while read -r a; do grep -q "id=\"$a\"" "$work/docs.html" || echo "$a"; done)" ''
like 'descriptions are text' "$(cat "$work/docs.html")" 'What &lt;shops&gt; &amp; &quot;others&quot; sold\.'
like 'columns with type and description' "$(cat "$work/docs.html")" '<td><code>shop</code></td><td>text</td><td>Its name\.</td>'
like 'tests with their last result' "$(tr '\n' ' ' <"$work/docs.html")" 'between_shops_amount</code></td><td><span class="pass">pass</span>'
is 'nothing is loaded from elsewhere' "$(grep -Ec '(src|href)="(https?:)?//|<script|<link|@import|url\(' "$work/docs.html")" 0

# --- history and prune
exits 0 'a build' aggregate build
runs=$(sql 'select count(*) from aggregate.run')
sql "update aggregate.run set started_at = now() - interval '500 days' where run_id <= 3"
sql "insert into aggregate.run (project, command, status, exit_status, started_at) values ('other', 'build', 'published', 0, now() - interval '500 days')"
exits 0 'the next run' aggregate build
is 'forgets what is older than 400 days, of its own project' "$(sql 'select count(*) from aggregate.run')" $((runs - 3 + 1 + 1))
is 'with its nodes' "$(sql 'select count(*) from aggregate.node_result n left join aggregate.run r using (run_id) where r.run_id is null or run_id <= 3')" 0
exits 0 'but not if told' bash -c "psql -X -q -c \"update aggregate.run set started_at = now() - interval '500 days' where run_id = 5\" && aggregate build --history 0"
is 'it is there' "$(sql 'select count(*) from aggregate.run where run_id = 5')" 1
exits 2 'prune without an age' aggregate prune
exits 2 'an age without prune' aggregate build --older 10d
sql "insert into fact select i, 's1', 1, now() - interval '399 days' from generate_series(1000, 1009) i; insert into fact select i, 's1', 1, now() - interval '401 days' from generate_series(2000, 2019) i"
exits 0 'a build with old rows' aggregate build
exits 0 'prune --dry-run' aggregate prune --older 400d --dry-run
is 'counts' "$(jq -r 'select(.relation == "\"public\".\"fact\"") | .rows' "$work/out") $(sql 'select count(*) from fact where id >= 1000')" '20 30'
exits 0 'prune' aggregate prune --older 400d
is 'deletes what is older' "$(jq -r 'select(.relation == "\"public\".\"fact\"") | .deleted' "$work/out") $(sql 'select count(*) from fact where id >= 1000')" '20 10'
is 'history too' "$(sql 'select count(*) from aggregate.run where run_id = 5')" 0
is 'of this project' "$(sql "select count(*) from aggregate.run where project = 'other'")" 1
exits 0 'again' aggregate prune --older 400d
is 'there is nothing' "$(jq -r '.deleted' "$work/out" | sort -u)" 0
exits 0 'the next build' aggregate build
is 'has what is left' "$(sql "select amount from shops where shop = 's1'")" "$(sql "select sum(amount) from fact where shop = 's1'")"

# --- systemd
units=$root/deploy/systemd
is 'the service runs what cron runs' "$(sed -n 's/^ExecStart=.*bin\/\(aggregate build -q\) .*/\1/p' "$units/txpipe-aggregate.service")" 'aggregate build -q'
command=$(sed -n 's/^ExecStart=[^ ]*\///p' "$units/txpipe-aggregate.service")
arguments=$(sed -n 's/^Environment=.*"AGGREGATE_ARGS=\(.*\)".*/\1/p' "$units/txpipe-aggregate.service")
exits 0 'its command line is accepted' env "AGGREGATE_ARGS=${arguments//%S\/txpipe\/stream-fraud/$work}" bash -c "$command"
ok 'it says how it went' grep -q '^txpipe_aggregate_exit_status 0' "$work/aggregate.prom"
is 'the timer starts that service' "$(sed -n 's/^Unit=//p' "$units/txpipe-aggregate.timer")" txpipe-aggregate.service
is 'a tick missed while the machine was off is made up for' "$(sed -n 's/^Persistent=//p' "$units/txpipe-aggregate.timer")" true
finish

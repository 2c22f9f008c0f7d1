#!/bin/bash
# aggregate build: tests are judged by what changed since the last build, and must say what reading everything says.
. "$(dirname "$0")/../tap.sh"
start_postgres
pgload --init -q >/dev/null
p=$work/p
export TXPIPE_PROJECT=$p
node() { jq -r --arg n "$1" "select(.node == \$n) | $2" "$work/out"; }
found() { node "$1" '[.status, .failures, .rows] | map(tostring) | join(" ")'; }
sql "create table fact (id int, shop text, amount numeric, at timestamptz default now(), xid xid8 not null default pg_current_xact_id());
	create index on fact (xid); create table shop (shop text, xid xid8 not null default pg_current_xact_id()); create index on shop (xid);
	create table loose (a int);
	create function lucky(numeric) returns boolean language sql volatile as 'select \$1 > 0';
	insert into shop (shop) values ('s0'), ('s1'), ('s2'); insert into loose values (1)"
sql "select txpipe_track('fact'), txpipe_track('shop')" >/dev/null 2>&1
facts() { sql "insert into fact (id, shop, amount) select i, 's' || i % 3, ${3:-i} from generate_series($1, $2) i"; }
facts 1 100
mkdir -p "$p/models" "$p/tests"
printf 'name: mem\n' >"$p/dbt_project.yml"
cat >"$p/models/schema.yml" <<'YAML'
sources:
  - name: raw
    schema: public
    tables:
      - name: fact
        columns:
          - name: id
            tests: [{unique: {name: id_unique}}, {not_null: {name: id_there}}]
          - name: shop
            tests:
              - accepted_values: {name: shop_known, values: [s0, s1, s2, s3], severity: warn}
              - relationships: {name: shop_there, to: "source('raw', 'shop')", field: shop, severity: warn}
          - name: amount
            tests:
              - between: {name: amount_positive, min: 0, error_if: "> 10%"}
              - between: {name: amount_of_s1, max: 1000, where: "shop = 's1' -- its own limit"}
              - between: {name: amount_today, max: 100000, where: "at > now() - interval '1 day'"}
              - between: {name: amount_by_now, max: 100000, where: "at > 'yesterday'"}
              - between: {name: amount_under_mean, max: 1000000, where: "amount < (select avg(amount) from fact)"}
              - between: {name: amount_lucky, min: 0, where: "lucky(amount) or amount <= 0", error_if: "> 10%"}
      - name: shop
        columns: [{name: shop, tests: [{not_null: {name: shop_not_null}}]}]
models:
  - name: shops
    columns:
      - name: shop
        tests: [{not_null: {name: shops_shop}}]
      - name: amount
        tests: [{between: {name: shops_amount, min: -100000}}]
  - name: on_top
    columns: [{name: n, tests: [{between: {name: on_top_n, min: 0}}]}]
  - name: clock
    columns: [{name: n, tests: [{not_null: {name: clock_n}}]}]
YAML
printf "{{ config(materialized='fold', unique_key='shop') }}\nselect shop, sum(sign) as n, sum(sign * amount) as amount from {{ changes('raw', 'fact') }} group by shop\n" >"$p/models/shops.sql"
printf "select sum(n) as n from {{ ref('shops') }}\n" >"$p/models/on_top.sql"
printf "select shop, n, now() as seen from {{ ref('shops') }}\n" >"$p/models/clock.sql"
printf "select shop from {{ ref('shops') }} where n < 0\n" >"$p/tests/no_negative.sql"
printf "select shop from {{ ref('shops') }} where current_date < '2020-01-01'\n" >"$p/tests/by_date.sql"
printf "select shop from {{ ref('shops') }}, loose where n < -a\n" >"$p/tests/by_loose.sql"
printf "select n from {{ ref('on_top') }} where n < 0\n" >"$p/tests/on_view.sql"

# agree DESCRIPTION: what the build said of each test, aggregate test says too.
results() { jq -r 'select(.type == "test" and .message != "proved by a constraint") | [.node, (.status | sub("unchanged"; "pass")), .failures, .rows] | map(tostring) | join(" ")' "$1" | sort; }
agree() {
	cp "$work/out" "$work/built"
	aggregate test -q >"$work/tested" 2>/dev/null
	ok "$1: there are results" test "$(wc -l < <(results "$work/built"))" -ge 10
	is "$1: reading everything says the same" "$(results "$work/built")" "$(results "$work/tested")"
}

exits 0 'the first build' aggregate build
agree 'first'
is 'reads everything' "$(jq -r 'select(.type == "test" and .status == "unchanged") | .node' "$work/built")" ''
exits 0 'the second build' aggregate build
agree 'nothing new'
is 'reads nothing again but what a clock, chance, other rows or a table unknown to the project has a part in' \
	"$(jq -r 'select(.type == "test" and .status != "unchanged" and .message != "proved by a constraint") | .node' "$work/built" | sort | tr '\n' ' ')" 'amount_by_now amount_lucky amount_today amount_under_mean by_date by_loose clock_n '
# What is judged by changes does not read the table: rows put there behind the triggers stay unseen, until everything is read.
facts 101 110
exits 0 'a build with new rows' aggregate build
agree 'new rows'
is 'what reads changes counts them' "$(found amount_positive)" 'pass 0 110'
is 'the relation that did not change is unchanged' "$(found shop_not_null)" 'unchanged 0 3'
sql "set session_replication_role = replica; delete from fact where id = 110"
exits 0 'a row deleted behind the triggers' aggregate build
is 'proves that only changes are read' "$(found amount_positive)" 'unchanged 0 110'
exits 0 '--full-refresh' aggregate build -f
is 'reads everything' "$(found amount_positive)" 'pass 0 109'
facts 110 110

facts 201 205 -5
exits 0 'failing rows under the limit' aggregate build
agree 'failures'
is 'are a warning of all rows' "$(found amount_positive)" 'warn 5 115'
is 'the new failing rows are kept, without our column' "$(sql "select count(*), bool_and(row ? 'amount' and not row ? 'sign') from aggregate.failure where node = 'amount_positive' and run_id = (select max(run_id) from aggregate.run where command = 'build')")" '5|t'
exits 0 'the next build' aggregate build
agree 'failures that stay'
is 'still warns' "$(found amount_positive)" 'warn 5 115'
like 'and says since when' "$(node amount_positive .message)" 'unchanged: still 5 of 115 fail; the rows are kept with the run that found them'
sql "delete from fact where id = 205"
facts 206 206 -5
exits 0 'one failing row gone, another one there' aggregate build
is 'the number is the same' "$(found amount_positive)" 'warn 5 115'
is 'kept is the new one, not the one that went' "$(sql "select string_agg(row->>'id', ',') from aggregate.failure where node = 'amount_positive' and run_id = (select max(run_id) from aggregate.run where command = 'build')")" 206
facts 301 320 -5
exits 1 'more of them' aggregate build
agree 'over the limit'
is 'are an error: the threshold is of all rows, not of the new ones' "$(found amount_positive)" 'fail 25 135'
sql "update fact set amount = 5 where amount < 0 and id <> 201; delete from fact where id in (1, 2)"
exits 0 'updates and deletes' aggregate build
agree 'updates and deletes'
is 'are taken back' "$(found amount_positive)" 'warn 1 133'
sql "delete from fact where id = 201; update fact set shop = 's1', amount = 2000 where id = 3"
exits 1 'a row that moves into a condition' aggregate build
agree 'where'
is 'is seen' "$(found amount_of_s1)" "$(sql "select 'fail 1 ' || count(*) from fact where shop = 's1'")"
sql "update fact set shop = 's2' where id = 3"
exits 0 'and out of it' aggregate build
agree 'where again'

sql "update fact set shop = 's3' where id = 4"
exits 0 'a reference to nothing' aggregate build
agree 'references'
is 'is found' "$(node shop_there '[.status, .failures] | join(" ")')" 'warn 1'
sql "insert into shop (shop) values ('s3')"
exits 0 'the other side changed' aggregate build
agree 'late dimension'
is 'and cures it' "$(found shop_there)" "$(sql "select 'pass 0 ' || count(*) from fact")"
sql "delete from shop where shop = 's3'"
exits 0 'a dimension that goes' aggregate build
agree 'lost dimension'
is 'is missed, though no fact changed' "$(node shop_there '[.status, .failures] | join(" ")')" 'warn 1'
sql "update fact set shop = 's0' where id = 4; insert into fact (id, shop, amount) values (7, 's0', 1)"
exits 1 'a value twice' aggregate build
agree 'unique'
is 'is found' "$(node id_unique '[.status, .failures] | join(" ")')" 'fail 1'
sql "delete from fact where id = 7"
exits 0 'good again' aggregate build

# A run without tests in between: the model changed, and nobody judged it.
sql "insert into fact (id, shop, amount) values (401, 's0', -200000)"
exits 0 'a run without tests' aggregate run
exits 1 'the build after it' aggregate build
is 'judges the model, though it did not change now' "$(node shops_amount '[.status, .failures] | join(" ")') $(node shops .status)" 'fail 1 unchanged'
sql "delete from fact where id = 401"
exits 0 'good again' aggregate build

# What is rolled back is not remembered.
facts 501 501 -300000
exits 1 'a build that is undone' aggregate build
exits 1 'and once more' aggregate build
is 'finds the same' "$(node shops_amount '[.status, .failures] | join(" ")')" 'fail 1'
sql "delete from fact where id = 501"
exits 0 'good again' aggregate build

# Another question has no answer yet.
sed -i 's/max: 1000, where: "shop/max: 50, where: "shop/' "$p/models/schema.yml"
exits 1 'a test that was changed' aggregate build
agree 'changed test'
sed -i 's/max: 50, where: "shop/max: 1000, where: "shop/' "$p/models/schema.yml"
printf "select sum(n) - 100000 as n from {{ ref('shops') }}\n" >"$p/models/on_top.sql"
exits 1 'a view that was changed' aggregate build
is 'is judged anew' "$(node on_top_n '[.status, .failures] | join(" ")') $(node on_view .status)" 'fail 1 fail'
printf "select sum(n) as n from {{ ref('shops') }}\n" >"$p/models/on_top.sql"
exits 0 'good again' aggregate build
printf "select sum(n) + 0 * extract(epoch from now()) as n from {{ ref('shops') }}\n" >"$p/models/on_top.sql"
exits 0 'a view that looks at the clock now' bash -c 'aggregate build -q >/dev/null && aggregate build'
is 'is read every time' "$(node on_top_n .status) $(node on_view .status)" 'pass pass'
printf "select sum(n) as n from {{ ref('shops') }}\n" >"$p/models/on_top.sql"
exits 0 'and when it no longer does' bash -c 'aggregate build -q >/dev/null && aggregate build'
is 'it is not' "$(node on_top_n .status) $(node on_view .status)" 'unchanged unchanged'
sql 'vacuum full fact'
exits 2 'a table that was written anew' aggregate build
exits 0 'with --full-refresh' aggregate build -f
agree 'after vacuum full'
facts 601 610
sql "delete from fact where id between 10 and 19"
exits 0 'prune drops no image that a test still needs' bash -c 'aggregate run -q >/dev/null && aggregate prune --older 1s >/dev/null && aggregate build'
agree 'after prune'
exits 0 'a build and prune' bash -c 'aggregate build -q >/dev/null && aggregate prune --older 1s'
is 'drops what nobody needs' "$(sql 'select count(*) from fact_retracted')" 0

# --- what the query of a view proves need not be run; only that
cat >"$p/models/grouped.sql" <<'SQL'
select g.shop, g.n from (select shop, sum(n) as n from {{ ref('shops') }} group by shop) g left join {{ source('raw', 'shop') }} d on d.shop = g.shop
SQL
printf 'models:\n  - name: grouped\n    columns: [{name: shop, tests: [{unique: {name: grouped_once}}]}, {name: n, tests: [{unique: {name: n_once, severity: warn}}]}]\n' >"$p/models/grouped.yml"
once() { node grouped_once '[.status, .failures, .message // "run"] | map(tostring) | join(" ")'; }
exits 0 'a view that groups, and joins what may repeat it' aggregate build
is 'is read' "$(once)" 'pass 0 run'
sql 'create unique index only_once on shop (shop)'
exits 0 'what it joins cannot repeat it now' aggregate test
is 'that is proved' "$(once)" 'pass 0 proved by the query of the view'
is 'of the column that it groups by, no other' "$(node n_once '.message // "run"' | grep -c proved)" 0
facts 701 703
exits 0 'also in a build' aggregate build
is 'proved' "$(once)" 'pass 0 proved by the query of the view'
exits 0 'and in the next' aggregate build
is 'unchanged' "$(node grouped_once .status)" unchanged
sql "drop index only_once; insert into shop (shop) values ('s1')"
exits 1 'when it repeats rows' aggregate build
is 'they are found' "$(once | sed 's/ [^ ]*: .*//')" 'fail 1'
sed -i '1s/^/with w as (select 1) /' "$p/models/grouped.sql"
sql "delete from shop where ctid in (select max(ctid) from shop where shop = 's1'); create unique index only_once on shop (shop)"
exits 0 'a view whose inside the planner does not see' aggregate build
is 'is read' "$(once)" 'pass 0 run'
finish

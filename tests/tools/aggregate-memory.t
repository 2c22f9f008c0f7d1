#!/bin/bash
# aggregate build looks at what changed only, and still says the same of all rows as a test that reads everything.
. "$(dirname "$0")/../tap.sh"
start_postgres
pgload --init -q >/dev/null
p=$work/p
export TXPIPE_PROJECT=$p
sql "create table fact (id int primary key, shop text, amount numeric, at timestamptz default now(), xid xid8 not null default pg_current_xact_id());
	create index on fact (xid);
	create table shop (shop text primary key, country text, xid xid8 not null default pg_current_xact_id());
	create table loose (id int)"
sql "select txpipe_track('fact'), txpipe_track('shop')" >/dev/null
sql "insert into shop select 's' || i, 'c' from generate_series(0, 4) i; insert into fact select i, 's' || i % 5, i from generate_series(1, 1000) i; insert into loose values (1)"
mkdir -p "$p/models" "$p/tests"
printf 'name: known\n' >"$p/dbt_project.yml"
cat >"$p/models/all.yml" <<'YAML'
sources:
  - name: raw
    schema: public
    tables:
      - name: fact
        columns:
          - name: shop
            tests:
              - not_null: {name: has_shop, severity: warn}
              - relationships: {name: known_shop, to: "source('raw', 'shop')", field: shop, warn_if: "> 0", error_if: "> 10%"}
          - name: amount
            tests:
              - between: {name: positive, min: 0, where: "shop <> 's4'", severity: warn}
      - name: shop
        columns: [{name: country, tests: [{accepted_values: {name: country, values: [c], severity: warn}}]}]
      - name: loose
        columns: [{name: id, tests: [{not_null: {name: loose_id}}, {unique: {name: loose_unique}}]}]
models:
  - name: shops
    columns: [{name: n, tests: [{between: {name: enough, min: 1}}]}]
  - name: named
    columns: [{name: shop, tests: [{unique: {name: once}}]}]
YAML
cat >"$p/models/shops.sql" <<'SQL'
{{ config(materialized='fold', unique_key='shop') }} select shop, sum(sign) as n from {{ changes('fact') }} where shop is not null group by 1
SQL
# `with` hides from the planner that no shop can come twice: the test of it must be run
printf "with s as (select * from {{ ref('shops') }}) select s.shop, s.n, d.country from s left join {{ source('raw', 'shop') }} d using (shop)\n" >"$p/models/named.sql"
printf "{{ config(severity='warn') }} select * from {{ ref('named') }} where country is null\n" >"$p/tests/nameless.sql"

printf "{{ config(severity='warn') }} select * from {{ ref('shops') }} where n > extract(epoch from now())\n" >"$p/tests/recent.sql"

of() { jq -r --arg n "$1" 'select(.node == $n) | [.status, .failures, .rows] | map(tostring) | join(" ")' "$work/out"; }
statuses() { jq -r 'select(.type == "test") | [.node, .status] | join(":")' "$work/out" | sort | tr '\n' ' '; }
kept() { sql "select string_agg(row->>'id', ' ' order by (row->>'id')::int) from aggregate.failure where node = '$1' and run_id = (select max(run_id) from aggregate.run where command = 'build')"; }
# A build, and then a test that reads everything: whatever did not change, both must give the same counts.
same() { # STATUS DESCRIPTION
	exits "$1" "$2: build" aggregate build
	cp "$work/out" "$work/built"
	aggregate test >"$work/out" 2>/dev/null
	is "$2: counts as if everything had been read" "$(jq -r 'select(.type == "test") | [.node, .failures, .rows] | map(tostring) | join(" ")' "$work/built" | sort)" \
		"$(jq -r 'select(.type == "test") | [.node, .failures, .rows] | map(tostring) | join(" ")' "$work/out" | sort)"
	cp "$work/built" "$work/out"
}

same 0 'the first build'
is 'runs all' "$(statuses)" 'country:pass enough:pass has_shop:pass known_shop:pass loose_id:pass loose_unique:pass nameless:pass once:pass positive:pass recent:pass '
same 0 'nothing new'
is 'runs those that name a clock, and those of a table that cannot be followed' "$(statuses)" \
	'country:unchanged enough:unchanged has_shop:unchanged known_shop:unchanged loose_id:pass loose_unique:pass nameless:unchanged once:unchanged positive:unchanged recent:pass '
exits 0 'aggregate test' aggregate test
is 'runs all' "$(statuses | grep -c unchanged)" 0
exits 0 '--full-refresh' aggregate build -f
is 'too' "$(statuses | grep -c unchanged)" 0

sql "insert into fact values (1001, 's1', -5), (1002, 's4', -5), (1003, null, 5)"
same 0 'rows that fail'
is 'are added to what is known' "$(of positive) $(of has_shop)" 'warn 1 801 warn 1 1003'
is 'and kept' "$(kept positive) $(kept has_shop)" '1001 1003'
same 0 'nothing new after a warning'
is 'the warning stays' "$(of positive)" 'warn 1 801'
sql "insert into fact values (1004, 's2', -7)"
same 0 'one more'
is 'only the new one is kept again' "$(of positive) $(kept positive)" 'warn 2 802 1004'
sql "update fact set amount = 5 where id = 1001; delete from fact where id in (1003, 1004)"
same 0 'repaired'
is 'nothing fails any more' "$(of positive) $(of has_shop)" 'pass 0 801 pass 0 1002'
sql "update fact set shop = 's4', amount = -1 where id = 7"
same 0 'a row that leaves the condition of a test'
is 'is no longer looked at' "$(of positive)" 'pass 0 800'

# --- relationships: the other table changes too
sql "insert into fact select i, 's9', 1 from generate_series(2000, 2009) i"
same 0 'a late dimension: its rows fail'
is 'as many as there are' "$(of known_shop) $(of nameless)" 'warn 10 1012 warn 1 null'
sql "insert into shop values ('s9', 'c')"
same 0 'the dimension has come'
is 'they no longer do' "$(of known_shop) $(of nameless)" 'pass 0 1012 pass 0 null'
sql "insert into shop values ('s8', 'c'); insert into fact values (3000, 's8', 1)"
same 0 'a dimension and its facts together'
is 'pass' "$(of known_shop)" 'pass 0 1013'
sql "delete from shop where shop = 's9'"
same 0 'a dimension that goes'
is 'is noticed' "$(of known_shop) $(of nameless)" 'warn 10 1013 warn 1 null'
sql "update shop set shop = 's1x' where shop = 's1'"
same 1 'too many'
is 'fail' "$(of known_shop)" "fail $(sql "select count(*) from fact where shop in ('s1', 's9')") 1013"
same 1 'nothing new after a failure'
is 'it fails still' "$(of known_shop)" "fail $(sql "select count(*) from fact where shop in ('s1', 's9')") 1013"
sql "update shop set shop = 's1' where shop = 's1x'; insert into shop values ('s9', 'c')"
same 0 'repaired'

# --- what else makes a test run again
sed -i "s/min: 0, where/min: 3, where/" "$p/models/all.yml"
same 0 'another bound'
is 'is held against all rows' "$(of positive)" "warn $(sql "select count(*) from fact where amount < 3 and shop <> 's4'") $(sql "select count(*) from fact where shop <> 's4'")"
sed -i "s/n, d.country/n + 0 as n, d.country/" "$p/models/named.sql"
exits 0 'another view' aggregate build
is 'is tested' "$(of once) $(of nameless)" 'pass 0 7 pass 0 null'
sql 'truncate shop'
sql "insert into shop select 's' || i, 'c' from generate_series(0, 9) i"
same 0 'a truncated table'
is 'is read again' "$(statuses)" \
	'country:pass enough:unchanged has_shop:unchanged known_shop:pass loose_id:pass loose_unique:pass nameless:pass once:pass positive:warn recent:pass '
printf "{{ config(severity='error') }} select * from {{ ref('shops') }} where n > 1000\n" >"$p/tests/many.sql"
sql "insert into fact select i, 's3', 5 from generate_series(10000, 11000) i"
exits 1 'a failure that keeps the run from being published' aggregate build
exits 1 'is not known afterwards: it is found again' aggregate build
sql "delete from fact where id >= 10000"
same 0 'repaired'
finish

#!/bin/bash
# aggregate: models that are neither views nor tables nor folds: rebuild (any SQL, touched keys only), and incremental as dbt has it.
. "$(dirname "$0")/../tap.sh"
start_postgres
pgload --init -q >/dev/null
p=$work/p
export TXPIPE_PROJECT=$p
sql "create table fact (id int primary key, shop text, at timestamptz, amount numeric(12,2), xid xid8 not null default pg_current_xact_id());
	create index on fact (xid);
	create table shop (shop text primary key, country text, xid xid8 not null default pg_current_xact_id());
	create table rate (country text primary key, factor numeric);
	insert into shop select 's' || i, 'c' || i % 2 from generate_series(0, 9) i; insert into rate values ('c0', 1), ('c1', 2)"
sql "select txpipe_track('fact'), txpipe_track('shop')" >/dev/null
facts() { sql "insert into fact (id, shop, at, amount) select i, 's' || i % 10, '2026-01-01'::timestamptz + i * interval '1 h', i from generate_series($1, $2) i"; }
node() { jq -r --arg n "$1" "select(.node == \$n) | $2" "$work/out"; }
wrote() { node "$1" '[.status, .inserted, .updated, .deleted] | join(" ")'; }
verified() {
	exits 0 "$1: build" aggregate build
	cp "$work/out" "$work/built"
	exits 0 "$1: verify" aggregate verify
	cp "$work/built" "$work/out"
}
mkdir -p "$p/models"
printf 'name: anysql\n' >"$p/dbt_project.yml"
cat >"$p/models/sources.yml" <<'YAML'
sources:
  - name: raw
    schema: public
    tables: [{name: fact}, {name: shop}, {name: rate}]
YAML
printf "select f.shop, f.amount::numeric as amount, s.country from {{ source('raw', 'fact') }} f left join {{ source('raw', 'shop') }} s using (shop)\n" >"$p/models/sold.sql"
rebuilt() { # CONFIGURATION
	cat >"$p/models/shops.sql" <<-SQL
		{{ config(materialized='rebuild', unique_key='shop'$1) }}
		select shop, min(country) as country, count(*) as n, sum(amount) as amount, percentile_cont(0.5) within group (order by amount) as middle,
			count(distinct amount) as amounts
		from {{ ref('sold') }} group by shop
	SQL
}

# --- rebuild: the keys that changed rows touch, through a view, from two sources
rebuilt ''
facts 1 100
verified 'the first build'
is 'creates it' "$(wrote shops)" 'success 10 0 0'
verified 'nothing new'
is 'writes nothing' "$(wrote shops)" 'unchanged 0 0 0'
before=$(sql "select ctid, shop from shops where shop <> 's1'")
facts 101 101
verified 'one row'
is 'one key' "$(wrote shops)" 'success 0 1 0'
is 'nothing else was touched' "$(sql "select ctid, shop from shops where shop <> 's1'")" "$before"
sql "update fact set shop = 's2' where id = 1; delete from fact where shop = 's3'"
verified 'rows that move and go'
is 'touch both keys' "$(wrote shops)" 'success 0 2 1'
sql "update shop set country = 'c9' where shop = 's5'; delete from shop where shop = 's6'"
verified 'a dimension that changes'
is 'touches its keys' "$(wrote shops)" 'success 0 2 0'
# that it does not simply compare everything: a row that is wrong behind its back stays wrong until its key is touched
sql "update shops set n = 0 where shop = 's7'"
facts 110 110
exits 0 'a build that touches another key' aggregate build
is 'does not look at it' "$(sql "select n from shops where shop = 's7'")" 0
exits 1 'verify does' aggregate verify
sql "update fact set amount = amount + 1 where shop = 's7'"
verified 'when it is touched'
sql 'truncate fact'
facts 200 260
verified 'a truncate: everything is compared'
sql "update fact set shop = null where id = 200; delete from fact where id = 200"
verified 'a key that was null and is gone'
sql "insert into fact (id, shop, amount) values (2001, null, 1)"
exits 1 'a key that is null' aggregate build
like 'is named, as a full build would' "$(cat "$work/err")" 'shops.sql: unique_key: null value in column "shop"'
sql "delete from fact where id = 2001"
verified 'without it'
sed -i 's/left join/join/' "$p/models/sold.sql"
facts 261 262
verified 'the view below is another one: everything is compared'
is 'indeed' "$(sql "select count(*) from shops where shop = 's6'")" 0

# --- which keys a source touches
cat >"$p/models/sold.sql" <<'SQL'
select f.shop, f.amount * r.factor as amount, s.country
from {{ source('raw', 'fact') }} f join {{ source('raw', 'shop') }} s using (shop) left join {{ source('raw', 'rate') }} r using (country)
SQL
verified 'a source that cannot be followed'
sql 'update rate set factor = 3'
verified 'touches everything: a changed rate is seen'
sql "alter table rate add column xid xid8 not null default pg_current_xact_id(); create index on rate (xid)"
sql "select txpipe_track('rate')" >/dev/null
verified 'followed from now on'
sql "update shops set n = 0 where shop = 's7'; update rate set factor = 4 where country = 'c0'"
verified 'a source without the key touches everything'
rebuilt ", touches=['rate: left(country, 0) || \$\$s2\$\$', 'raw.fact: lower(shop)']"
verified 'told which keys'
sql "update rate set factor = factor + 1 where country = 'c0'"
exits 0 'a change' aggregate build
is 'touches the key that was told, right or wrong' "$(wrote shops)" 'success 0 1 0'
exits 1 'verify knows better' aggregate verify
rebuilt ", touches=['rate: *']"
verified 'everything, again'
rebuilt ", touches='rates: *'"
exits 2 'an entry for a source that it has not: exit 2' aggregate build
like 'is named' "$(cat "$work/err")" "shops.sql: touches: 'rates: \*' names no source of this model"
rebuilt ", touches='rate'"
exits 2 'an entry without keys: exit 2' aggregate build
rebuilt ''
printf "{{ config(materialized='rebuild') }} select 1 as a\n" >"$p/models/nokey.sql"
exits 2 'a rebuild without a key: exit 2' aggregate compile
like 'is told' "$(cat "$work/err")" "materialized='rebuild' needs unique_key"
rm "$p/models/nokey.sql"
cat >"$p/models/two.sql" <<'SQL'
{{ config(materialized='rebuild', unique_key=['day', 'Shop "x"'], touches=["fact: (at at time zone 'UTC')::date, shop"]) }}
select (at at time zone 'UTC')::date as day, shop as "Shop ""x""", max(amount) as most from {{ source('raw', 'fact') }} group by 1, 2
SQL
verified 'two keys'
sql "update fact set amount = 1000 where id = 210; delete from fact where id = 211; update fact set at = at + interval '1 day' where id = 212"
verified 'and changes'
is 'of some of them' "$(wrote two)" 'success 0 3 0'
rm "$p/models/two.sql"

# --- incremental, as a dbt project has it
cat >"$p/models/facts.sql" <<'SQL'
{{ config(materialized='incremental', unique_key='id', incremental_strategy='delete+insert', on_schema_change='ignore') }}
select id, shop, amount from {{ source('raw', 'fact') }}
{% if is_incremental() %}
where id > (select max(id) from {{ this }})
{%- endif %}
SQL
cat >"$p/models/log.sql" <<'SQL'
{{ config(materialized='incremental') }}
select {% if is_incremental() %} 'more' {% else %} 'first' {% endif %} as what, count(*) as n from {{ source('raw', 'fact') }}
SQL
exits 0 'an incremental model' aggregate build
like 'with a warning that says why it loses rows' "$(cat "$work/err")" 'warning?: .*facts.sql: incremental: a row that commits after rows with a higher mark were read is never seen'
is 'the first time it is the whole' "$(sql "select count(*) = (select count(*) from fact) from facts") $(sql 'select what from log')" 't first'
facts 300 309
exits 0 'then only what it calls new' aggregate build
is 'is written' "$(wrote facts); $(sql 'select string_agg(what, $$ $$ order by n) from log')" 'success 10 0 0; first more'
sql "insert into fact (id, shop, amount) values (-1, 's1', 1)"
exits 0 'a row below the mark' aggregate build
is 'is not seen' "$(sql 'select count(*) from facts where id = -1')" 0
exits 1 'verify says so' aggregate verify -s facts
like 'with their number' "$(cat "$work/err")" 'facts.sql: 1 rows of "public"."facts" and of a count of everything differ'
exits 0 '--full-refresh' aggregate build -f -s facts
exits 0 'has it' aggregate verify -s facts
sed -i 's/where id > .*/where true/' "$p/models/facts.sql"
sql "update fact set amount = 5 where id = 300"
exits 0 'rows of a key that is there' aggregate build -s facts
is 'are written over it, equal ones not' "$(wrote facts)" 'success 0 1 0'
sed -i 's/^select id, shop, amount/select id % 3 as id, shop, amount/' "$p/models/facts.sql"
exits 1 'a key that occurs twice: exit 1' aggregate build -s facts
like 'is told' "$(cat "$work/err")" 'unique_key is not unique'
like 'and that the SQL changed' "$(cat "$work/err")" 'Its SQL changed: rows from before keep what the old one gave'
sed -i "s/, incremental_strategy='[a-z+]*'/, incremental_strategy='append'/" "$p/models/facts.sql"
exits 2 'another strategy than the table was made with' aggregate build -s facts
exits 0 'append, with --full-refresh' aggregate build -f -s facts
exits 0 'append adds' aggregate build -s facts
is 'whatever the key' "$(sql 'select count(*) = 2 * (select count(*) from fact) from facts')" t
sed -i "s/incremental_strategy='append'/incremental_strategy='insert_overwrite'/" "$p/models/facts.sql"
exits 2 'a strategy that is not known here: exit 2' aggregate compile
like 'is named' "$(cat "$work/err")" "incremental_strategy='insert_overwrite' is not known here: write append, delete\+insert or merge"
finish

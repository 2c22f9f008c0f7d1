#!/bin/bash
# aggregate: a plain dbt project, loaded and run as it is (tests/dbt-project); seeds, freshness of sources, dbt's names of tests.
. "$(dirname "$0")/../tap.sh"
start_postgres
cp -R "$root/tests/dbt-project" "$work/p"
chmod -R u+w "$work/p"
export TXPIPE_PROJECT=$work/p
p=$work/p
node() { jq -r --arg n "$1" "select(.node == \$n) | $2" "$work/out"; }

sql "create schema raw;
	create table raw.customers (customer_id int primary key, name text, country text);
	create table raw.order_lines (order_id int, customer_id int, ordered_at timestamp, status text, quantity int, price numeric(10,2), loaded_at timestamptz default now());
	insert into raw.customers select i, ' customer ' || i, (array['DE', 'FR', 'GB'])[1 + i % 3] from generate_series(1, 20) i"
orders() { # FIRST LAST DAY
	sql "insert into raw.order_lines (order_id, customer_id, ordered_at, status, quantity, price)
		select i, 1 + i % 20, '$3'::timestamp + i % 24 * interval '1 h', (array['paid', 'sent'])[1 + i % 2], 1 + i % 3, 9.99 from generate_series($1, $2) i"
}
orders 1 100 2026-01-01
orders 101 200 2026-02-10

# --- as it is
exits 0 'the project loads: list' aggregate list
is 'with everything in it' "$(jq -r .type "$work/out" | sort | uniq -c | tr -s ' \n' ' ')" ' 4 model 1 seed 2 source 16 test '
is 'materialised by folder' "$(jq -r 'select(.type == "model") | .node + "=" + .materialized' "$work/out" | sort | tr '\n' ' ')" \
	'fct_customer_months=incremental fct_daily_sales=incremental stg_customers=view stg_orders=view '
exits 0 'the first build' aggregate build
like 'warns of what an incremental model loses' "$(cat "$work/err")" 'warning: .*fct_daily_sales.sql.*incremental'
is 'the marts' "$(sql 'select order_date, orders, customers, sales from fct_daily_sales')" '2026-01-01|100|20|1998.00
2026-02-10|100|20|2007.99'
is 'a seed is joined like a model' "$(sql "select distinct country from fct_customer_months order by 1" | tr '\n' ';')" 'France, with overseas;Germany;United Kingdom;'
is 'a variable of the project itself wins over the default' "$(aggregate compile -s stg_orders | grep -c 'price >= 0')" 1
is 'dbt_utils and dbt_expectations are understood' "$(node dbt_utils_accepted_range_stg_orders_amount .status) $(node dbt_expectations_expect_column_values_to_be_between_fct_daily_sales_sales '[.status, .rows] | join(" ")')" 'pass pass 2'
is 'a test under its own name' "$(node every_customer_once .status)" pass
is 'tests take configuration by folder and by config()' "$(node assert_no_order_before_its_customer .status)" pass
orders 201 230 2026-02-10
orders 231 250 2026-02-11
exits 0 'the second build' aggregate build
is 'is incremental' "$(node fct_daily_sales '[.inserted, .updated, .deleted] | join(" ")')" '1 1 0'
is 'and right' "$(sql 'select sum(orders) from fct_daily_sales; select sum(orders) from fct_customer_months' | tr '\n' ' ')" '250 250 '
exits 0 'select by tag of a folder' aggregate list -s tag:staging,stg_o*
is 'is both' "$(jq -r 'select(.type == "model") | .node' "$work/out")" stg_orders
exits 0 'select by tag of a yml' aggregate list -s tag:sales
is 'adds to that of the folder' "$(jq -r 'select(.type == "model") | .node' "$work/out")" fct_daily_sales
sql "insert into raw.order_lines (order_id, customer_id, ordered_at, status, quantity, price) values (999, 77, '2026-02-12', 'paid', 1, 1)"
exits 1 'a failing relationship' aggregate build
is 'severity from config: of arguments:' "$(node source_relationships_shop_orders_customer_id .status) $(node assert_no_order_before_its_customer .status)" 'warn warn'
is 'an error where none is said' "$(node relationships_fct_customer_months_customer_id .status)" fail
sql 'delete from raw.order_lines where order_id = 999'
exits 0 'good again' aggregate build

# --- between
sql 'create table bounds (v int); insert into bounds values (0), (5), (10), (null)'
cat >"$p/models/bounds.yml" <<'YAML'
sources:
  - name: b
    schema: public
    tables:
      - name: bounds
        columns:
          - name: v
            tests:
              - between: {min: 0, max: 10, name: closed}
              - dbt_utils.accepted_range: {min_value: 0, max_value: 10, inclusive: false, name: open}
              - dbt_expectations.expect_column_values_to_be_between: {min_value: 0, strictly: true, row_condition: "v < 10", where: "v < 5", name: conditions}
YAML
exits 1 'bounds' aggregate test -s source:b
is 'inclusive, strictly, row_condition and where' "$(jq -r 'select(.type == "test") | [.node, .failures, .rows] | join(" ")' "$work/out" | tr '\n' ';')" 'closed 0 4;open 2 4;conditions 1 1;'
rm "$p/models/bounds.yml"

# --- seeds
is 'types by the look of a column, and as given' "$(sql "select string_agg(column_name || ' ' || data_type, ', ' order by ordinal_position) from information_schema.columns where table_name = 'countries'")" \
	'country text, name text, dialling_code character varying, currency text, since date'
is 'an empty cell is null, leading zeros stay' "$(sql "select dialling_code, since is null from countries where country = 'GB'")" '044|t'
exits 0 'a seed that did not change' aggregate seed
is 'is not written' "$(node countries .status)" unchanged
echo 'IT,Italy,039,EUR,2002-01-01' >>"$p/seeds/countries.csv"
exits 0 'a seed with a new row' aggregate seed
is 'is' "$(node countries '[.status, .rows] | join(" ")') $(sql 'select count(*) from countries')" 'success 4 4'
cat >"$p/seeds/types.csv" <<'CSV'
yes,small,large,exact,day,moment,local,code,none,said
true,1,12345678901,1.50,2026-02-28,2026-01-01T10:00:00+02:00,2026-01-01 10:00:00,007,,"a ""word"", and
another"
FALSE,-2,3,-2,2024-02-29,2026-01-01T10:00:00Z,2026-01-01 10:00,12,,""
CSV
printf '%s\r\n' $'\xef\xbb\xbfa;b' '1;x' >"$p/seeds/windows.csv"
printf 'seeds:\n  - name: windows\n    config: {delimiter: ";", schema: other, alias: win}\n' >"$p/seeds/windows.yml"
exits 0 'all types' aggregate seed
is 'are seen' "$(sql "select string_agg(data_type, ',' order by ordinal_position) from information_schema.columns where table_name = 'types'")" \
	'boolean,integer,bigint,numeric,date,timestamp with time zone,timestamp without time zone,text,text,text'
is 'cells in quotes hold anything; an empty one in quotes is empty text' "$(sql "select said, none is null, moment at time zone 'UTC', exact from types order by small desc" | tr '\n' ';')" \
	'a "word", and;another|t|2026-01-01 08:00:00|1.50;|t|2026-01-01 10:00:00|-2;'
is 'byte order mark, CRLF, delimiter, schema, alias' "$(sql 'select * from other.win')" '1|x'
sed -i 's/^none,//; s/,none,/,none2,/' "$p/seeds/types.csv"
exits 2 'other columns: exit 2' aggregate seed -s types
like 'says which, and what to do' "$(cat "$work/err")" 'types.csv: the columns of "public"."types" changed \(\+ none2 \(text\), - none\): run once with --full-refresh'
exits 0 'with --full-refresh' aggregate seed -s types -f
is 'they are there' "$(sql "select count(*) from types where none2 is null")" 2
printf "select said, local from {{ ref('types') }}\n" >"$p/models/on_seed.sql"
exits 0 'a view on a seed' aggregate build -s +on_seed
sed -i 's/,local,/,lokal,/' "$p/seeds/types.csv"
sed -i 's/local/lokal/' "$p/models/on_seed.sql"
exits 2 'a seed whose view would be lost is not changed' aggregate seed -s types+ -f
is 'nothing is' "$(sql 'select count(local) from on_seed')" 2
exits 0 'build drops and makes the view again' aggregate build -s +on_seed -f
is 'with the new column' "$(sql 'select count(lokal) from on_seed')" 2
rm "$p/models/on_seed.sql"
sql 'create table theirs (a int)'
printf 'a\n1\n' >"$p/seeds/theirs.csv"
exits 65 'a table that is not ours is not touched' aggregate seed -s theirs
rm "$p/seeds/theirs.csv"
broken() { # DESCRIPTION CSV REGEX
	printf "$2" >"$p/seeds/broken.csv"
	exits 2 "$1: exit 2" aggregate seed -s broken
	like "$1: where and what" "$(cat "$work/err")" "$3"
}
broken 'a row too short' 'a,b\n1,2\n\n3\n' 'seeds/broken.csv:4: 1 cells in a table of 2 columns'
broken 'an open quote' 'a,b\n1,"2\n' 'seeds/broken.csv:2: a cell in quotes does not end'
broken 'a column twice' 'a,a\n1,2\n' "seeds/broken.csv:1: the column 'a' is there twice"
broken 'text behind a quote' 'a\n"1"2\n' "seeds/broken.csv:2: behind a cell in quotes"
broken 'no UTF-8' 'a\n\xff\n' 'broken.csv: is not UTF-8'
broken 'nothing' '' 'broken.csv:1: holds no line with column names'
printf 'seeds:\n  - name: broken\n    config: {column_types: {aa: int}}\n' >"$p/seeds/broken.yml"
broken 'the type of no column' 'a,b\n1,2\n' "broken.yml:3: column_types: seeds/broken.csv has no column 'aa'; did you mean 'a'"
sed -i 's/aa: int/a: int/' "$p/seeds/broken.yml"
broken 'a value of another type' 'a,b\nx,2\n' 'broken.csv:1: invalid input syntax for type integer: "x" \(SQLSTATE 22P02\)'
rm "$p/seeds/broken".*

# --- freshness
exits 0 'fresh' aggregate freshness
is 'a table inherits, null switches off' "$(jq -r 'select(.type == "source") | [.node, .status] | join(" ")' "$work/out")" 'shop.orders pass'
sql "update raw.order_lines set loaded_at = now() - interval '13 hours'"
exits 0 'older than warn_after: a warning' aggregate freshness
is 'as a status' "$(node shop.orders .status)" warn
like 'in words' "$(cat "$work/err")" 'warning: source shop.orders: .*sources.yml:13: the newest row is of .*, 13 h 0 min old; warn_after is 12 h 0 min'
sql "update raw.order_lines set loaded_at = now() - interval '3 days'"
exits 1 'older than error_after: exit 1' aggregate freshness -s source:shop
like 'in words' "$(cat "$work/err")" 'error: source shop.orders is stale: .*3 d 0 h old; error_after is 2 d 0 h'
sql "begin; alter table raw.order_lines rename to kept; create table raw.order_lines (like raw.kept); commit"
exits 1 'no row is older than anything' aggregate freshness
sql "begin; drop table raw.order_lines; alter table raw.kept rename to order_lines; commit"
exits 0 'and it is in the history' test "$(sql "select count(*) from aggregate.node_result where type = 'source' and status = 'fail'")" -eq 2
sed -i 's/loaded_at_field: loaded_at/loaded_at_field: loaded/' "$p/models/staging/sources.yml"
exits 2 'a column that is not there' aggregate freshness
like 'with file, line and hint' "$(cat "$work/err")" 'sources.yml:13: freshness of shop.orders: column "loaded" does not exist.*hint: '
sed -i '/loaded_at_field/d' "$p/models/staging/sources.yml"
exits 2 'no loaded_at_field' aggregate freshness
like 'is said at once' "$(cat "$work/err")" 'sources.yml:12: freshness of the source shop.orders needs loaded_at_field'
sed -i 's/period: hour/period: hours/' "$p/models/staging/sources.yml"
exits 2 'a period that is none' aggregate freshness
like 'is named' "$(cat "$work/err")" 'sources.yml:9: warn_after: period must be minute, hour or day'
finish

#!/bin/bash
# Loaders, updaters that move rows between groups, deleters and `aggregate build`, all at once, with transactions held open at random: after
# each build every model that is brought up to date in steps must equal a count of everything. Beside it, on the same rows, a model with a
# watermark, to see what that loses. TIME=60 SEED=7 by the environment; `make check-long TIME=60`.
. "$(dirname "$0")/../tap.sh"
seconds=${TIME:-8}
seed=${SEED:-$((RANDOM * 32768 + RANDOM))}
note "TIME=$seconds SEED=$seed"
start_postgres -c max_connections=50
pgload --init -q >/dev/null
psql -X -q -v ON_ERROR_STOP=1 <<'SQL'
create sequence number;
create table fact (id bigint primary key default nextval('number'), shop int not null, day date not null, amount numeric(12,2) not null,
	xid xid8 not null default pg_current_xact_id());
create index on fact (xid);
create table part (id bigint not null default nextval('number'), shop int not null, amount numeric not null,
	xid xid8 not null default pg_current_xact_id()) partition by list (shop);
create table part_low partition of part for values in (0, 1, 2, 3);
create table part_high (amount numeric not null, xid xid8 not null default pg_current_xact_id(), shop int not null, id bigint not null default nextval('number'));
alter table part attach partition part_high default;
create index on part (xid);
create index on part (id);
select txpipe_track('fact'), txpipe_track('part') \g /dev/null

-- Now and then a transaction is held open; now and then it, or a part of it, is taken back.
create procedure pause() language plpgsql as $$
begin
	if random() < 0.25 then perform pg_sleep(random() * 0.3); end if;
end $$;

create procedure work(kind text, seed float8) language plpgsql as $$
declare
	low bigint;
	n int;
begin
	perform setseed(seed);
	while (select go from going) loop
		n := 1 + floor(random() * 30);
		begin
			low := (select last_value from number) - floor(random() * 3000);
			if kind = 'load' then
				insert into fact (shop, day, amount) select floor(random() * 8), date '2026-01-01' + floor(random() * 5)::int, round((random() * 100)::numeric, 2)
				from generate_series(1, n);
				call pause();
				insert into part (shop, amount) select floor(random() * 8), floor(random() * 100) from generate_series(1, n);
			elsif kind = 'update' then
				update fact set shop = floor(random() * 8), amount = amount + 1 where id in (select id from fact where id between low and low + n order by id for update skip locked);
				call pause();
				update part set shop = floor(random() * 8) where id in (select id from part where id between low and low + n order by id for update skip locked);
				update only part_high set amount = amount - 1 where id in (select id from part_high where id between low and low + n order by id for update skip locked);
			else
				delete from fact where id in (select id from fact where id between low and low + n order by id for update skip locked);
				delete from part where id in (select id from part where id between low and low + n order by id for update skip locked);
			end if;
			call pause();
			if random() < 0.1 then raise 'taken back' using errcode = 'P0002'; end if;
		exception when no_data_found or serialization_failure or deadlock_detected then null;
		end;
		if random() < 0.05 then rollback; else commit; end if;
		perform pg_sleep(random() * 0.02);
	end loop;
end $$;
create table going (go boolean);
insert into going values (true);
SQL

# --- the models
p=$work/p
mkdir -p "$p/models" "$work/w/models"
for folder in "$p" "$work/w"; do
	printf 'name: %s\n' "$(basename "$folder")" >"$folder/dbt_project.yml"
	printf 'sources: [{name: raw, schema: public, tables: [{name: fact}, {name: part}]}]\n' >"$folder/models/sources.yml"
done
cat >"$p/models/by_shop.sql" <<'SQL'
{{ config(materialized='fold', unique_key='shop') }}
select shop, sum(sign) as n, sum(sign * amount) as amount, sum(sign) filter (where amount > 50) as large from {{ changes('fact') }} group by 1
SQL
cat >"$p/models/by_day.sql" <<'SQL'
{{ config(materialized='fold', unique_key=['day', 'shop']) }}
select day, shop, sum(sign) as n, min(amount) as least, max(amount) filter (where id % 2 = 0) as most from {{ changes('fact') }} where shop < 7 group by 1, 2
SQL
cat >"$p/models/by_part.sql" <<'SQL'
{{ config(materialized='fold', unique_key='shop') }} select shop, sum(sign) as n, sum(sign * amount) as amount from {{ changes('part') }} group by 1
SQL
cat >"$p/models/both.sql" <<'SQL'
{{ config(materialized='rebuild', unique_key='shop') }}
select shop, count(distinct f.amount) as amounts, (select count(*) from {{ source('raw', 'part') }} p where p.shop = f.shop) as parts
from {{ source('raw', 'fact') }} f group by shop
SQL
cat >"$work/w/models/seen.sql" <<'SQL'
{{ config(materialized='incremental', unique_key='id') }}
select id, shop, amount from {{ source('raw', 'fact') }} {% if is_incremental() %} where id > (select coalesce(max(id), 0) from {{ this }}) {% endif %}
SQL
export TXPIPE_PROJECT=$p

# --- the work
i=0
workers=()
for kind in load load load load load load update update update delete delete; do
	i=$((i + 1))
	psql -X -q -c "call work('$kind', ($seed % 1000 + $i) / 2000.0)" >"$work/worker.$i" 2>&1 &
	workers+=($!)
done
stop_workers() { sql 'update going set go = false' >/dev/null 2>&1; kill "${workers[@]}" 2>/dev/null; }
at_exit stop_workers

builds=0 verifies=0 killed=0 busy=0 failed=0
: >"$work/comparisons"
# again COMMAND...: a run that was killed may hold the lock until the server has noticed: 75 means try again
again() {
	local status
	while :; do
		"$@" >"$work/out" 2>"$work/err"
		status=$?
		[ "$status" -eq 75 ] || return "$status"
		busy=$((busy + 1))
		sleep 0.1
	done
}
RANDOM=$((seed % 32768))
until=$((SECONDS + seconds))
enough=$((seconds >= 60 ? 200 : 4)) # comparisons: a slow machine takes longer
while { [ "$SECONDS" -lt "$until" ] || [ "$(wc -l <"$work/comparisons")" -lt "$enough" ]; } && [ "$failed" -eq 0 ]; do
	if [ $((RANDOM % 15)) -eq 0 ]; then
		aggregate build >/dev/null 2>&1 & victim=$!
		sleep "0.0$((RANDOM % 10))"
		kill -KILL "$victim" 2>/dev/null
		wait "$victim" 2>/dev/null
		killed=$((killed + 1))
	fi
	again aggregate build || failed=1
	builds=$((builds + 1))
	[ "$failed" -eq 1 ] || again aggregate verify || failed=1
	verifies=$((verifies + 1))
	jq -r 'select(.type == "model") | [.node, .rows, .failures] | join(" ")' "$work/out" >>"$work/comparisons"
	[ $((verifies % 3)) -ne 0 ] || aggregate run --project-dir "$work/w" >/dev/null 2>"$work/watermark.err" || failed=2
done
is 'every build and every verify ended with 0' "$failed" 0
[ "$failed" -eq 0 ] || cat "$work/err" "$work"/watermark.err 2>/dev/null | sed 's/^/# /'
sql 'update going set go = false'
bad=0
for worker in "${workers[@]}"; do wait "$worker" || bad=1; done
is 'so did the writers' "$bad" 0
[ "$bad" -eq 0 ] || cat "$work"/worker.* | sort | uniq -c | sed 's/^/# /'

exits 0 'a last build' again aggregate build
exits 0 'and its comparison' again aggregate verify
ok 'a last run with the watermark' aggregate run --project-dir "$work/w"
count=$(wc -l <"$work/comparisons")
is 'no comparison found a difference' "$(awk '$3 != 0' "$work/comparisons")" ''
ok 'something was compared, again and again' test "$count" -ge "$enough"
is 'each model was' "$(cut -d' ' -f1 "$work/comparisons" | sort -u | tr '\n' ' ')" 'both by_day by_part by_shop '
is 'said otherwise, it is the same' "$(sql "select count(*) from (select shop, count(*), sum(amount), count(*) filter (where amount > 50) from fact group by 1) x
	full join (select shop, n, amount, large from by_shop) y on x = y where x is null or y is null")" 0
rows=$(sql 'select count(*) from fact')
lost=$(sql 'select count(*) from fact where id not in (select id from seen)')
note "$builds builds ($killed more were killed, $busy waited for a lock), $verifies verifies, $count comparisons of a model with a count of everything, 0 differences"
note "writers: $(sql "select format('%s numbers given, %s rows and %s old images of them at the end', (select last_value from number), $rows, (select count(*) from fact_retracted))")"
note "a model with a watermark (id > max(id)) has lost $lost of these $rows rows"
[ "$seconds" -lt 60 ] || ok 'and a watermark does lose rows' test "$lost" -gt 0
finish

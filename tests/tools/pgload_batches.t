#!/bin/bash
# How pgload cuts its batches: a slow stream is not kept waiting, a fast one makes few transactions, and none is larger than allowed.
. "$(dirname "$0")/../tap.sh"
start_postgres
pgload --init >/dev/null || exit 1
sql "create table t (n int primary key, s text)" >/dev/null
commits() { wc -l <"$work/out"; }
stored() { sql "select count(*) from t"; }
fresh() { sql "truncate t" >/dev/null; : >"$work/out"; }

note "a slow stream"
mkfifo "$work/pipe"
pgload -t t <"$work/pipe" >"$work/out" & loader=$!
exec 7>"$work/pipe"
for n in 1 2 3; do
	echo "{\"n\":$n}" >&7
	ok "record $n is stored while the next one has not come" wait_for 10 eval "[ \"\$(stored)\" = $n ]"
	ok "and told of" wait_for 10 eval "[ \"\$(commits)\" = $n ]"
done
exec 7>&-
wait "$loader"
is "status" "$?" 0

note "a server that takes its time"
# Each transaction takes 300 ms; 60 lines come one by one meanwhile. Each by itself they would be 60 transactions.
fresh
sql "create function dawdle() returns trigger language plpgsql as 'begin perform pg_sleep(0.3); return null; end'" >/dev/null
sql "create trigger dawdle after insert on t for each statement execute function dawdle()" >/dev/null
for n in {1..60}; do echo "{\"n\":$n}"; sleep 0.01; done | pgload -t t >"$work/out"
is "all is there" "$(stored) $(jq -s 'map(.rows) | add' "$work/out")" "60 60"
ok "batches grow while the one before is stored: $(commits) transactions for 60 lines" [ "$(commits)" -le 30 ]
ok "and reading goes on meanwhile: some hold more than one" [ "$(jq -s 'map(.rows) | max' "$work/out")" -gt 1 ]
fresh
seq 3000 | sed 's/.*/{"n":&}/' | pgload -t t --batch 1000 >"$work/out"
is "a batch holds as many rows as --batch says" "$(stored) $(jq -s 'map(.rows) | max' "$work/out")" "3000 1000"
fresh
# 12 MB of rows: in batches of at most 3400 kB (and what one line may have)
printf -v long '%10000s' ''
seq 600 | sed "s/.*/{\"n\":&,\"s\":\"${long// /x}\"}/" >"$work/large"
pgload -t t --metrics "$work/metrics" <"$work/large" >"$work/out" & loader=$!
most=0
while kill -0 "$loader" 2>/dev/null; do
	now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$loader/status" 2>/dev/null)
	[ -z "$now" ] || most=$now
	sleep 0.05
done
wait "$loader"
is "status" "$?" 0
is "large rows: all is there" "$(stored)" 600
ok "in batches of at most 3400 kB and a line" [ "$(jq -s 'map(.rows) | max' "$work/out")" -le 175 ]
# sanitizers have their own use of memory
case ${TXPIPE_BIN-} in *asan* | *tsan*) ;; *) ok "memory: $most kB at most, two batches and no more" [ "$most" -lt 32768 ] ;; esac
for size in 1M 8M; do
	fresh
	pgload -t t --batch-bytes $size <"$work/large" >"$work/out"
	is "--batch-bytes $size: all is there" "$(stored)" 600
	jq -s 'map(.rows) | max' "$work/out" >"$work/most-$size"
done
ok "in small batches" [ "$(cat "$work/most-1M")" -le 60 ]
ok "in large ones" [ "$(cat "$work/most-8M")" -gt 175 ]
fresh
seq 200000 | sed 's/.*/{"n":&}/' | pgload -t t >"$work/out"
is "tiny rows: all is there" "$(stored)" 200000
ok "what is known of each counts, too" [ "$(jq -s 'map(.rows) | max' "$work/out")" -le 43520 ]
is "the file of metrics agrees" "$(sed -n 's/^txpipe_pgload_rows_total{target="t"} //p' "$work/metrics")" 600

note "straight into the table, or through the staging table"
# detours: how often COPY into the table itself was tried in vain
detours() { grep -c 'not straight into the table' "$work/err" || true; }
told() { jq -s -c '[(map(.rows) | add), (map(.duplicates) | add), (map(.dead_letters) | add)]' "$work/out"; }
fresh
sql "drop trigger dawdle on t" >/dev/null
numbers() { seq "$1" "$2" | sed 's/.*/{"n":&,"s":"x"}/'; }
load() { pgload -t t --batch 100 -vv >"$work/out" 2>"$work/err"; }
numbers 1 1000 | load
is "new rows: never in vain" "$(detours) $(told) $(stored)" "0 [1000,0,0] 1000"
numbers 1 1000 | load
is "a replay: once, then it is known" "$(detours) $(told) $(stored)" "1 [0,1000,0] 1000"
(numbers 901 1100; numbers 1101 2000) | load
is "a replay that ends: as well, and the new rows are counted as such" "$(told) $(stored)" "[1000,100,0] 2000"
ok "in vain at most twice" [ "$(detours)" -le 2 ]
(numbers 2001 2099; numbers 2001 2001; numbers 2101 2200; numbers 7 7 | sed 's/x/y/') | load
is "twice in one batch, and another content" "$(told) $(stored)" "[199,1,1] 2199"
fresh
sql "create function no_sevens() returns trigger language plpgsql as 'begin return case when new.n % 7 = 0 then null else new end; end'" >/dev/null
sql "create trigger no_sevens before insert on t for each row execute function no_sevens()" >/dev/null
numbers 1 70 | load
is "rows that a trigger keeps out are missed" "$(told) $(stored)" "[60,0,10] 60"
sql "drop trigger no_sevens on t; create view seen_t as select * from t" >/dev/null
fresh
numbers 1 300 | pgload -t seen_t --batch 100 -vv >"$work/out" 2>"$work/err"
is "a view, into which the server does not copy" "$(stored) $(detours)" "300 1"
finish

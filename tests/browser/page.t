#!/bin/bash
# The page in a real browser: makes a world to look at, then page.js does what people do. `make check-browser`.
source "$(dirname "$0")/../tap.sh"
modules=${TXPIPE_BUILD:-$root/build}/browser
mkdir -p "$modules"
cp "$root/tests/browser/package.json" "$modules/"
[ -d "$modules/node_modules/axe-core" ] && [ -d "$modules/node_modules/playwright-core" ] ||
	npm install --prefix "$modules" --no-audit --no-fund --no-package-lock --silent >"$work/npm" 2>&1 || { cat "$work/npm"; echo "Bail out! npm cannot install what is needed"; exit 1; }

start_postgres
pgload -q --init >/dev/null && "$root/scripts/seed-dims" --customers 300 --merchants 60 || exit 1
sql "update dim_merchant set merchant_name = '<img src=x onerror=alert(1)> & sons'" >/dev/null
# through a broker, so that there are partitions, lag and messages
kmock -t transactions:2 >"$work/broker" 2>"$work/kmock.err" &
at_exit kill "$!"
wait_for 10 test -s "$work/broker"
read -r KAFKA_BROKERS <"$work/broker"
export KAFKA_BROKERS
txgen -q -n 3000 --customers 300 --merchants 60 --from "$(date -u -d '-2 days' +%FT00:00:00Z)" --malformed 0.01 2>/dev/null | kproduce -q
kconsume -q -e -G page 2>"$work/err" | fraudcheck -q | pgload -q >/dev/null || cat "$work/err"
sql "insert into fraud_label (label_for, label_ts, is_fraud) select transaction_id, now(), is_fraud from fact_transaction order by transaction_id limit 200" >/dev/null
aggregate -q build --project-dir "$root/aggregate/marts" >/dev/null || exit 1
mkdir "$work/prom"
printf 'txpipe_fraudcheck_rule_hits_total{rule="never_fired"} 0\n' >"$work/prom/fraudcheck.prom"
txdash --once >"$work/report.html" 2>"$work/err" || cat "$work/err"

export WORK=$work ROOT=$root NODE_PATH=$modules/node_modules
node "$root/tests/browser/page.js"

#!/bin/bash
# scripts/container: each service does its part with the settings that docker-compose.yml gives, and its health tells when it does not.
source "$(dirname "$0")/../tap.sh"

# As in the image: tools and scripts in PATH, the rules and marts beside the scripts.
mkdir -p "$work/metrics" "$work/secrets"
for name in container seed-dims stream kafka cron; do install -D "$root/scripts/$name" "$work/installed/share/txpipe/scripts/$name"; done
for entry in deploy/metabase deploy/postgresql fraudcheck/rules aggregate/marts; do cp -R "$root/$entry" "$work/installed/share/txpipe/"; done
container=$work/installed/share/txpipe/scripts/container
export PATH=$work/installed/share/txpipe/scripts:$PATH METRICS_DIR=$work/metrics SECRETS_DIR=$work/secrets SEED=3 CUSTOMERS=300 MERCHANTS=30
end() { kill "$@" 2>/dev/null; }
start_postgres
kmock -t transactions:2 >"$work/address" 2>/dev/null &
at_exit end "$!"
wait_for 20 test -s "$work/address"
read -r KAFKA_BROKERS <"$work/address"
export KAFKA_BROKERS

exits 2 "no service" container
exits 2 "no such service" container nonsense
exits 2 "health of nothing" container health nonsense
# `topics`, but for the topic: kmock knows no such request (tests/stack has a real broker)
mkdir "$work/bin"
printf '#!/bin/sh\n' >"$work/bin/kafka"
chmod 755 "$work/bin/kafka"
exits 1 "topics: no password for a role" env PATH="$work/bin:$PATH" TXDASH_DB_PASSWORD= "$container" topics
passwords=(PGLOAD_PASSWORD="w'1" AGGREGATE_PASSWORD='o"2' TXDASH_DB_PASSWORD='r 3')
for again in '' ' again'; do exits 0 "topics$again" env PATH="$work/bin:$PATH" "${passwords[@]}" "$container" topics; done
is "the roles have passwords" "$(sql "select count(*) from pg_authid where rolpassword is not null and rolname in ('pgload_writer', 'aggregate_owner', 'txdash_reader')")" 3
is "the history of runs is there, and the page's to read" "$(sql "select has_table_privilege('txdash_reader', 'aggregate.run', 'select')")" t
exits 0 "seed" env PGUSER=pgload_writer "$container" seed
is "… the population" "$(sql 'select (select count(*) from dim_customer), (select count(*) from dim_merchant)')" '300|30'
exits 0 "seed again" env PGUSER=pgload_writer "$container" seed

RATE=100 MALFORMED=0.05 DUPLICATES=0.02 container txgen 2>"$work/txgen.err" &
txgen=$!
at_exit end "$txgen"
ok "txgen gets healthy" wait_for 30 container health txgen
RULES=nonsense exits 2 "stream: no such rules" container stream
like "… says so" "$(cat "$work/err")" '^container: error: RULES: there is no .*/rules/nonsense.rules$'
PGUSER=pgload_writer PIPELINES=1 RULES=scored container stream 2>"$work/stream.err" &
stream=$!
at_exit end "$stream"
ok "the stream gets healthy" wait_for 60 container health stream
rows() { [ "$(sql 'select count(*) from fact_transaction')" -gt 100 ]; }
ok "rows arrive" wait_for 60 rows
is "… of customers that are known" "$(sql 'select count(*) from fact_transaction f left join dim_customer using (customer_id) where customer_name is null')" 0
is "… judged by those rules" "$(sql 'select count(*) from fact_transaction where fraud_score is null')" 0

PGUSER=aggregate_owner AGGREGATE_SCHEDULE='0 0 29 2 *' container aggregate 2>"$work/aggregate.err" &
aggregate=$!
at_exit end "$aggregate"
marts() { [ "$(sql 'select sum(transactions) from daily_sales_summary')" -gt 0 ]; }
ok "the marts are built at the start" wait_for 60 marts
shown() { sql "select has_table_privilege('txdash_reader', 'sales_by_day', 'select'), has_table_privilege('txdash_reader', 'customer_kpi', 'select')"; }
is "the page may read none of them yet" "$(shown)" 'f|f'
ok "aggregate is healthy" wait_for 10 container health aggregate
kill "$aggregate"
wait "$aggregate"
is "aggregate ends in order" $? 0
PGUSER=aggregate_owner AGGREGATE_SCHEDULE='0 0 29 2 *' container aggregate 2>"$work/aggregate.err" &
aggregate=$!
at_exit end "$aggregate"
seen() { [ "$(shown)" = 't|f' ]; }
ok "begun again, it has shown the page what that needs, and no more" wait_for 20 seen

mkdir "$work/other"
METRICS_DIR=$work/other PGUSER=stranger AGGREGATE_SCHEDULE='0 0 29 2 *' container aggregate 2>"$work/stranger.err" &
stranger=$!
at_exit end "$stranger"
refused() { grep -q '^txpipe_cron_exit_status 2$' "$work/other/cron.prom" 2>/dev/null; }
ok "a run that is refused ends with 2" wait_for 20 refused
exits 1 "… and is not healthy" env METRICS_DIR="$work/other" "$container" health aggregate
is "… in words" "$(cat "$work/err")" 'container: warning: the last run ended with 2: see the logs'
kill "$stranger"

exits 1 "txdash: no password" env -u TXDASH_PASSWORD "$container" txdash
PGUSER=txdash_reader TXDASH_PASSWORD="it's \$ecret" TXDASH_LISTEN=127.0.0.1:0 container txdash 2>"$work/txdash.err" &
txdash=$!
at_exit end "$txdash"
wait_for 20 grep -q 'notice: http' "$work/txdash.err"
url=$(sed -n 's/^txdash: notice: \(http:.*\)\/$/\1/p' "$work/txdash.err")
code() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
is "the page knows its user" "$(code -u "txpipe:it's \$ecret" "$url/api/flagged")" 200
is "… and Prometheus, by its own password" "$(code -u "prometheus:$(cat "$work/secrets/scrape")" "$url/metrics")" 200
is "… and nobody else" "$(code -u txpipe:wrong "$url/api/flagged")$(code "$url/api/flagged")" 401401
figures() { curl -s -u "prometheus:$(cat "$work/secrets/scrape")" "$url/metrics" | grep -c -e '^txpipe_kproduce_delivered_total' -e '^txpipe_pgload_rows_total' -e '^txpipe_cron_runs_total' | grep -qx 3; }
ok "the figures of all services are behind it" wait_for 20 figures
ok "it is healthy" wait_for 10 container health txdash

# what is not healthy
read -r stopped _ <"$work/metrics/1/fraudcheck.pid"
kill -STOP "$stopped"
touch -d '-1 minute' "$work/metrics/1/fraudcheck.prom"
exits 1 "a stage that hangs" container health stream
like "… is named" "$(cat "$work/err")" 'fraudcheck.prom was last written 6[0-9] s ago'
kill -CONT "$stopped"
ok "… and well again when it goes on" wait_for 20 container health stream

# the end: the generator first, and everything that it wrote is delivered
kill "$txgen"
wait "$txgen"
is "txgen ends in order" $? 0
delivered=$(sed -n 's/^txpipe_kproduce_delivered_total //p' "$work/metrics/kproduce.prom")
is "… after all that it has made is delivered" "$(jq -s '.[-1].lines' <(grep '^{' "$work/txgen.err"))" "$delivered"
is "… to Kafka" "$(kconsume -q -e -G other --plain 2>/dev/null | wc -l)" "$delivered"
stored() { sql 'select coalesce(sum(next_offset - first_offset), 0) from stream_position'; }
all() { [ "$(stored)" -ge "$delivered" ]; }
ok "all of it is stored" wait_for 60 all
is "… and no more" "$(stored)" "$delivered"
for service in stream aggregate txdash; do
	kill "${!service}"
	wait "${!service}"
	is "$service ends in order" $? 0
done
exits 1 "a stream that is gone is not healthy" container health stream
finish

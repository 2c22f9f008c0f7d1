#!/bin/bash
# docker-compose.yml for real: stand-ins of the images are made (tests/stack/images), the default profile comes up on an engine of the test's own, data
# reaches the page, everything goes and comes back, and nothing is lost. Needs root and what `scripts/setup stack` installs; no image registry.
#
# TXPIPE_STACK=DIR keeps engine and images there for the next time; without it all is made anew and goes at the end. TXPIPE_COMPOSE names another compose
# than docker-compose: `docker compose`, or a path.
source "$(dirname "$0")/../tap.sh"
[ "$EUID" -eq 0 ] || { echo 'Bail out! needs root: it starts a Docker engine'; exit 1; }
read -r compose _ <<<"${TXPIPE_COMPOSE:-docker-compose}"
for tool in dockerd docker "$compose" debootstrap curl jq kcat; do
	command -v "$tool" >/dev/null || { echo "Bail out! no $tool: scripts/setup stack"; exit 1; }
done

# --- an engine without a network of its own: the host's firewall and forwarding stay as they are -------------------------------------------
kept=${TXPIPE_STACK:-$(mktemp -d "${TMPDIR:-/tmp}/txpipe-stack.XXXXXX")}
mkdir -p "$kept"
[ -n "${TXPIPE_STACK-}" ] || at_exit rm -rf --one-file-system "$kept"
export DOCKER_HOST=unix://$kept/docker.sock COMPOSE_PROJECT_NAME=txpipe-stack
answers() { docker info; }
if ! answers >/dev/null 2>&1; then
	dockerd --data-root "$kept/data" --exec-root "$kept/exec" --pidfile "$kept/pid" -H "$DOCKER_HOST" --bridge=none --iptables=false \
		--ip6tables=false --ip-forward=false --ip-masq=false >"$kept/dockerd.log" 2>&1 </dev/null &
	engine=$!
	stop_engine() {
		kill -TERM "$engine" && wait "$engine"
		umount "$kept"/exec/netns/* 2>/dev/null # what it leaves behind, and what would keep the folder from being removed
	}
	at_exit stop_engine
fi
wait_for 30 answers || { tail -5 "$kept/dockerd.log"; echo 'Bail out! dockerd does not start'; exit 1; }
ok "the images are made" "$root/tests/stack/images" "$kept/work"

# --- a project of its own, on free ports ----------------------------------------------------------------------------------------------------
# The tree as it was built: then compose builds it again out of the engine's cache, for which no network is needed.
mkdir "$work/project"
(cd "$root" && git ls-files -co --exclude-standard | while read -r file; do [ ! -e "$file" ] || echo "$file"; done | tar -cf - -T -) | tar -xf - -C "$work/project"
cd "$work/project" || exit 1
free_port() {
	local port
	while :; do
		port=$((12000 + RANDOM % 20000))
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
	done
}
for name in TXDASH POSTGRES KAFKA; do printf -v "${name}_PORT" %s "$(free_port)"; done
sed -e "s/^TXDASH_PORT=.*/TXDASH_PORT=$TXDASH_PORT/" -e "s/^POSTGRES_PORT=.*/POSTGRES_PORT=$POSTGRES_PORT/" -e "s/^KAFKA_PORT=.*/KAFKA_PORT=$KAFKA_PORT/" \
	-e 's/^CUSTOMERS=.*/CUSTOMERS=20000/' -e 's/^RATE=.*/RATE=200/' -e 's/^POSTGRES_PASSWORD=.*/POSTGRES_PASSWORD=sesame/' -e 's/^MALFORMED=.*/MALFORMED=0.01/' .env.example >.env
read -ra with <<<"${TXPIPE_COMPOSE:-docker-compose}"
compose() { "${with[@]}" "$@"; }
note "$(compose version | head -1)"
gone() { compose down -v -t 30; }
at_exit gone
gone >/dev/null 2>&1 # what a run that was killed has left in TXPIPE_STACK
export KAFKA_BROKERS=localhost:$KAFKA_PORT PGHOST=127.0.0.1 PGPORT=$POSTGRES_PORT PGUSER=txpipe PGDATABASE=txpipe PGPASSWORD=sesame
page() { curl -sf -u txpipe:change-me "http://127.0.0.1:$TXDASH_PORT$1"; }
container() { docker ps -aq --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" --filter "label=com.docker.compose.service=$1"; }
inspect() { docker inspect -f "$2" "$(container "$1")"; }
healthy() { local s; for s in "$@"; do [ "$(inspect "$s" '{{.State.Health.Status}}')" = healthy ] || return 1; done; }
running=(postgres kafka txgen stream aggregate txdash)
story() { compose ps; compose logs --tail=15; } # for whoever reads why it failed

# --- up -------------------------------------------------------------------------------------------------------------------------------------
export DOCKER_BUILDKIT=0 COMPOSE_DOCKER_CLI_BUILD=0 # the builder of Debian's engine
docker tag txpipe:0.1.0 txpipe-stack:kept
docker rmi txpipe:0.1.0 >/dev/null # as at the first try
exits 0 "up -d" compose up -d
ok "… builds our image" docker image inspect txpipe:0.1.0
docker rmi txpipe-stack:kept >/dev/null
ok "every service gets healthy" wait_for 120 healthy "${running[@]}" || story
for once in topics seed; do is "$once ended well" "$(inspect "$once" '{{.State.Status}} {{.State.ExitCode}}')" 'exited 0'; done
size=$(docker image inspect -f '{{.Size}}' txpipe:0.1.0)
note "the image has $((size / 1000000)) MB"
ok "… less than 120" [ "$size" -lt 120000000 ]

for service in "${running[@]}"; do
	is "$service does not run as root" "$(docker exec "$(container "$service")" id -u | grep -c '^0$')" 0
	is "$service may not gain rights" "$(inspect "$service" '{{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}')" '[ALL] [no-new-privileges:true]'
	is "$service has bounds" "$(inspect "$service" '{{.HostConfig.Memory}} {{.HostConfig.CpuQuota}}' | grep -c '^[1-9][0-9]* [1-9][0-9]*$')" 1
	[ "$service" = kafka ] || is "$service has a file system that stays as it is" "$(inspect "$service" '{{.HostConfig.ReadonlyRootfs}}')" true
done
ok "nothing can be written there" bash -c '! docker exec "$1" touch /usr/local/bin/x 2>/dev/null' _ "$(container stream)"

# --- data -----------------------------------------------------------------------------------------------------------------------------------
flagged() { [ "$(page '/api/flagged' | jq 'length')" -gt 0 ]; }
ok "flagged transactions are on the page" wait_for 60 flagged
marts() { [ "$(sql 'select count(*) from daily_sales_summary' 2>/dev/null)" -gt 0 ]; }
ok "the marts are built" wait_for 60 marts
is "nobody looks without the password" "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$TXDASH_PORT/api/flagged")" 401
is "nobody works as the superuser but for the first steps" "$(sql "select string_agg(distinct usename, ' ' order by usename) from pg_stat_activity
	where application_name in ('pgload', 'aggregate', 'txdash') and usename is not null")" 'pgload_writer txdash_reader'
shown() { [ "$(sql "select bool_and(has_table_privilege('txdash_reader', mart, 'select')) from unnest(array['sales_by_day', 'alerts_by_day']) mart" 2>/dev/null)" = t ]; }
ok "… and shown to the page once they are there" wait_for 90 shown
is "the dimensions are those of the stream" "$(sql 'select count(*) from fact_transaction f left join dim_customer using (customer_id) where customer_name is null')" 0
figures() { page /metrics | grep -q '^txpipe_pgload_rows_total' && page /metrics | grep -q '^txpipe_cron_runs_total'; }
ok "the tools' own figures are behind it" wait_for 30 figures
scrape=$(docker exec "$(container txdash)" cat /var/lib/txpipe/secrets/scrape)
is "Prometheus has a password of its own" "$(curl -s -o /dev/null -w '%{http_code}' -u "prometheus:$scrape" "http://127.0.0.1:$TXDASH_PORT/metrics")" 200
ok "tools on the host reach Kafka" kconsume -q -L
like "… and read from it" "$(timeout 60 kconsume -q -o beginning -p 0 --stream host -c 3 | head -3 | cut -c 1-60)" '^\{"_kafka":\{"stream":"host","topic":"transactions"'

# --- health is judged by what they do --------------------------------------------------------------------------------------------------------
stopped=$(docker exec "$(container stream)" sh -c 'read -r pid rest </var/lib/txpipe/metrics/1/pgload.pid; kill -STOP "$pid"; echo "$pid"')
unhealthy() { ! docker exec "$(container stream)" container health stream; }
ok "a stage that hangs is noticed" wait_for 60 unhealthy
docker exec "$(container stream)" bash -c 'kill -CONT "$1"' _ "$stopped"
well() { docker exec "$(container stream)" container health stream; }
ok "… and that it goes on" wait_for 60 well

# --- a crash, and the end -------------------------------------------------------------------------------------------------------------------
docker kill "$(container stream)" >/dev/null
docker start "$(container stream)" >/dev/null
ok "killed and started, the stream gets healthy" wait_for 90 healthy stream
exits 0 "down" compose down
is "no container is left" "$(docker ps -aq --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME")" ''
exits 0 "up -d again" compose up -d
ok "every service gets healthy again" wait_for 120 healthy "${running[@]}" || story
before=$(sql 'select count(*) from fact_transaction')
more() { [ "$(sql 'select count(*) from fact_transaction')" -gt "$before" ]; }
ok "more comes" wait_for 60 more
is "nothing was made twice" "$(sql 'select count(*) - count(distinct transaction_id) from fact_transaction')" 0

compose stop -t 30 txgen >/dev/null 2>&1
is "the generator ended in order" "$(inspect txgen '{{.State.ExitCode}}')" 0
caught_up() { "$root/scripts/reconcile" -s fraud -b "$KAFKA_BROKERS"; }
ok "every record of the log is accounted for, those of before too" wait_for 90 caught_up
"$root/scripts/reconcile" -s fraud -b "$KAFKA_BROKERS" | sed 's/^/# /'
in_marts() { [ "$(sql 'select (select sum(transactions) from daily_sales_summary) = (select count(*) from fact_transaction)')" = t ]; }
ok "the marts have taken in all of it" wait_for 60 in_marts || compose logs --tail=15 aggregate
is "counted since the first offset" "$(sql "select count(*), max(first_offset) from stream_position where stream = 'fraud'")" '4|0'
ok "malformed ones are dead letters" [ "$(sql 'select count(*) from dead_letter')" -gt 0 ]
exits 0 "the services end in order" compose stop -t 60
for service in "${running[@]}"; do is "$service: status" "$(inspect "$service" '{{.State.ExitCode}}' | sed 's/^143$/0/')" 0; done
finish

#!/bin/bash
# deploy/prometheus and deploy/grafana: promtool takes the rules and they fire when they should; every figure that they name is one that the suite has.
source "$(dirname "$0")/../tap.sh"
source "$root/tests/kafka.sh"
cd "$root/deploy/prometheus" || exit 1
exits 0 "the configuration" promtool check config prometheus.yml
exits 0 "the alerts fire when they should, and only then" promtool test rules alerts_test.yml
is "each alert is tested" "$(sed -n 's/^ *- alert: //p' alerts.yml | while read -r name; do grep -q "alertname: $name$" alerts_test.yml || echo "$name"; done)" ''

board=../grafana/dashboards/txpipe.json
is "whose panels ask the source that is provisioned" "$(jq -r '[.panels[].targets[].datasource.uid] | unique | join(" ")' "$board")" "$(sed -n 's/^ *uid: //p' ../grafana/provisioning/datasources/txpipe.yml)"
jq -r '.panels[].targets[].expr' "$board" | awk '{ printf "      - {record: \"board:n%d\", expr: %c%s%c}\n", NR, 39, $0, 39 }' >"$work/exprs"
{ printf 'groups:\n  - name: board\n    rules:\n'; cat "$work/exprs"; } >"$work/board.yml"
exits 0 "and speak PromQL" promtool check rules "$work/board.yml"

# What txdash says is what Prometheus reads: the whole path at work, and each figure that the files name among it.
start_postgres
start_mock transactions:2
pgload -q --init >/dev/null || exit 1
"$root/scripts/seed-dims" --customers 50 --merchants 20
prom=$work/prom
mkdir "$prom"
txdash -l 127.0.0.1:0 -b "$KAFKA_BROKERS" --metrics-dir "$prom" 2>"$work/err" &
at_exit kill "$!"
wait_for 10 grep -q 'notice: http' "$work/err"
url=$(sed -n 's/^txdash: notice: \(http:.*\)\/$/\1/p' "$work/err")
up() { curl -s "$url/metrics" | grep -q '^txpipe_dash_up 1'; }
ok "metrics are there" wait_for 10 up
txgen -q -n 300 --customers 50 --merchants 20 --metrics "$prom/txgen.prom" | kproduce -q --metrics "$prom/kproduce.prom"
kconsume -q -e "${brisk[@]}" --metrics "$prom/kconsume.prom" | fraudcheck -q --metrics "$prom/fraudcheck.prom" | pgload -q --metrics "$prom/pgload.prom" >/dev/null
exits 0 "marts" aggregate build -q --project-dir "$root/aggregate/marts" --metrics "$prom/aggregate.prom"
named() { grep -ohE 'txpipe_[a-z0-9_]+' "$@" | sort -u; }
touch "$work/said"
# Delays are said of what the last look found new: so there is something new each time.
all_said() {
	txgen -q -n 5 -s "$RANDOM" --customers 50 --merchants 20 | fraudcheck -q | pgload -q >/dev/null
	curl -s "$url/metrics" | grep -oE '^txpipe_[a-z0-9_]+' | sort -u - "$work/said" -o "$work/said"
	[ "$(named alerts.yml "$board" | comm -23 - "$work/said")" = '' ]
}
wait_for 20 all_said
is "alerts name figures that there are" "$(named alerts.yml | comm -23 - "$work/said")" ''
is "so does the board of Grafana" "$(named "$board" | comm -23 - "$work/said")" ''
is "and the tests of the alerts" "$(sed -n "s/.*series: '\(txpipe_[a-z_]*\).*/\1/p" alerts_test.yml | sort -u | comm -23 - "$work/said")" ''
exits 0 "promtool has nothing against them" bash -c 'curl -s "$1/metrics" | promtool check metrics' _ "$url"
is "… not a word" "$(cat "$work/out" "$work/err" | grep -v '^txdash:')" ''
finish

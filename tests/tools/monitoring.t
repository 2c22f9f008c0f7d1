#!/bin/bash
# deploy/prometheus and deploy/grafana: promtool takes the rules and they fire when they should; every figure that they name is one that the suite has.
source "$(dirname "$0")/../tap.sh"
cd "$root/deploy/prometheus" || exit 1
exits 0 "the configuration" promtool check config prometheus.yml
exits 0 "the alerts fire when they should, and only then" promtool test rules alerts_test.yml
is "each alert is tested" "$(sed -n 's/^ *- alert: //p' alerts.yml | while read -r name; do grep -q "alertname: $name$" alerts_test.yml || echo "$name"; done)" ''

names() { grep -ohE 'txpipe_[a-z0-9_]+' "$@" | sort -u; }
is "alerts name figures that there are" "$(names alerts.yml | while read -r name; do grep -rqF "\"$name" "$root"/{lib,producer,kcat-like,fraudcheck,pgload,aggregate,dashboard} --include=*.c || echo "$name"; done)" ''
board=../grafana/dashboards/txpipe.json
is "so does the board of Grafana" "$(names "$board" | while read -r name; do grep -rqF "$name" "$root"/{lib,producer,kcat-like,fraudcheck,pgload,aggregate,dashboard} --include=*.c || echo "$name"; done)" ''
is "whose panels ask the source that is provisioned" "$(jq -r '[.panels[].targets[].datasource.uid] | unique | join(" ")' "$board")" "$(sed -n 's/^ *uid: //p' ../grafana/provisioning/datasources/txpipe.yml)"
jq -r '.panels[].targets[].expr' "$board" | awk '{ printf "      - {record: \"board:n%d\", expr: %c%s%c}\n", NR, 39, $0, 39 }' >"$work/exprs"
{ printf 'groups:\n  - name: board\n    rules:\n'; cat "$work/exprs"; } >"$work/board.yml"
exits 0 "and speak PromQL" promtool check rules "$work/board.yml"

# What txdash says is what Prometheus reads.
start_postgres
pgload -q --init >/dev/null || exit 1
txgen -q -n 300 | fraudcheck -q | pgload -q >/dev/null
mkdir "$work/prom"
txgen -q -n 10 --metrics "$work/prom/txgen.prom" | fraudcheck -q --metrics "$work/prom/fraudcheck.prom" >/dev/null
txdash -l 127.0.0.1:0 -b 127.0.0.1:9 --metrics-dir "$work/prom" 2>"$work/err" &
at_exit kill "$!"
wait_for 10 grep -q 'notice: http' "$work/err"
url=$(sed -n 's/^txdash: notice: \(http:.*\)\/$/\1/p' "$work/err")
up() { curl -s "$url/metrics" | grep -q '^txpipe_dash_up 1'; }
ok "metrics are there" wait_for 10 up
exits 0 "promtool has nothing against them" bash -c 'curl -s "$1/metrics" | promtool check metrics' _ "$url"
is "… not a word" "$(cat "$work/out" "$work/err" | grep -v '^txdash:')" ''
finish

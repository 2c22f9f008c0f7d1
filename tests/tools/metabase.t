#!/bin/bash
# scripts/metabase against an API like Metabase's: what it makes, what a second run leaves alone, and that the cards' SQL runs on the marts.
source "$(dirname "$0")/../tap.sh"

for part in IO::Socket::INET JSON::PP; do perl -M"$part" -e 1 || exit 1; done
perl "$root/tests/metabase.pl" "$work/port" "$work/state" >"$work/requests" 2>"$work/server.err" &
server=$!
at_exit kill "$server"
ok "the simulated API is there" wait_for 10 test -s "$work/port"
url=http://127.0.0.1:$(cat "$work/port")
export METABASE_EMAIL=ann@example.org METABASE_PASSWORD='secret "1" \ word' METABASE_DB_PASSWORD='other "2"'
setup() { "$root/scripts/metabase" --url "$url" --wait 30 "$@"; }
state() { jq -c "$1" "$work/state"; }

exits 0 "the first run" setup
is "… waits until Metabase is up" "$(grep -c '^503 GET /api/health' "$work/requests")" 2
like "… tells where the dashboard is" "$(tail -1 "$work/err")" "^metabase: the dashboard: $url/dashboard/[0-9]+$"
is "the administrator" "$(state .admin)" '{"email":"ann@example.org","password":"secret \"1\" \\ word"}'
is "the database, synchronised" "$(state '.database[] | [.name, .engine, .details.host, .details.port, .details.dbname, .details.user, .details.password, .synced]')" \
	'["txpipe","postgres","postgres",5432,"txpipe","metabase","other \"2\"",1]'
is "one collection" "$(state '[.collection[].name]')" '["txpipe"]'
is "six cards" "$(state '[.card[].name] | length')" 6
is "… of the files' names" "$(state '[.card[].name] | sort | .[]')" "$(sed -n 's/^-- name: \(.*\)/"\1"/p' "$root"/deploy/metabase/cards/*.sql | sort)"
is "… without the comments" "$(state '[.card[].dataset_query.native.query | select(test("--") or (test("^select") | not))]')" '[]'
is "charts know their axes" "$(state '[.card[] | select(.display != "table") | .visualization_settings | (.["graph.dimensions"] + .["graph.metrics"]) | length >= 2] | all')" true
is "one dashboard with all of them" "$(state '[.dashboard[] | .name, (.dashcards | map(.card_id) | unique | length)]')" '["Payments",6]'
overlap='[.dashboard[].dashcards | . as $all | range(length) as $i | range($i) as $j | [$all[$i], $all[$j]]
	| select((.[0].row < .[1].row + .[1].size_y) and (.[1].row < .[0].row + .[0].size_y) and (.[0].col < .[1].col + .[1].size_x) and (.[1].col < .[0].col + .[0].size_x))]'
is "… none upon another" "$(state "$overlap")" '[]'

cp "$work/state" "$work/before"
exits 0 "again" setup
is "… nothing is new, nothing gone" "$(state 'del(.database[].synced)')" "$(jq -c 'del(.database[].synced)' "$work/before")"
is "… and nothing is said to be made" "$(grep -vc 'the dashboard:' "$work/err")" 0

# what people do with it
curl -s -X POST -H 'Content-Type: application/json' -d "$(jq -n '{username: env.METABASE_EMAIL, password: env.METABASE_PASSWORD}')" "$url/api/session" |
	jq -r '"X-Metabase-Session: \(.id)"' >"$work/session"
theirs() { curl -s -o /dev/null -X "$1" -H 'Content-Type: application/json' -H @"$work/session" -d "$3" "$url$2"; }
board=$(state '.dashboard[].id')
first=$(state '.dashboard[].dashcards[0].id')
theirs POST /api/card "$(jq -c '.card[] | select(.name == "Sales by day") | del(.id) | .name = "Mine"' "$work/state")"
theirs PUT "/api/dashboard/$board" "$(jq -c --argjson first "$first" '(.card[] | select(.name == "Mine").id) as $mine
	| .dashboard[].dashcards | map(select(.card_id != 0) | if .id == $first then .row = 40 else . end) | del(.[5])
	| {tabs: [], dashcards: (. + [{id: -1, card_id: $mine, row: 60, col: 0, size_x: 4, size_y: 4}])}' "$work/state")"
mkdir "$work/cards"
cp "$root"/deploy/metabase/cards/*.sql "$work/cards"
printf -- '-- name: Sales by day\n-- description: Changed\n-- display: bar\n-- dimensions: day\n-- metrics: sales\n-- place: 0 0 12 6\nselect 1 as day, 2 as sales\n' >"$work/cards/1-sales.sql"
exits 0 "a third time, with a card that changed" setup --cards "$work/cards"
is "the card is set to its file" "$(state '.card[] | select(.name == "Sales by day") | [.display, .dataset_query.native.query]')" '["bar","select 1 as day, 2 as sales\n"]'
is "their card stays" "$(state '[.card[] | select(.name == "Mine")] | length')" 1
is "… on the dashboard, too" "$(state '[.dashboard[].dashcards[] | select(.row == 60)] | length')" 1
is "what they moved stays there" "$(state ".dashboard[].dashcards[] | select(.id == $first).row")" 40
is "what was missing is back" "$(state '[.dashboard[].dashcards[].card_id] | unique | length')" 7

# what goes wrong
exits 1 "a wrong password" env METABASE_PASSWORD=wrong1 "$root/scripts/metabase" --url "$url"
like "… is said with Metabase's words" "$(cat "$work/err")" '^metabase: error: POST /api/session: 401 .*did not match stored password'
exits 2 "no password" env -u METABASE_PASSWORD "$root/scripts/metabase" --url "$url"
is "… is said" "$(cat "$work/err")" 'metabase: error: METABASE_PASSWORD is not set'
exits 75 "nobody there" "$root/scripts/metabase" --url http://127.0.0.1:9 --wait 0
exits 2 "no cards" "$root/scripts/metabase" --cards "$work/none"
is "no secret was shown" "$(grep -c -e secret -e other "$work/err" "$work/out" | grep -vc ':0$')" 0
is "the simulated API has nothing to say" "$(cat "$work/server.err")" ''

# the cards on the marts, as the role of Metabase
start_postgres
pgload -q --init >/dev/null || exit 1
psql -X -q -v ON_ERROR_STOP=1 -f "$root/deploy/postgresql/roles.sql" || exit 1
METABASE_DB_PASSWORD=sesame psql -X -q -v ON_ERROR_STOP=1 -f "$root/deploy/metabase/database.sql" >/dev/null || exit 1
"$root/scripts/seed-dims" --customers 500 --merchants 40
txgen -q -n 3000 --customers 500 --merchants 40 | fraudcheck -q | pgload -q >/dev/null
PGUSER=aggregate_owner aggregate build -q --project-dir "$root/aggregate/marts" >/dev/null
for file in "$root"/deploy/metabase/cards/*.sql; do
	name=$(sed -n 's/^-- name: //p' "$file")
	got=$(psql -X -q -A -F '|' -v ON_ERROR_STOP=1 -c 'set role metabase' -f "$file" 2>&1 | grep -v '^(')
	ok "$name: rows come" [ "$(wc -l <<<"$got")" -ge 2 ]
	like "$name: its columns are those of the chart" "|$(head -1 <<<"$got")|" "$(sed -n 's/^-- metrics: \([^ ]*\).*/\\|\1\\|/p' "$file")"
done
is "the role reads nothing but marts" "$(psql -X -q -c 'set role metabase' -c 'select * from fact_transaction' 2>&1)" 'ERROR:  permission denied for table fact_transaction'
is "… and writes none" "$(psql -X -q -c 'set role metabase' -c 'delete from sales_by_day' 2>&1)" 'ERROR:  permission denied for table sales_by_day'
METABASE_DB_PASSWORD=sesame psql -X -q -v ON_ERROR_STOP=1 -f "$root/deploy/metabase/database.sql" >"$work/out" 2>&1
is "the database's part may be repeated" "$?$(cat "$work/out")" 0
finish

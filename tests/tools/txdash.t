#!/bin/bash
# txdash: its figures are SQL's, it answers nobody whom it should not, it bears bad HTTP and a server that goes away, and it changes nothing.
source "$(dirname "$0")/../tap.sh"
source "$root/tests/dash.sh"
start_postgres
pgload -q --init >/dev/null && "$root/scripts/seed-dims" --customers 300 --merchants 60 || exit 1
txgen -q -n 4000 --customers 300 --merchants 60 --from "$(date -u -d '-2 days' +%FT00:00:00Z)" --malformed 0.005 2>/dev/null |
	fraudcheck -q | pgload -q >/dev/null
merchant=$(sql "select merchant_id from fact_transaction where is_fraud group by 1 order by count(*) desc, 1 limit 1")
customer=$(sql "select customer_id from fact_transaction group by 1 order by count(*) desc, 1 limit 1")
sql "update dim_merchant set merchant_name = '<script>alert(1)</script>\"=x' where merchant_id = '$merchant'" >/dev/null
aggregate -q build --project-dir "$root/aggregate/marts" >/dev/null || exit 1
mkdir -p "$work/prom/1"
printf '# HELP txpipe_fraudcheck_rule_hits_total Hits\n# TYPE txpipe_fraudcheck_rule_hits_total counter\ntxpipe_fraudcheck_rule_hits_total{rule="never"} 0\ntxpipe_fraudcheck_rule_hits_total{rule="null"} 0\n' >"$work/prom/1/fraudcheck.prom"
printf '# HELP txpipe_fraudcheck_rule_hits_total Hits\n# TYPE txpipe_fraudcheck_rule_hits_total counter\ntxpipe_fraudcheck_rule_hits_total 7\nbroken {\n' >"$work/prom/other.prom"
printf 'broken{bar} 1\nbroken{a="b",source="x"} 2\n9broken 3\nbroken 0x1p3\nbroken nan(1)\nbroken{a="\\x"} 1\nbroken{a="\xff"} 1\nbroken{a="b"c="d"e} 1\n%s\n' \
	'whole{a="\\\"}",b="",} +Inf' >"$work/prom/odd.prom"

start main --metrics-dir "$work/prom"
main=$url
ok "is ready" wait_for 10 ready
is "is healthy" "$(get /healthz)" ok

# --- figures ------------------------------------------------------------------------------------------------------------------------
usd="amount / nullif(units_per_base, 0)"
facts="fact_transaction left join dim_currency using (currency)"
is "cards" "$(get /api/cards | jq -r '.rows[0][:5] | map(tostring) | join("|")')" \
	"$(sql "select count(*), round(sum($usd), 2), count(*) filter (where is_fraud), round(count(*) filter (where is_fraud)::numeric / count(*), 6),
		round(sum($usd) filter (where is_fraud), 2) from $facts" | jq -Rr 'split("|") | map(tonumber | tostring) | join("|")')"
is "days are those of the mart" "$(get /api/daily | jq -r '.rows[] | "\(.[0])|\(.[1])|\(.[3])"')" \
	"$(sql "select day, transactions, frauds from daily_sales_summary order by 1")"
numbers() { jq -Rr 'split("|") | map(tonumber? // . | tostring) | join("|")'; }
frauds="count(*) filter (where is_fraud)"
shares() { # EXPRESSION: figures by it
	sql "select $1, count(*), round(sum($usd), 2), $frauds, round($frauds / count(*)::numeric, 6), round(coalesce(sum($usd) filter (where is_fraud), 0), 2),
		round(coalesce(sum($usd) filter (where is_fraud), 0) / sum($usd), 6) from $facts left join dim_merchant using (merchant_id) group by 1 order by 3 desc, 1" | numbers
}
is "by category" "$(get /api/by_category | cells)" "$(shares merchant_category)"
is "by country" "$(get /api/by_country | cells)" "$(shares country)"
is "by payment method" "$(get /api/by_method | cells)" "$(shares payment_method)"
risks() { # PARTY LEAST: those that are ranked, in order
	sql "with p as (select $1, count(*) as n, $frauds as f, round(sum($usd), 2) as v, round(sum($usd) filter (where is_fraud), 2) as w from $facts group by 1
			having count(*) >= $2 and $frauds > 0)
		select $1, n, f, round(f::numeric / n, 6), round(((f + 1.9208) / (n + 3.8416) - 1.96 * sqrt(f * (n - f) / n::float8 + 0.9604) / (n + 3.8416))::numeric, 6), v, w
		from p order by 5 desc, 3 desc, 1 limit 50" | numbers
}
is "customers at risk" "$(get /api/customers_at_risk | jq '.rows |= map([.[0], .[3:][]])' | cells)" "$(risks customer_id 5)"
is "merchants at risk" "$(get /api/merchants_at_risk | jq '.rows |= map([.[0], .[4:][]])' | cells)" "$(risks merchant_id 20)"
is "a filter by merchant, by currency and by time" "$(get "/api/cards?merchant=$merchant&currency=USD&from=2020-01-01T00:00:00Z" | jq '.rows[0][0]')" \
	"$(sql "select count(*) from fact_transaction where merchant_id = '$merchant' and currency = 'USD'")"
is "a filter by customer" "$(get "/api/cards?customer=$customer" | jq '.rows[0][0]')" "$(sql "select count(*) from fact_transaction where customer_id = '$customer'")"
is "a filter by rule" "$(get "/api/cards?rule=foreign" | jq '.rows[0][2]')" "$(sql "select count(*) from fact_transaction where 'foreign' = any(fraud_reasons)")"
is "nothing before the first" "$(get "/api/cards?to=2020-01-01T00:00:00Z&from=2019-01-01T00:00:00Z" | jq '.rows[0][0]')" 0
is "hits by rule, those of the metrics with zeros" "$(get /api/rules | jq -r '.rows[] | "\(.[0])|\(.[1])"')" \
	"$(sql "select r, count(*) from fact_transaction, unnest(fraud_reasons) r group by 1 order by 2 desc, 1"; printf '%s|0\n' never null)"
is "amounts are exact" "$(get "/api/history?customer=$customer" | jq -c '.rows[0][2]')" \
	"$(sql "select amount from fact_transaction where customer_id = '$customer' order by transaction_ts desc limit 1" | jq -c .)"
is "few transactions are no risk" "$(get /api/merchants_at_risk | jq '[.rows[][4]] | min >= 20')" true
is "the last flagged are the newest" "$(get /api/flagged | jq -r '.rows | length')" 50
one=$(get /api/flagged | jq -r '.rows[0][0]')
is "a record" "$(get "/api/record?id=$one" | jq -r '.rows[0][0]')" "$one"
is "runs" "$(get /api/runs | jq -r '.rows[0][4]')" published
is "tests that passed" "$(get /api/runs | jq -r '.rows[0][10]')" "$(sql "select count(*) from aggregate.node_result where type = 'test' and status = 'pass'")"
is "lineage: a fold" "$(get /api/lineage | jq -r '.rows[] | select(.[1] == "sales_by_day") | .[5][]')" fact_transaction
is "lineage: a view on it" "$(get /api/lineage | jq -r '.rows[] | select(.[1] == "daily_sales_summary") | "\(.[0]) \(.[5] | join(" "))"')" "2 dim_currency sales_by_day"
is "dead letters" "$(get /api/dead_letters | jq -r '.rows | length')" "$(sql "select least(100, count(*)) from dead_letter")"
is "… searched" "$(get "/api/dead_letters?search=not_json" | jq -r '.rows | length')" "$(sql "select count(*) from dead_letter where reason = 'not_json' or encode(raw, 'escape') ilike '%not_json%'")"
psql -X -q <<-'SQL'
	insert into dead_letter (stream, target, topic, partition, kafka_offset, "by", reason, raw)
		values ('odd', 'fact_transaction', 'odd', 0, 0, 'kconsume', 'not_utf8', convert_to('{"이름":"한글",', 'UTF8') || '\xff00011b'::bytea);
	insert into dead_letter (stream, target, topic, partition, kafka_offset, "by", reason, raw)
		values ('odd', 'fact_transaction', 'odd', 0, 1, 'kconsume', 'too_long', convert_to('x' || repeat('가', 5000), 'UTF8'));
SQL
is "… whatever their bytes are, as one reads them" "$(get "/api/dead_letters?search=not_utf8" | jq -r '.rows[0][11]')" '{"이름":"한글",\xff␀␁␛'
is "… searched in any script" "$(get /api/dead_letters --get --data-urlencode 'search=름":"한' | jq -r '.rows | length')" 1
is "… cut between characters" "$(get "/api/dead_letters?search=too_long" | jq -r 'first(.rows[] | select(.[5] == "odd")) | .[11] | length, .[-2:]')" $'668\n가…'
like "… in CSV, too" "$(get "/api/dead_letters.csv?search=not_utf8")" '"\{""이름"":""한글"",\\xff␀␁␛"'
is "as CSV, with a heading" "$(get /api/daily.csv | tr -d '\r' | head -1)" \
	'"day","transactions","revenue_usd","frauds","fraud_ratio","fraud_usd","fraud_value_ratio"'
is "… as many lines" "$(get /api/daily.csv | tail -n +2 | wc -l)" "$(sql 'select count(*) from daily_sales_summary')"
sql "update dim_merchant set merchant_name = '=cmd()' where merchant_id = '$merchant'" >/dev/null
like "… formulas are disarmed" "$(get "/api/flagged.csv?merchant=$merchant")" "\"'=cmd\(\)\""
like "the last minutes as CSV" "$(get /api/series.csv | tr -d '\r' | tail -1)" '^"20[^,]*Z",[0-9.]*,[0-9.]*,[0-9.]*,[0-9.]*,[0-9.]*,[0-9.]*$'
for name in cards reach series daily customers_at_risk merchants_at_risk by_category by_country by_method rules verdicts map merchants_map flagged currencies runs run_nodes \
	failing_rows lineage dead_letters dead_by_reason books partitions live; do
	is "$name is a table" "$(get "/api/$name" | jq -r 'if .columns then all(.rows[]; length > 0) else has("partitions") end')" true
done

# --- live ---------------------------------------------------------------------------------------------------------------------------
curl -sN -m 60 "$url/events" >"$work/events" &
at_exit kill "$!"
ok "a stream begins with all there is" wait_for 5 grep -q '^event: live' "$work/events"
ok "and ticks" wait_for 5 grep -q '^event: tick' "$work/events"
id=$(txgen -q -n 1 -s 77 --customers 300 --merchants 60 --from "$(date -u +%FT%TZ)" | jq -c '.amount = 99999 | .currency = "USD"' | tee "$work/one" | jq -r .transaction_id)
fraudcheck -q <"$work/one" | pgload -q >/dev/null
ok "what was just flagged comes" wait_for 5 grep -q "$id" "$work/events"
aggregate -q build --project-dir "$root/aggregate/marts" >/dev/null
ok "so does that aggregate has built" wait_for 5 grep -q '^event: built' "$work/events"
told=$(psql -X -q -A -t -c 'listen txpipe' -c '\! txgen -q -n 5 -s 5 --from $(date -u +%F)T00:00:00Z | fraudcheck -q | pgload -q >/dev/null' -c 'select 1' 2>&1)
like "pgload tells what it stored" "$told" 'notification "txpipe" with payload "pgload"'
is "nobody's books suffer" "$(get /api/books | jq -r '[.rows[] | select(.[6] != "")] | length')" 0

# --- metrics ------------------------------------------------------------------------------------------------------------------------
get /metrics >"$work/metrics"
ok "own metrics" grep -Eq '^txpipe_dash_up 1$' "$work/metrics"
ok "those of files, with their source" grep -Fxq 'txpipe_fraudcheck_rule_hits_total{rule="never",source="1/fraudcheck"} 0' "$work/metrics"
ok "… with no label of their own" grep -Fxq 'txpipe_fraudcheck_rule_hits_total{source="other"} 7' "$work/metrics"
is "each name is explained once" "$(grep '^# TYPE' "$work/metrics" | sort | uniq -d)" ''
is "what is broken in a file is left out" "$(grep -a broken "$work/metrics")" ''
ok "… what is only odd is not" grep -Fxq 'whole{a="\\\"}",b="",source="odd"} +Inf' "$work/metrics"
promtool check metrics <"$work/metrics" >"$work/promtool" 2>&1 # 3: something could be called otherwise; 1: no scrape at all
ok "Prometheus takes all of it" [ "$?" -ne 1 ]
like "failing tests" "$(cat "$work/metrics")" '^txpipe_aggregate_failing_tests 0$'

# --- hostile ------------------------------------------------------------------------------------------------------------------------
host=${url#http://}
raw() { # what is sent as it is; the first line of what comes back
	{ printf '%b' "$1"; sleep "${2-0}"; } | timeout 30 bash -c 'exec 3<>"/dev/tcp/${1%:*}/${1#*:}"; cat >&3; head -1 <&3' _ "$host" 2>/dev/null | tr -d '\r'
}
for path in /../../etc/passwd /api/../txdash.c /%2e%2e/%2e%2e/etc/passwd /api/ /api/nothing /api/cards.csv.csv /style.css/; do
	is "$path is nothing" "$(code --path-as-is "$url$path")" 404
done
is "only GET and HEAD: POST" "$(code -X POST -d x "$url/")" 405
is "… DELETE" "$(code -X DELETE "$url/api/cards")" 405
refused_at_once() { # the answer may be lost where the connection is cut while the body is still being sent, but nobody waits for the end of it
	local got status
	got=$(code -X PUT -H 'Expect:' --data-binary @<(head -c 3000000 /dev/zero) "$url/")
	status=$?
	[ "$got" = 405 ] || [ "$status" = 55 ] || [ "$status" = 56 ]
}
ok "… a large body is not waited for" refused_at_once
is "HEAD" "$(code -I "$url/")" 200
like "a name that is not ours" "$(code -H 'Host: evil.example' "$url/api/cards")" '^421$'
is "another page, in a browser that asks" "$(code -H 'Sec-Fetch-Site: cross-site' -H 'Sec-Fetch-Mode: no-cors' -H 'Sec-Fetch-Dest: script' "$url/app.js")" 403
is "… on this machine, too" "$(code -H 'Sec-Fetch-Site: same-site' -H 'Sec-Fetch-Mode: cors' -H 'Sec-Fetch-Dest: empty' "$url/events")" 403
is "… in a frame" "$(code -H 'Sec-Fetch-Site: cross-site' -H 'Sec-Fetch-Mode: navigate' -H 'Sec-Fetch-Dest: iframe' "$url/")" 403
is "… of an older one" "$(code -H 'Origin: http://evil.example' "$url/api/cards")" 403
is "… which has no name" "$(code -H 'Origin: null' "$url/api/cards")" 403
is "a link from elsewhere may be followed" "$(code -H 'Sec-Fetch-Site: cross-site' -H 'Sec-Fetch-Mode: navigate' -H 'Sec-Fetch-Dest: document' "$url/")" 200
is "the page itself may ask" "$(code -H 'Sec-Fetch-Site: same-origin' -H 'Sec-Fetch-Mode: cors' -H 'Sec-Fetch-Dest: empty' -H "Origin: $url" "$url/api/cards")" 200
txdash -l 127.0.0.2:0 -b 127.0.0.1:9 2>"$work/other.err" &
other=$!
at_exit kill "$other"
wait_for 10 grep -q 'notice: http' "$work/other.err"
is "the address where we listen is ours" "$(code "$(sed -n 's/^txdash: notice: \(http:.*\)\/$/\1/p' "$work/other.err")/api/cards")" 200
kill "$other"
is "an unknown parameter" "$(code "$url/api/cards?table=pg_authid")" 400
is "a bad time" "$(code "$url/api/cards?from=yesterday")" 400
is "a bad customer" "$(code --get --data-urlencode "customer=' or 1=1 --" "$url/api/cards")" 400
is "a rule that would be SQL is a name" "$(get /api/cards --get --data-urlencode "rule='; drop table fact_transaction; --" | jq '.rows[0][0]')" 0
is "a parameter twice" "$(code "$url/api/cards?currency=USD&currency=EUR")" 400
is "a topic that is none" "$(code "$url/api/messages?topic=../x")" 400
like "an endless header" "$(code -H "X: $(head -c 60000 /dev/zero | tr '\0' x)" "$url/")" '^(431|413|000)$'
like "no HTTP at all" "$(raw 'hello\r\n\r\n')" '^(HTTP/1\.[01] 400|$)'
sql "update fact_transaction set is_fraud = true, fraud_reasons = array(select i || repeat('x', 1000) from generate_series(1, 5000) i) where transaction_id = '$one'" >/dev/null
size() { get "$1" | wc -c; }
ok "reasons without end do not make answers without end: a list" [ "$(size "/api/flagged?customer=$(sql "select customer_id from fact_transaction where transaction_id = '$one'")")" -lt 100000 ]
ok "… the record" [ "$(size "/api/record?id=$one")" -lt 100000 ]
ok "… rules" [ "$(size '/api/rules?to=2999-01-01T00:00:00Z')" -lt 300000 ]
psql -X -q <<-'SQL'
	insert into fact_transaction (transaction_id, transaction_ts, customer_id, merchant_id, amount, currency, is_foreign, is_fraud)
		select gen_random_uuid(), '2100-01-01Z'::timestamptz + i * interval '1 day', gen_random_uuid(), gen_random_uuid(), 1, 'USD', false, false from generate_series(1, 5000) i;
	insert into dead_letter (stream, target, topic, partition, kafka_offset, "by", reason, detail)
		select 'odd', 'fact_transaction', 'odd', 0, 10 + i, repeat('b', 100000), i || repeat('r', 100000), repeat('d', 100000) from generate_series(1, 60) i;
	insert into aggregate.failure (run_id, node, number, row) select max(run_id), 'odd', 1, jsonb_build_object('x', repeat('x', 100000)) from aggregate.run;
SQL
is "… days, the latest" "$(get '/api/daily?from=2100-01-01T00:00:00Z' | jq -r '(.rows | length), .rows[-1][0]')" "4000
$(date -u -d '2100-01-01 +5000 days' +%F)"
ok "… dead letters" [ "$(size /api/dead_letters)" -lt 400000 ]
ok "… dead letters by reason" [ "$(size /api/dead_by_reason)" -lt 50000 ]
ok "… rows that failed" [ "$(size /api/failing_rows)" -lt 10000 ]
psql -X -q <<-'SQL'
	delete from fact_transaction where transaction_ts >= '2100-01-01Z';
	delete from dead_letter where stream = 'odd' and kafka_offset >= 10;
	delete from aggregate.failure where node = 'odd';
SQL
sql "update fact_transaction set fraud_reasons = '{foreign}' where transaction_id = '$one'" >/dev/null
headers=$(curl -s -D - -o /dev/null "$url/" | tr -d '\r')
like "a policy for the page" "$headers" "^Content-Security-Policy: default-src 'none'; script-src 'self';"
like "no guessing of types" "$headers" '^X-Content-Type-Options: nosniff$'
like "nobody frames it" "$headers" '^X-Frame-Options: DENY$'
is "no address of elsewhere in what is served" "$(for f in / /style.css /app.js /views.js /tables.js /data.js /record.js /charts.js /format.js; do get "$f"; done |
	grep -oE '(https?:)?//[a-z0-9.-]+\.[a-z]{2,}' | grep -v 'www.w3.org')" ''
etag=$(sed -n 's/^ETag: //p' <<<"$headers")
is "what a browser has is not sent again" "$(code -H "If-None-Match: $etag" "$url/")" 304
( trap '' PIPE; exec 3<>"/dev/tcp/${host%:*}/${host#*:}"; printf 'GET / HTTP/1.1\r\nHost: localhost\r\n' >&3; while printf 'X-%s: y\r\n' "$RANDOM" >&3; do sleep 1; done; echo cut >"$work/slow" ) 2>/dev/null &
slow=$!
at_exit kill "$slow"
is "… the others are served meanwhile" "$(code "$url/healthz")" 200
ok "who never comes to the end of a request is cut off" wait_for 40 test -s "$work/slow"

# --- many streams -------------------------------------------------------------------------------------------------------------------
many=()
for _ in {1..200}; do curl -sN -m 120 "$url/events" >>"$work/many" & many+=($!); done
streams() { [ "$(get /metrics | sed -n 's/^txpipe_dash_streams //p')" -ge 200 ]; }
ok "200 pages at once" wait_for 20 streams
# What PostgreSQL is asked does not depend on how many look: its log counts.
told() { grep -c '^event: tick' "$work/ticks"; }
asked() { grep -c "txdash .*$1" "$work/postgres/log"; }
looks="execute <unnamed>: -- What came since the last look"
sql "alter system set log_statement = 'all'" >/dev/null
sql 'select pg_reload_conf()' >/dev/null
curl -sN -m 120 "$url/events" >"$work/ticks" &
many+=($!)
logged() { [ "$(asked "$looks")" -gt 0 ] && [ "$(told)" -gt 0 ]; }
ok "… each is told each second" wait_for 20 logged
before_told=$(told) before_looks=$(asked "$looks") before_all=$(asked execute)
later() { [ "$(told)" -ge $((before_told + 6)) ]; }
ok "… for seconds" wait_for 20 later
ticks=$(($(told) - before_told))
ok "one look a tick for all of them" [ $(($(asked "$looks") - before_looks)) -le $((ticks + 1)) ]
ok "… and few questions beside it" [ $(($(asked execute) - before_all)) -le $((3 * ticks + 8)) ]
note "$ticks ticks, $(($(asked execute) - before_all)) statements"
sql 'alter system reset log_statement' >/dev/null
sql 'select pg_reload_conf()' >/dev/null
cpu() { awk '{ print $14 + $15 }' "/proc/$pid_main/stat"; } # in hundredths of a second
before=$(cpu) before_told=$(told)
idle() { [ "$(told)" -ge $((before_told + 10)) ]; }
ok "… while nothing happens" wait_for 20 idle
spent=$(($(cpu) - before)) seconds=$(($(told) - before_told)) # ticks are a second apart, or more
most=51200 share=5
! grep -qa __asan_init "$(command -v txdash)" || most=1024000 share=100 # what a sanitizer adds is not the program's
ok "below 50 MB" [ "$(awk '/^VmRSS/ { print $2 }' "/proc/$pid_main/status")" -lt "$most" ]
ok "below 5 % of a core" [ "$spent" -lt $((share * seconds)) ]
note "$spent hundredths of a second of processor time in $seconds s"
kill "${many[@]}" 2>/dev/null
wait "${many[@]}" 2>/dev/null

# --- PostgreSQL goes and comes back -------------------------------------------------------------------------------------------------
"$root/scripts/postgres" stop -D "$work/postgres" >/dev/null 2>&1
not_ready() { [ "$(code "$url/readyz")" = 503 ]; }
ok "not ready without PostgreSQL" wait_for 10 not_ready
is "still healthy" "$(get /healthz)" ok
is "the state says so" "$(get /api/live | jq -r '.postgres.up')" false
like "… in words" "$(get /api/live | jq -r '.postgres.words')" '.{10}'
is "a question is answered with words" "$(code "$url/api/by_method")" 503
like "… which they are" "$(jq -r .error "$work/body")" '^PostgreSQL cannot be asked: '
ask_again() { echo "$1 $(code "$url/api/currencies?rule=again$1")"; }
( for ((n = 0; ; n++)); do ask_again "$n"; done >"$work/again" ) & # what is refused is remembered for a moment
impatient=$!
at_exit kill "$impatient"
eval "$("$root/scripts/postgres" start -D "$work/postgres" --fast)"
ok "ready again" wait_for 20 ready
kill "$impatient"
wait "$impatient" 2>/dev/null
refused() { grep ' 503$' "$work/again" | tail -n 20 | sort -rn | cut -d' ' -f1; }
is "… and what was refused until then is so no more" "$(for n in $(refused); do ask_again "$n"; done | grep -vc ' 200$')" 0
note "$(wc -l <"$work/again") questions, $(grep -c ' 503$' "$work/again") refused"
# connections that stay open ask on while it ends: of what is gone by then (a sanitizer sees it)
for n in {1..6000}; do printf 'url = "%s/api/currencies?rule=r%s"\noutput = "/dev/null"\n' "$url" "$n"; done >"$work/questions"
for _ in 1 2; do curl -s -m 60 -K "$work/questions" >/dev/null & at_exit kill "$!"; done
asked() { [ "$(sql "select count(*) from pg_stat_activity where query ~ 'dim_currency' and backend_type = 'client backend' and pid <> pg_backend_pid()")" -gt 0 ]; }
ok "questions come without end" wait_for 10 asked
kill -TERM "$pid_main"
wait "$pid_main"
is "ends in order, streams or not, asked or not" "$?" 0

# --- who may look -------------------------------------------------------------------------------------------------------------------
exits 2 "elsewhere without --auth-file" txdash -l 0.0.0.0:0
like "… says why" "$(cat "$work/err")" 'say who may look with --auth-file'
printf 'ann:%s\n' "$(openssl passwd -6 -salt saltsalt 'open sesame')" >"$work/auth"
echo 'ann:plain' >"$work/weak"
exits 2 "a password that is no hash" txdash --auth-file "$work/weak"
exits 2 "nobody in the file" txdash --auth-file /dev/null
exits 2 "no folder of metrics" txdash --metrics-dir "$work/nowhere"
exits 2 "no such address" txdash -l 127.0.0.1:99999
start auth --auth-file "$work/auth"
is "nobody without a name" "$(code "$url/api/live")" 401
is "not with a wrong password, nor is another one tried at once after it" \
	"$(code -u ann:sesame "$url/" --next -s -m 20 -o "$work/body" -w ' %{http_code}' -u ann:simsalabim "$url/")" '401 429'
let_in() { [ "$(code -u 'ann:open sesame' "$url/")" = 200 ]; }
ok "with the right one" wait_for 5 let_in
is "… and again" "$(code -u 'ann:open sesame' "$url/api/cards")" 200
is "supervisors need none" "$(code "$url/healthz")" 200
ok "… also to see whether it is ready" wait_for 10 ready

# --- the role that can only look ----------------------------------------------------------------------------------------------------
psql -X -q -v ON_ERROR_STOP=1 -f "$root/deploy/postgresql/roles.sql" || exit 1
PGUSER=txdash_reader start role
ok "as that role" wait_for 10 ready
for name in cards flagged rules runs run_nodes failing_rows lineage dead_letters books verdicts; do
	is "… $name" "$(get "/api/$name" | jq -r 'if .error then .error elif .missing then "missing" else "ok" end')" ok
done
is "which cannot write" "$(PGUSER=txdash_reader PGOPTIONS='-c default_transaction_read_only=off' psql -X -At -c 'delete from dead_letter' 2>&1)" 'ERROR:  permission denied for table dead_letter'

sql 'revoke usage on schema aggregate from txdash_reader' >/dev/null # as before the first build, when that schema was not there
PGUSER=txdash_reader start unlet
ok "ready also as a role that may not see aggregate's schema" wait_for 10 ready
is "… with the figures of the facts" "$(get /api/cards | jq '.rows[0][0]')" "$(sql 'select count(*) from fact_transaction')"
is "… and books" "$(get /api/books | jq -r '[.rows[] | select(.[6] != "")] | length')" 0
like "… says what it may not" "$(get /api/runs | jq -r .error)" 'permission denied for schema aggregate'
sql 'grant usage on schema aggregate to txdash_reader' >/dev/null

for _ in 1 2; do psql -X -q -v ON_ERROR_STOP=1 -f "$root/deploy/postgresql/indexes.sql" >"$work/out" 2>&1 || cat "$work/out"; done
like "indexes for millions of rows: a customer's" "$(sql "set enable_seqscan = off; explain $(sed "s/[$]3::uuid/'$customer'/" "$root/dashboard/sql/history.sql" | grep -v '^--')")" 'fact_transaction_customer'
like "… the flagged ones'" "$(sql "set enable_seqscan = off; explain select from fact_transaction where is_fraud and transaction_ts >= now()")" 'fact_transaction_(flagged|ts)'

# --- a report -----------------------------------------------------------------------------------------------------------------------
sql "update dim_merchant set merchant_name = '</script><script>alert(1)</script>' where merchant_id = '$merchant'" >/dev/null
exits 0 "a report" txdash --once -b 127.0.0.1:9
is "… has its figures" "$(sed -n 's/^<script type="application\/json" id="report">\(.*\)<\/script>$/\1/p' "$work/out" | jq '.cards.rows[0][0]')" "$(sql 'select count(*) from fact_transaction')"
is "… no markup of others" "$(grep -c '<script>alert' "$work/out")" 0
is "… loads nothing" "$(grep -cE '<(script|link|img)[^>]*(src|href)=' "$work/out")" 0
exits 75 "no report without PostgreSQL" env PGHOST="$work/nowhere" txdash --once -b 127.0.0.1:9

createdb empty
PGDATABASE=empty start empty
empty() { get /api/live | jq -e .lacks_tables; }
ok "an empty database is told in words" wait_for 5 empty
like "… by readyz" "$(get /readyz)" 'run pgload --init'
is "… and by tables" "$(get /api/runs | jq -c '[.missing, .rows]')" '[true,[]]'
PGDATABASE=empty start closed --auth-file "$work/auth"
is "who has no password learns that it is not ready" "$(code "$url/readyz") $(cat "$work/body")" '503 not ready'
why() { [[ $(get /readyz -u 'ann:open sesame') == *'run pgload --init'* ]]; }
ok "… and not why, as others do" wait_for 5 why
finish

#!/bin/bash
# The whole path on a real Kafka and a real PostgreSQL: txgen | kproduce, then kconsume | fraudcheck | pgload, then aggregate; again with
# every stage killed once, with filters between the stages, and from a file; and the page that shows it.
source "$(dirname "$0")/../tap.sh"
source "$root/tests/path.sh"
source "$root/tests/dash.sh"
start_postgres
start_kafka
records=100000
topic() { "$root/scripts/kafka" topic -D "$work/kafka" "$1" 4 max.message.bytes=5242880; }
reconciles() { ok "reconciliation: $*" "$root/scripts/reconcile" -b "$KAFKA_BROKERS" "$@"; }
pipeline() { kconsume -q -G fraud "$@" | fraudcheck -q | pgload -q >"$work/commits"; }

ok "a topic" topic transactions
exits 0 "tables" pgload --init
exits 0 "dimensions" "$root/scripts/seed-dims"

# --- 1. there and through
txgen -n "$records" --duplicates .01 --malformed .01 --late .01 --rate-of boundary=.01 --rate-of high_amount=.01 --rate-of over_long=.00004 \
	>"$work/in" 2>"$work/counts"
counted "$work/counts" 'del(.fraud, .legitimate) | tojson' | sed 's/^/# /'
exits 0 "$(wc -l <"$work/in") lines to the topic" kproduce <"$work/in"
began=${EPOCHREALTIME/[.,]/}
pipeline -e
is "through the pipe: statuses" "${PIPESTATUS[*]}" 0
note "through in $(((${EPOCHREALTIME/[.,]/} - began) / 1000)) ms"
is "facts: each well-formed record once" "$(sql 'select count(*) from fact_transaction')" "$(counted "$work/counts" .records)"
is "duplicates are counted" "$(sql 'select sum(duplicates) from stream_position')" "$(counted "$work/counts" .duplicates)"
is "dead letters: each malformed line once" "$(sql 'select count(*) from dead_letter')" "$(counted "$work/counts" .malformed.total)"
is "… and counted" "$(sql 'select sum(dead_letters) from stream_position')" "$(counted "$work/counts" .malformed.total)"
is "every line is accounted for" "$(sql 'select sum(next_offset - first_offset) from stream_position')" "$(wc -l <"$work/in")"
is "verdicts agree with the SQL statement" "$(wrong_verdicts)" 0
is "reasons too" "$(wrong_reasons)" 0
reconciles --stream fraud
checksums >"$work/first"

# --- 2. a second run of everything changes nothing
pipeline -e
is "again from the beginning: nothing changes" "$(checksums)" "$(cat "$work/first")"
pipeline -e --resume
is "again with --resume: nothing changes" "$(checksums)" "$(cat "$work/first")"
exits 0 "the marts" aggregate build --project-dir "$root/aggregate/marts"
is "… hold every fact" "$(sql 'select sum(transactions) from daily_sales_summary')" "$(counted "$work/counts" .records)"
exits 0 "the marts again" aggregate build --project-dir "$root/aggregate/marts"
is "… the same" "$(sql 'select sum(transactions) from daily_sales_summary')" "$(counted "$work/counts" .records)"

# --- 3. filters between the stages, in a database of their own
createdb filtered
PGDATABASE=filtered pgload --init >/dev/null
export PGDATABASE=filtered
kconsume -q -e -G filtered | grep -a '"currency":"EUR"' | fraudcheck -q | jq -c . | pgload -q >/dev/null 2>"$work/err"
is "grep and jq -c between the stages: statuses" "${PIPESTATUS[*]}" "0 0 0 0 0"
euros=$(PGDATABASE=txpipe sql "select count(*) from fact_transaction where currency = 'EUR'")
is "… the rows of the filter, and only they" "$(sql "select count(*), count(*) filter (where currency = 'EUR') from fact_transaction")" "$euros|$euros"
is "… with the verdicts of the others" "$(sql "select md5(string_agg(transaction_id::text || is_fraud || amount, '' order by transaction_id)) from fact_transaction")" \
	"$(PGDATABASE=txpipe sql "select md5(string_agg(transaction_id::text || is_fraud || amount, '' order by transaction_id)) from fact_transaction where currency = 'EUR'")"
ok "… what was left out are holes" [ "$(sql "select sum(holes) from stream_position where stream = 'filtered'")" -gt 0 ]
kconsume -q -G headed | fraudcheck -q | head -1000 | tee "$work/headed" | pgload -q --stream headed >/dev/null 2>"$work/err"
is "head ends the stages before it: statuses" "${PIPESTATUS[*]}" "74 74 0 0 0"
is "… what it let through is accounted for" "$(sql "select sum(rows + duplicates + dead_letters) from stream_position where stream = 'headed'")" \
	"$(grep -avc '"event":"' "$work/headed")"
export PGDATABASE=txpipe

# --- 4. a replay of the topic into a file and back
kconsume -q -e --plain >"$work/plain"
grep -av '^{"_reject":{"by":"kconsume"' "$work/plain" | sort >"$work/back"
is "--plain: the bytes that went in" "$(comm -23 "$work/back" <(sort "$work/in") | head -3)" ''
is "… and a reject for each line that is no object" "$(wc -l <"$work/plain")" "$(wc -l <"$work/in")"
createdb replayed
PGDATABASE=replayed pgload --init >/dev/null
fraudcheck -q <"$work/plain" | PGDATABASE=replayed pgload -q >/dev/null
is "the file through the same tools: statuses" "${PIPESTATUS[*]}" "0 0"
is "… the same facts" "$(PGDATABASE=replayed checksums | grep ^facts)" "$(grep ^facts "$work/first")"

# --- 5. under supervision, every stage killed once, while producing goes on
dir=$work/stream
at_exit "$root/scripts/stream" stop --dir "$dir"
topic killed
createdb killed
export PGDATABASE=killed
pgload --init >/dev/null
"$root/scripts/seed-dims" -s 2
txgen -q -n "$records" -s 2 -r 12000 --duplicates .01 --malformed .005 | tee "$work/in2" | kproduce -q -t killed &
producer=$!
exits 0 "a stream starts" "$root/scripts/stream" start --stream killed -t killed -n 2 --dir "$dir" -X session.timeout.ms=6000
stored() { sql "select coalesce(sum(next_offset), 0) from stream_position where stream = 'killed'"; }
moves() { [ "$(stored)" -gt "$1" ]; }
pid_of() { cut -d' ' -f1 "$dir/1/$1.pid"; }
restarts() { sed -n 2p "$dir/1/state"; }
# `running` alone may still be the run before the kill: the supervisor counts a restart before it launches the stages again.
restarted() { # RESTARTS BEFORE
	[ "$(sed -n 1p "$dir/1/state")" = running ] && [ "$(restarts)" -gt "$1" ] &&
		kill -0 "$(pid_of kconsume)" && kill -0 "$(pid_of fraudcheck)" && kill -0 "$(pid_of pgload)"
}
for victim in kconsume fraudcheck pgload; do
	before=$(stored)
	ok "records flow" wait_for 30 moves "$before"
	count=$(restarts)
	ok "kill -9 $victim" kill -9 "$(pid_of "$victim")"
	before=$(stored)
	ok "… they go on" wait_for 30 moves "$before"
	ok "… the pipeline is running again" wait_for 30 restarted "$count"
	ok "… and the log says what happened" grep -q "$victim ended by signal 9" "$dir/1/log"
done
exits 0 "SIGTERM drains" "$root/scripts/stream" stop --dir "$dir"
is "… every stage ends well" "$(cat "$dir"/[12]/statuses)" "$(printf '0 0 0\n0 0 0')"
is "… and nothing was killed for it" "$(cat "$dir"/[12]/log | grep -c 'does not drain')" 0
wait "$producer"
is "the producer delivered everything" "$?" 0
exits 0 "the stream starts again" "$root/scripts/stream" start --stream killed -t killed -n 1 --dir "$dir"
complete() { [ "$(stored)" -eq "$(wc -l <"$work/in2")" ]; }
ok "everything arrives" wait_for 60 complete
exits 0 "stop" "$root/scripts/stream" stop --dir "$dir"
reconciles --stream killed
fraudcheck -q <"$work/in2" >"$work/unbroken"
createdb unbroken
export PGDATABASE=unbroken
pgload --init >/dev/null
pgload -q <"$work/unbroken" >/dev/null
unbroken=$(checksums | grep ^facts)
export PGDATABASE=killed
is "the same facts as a run without faults" "$(checksums | grep ^facts)" "$unbroken"
is "verdicts agree with the SQL statement" "$(wrong_verdicts)" 0
exits 0 "the marts once more" aggregate build --project-dir "$root/aggregate/marts"
is "… hold every fact" "$(sql 'select sum(transactions) from daily_sales_summary')" "$(sql 'select count(*) from fact_transaction')"

# --- 6. the page
start page -b "$KAFKA_BROKERS"
ok "the page is ready" wait_for 20 ready
partitions() { get /api/partitions | jq -r "[.rows[] | $1] | map(tostring) | join(\" \")"; }
lags() { [ "$(partitions '.[6]')" = "$1" ]; }
ok "nothing waits: no lag" wait_for 20 lags "0 0 0 0"
is "ends of the log are positions" "$(partitions '.[4]')" "$(partitions '.[5]')"
is "topics and their partitions" "$(get /api/topics | jq -r '.rows | sort[] | join(" ")')" "$(printf 'killed 4\ntransactions 4')"
get '/api/messages?topic=killed' >"$work/messages"
is "the latest messages" "$(jq '.rows | length' "$work/messages")" 60
# one that is shown as it stands: some are malformed, of those no record and no text
jq -c '[.rows[] | select((.[5] | fromjson?) != null and (.[5] | contains("\ufffd") | not))][0]' "$work/messages" >"$work/message"
read -r partition offset < <(jq -r '"\(.[0]) \(.[1])"' "$work/message")
is "… are what is in the log" "$(jq -r '.[5]' "$work/message")" "$(kcat -C -q -b "$KAFKA_BROKERS" -t killed -p "$partition" -o "$offset" -c 1)"
txgen -q -n 40 -s 99 | kproduce -q -t killed
behind() { [ "$(get /metrics | awk '/^txpipe_stream_lag_records/ { n += $2 } END { print n + 0 }')" -eq 40 ]; }
ok "what is not stored yet is lag" wait_for 20 behind
rate() { get /api/live | jq -e '[.series[][2] | select(. != null and . > 0)] | length > 0'; }
ok "… and what came in is a rate" wait_for 20 rate
kconsume -q -G killed -t killed -e --resume | fraudcheck -q | pgload -q >/dev/null
ok "… until it is" wait_for 20 lags "0 0 0 0"
letter=$(get /api/dead_letters | jq -c 'first(.rows[] | select(.[14] != null and .[12] < 2000))')
ends() { get /api/partitions | jq '[.rows[][4]] | add'; }
before=$(ends)
ok "a dead letter is sent again by its command" bash -c "$(jq -r '.[14]' <<<"$letter")"
again() { [ "$(ends)" -eq $((before + 1)) ]; }
ok "… once" wait_for 20 again
is "… as it was" "$(get /api/messages?topic=killed | jq -c '.rows[0][4:6]')" "$(jq -c '[.[12], .[11]]' <<<"$letter")"
"$root/scripts/kafka" stop -D "$work/kafka" >/dev/null 2>&1
away() { get /api/live | jq -e '(.kafka.up | not) and .postgres.up and .lag == null'; }
ok "Kafka that is away is told, and lag is not known" wait_for 30 away
finish

#!/bin/bash
# txgen | fraudcheck | pgload on a real PostgreSQL, without a broker.
source "$(dirname "$0")/../tap.sh"
source "$root/tests/path.sh"
start_postgres

exits 0 "tables" pgload --init
exits 0 "tables again" pgload --init
exits 0 "dimensions" "$root/scripts/seed-dims" --customers 2000
is "one currency row each" "$(sql 'select count(*) > 3, count(*) = count(distinct currency) from dim_currency')" 't|t'

# --- one run, faults among the records
txgen -n 30000 --customers 2000 --duplicates .01 --malformed .02 --late .01 --rate-of boundary=.01 --rate-of high_amount=.01 \
	>"$work/in" 2>"$work/counts"
counted "$work/counts" '.malformed | tojson' | sed 's/^/# /'
# grep as a stage, which passes all; -a, because some lines are not UTF-8
grep -av '^$' "$work/in" | fraudcheck --summary 2>"$work/summary" | pgload >"$work/commits" 2>"$work/err"
is "statuses" "${PIPESTATUS[*]}" "0 0 0"
is "facts: each well-formed record once" "$(sql 'select count(*) from fact_transaction')" "$(counted "$work/counts" .records)"
is "dead letters: each malformed line once" "$(sql 'select count(*) from dead_letter')" "$(counted "$work/counts" .malformed.total)"
is "verdicts agree with the SQL statement" "$(wrong_verdicts)" 0
is "reasons too" "$(wrong_reasons)" 0
is "each rule flagged something" "$(sql "select count(distinct r) from fact_transaction, unnest(fraud_reasons) r")" 3
is "the boundaries are there, on both sides" "$(sql "select count(*) filter (where amount / units_per_base = 3000 and not 'high_amount' = any(fraud_reasons)) > 0,
	count(*) filter (where amount / units_per_base > 3000 and amount / units_per_base < 3000.1) > 0
	from fact_transaction join dim_currency using (currency)")" 't|t'
# the same amounts cut out of the text, added by the server
sed -n 's/.*"transaction_id":"\([0-9a-f-]*\)".*"amount":\([0-9.eE+-]*\).*/\1 \2/p' "$work/in" | LC_ALL=C sort -s -u -k1,1 | tr ' ' '\t' >"$work/amounts"
is "amounts are exact" "$(sql 'select sum(amount) from fact_transaction')" "$(psql -Xqt -c 'create temp table plain (id text, amount text)' \
	-c "\\copy plain from '$work/amounts'" \
	-c 'select sum(plain.amount::numeric(18,4)) from plain join fact_transaction on id = transaction_id::text' | tr -d ' \n')"
like "commits are told as NDJSON" "$(jq -cs 'map(.rows) | add' "$work/commits")" "^$(counted "$work/counts" .records)\$"

# --- the same again changes nothing
checksums | grep -v '^dead letters' >"$work/before"
fraudcheck <"$work/in" 2>/dev/null | grep -av '"_reject"' | pgload >"$work/commits" 2>"$work/err"
is "the same input again: statuses" "${PIPESTATUS[*]}" "0 0 0"
is "… nothing changes" "$(checksums | grep -v '^dead letters')" "$(cat "$work/before")"

# --- dead letters come back out, in their own bytes
pgload --dead-letters >"$work/letters"
is "dead letters as NDJSON" "$(wc -l <"$work/letters")" "$(sql 'select count(*) from dead_letter')"
is "… all readable" "$(jq -c '._reject.reason' "$work/letters" | wc -l)" "$(wc -l <"$work/letters")"
is "… each with its bytes" "$(jq -r '._reject | select((.raw // .raw_base64) == null)' "$work/letters" | wc -l)" 0

# --- filters between the stages
createdb second
export PGDATABASE=second
pgload --init >/dev/null
head -2000 "$work/in" | jq -cR 'fromjson? | select(type == "object" and .currency == "EUR")' | fraudcheck | jq -c . | pgload >/dev/null 2>"$work/err"
is "jq -c on both sides: statuses" "${PIPESTATUS[*]}" "0 0 0 0 0"
ok "… rows arrive" [ "$(sql 'select count(*) > 0 and count(*) = count(*) filter (where currency = $$EUR$$) from fact_transaction')" = t ]
before=$(sql 'select count(*) from fact_transaction')
txgen -q -n 1000000 -s 9 | fraudcheck | head -500 | pgload >/dev/null 2>"$work/err"
statuses="${PIPESTATUS[*]}"
is "head ends the stages before it" "$statuses" "74 74 0 0"
is "… silently" "$(cat "$work/err")" ''
is "… and 500 arrive" "$(sql 'select count(*) from fact_transaction')" $((before + 500))
finish

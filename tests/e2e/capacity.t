#!/bin/bash
# tests/bench/capacity/run still measures all that docs/operations.md tells of it. Nothing is said about the figures.
source "$(dirname "$0")/../tap.sh"

exits 0 "it runs" "$root/tests/bench/capacity/run" 5000
for what in 'a line' 'fact_transaction, a row' '  of which fact_transaction_pkey' '  of which fact_transaction_xid' 'dead_letter, a row' 'fraud_label, a row' \
	'write-ahead log, a row' 'sales_by_customer, a row' '  with indexes.sql: fact_transaction_customer'; do
	ok "bytes: $what" awk -F '\t' -v what="$what" '$1 == what && $2 > 0 && $3 ~ /^bytes/ { found = 1 } END { exit !found }' "$work/out"
done
for what in fraudcheck pgload 'PostgreSQL, loading'; do
	ok "processor time: $what" awk -F '\t' -v what="$what" '$1 == what && $2 > 0 && $3 ~ /^s of/ { found = 1 } END { exit !found }' "$work/out"
done
is "rows" "$(awk -F '\t' '$1 == "rows" { print $2 }' "$work/out")" 5000
exits 2 "wrong argument" "$root/tests/bench/capacity/run" --nonsense
finish

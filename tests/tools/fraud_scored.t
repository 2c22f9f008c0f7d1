#!/bin/bash
# fraudcheck/rules/scored.rules, points only, by --evaluate on two labelled sets (TXPIPE_FRAUD_DATA names their folder): the average precision of its
# score, which must reach that of points chosen by hand for the one set and for the other.
source "$(dirname "$0")/../tap.sh"
data=${TXPIPE_FRAUD_DATA:-$root/../shared/data}
for file in handbook-transactions-2018-04-01-2018-06-16.csv.xz handbook-terminals.csv.xz own-scenarios-dev.ndjson.xz \
	handbook-features-test-2018-06-04-2018-06-10.csv.xz; do
	[ -r "$data/$file" ] && command -v xz >/dev/null && continue
	tap_result 0 "scored.rules on labelled sets # SKIP no $file (TXPIPE_FRAUD_DATA), or no xz"
	finish
done
cd "$work" || exit 1

evaluate() { fraudcheck -q --label is_fraud --evaluate --json "$@" >figures; }
figure() { awk -F"\"$1\":" '/"figure":"total"/ { split($2, a, /[,}]/); print a[1] }' figures; }
about() { awk -v got="$1" -v want="$2" 'BEGIN { exit !(got >= want - .0005 && got <= want + .0005) }'; } # to three digits

# Seven weeks would do for the test week; of cards known as compromised none is in it.
xz -dc "$data/handbook-transactions-2018-04-01-2018-06-16.csv.xz" | awk -F, 'NR == 1 || ($2 >= 2246400 && $2 < 6134400)' |
	awk -v places=<(xz -dc "$data/handbook-terminals.csv.xz") -f "$root/tests/fraud/handbook.awk" >handbook
xz -dc "$data/handbook-features-test-2018-06-04-2018-06-10.csv.xz" | tail -n +2 | awk -F, '{ printf "00000000-0000-4000-8000-%012d\n", $1 }' >ids
echo 'flag large : amount > 220' >large
evaluate -f large --only ids handbook
is "every record of the Handbook's test week is counted" "$(figure records)" "$(wc -l <ids)"
is "with its frauds" "$(figure frauds)" 393
ok "one threshold: average precision .161" about "$(figure average_precision)" .161
ok "area under the curve .578" about "$(figure auc)" .578
ok "card precision@100 .071" about "$(figure card_precision)" .071
evaluate -f "$root/fraudcheck/rules/scored.rules" --only ids handbook
handbook=$(figure average_precision)
ok "scored.rules: average precision $handbook, of at least .387" awk -v ap="$handbook" 'BEGIN { exit !(ap >= .387) }'
xz -dc "$data/own-scenarios-dev.ndjson.xz" >own
evaluate -f "$root/fraudcheck/rules/scored.rules" --from 2024-03-21 own
own=$(figure average_precision)
is "the last ten days of the own scenarios" "$(figure records)" 45320
ok "average precision $own there, of more than .351" awk -v ap="$own" 'BEGIN { exit !(ap > .351) }'
evaluate -f <(echo 'feature n = count() by customer_id over 1h'; echo 'flag burst : n >= 5') --from 2024-03-21 own
ok "5 or more in an hour: average precision .213" about "$(figure average_precision)" .213
ok "area under the curve .618" about "$(figure auc)" .618
finish

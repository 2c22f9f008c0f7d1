#!/bin/bash
# fraudcheck/rules/scored.rules, points only, on two labelled sets (TXPIPE_FRAUD_DATA names their folder): the average precision of its
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

judged() { fraudcheck -q -f "$root/fraudcheck/rules/scored.rules" --label is_fraud; }
scores() { # of judged records: the id's number, the score, 1 for fraud
	sed -E 's/^\{"transaction_id":"[0-9-]{24}0*([0-9]+)".*"fraud_score":([-0-9.e+]*),.*"label":(true|false)\}$/\1 \2 \3/; s/true$/1/; s/false$/0/'
}
precision() { cut -d' ' -f2- | sort -k1,1gr | awk -f "$root/tests/fraud/average_precision.awk"; }

is "average precision is what its definition says" \
	"$(printf '%s\n' '3 1' '2 0' '2 1' '1 0' '1 1' | sort -k1,1gr | awk -f "$root/tests/fraud/average_precision.awk")" 0.7556
# Seven weeks would do for the test week; of cards known as compromised none is in it.
xz -dc "$data/handbook-transactions-2018-04-01-2018-06-16.csv.xz" | awk -F, 'NR == 1 || ($2 >= 2246400 && $2 < 6134400)' |
	awk -v places=<(xz -dc "$data/handbook-terminals.csv.xz") -f "$root/tests/fraud/handbook.awk" | judged |
	grep -E '"transaction_ts":"2018-06-(0[4-9]|10)T' | scores >handbook
xz -dc "$data/handbook-features-test-2018-06-04-2018-06-10.csv.xz" | tail -n +2 | cut -d, -f1 >ids
handbook=$(awk 'NR == FNR { wanted[$1]; next } $1 in wanted' ids handbook | tee kept | precision)
is "every record of the Handbook's test week is judged" "$(wc -l <kept)" "$(wc -l <ids)"
ok "average precision $handbook there, of at least .387" awk -v ap="$handbook" 'BEGIN { exit !(ap >= .387) }'
own=$(xz -dc "$data/own-scenarios-dev.ndjson.xz" | judged | grep -E '"transaction_ts":"2024-03-(2[1-9]|3)' | scores | tee own | precision)
is "the last ten days of the own scenarios" "$(wc -l <own)" 45320
ok "average precision $own there, of more than .351" awk -v ap="$own" 'BEGIN { exit !(ap > .351) }'
finish

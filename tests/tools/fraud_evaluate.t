#!/bin/bash
# fraudcheck --evaluate: rules against labels, on a few records that can be counted by hand.
source "$(dirname "$0")/../tap.sh"
cd "$work" || exit 1

record() { # NUMBER DAY CUSTOMER AMOUNT FRAUD [CURRENCY]
	printf '{"transaction_id":"t%s","transaction_ts":"2026-01-%02dT12:00:00Z","customer_id":"%s","merchant_id":"m","amount":%s,"currency":"%s","is_foreign":false%s}\n' \
		"$1" "$2" "$3" "$4" "${6:-USD}" "${5:+,\"truth\":$5}"
}
{
	record 1 1 a 500 true
	record 2 1 b 300 false
	record 3 1 c 300 true
	record 4 1 a 20 false
	record 5 2 b 90 true
	record 6 2 c 10 false XXX
	record 7 3 d 5 null
	record 8 3 d 700 false
	record 1 3 a 500 true
	record 9 3 a -1 true
} >records
cat >rules <<'END'
check   positive     : amount > 0
let     big          = amount > 400
let     size         = amount
let     place        = merchant_id
rule    hundreds +30 : amount >= 300
rule    more     +50 : amount >= 450
rule    never   +100 : amount > 1000
rule    never_ever -1 : is_foreign
allow   vip          : customer_id == "d"
shadow  small    +10 : amount < 100
bands   review 20, block 60
END
# ranked: t1 80 fraud; t3 30 fraud, t2 30; then 0: t4, t5 fraud, t6, t8 (allowed)
exits 0 "a table" fraudcheck -f rules --label truth --evaluate records
like "how many records" "$(head -1 out)" '^7 records, 3 of them fraud; ruleset [0-9a-f]{12}; ranked by the score$'
like "what does not count" "$(sed -n 2p out)" '^not counted: 1 whose transaction_id came before, 1 without a label$'
# pairs: t1 beats 4 of 4; t3 beats 3 and ties 1; t5 ties 3 of the 4
is "area under the curve, ties half" "$(awk '$1 == "AUC" { print $2 }' out)" "$(awk 'BEGIN { printf "%.4f", (4 + 3.5 + 1.5) / 12 }')"
is "average precision, ties at once" "$(awk '/^average/ { print $3 }' out)" "$(awk 'BEGIN { printf "%.4f", (1 + 2/3 + 3/7) / 3 }')"
is "verdicts" "$(grep -A2 ^verdict out | tr -s ' ' | tail -2)" $'fraud 1 1 1.0000 0.3333 500.00 500.00\nno fraud 6 2 1410.00 390.00'
like "the value found" "$(cat out)" '^56\.2 % of the value of fraud is flagged$'
like "and what has none" "$(cat out)" '^1 records are not in the values'
row() { awk -v name="$1" '$1 == name && !seen++' out | tr -s ' '; }
is "a rule" "$(row hundreds)" "hundreds rule 4 2 0.5000 0.6667 1800.00 800.00 1"
is "another one" "$(row more)" "more rule 2 1 0.5000 0.3333 1200.00 500.00 0"
is "one without hits" "$(row never)" "never rule 0 0 - 0.0000 0.00 0.00 0"
is "an allow" "$(row vip)" "vip allow 1 0 0.0000 0.0000 700.00 0.00"
is "a check" "$(row positive)" "positive check 1 refused, not among the records"
is "a shadow stands apart" "$(row small)" "small 3 1 0.3333 0.3333 110.00 90.00 3, 1 of them frauds"
ok "behind all that count" test "$(grep -n '^small' out | cut -d: -f1)" -gt "$(grep -n '^positive' out | cut -d: -f1)"
is "bands" "$(grep -A3 ^band out | tail -3 | tr -s ' ')" \
	$'block 60 1 1 1.0000 0.3333 1.0000 0.3333\nreview 20 2 1 0.5000 0.3333 0.6667 0.6667\nbelow 4 1 0.2500 0.3333'
exits 0 "of each day the first card" fraudcheck -f rules --label truth --evaluate --top 1 records
is "found cards leave; equal ones by their names" "$(grep -A3 ^day out | tail -3 | tr -s ' ')" \
	$'2026-01-01 3 2 1 1.0000\n2026-01-02 2 1 1 1.0000\n2026-01-03 1 0 0 0.0000'
like "their mean" "$(cat out)" '^card precision@1 +0\.6667  mean of 3 days$'

exits 0 "ranked by a let" fraudcheck -f rules --label truth --evaluate=size --json records
# 700, 500 fraud, 300 both, 90 fraud, 20, 10
is "its average precision" "$(jq -r 'select(.figure == "total") | "\(.ranked_by) \(.average_precision * 10000 | round) \(.auc * 10000 | round)"' out)" \
	"size $(awk 'BEGIN { printf "%.0f %.0f", (1/2 + 2/4 + 3/5) / 3 * 10000, (3 + 2.5 + 2) / 12 * 10000 }')"
is "the same figures as NDJSON" "$(jq -c 'select(.figure == "rule" and .name == "hundreds")' out)" \
	'{"figure":"rule","name":"hundreds","kind":"rule","hits":4,"frauds":2,"precision":0.5,"recall":0.6666666666666666,"value":1800,"fraud_value":800,"alone":1}'
is "of every statement" "$(jq -r '.figure' out | sort | uniq -c | tr -s ' ' | paste -sd,)" " 2 band, 3 day, 1 flagged, 7 rule, 1 total"
exits 0 "by a condition" fraudcheck -f rules --label truth --evaluate=big records
exits 2 "not by a string" fraudcheck -f rules --label truth --evaluate=place records
like "which is said" "$(cat err)" 'neither a number nor a boolean'
exits 2 "nor by what is not there" fraudcheck -f rules --label truth --evaluate=bug records
like "which is said" "$(cat err)" 'no let, feature or model of that name'

# flags give no points: what they mark is above every score
printf 'flag foul : amount == 500\nrule many +1000 : amount == 300\n' >flags
fraudcheck -f flags --label truth --evaluate --json records >out
is "a flag ranks above every score" "$(jq 'select(.figure == "total") | .average_precision * 10000 | round' out)" \
	"$(awk 'BEGIN { printf "%.0f", (1 + 2/3 + 4/8 + 4/8) / 4 * 10000 }')"

exits 0 "only some days" fraudcheck -f rules --label truth --evaluate --json --from 2026-01-02 --until 2026-01-03T00:00:00Z records
is "the others are learned, and left out" "$(jq -c 'select(.figure == "total") | [.records, .frauds, .outside]' out)" "[2,1,8]"
printf 't1\nt4\n' >ids
exits 0 "only some records" fraudcheck -f rules --label truth --evaluate --json --only ids records
is "those" "$(jq -c 'select(.figure == "total") | [.records, .frauds]' out)" "[2,1]"

# --- label records: before and behind, the last one counts ---------------------------------------------------------------
label() { printf '{"label_for":"%s","label_ts":"2026-02-01T00:00:00Z","is_fraud":%s,"customer_id":"a","transaction_ts":"2026-01-01T12:00:00Z"}\n' "$1" "$2"; }
{ label t1 true; sed 's/,"truth":[a-z]*//' records; label t3 false; label t5 true; label t3 true; label t77 true; } >labelled
fraudcheck -f rules --label truth --evaluate --json records >want
exits 0 "labels as records" fraudcheck -f rules --evaluate --json labelled
is "the same figures as from members, but that t7 is no fraud" "$(jq -c 'select(.figure == "total") | [.records, .frauds, .unmatched_labels]' out)" "[8,3,1]"
is "rules" "$(jq -c 'select(.figure == "rule" and .kind == "rule")' out)" "$(jq -c 'select(.figure == "rule" and .kind == "rule")' want)"
exits 1 "no labels at all" fraudcheck -f rules --evaluate <(sed 's/,"truth":[a-z]*//' records)
like "which is said" "$(cat err)" "there are no labels in the input: name the member that holds the truth by --label, or add label records"
exits 0 "a label that never comes" fraudcheck -f rules --label nothing --evaluate records
like "leaves nothing to count" "$(head -1 out)" "^0 records, 0 of them fraud"

exits 2 "--from needs --evaluate" fraudcheck --from 2026-01-01 records
exits 2 "a time is a time" fraudcheck --evaluate --from noon records
exits 74 "figures that cannot be written" sh -c 'exec fraudcheck -f rules --label truth --evaluate records >/dev/full'
finish

#!/bin/bash
# Features against the published ones of the Fraud Detection Handbook: 125,487 records of two weeks, after seven weeks of history. The
# data is not part of this repository: TXPIPE_FRAUD_DATA names its folder.
source "$(dirname "$0")/../tap.sh"
data=${TXPIPE_FRAUD_DATA:-$root/../shared/data}
weeks=(handbook-features-train-2018-05-21-2018-05-27 handbook-features-test-2018-06-04-2018-06-10)
for file in handbook-transactions-2018-04-01-2018-06-16 handbook-terminals "${weeks[@]}"; do
	[ -r "$data/$file.csv.xz" ] && command -v xz >/dev/null && continue
	tap_result 0 "features of the Handbook's data # SKIP no $file.csv.xz (TXPIPE_FRAUD_DATA), or no xz"
	finish
done
cd "$work" || exit 1

# tx_id and the features of handbook.rules, in its order; a share over no records is 0 in the published ones
xz -dc "$data/handbook-transactions-2018-04-01-2018-06-16.csv.xz" |
	awk -v places=<(xz -dc "$data/handbook-terminals.csv.xz") -f "$root/tests/fraud/handbook.awk" |
	fraudcheck -q -f "$root/tests/fraud/handbook.rules" --label is_fraud --explain |
	grep -E '"transaction_ts":"2018-(05-2[1-7]|06-0[4-9]|06-10)T' |
	sed -E 's/^\{"transaction_id":"[0-9-]{24}0*([0-9]+)".*"features":\{(.*)\}\}\}$/\1,\2/; s/"[a-z0-9_]+"://g; s/null/0/g' >got
is "the pipe ends well" "${PIPESTATUS[*]}" "0 0 0 0 0"
for week in "${weeks[@]}"; do xz -dc "$data/$week.csv.xz" | tail -n +2 | cut -d, -f1,5-16; done >want
# Published ones are float32, printed as the shortest text that reads back: two neighbours of these differ by 1.2e-7 of their size.
awk -F, '
	NR == FNR { want[$1] = $0; next }
	$1 in want {
		seen++
		split(want[$1], w, ",")
		for (i = 2; i <= 13; i++)
			if (($i - w[i]) ^ 2 > (1.2e-7 * w[i]) ^ 2) {
				print "tx_id " $1 ", column " i ": got " $i ", want " w[i] > "differences"
				bad[$1] = 1
			}
	}
	END {
		for (id in bad)
			rows++
		print seen, rows + 0
	}' want got >counts
read -r seen rows <counts
is "every published row is there" "$seen" "$(wc -l <want)"
# (rows of one customer and second have no order of their own)
ok "all but two rows agree in all features" [ "$rows" -le 2 ]
[ ! -e differences ] || note "$(head -20 differences)"
note "$seen rows compared, $rows differ"
finish

#!/bin/bash
# fraudcheck --compare: what another rule file would change; by hand, and against two runs of their own.
source "$(dirname "$0")/../tap.sh"
cd "$work" || exit 1

record() { # NUMBER AMOUNT FRAUD
	printf '{"transaction_id":"t%d","transaction_ts":"2026-01-01T00:00:%02dZ","customer_id":"c","merchant_id":"m","amount":%s,"currency":"USD","truth":%s}\n' "$1" "$1" "$2" "$3"
}
{ record 1 500 true; record 2 300 false; record 3 90 true; record 4 10 false; record 5 -1 false; record 6 0 true; record 7 '"x"' false; } >records
cat >a.rules <<'END'
check  positive  : amount >= 0
rule   big   +60 : amount >= 300
rule   low    +1 : amount < 50
shadow odd    +1 : amount == 90
bands  block 60
END
cat >b.rules <<'END'
check  above     : amount > 0
rule   big   +50 : amount >= 300
rule   huge  +20 : amount >= 400
rule   small  +1 : amount < 50
rule   odd   +70 : amount == 90
bands  block 60
END
# t1 60 → 70, t2 cleared, t3 flagged, t4 other reasons, t5 rejected by both, t6 by B only, t7 cannot be read
exits 0 "two files" fraudcheck --compare a.rules b.rules --label truth records
like "which is A" "$(sed -n 1p out)" '^A  a.rules, ruleset [0-9a-f]{12}$'
is "how many changes" "$(sed -n 3p out)" "7 records, 5 judged otherwise by B; 3 are frauds; 2 rejected by both"
row() { awk -v name="$1" 'index($0, name) == 1 { print; exit }' out | tr -s ' '; }
is "verdicts, frauds and value" "$(row 'fraud by A'),$(row 'fraud by B')" "fraud by A 2 1 800.00,fraud by B 2 2 590.00"
is "flagged" "$(row 'flagged by B')" "flagged by B only 1 1 90.00"
is "cleared" "$(row 'flagged by A')" "flagged by A only 1 0 300.00"
is "rejected" "$(row 'rejected by B')" "rejected by B only 1 1 0.00"
is "no more rejected" "$(row 'rejected by A')" "rejected by A only 0 0 0.00"
is "higher" "$(row 'score higher')" "score higher by B 1 1 500.00"
is "lower" "$(row 'score lower')" "score lower by B 0 0 0.00"
is "other reasons" "$(row 'other reasons')" "other reasons only 1 0 10.00"
is "a rule of both" "$(row big)" "big rule rule 2 2 2 0 0 0, 0"
is "of A only" "$(row low)" "low rule - 2 0 0 2 0 1, 0"
is "of B only" "$(row huge)" "huge - rule 0 1 0 0 1 0, 1"
is "a shadow that became a rule" "$(row odd)" "odd shadow rule 1 1 1 0 0 0, 0"
is "a check, with what it refused" "$(row positive)" "positive check - 1 0 0 1 0 0, 0"
is "an example of each, as they came out" "$(grep '^{' out | jq -c '[.change, .transaction_id, .a.fraud_score, .b.fraud_score, .b.fraud_reasons, .b.detail]')" \
	'["flagged","t3",0,70,["odd"],null]
["cleared","t2",60,50,["big"],null]
["refused","t6",1,null,null,"above"]
["higher","t1",60,70,["big","huge"],null]
["reasons","t4",1,1,["small"],null]'
exits 0 "without labels" fraudcheck --compare a.rules b.rules --examples 0 records
is "no word on frauds, no examples" "$(grep -c 'fraud by' out) $(grep -c frauds out) $(grep -c '^{' out)" "2 0 0"
exits 0 "a file with itself" fraudcheck --compare a.rules a.rules --json records
is "changes nothing" "$(head -1 out | jq -c '[.records, .changed, .a == .b]')" "[7,0,true]"

# --- as two runs of their own, with windows, partitions and control lines ------------------------------------------------------
sed 's/n_1h >= 5/n_1h >= 2/; s/spike > 2 /spike > 1.5 /; s/over 30d before min 5/over 10d before min 3/; s/^rule foreign.*/rule abroad +25 : is_foreign/
	s/^rule large *+70/rule large +20/; s/review 60, block 100/review 30, block 40/' \
	"$root/fraudcheck/rules/scored.rules" >new.rules
txgen -q -n 20000 -s 5 --customers 300 --duplicates 0.01 --late 0.01 2>/dev/null | awk '{
	p = NR % 3
	if (NR <= 3 || NR == 9000 + p) {
		run[p]++
		printf "{\"_kafka\":{\"stream\":\"s\",\"topic\":\"t\",\"partition\":%d,\"of\":3,\"run\":\"r%d\",\"origin\":\"beginning\",\"begin\":0,\"event\":\"assigned\",\"from\":0,\"low\":0,\"cluster\":\"c\"}}\n", p, run[p]
	}
	if (substr($0, 1, 1) == "{" && substr($0, length($0)) == "}" && !/_kafka|_reject/)
		printf "{\"_kafka\":{\"stream\":\"s\",\"topic\":\"t\",\"partition\":%d,\"of\":3,\"run\":\"r%d\",\"origin\":\"beginning\",\"begin\":0,\"offset\":%d,\"ts\":1767225600000},%s\n", p, run[p], offset[p]++, substr($0, 2)
}' >stream
for rules in "$root/fraudcheck/rules/scored.rules" new.rules; do
	fraudcheck -q -f "$rules" --cold stream 2>/dev/null |
		jq -r 'select(._kafka.event == null) | if ._reject then "rejected - -" else "\(.is_fraud) \(.fraud_score) \(.fraud_reasons | sort | join(","))" end' >"judged.$(basename "$rules")"
done
paste judged.scored.rules judged.new.rules | awk -F'\t' '
	{ split($1, a, " "); split($2, b, " ") }
	a[1] == b[1] && $1 != $2 { if (a[2] + 0 < b[2] + 0) higher++; else if (a[2] + 0 > b[2] + 0) lower++; else reasons++ }
	a[1] != b[1] { if (b[1] == "true") flagged++; else if (b[1] == "false") cleared++ }
	END { print NR, flagged + 0, cleared + 0, higher + 0, lower + 0, reasons + 0 }' >want
exits 0 "a stream with windows" fraudcheck --compare "$root/fraudcheck/rules/scored.rules" new.rules --cold --json stream
is "the same changes as between two runs" "$(jq -r 'select(.figure == "total") | .records' out) $(
	for change in flagged cleared higher lower reasons; do jq -r "select(.figure == \"change\" and .change == \"$change\") | .records" out; done | paste -sd' ')" "$(cat want)"
ok "which there are of most kinds" awk '{ exit !($2 > 0 && $4 > 0 && $5 > 0) }' want

# --- a line that is not judged also says where the next ones belong, to both
of_partition() { # PARTITION OFFSET MEMBERS
	printf '{"_kafka":{"stream":"s","topic":"t","partition":%d,"of":2,"run":"r-%d","origin":"beginning","begin":0,"offset":%d,"ts":1767348000000},%s}\n' "$1" "$1" "$2" "$3"
}
purchase() { # PARTITION OFFSET
	of_partition "$1" "$2" '"transaction_id":"t'"$1-$2"'","transaction_ts":"2026-01-02T10:00:0'"$2"'Z","customer_id":"c","merchant_id":"m","amount":1'
}
echo 'feature n = count() by customer_id over 1d
rule many +(n) : n > 0' >count.rules
otherwise() { # what comes first of partition 1 after records of partition 0
	fraudcheck -q --compare count.rules count.rules --json "${@:2}" < <(purchase 1 0; purchase 0 0; of_partition 1 1 "$1"; purchase 1 2; purchase 0 3) |
		jq -s '[.[] | select(.figure == "change") | .records] | add'
}
is "a reject of kconsume where the partition changes" "$(otherwise '"_reject":{"by":"kconsume","reason":"not_json","detail":"x","raw":"x"}')" 0
is "a reject of fraudcheck there" "$(otherwise '"who":"c","customer_id":"d","transaction_id":"t"' --map who=customer_id)" 0

# --- a reader that has seen enough; reports that fit into stdio's buffer, and such that do not
for i in {1..400}; do purchase 0 1 | sed "s/t0-1/t$i/; s/\"offset\":1/\"offset\":$i/"; done >many
echo 'rule other +2 : amount > 0' >other.rules
mkfifo pipe && exec 8<>pipe 9>pipe 8<&- # who writes to 9 has no reader
for examples in 0 400; do
	fraudcheck -q --compare count.rules other.rules --examples "$examples" many 2>err >&9
	is "a reader that went away ends a report with $examples examples with 74, without a word" "$? $(cat err)" "74 "
done
exec 9>&-

exits 2 "one file only" fraudcheck --compare a.rules
exits 2 "-f beside them" fraudcheck --compare -f a.rules a.rules b.rules
echo 'rule broken' >broken.rules
exits 2 "a broken B" fraudcheck --compare a.rules broken.rules records
like "is reported by its name" "$(cat err)" "broken.rules:1:"
finish

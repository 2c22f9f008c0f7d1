#!/bin/bash
# Charge-backs: what `txgen labels` and --with-labels write, and that they end in fraud_label, beside their records or through a topic.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/kafka.sh"
cd "$work" || exit 1
between() { [ "$1" -ge "$2" ] && [ "$1" -le "$3" ] || { echo "$1 is not in $2..$3"; return 1; }; }

# --- deterministic, in order, true to the stream
arguments=(-n 60000 --customers 3000 --merchants 400 --late .01 --malformed .01 --duplicates .01)
txgen -q "${arguments[@]}" --labels truth >stream
txgen labels "${arguments[@]}" >labels 2>summary
txgen -q labels "${arguments[@]}" >labels.again
ok 'two runs give the same bytes' cmp labels labels.again
is 'the bytes are those of every machine' "$(sha256sum <labels | cut -c1-64)" ff50678460164b56c373d57dec9526ea83baeed02c0c4ad828791a6b22e404bc
txgen -q labels "${arguments[@]}" -s 2 >labels.again
ok 'another seed gives other bytes' test "$(sha256sum <labels)" != "$(sha256sum <labels.again)"
is 'they are label records' "$(jq -c keys_unsorted labels | sort -u)" \
	'["label_for","label_ts","is_fraud","customer_id","merchant_id","transaction_ts"]'
ok 'in the order of their times' eval 'jq -r .label_ts labels | sort -c'
is 'each transaction has one at most' "$(jq -r .label_for labels | sort | uniq -d | wc -l)" 0
is 'customer, merchant and time are those of the record' \
	"$(jq -c '[.label_for, .customer_id, .merchant_id, .transaction_ts]' labels | sort | comm -23 - <(jq -c '[.label_for, .customer_id, .merchant_id, .transaction_ts]' truth | sort) | wc -l)" 0
is 'and every one says fraud' "$(jq -c .is_fraud labels | sort -u)" true

# --- most frauds, a few purchases that are none
jq -r 'select(.is_fraud).label_for' truth | sort >frauds
jq -r .label_for labels | sort >labelled
frauds=$(wc -l <frauds) reported=$(comm -12 frauds labelled | wc -l) disputed=$(comm -13 frauds labelled | wc -l)
ok 'three in a hundred frauds are missed' between $((frauds - reported)) $((frauds * 15 / 1000)) $((frauds * 5 / 100))
ok 'two in ten thousand of the others are disputed' between "$disputed" 4 28
is 'all of it is counted' "$(jq -c '.labels | [.written, .fraud, .disputed, .missed]' summary)" \
	"[$(wc -l <labels),$reported,$disputed,$((frauds - reported))]"
is 'as lines, too' "$(jq -c '[.lines, .bytes, .records]' summary)" "[$(wc -l <labels),$(wc -c <labels),0]"
is 'without either, they are the frauds' "$(txgen -q labels "${arguments[@]}" --label-missed 0 --label-disputed 0 | jq -r .label_for | sort | sha256sum)" "$(sha256sum <frauds)"
is 'missed and disputed all: the others' "$(txgen -q labels "${arguments[@]}" --label-missed 1 --label-disputed 1 | jq -r .label_for | sort | sha256sum)" \
	"$(jq -r 'select(.is_fraud | not).label_for' truth | sort | sha256sum)"
is 'the truth tells the same time of a fraud' \
	"$(jq -c 'select(.is_fraud) | [.label_for, .label_ts]' truth | sort | comm -12 - <(jq -c '[.label_for, .label_ts]' labels | sort) | wc -l)" "$reported"

# --- the delay: log-normal around its median
delays() { jq '(.label_ts[:19] + "Z" | fromdate) - (.transaction_ts[:19] + "Z" | fromdate)' | sort -n >delays; }
quantile() { awk -v q="$1" '{ d[NR] = $1 } END { print d[int(NR * q) + 1] }' delays; }
delays <labels
ok 'half of them come within four days' between "$(quantile .5)" $((86400 * 33 / 10)) $((86400 * 48 / 10))
ok 'two thirds of a year would not be in the middle half' between "$(quantile .25)" 140000 240000
ok '… nor an hour' between "$(quantile .75)" 500000 820000
ok 'none sooner than an hour, none later than 44 days and an hour' eval 'between "$(head -1 delays)" 3600 86400 && between "$(tail -1 delays)" 900000 3805200'
txgen -q labels "${arguments[@]}" --label-delay 10d --label-spread 0 | delays
is 'without spread each takes the median and its shortest part' "$(sort -u delays | awk '{ print int($1 / 10) }' | uniq)" 87300

# --- in the stream
arguments=(-n 60000 --customers 300 --late .01 --malformed .01 --duplicates .01 --label-delay 1d)
txgen --with-labels "${arguments[@]}" >mixed 2>summary
txgen -q labels "${arguments[@]}" >labels
txgen -q "${arguments[@]}" >stream
is 'the records are those without labels' "$(grep -av '^{"label_for"' mixed | cmp - stream && echo same)" same
grep -a '^{"label_for"' mixed >inside
ok 'the labels are the first of all labels' eval 'head -n "$(wc -l <inside)" labels | cmp - inside'
ok '… most of them' test $(($(wc -l <inside) * 4)) -gt $(($(wc -l <labels) * 3))
is '… counted' "$(jq -c '[.labels.written, .lines]' summary)" "[$(wc -l <inside),$(wc -l <mixed)]"
txgen -q -n 20000 --customers 300 --with-labels | jq -r '.label_ts // .transaction_ts' >times
ok 'each when it is known: the whole stream is in the order of its times' sort -c times
txgen -q labels -n 5000 --late .3 --label-disputed 1 --label-delay 1h | jq -r .label_ts >times
ok 'no label comes before its record, and be the record late' sort -c times
exits 2 'labels of a live stream' txgen labels --live
like '… are a matter of --with-labels' "$(cat err)" 'take --with-labels'
txgen -q --live -r 4000 -n 8000 --with-labels --label-delay 50ms --rate-of leaked_card=.2 | grep -c '^{"label_for"' >count
ok 'a live stream can have them' test "$(cat count)" -gt 100

# --- where they end
start_postgres
pgload --init -q >/dev/null
fraudcheck -q <mixed | pgload -q >commits
is 'through fraudcheck and pgload: statuses' "${PIPESTATUS[*]}" '0 0'
is 'each label is a row' "$(sql 'select count(*), count(*) filter (where is_fraud) from fraud_label')" "$(wc -l <inside)|$(wc -l <inside)"
stored_labels() {
	sql "select label_for, to_char(label_ts at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), customer_id, merchant_id,
		to_char(transaction_ts at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') from fraud_label" | sort
}
is '… as it came' "$(stored_labels | sha256sum)" "$(jq -r '[.label_for, .label_ts, .customer_id, .merchant_id, .transaction_ts] | join("|")' inside | sort | sha256sum)"
is '… of a fact that is there' "$(sql 'select count(*) from fraud_label l left join fact_transaction f on f.transaction_id = l.label_for where f.transaction_id is null')" 0
pgload -q <labels >commits
is 'all labels, the known ones again' "$(sql 'select count(*) from fraud_label')" "$(wc -l <labels)"
is '… are counted' "$(jq -s -c '[(map(.rows // 0) | add), (map(.labels // 0) | add)]' commits)" "[0,$(wc -l <labels)]"

start_mock transactions:4
createdb topic
export PGDATABASE=topic
pgload --init -q >/dev/null
head -3000 stream >few
txgen -q labels -n 5000 --customers 300 >few.labels
cat few few.labels | kproduce -q
kconsume -q -e -p 0,1,2,3 --stream fraud "${brisk[@]}" | fraudcheck -q | pgload -q >commits
is 'through a topic: statuses' "${PIPESTATUS[*]}" '0 0 0'
is '… every label is stored and counted as one' "$(sql 'select count(*), (select sum(labels) from stream_position) from fraud_label')" "$(wc -l <few.labels)|$(wc -l <few.labels)"
is '… in the partition of its customer' "$(kconsume -q -e -p 0,1,2,3 --stream look "${brisk[@]}" | jq -r 'select(.customer_id | type == "string") | "\(.customer_id) \(._kafka.partition)"' |
	sort -u | cut -d' ' -f1 | uniq -d | wc -l)" 0
finish

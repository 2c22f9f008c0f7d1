#!/bin/bash
# fraudcheck --why: one verdict, rebuilt from the input, with everything that led to it.
source "$(dirname "$0")/../tap.sh"
cd "$work" || exit 1

record() { # NUMBER MINUTE AMOUNT [DEVICE]
	printf '{"transaction_id":"t%d","transaction_ts":"2026-01-01T00:%02d:00Z","customer_id":"c\\"1","merchant_id":"m","amount":%s,"currency":"USD","device_id":"%s"}\n' \
		"$1" "$2" "$3" "${4:-d}"
}
{ record 1 0 10; record 2 1 20.5; record 3 2 -1; record 4 3 300 e; record 5 40 5; record 2 41 20; } >records
cat >rules <<'END'
check   positive  : amount > 0                                   "an amount of {amount}"
feature n_10m     = count() by customer_id over 10m
feature mean      = avg(amount) by customer_id over 10m before min 2
feature large     = count() by customer_id over 10m when amount > 15
feature devices   = distinct(device_id) by customer_id over 1h
feature device    = last(device_id) by customer_id over 1h
feature cards     = count() by merchant_name over 1h
let     spike     = amount / mean
rule    spiky +(10 * spike) : spike > 2                          "{spike} times the usual amount"
rule    idle  +1            : n_10m < 2
rule    odd   +2            : other == 1
shadow  many  +5            : n_10m >= 3
bands   block 60
END
exits 0 "a record in the middle" fraudcheck -f rules --why t4 records
is "which" "$(sed -n 1p out)" "transaction t4, record 4 of the input"
like "its verdict" "$(sed -n 2p out)" '^verdict: fraud, score 196\.72131147540983 \(band block\), by spiky; ruleset [0-9a-f]{12}$'
is "the record" "$(sed -n 3p out)" "$(sed -n 4p records)"
section() { awk -v name="$1" '$0 == name { on = 1; next } /^[a-z]/ || $0 == "" { on = 0 } on' out; }
is "every rule, fired or not, and what is unknown" "$(section rules | tr -s ' ')" ' - check positive
 fired rule spiky +196.72131147540983 19.67 times the usual amount
 - rule idle +1
 null rule odd +2
 fired shadow many +5'
is "lets" "$(section values)" "  spike = 19.672131147540984"
feature() { section features | awk -v name="  $1 =" 'index($0, name) == 1 { on = 1; print; next } /^  [a-z]/ { on = 0 } on' | sed -E 's/^ +//'; }
is "a feature and the records of its window; a refused one is none" "$(feature mean)" 'mean = 15.25
avg by customer_id "c\"1", after 2025-12-31T23:53:00Z up to 2026-01-01T00:03:00Z: 2 earlier records
2026-01-01T00:01:00Z  20.5
2026-01-01T00:00:00Z  10'
is "with the record itself" "$(feature n_10m | sed -n '1p; 2s/.*: //p')" $'n_10m = 3\n2 earlier records, and this one'
is "only those that its condition lets in" "$(feature large | tail -n +3)" "2026-01-01T00:01:00Z"
is "a string" "$(feature device | tail -n +3)" $'2026-01-01T00:01:00Z  "d"\n2026-01-01T00:00:00Z  "d"'
like "what was only hashed" "$(feature devices | tail -1)" '^2026-01-01T00:00:00Z  hash [0-9a-f]{8}$'
like "a key that the record lacks" "$(feature cards)" 'cards = null'
like "is said" "$(feature cards)" 'merchant_name null: the record has no such key'
like "members that are missing" "$(section 'members that the rules read')" 'other = null, it is not there'

fraudcheck -f rules --explain records 2>/dev/null | grep '"transaction_id":"t4"' >want
exits 0 "the line that went out" fraudcheck -f rules --why t4 --json records
is "is the one of --explain" "$(cat out)" "$(cat want)"
exits 0 "one that a check refused" fraudcheck -f rules --why t3 records
is "why" "$(sed -n 2p out)" "rejected: check_failed, positive: an amount of -1"
exits 0 "of two with one id the first" fraudcheck -f rules --why t2 records
is "that is the second record" "$(sed -n 1p out)" "transaction t2, record 2 of the input"
exits 0 "windows pass by" fraudcheck -f rules --why t5 records
is "and are empty" "$(feature mean | sed 's/, after.*:/:/')" $'mean = null\navg by customer_id "c\\"1": 0 earlier records'
exits 1 "one that is not there" fraudcheck -f rules --why t9 records
is "is said" "$(cat err)" "fraudcheck: error: no record with the transaction_id t9 among the 6 of the input"
is "and nothing else" "$(cat out)" ""

# the input goes on for ever: nothing behind the record is read
mkfifo endless
yes "$(record 9 50 1)" >endless 2>/dev/null &
exits 0 "it ends at the record" fraudcheck -f rules --why t4 records endless
exits 0 "also within a file" sh -c 'cat records endless | fraudcheck -f rules --why t9'

awk '{ printf "{\"_kafka\":{\"stream\":\"s\",\"topic\":\"t\",\"partition\":3,\"of\":4,\"run\":\"r\",\"origin\":\"beginning\",\"begin\":0,\"offset\":%d,\"ts\":1767225600000},%s\n", NR + 40, substr($0, 2) }' records >enveloped
exits 0 "from a topic" fraudcheck -f rules --why t4 enveloped
is "its place there" "$(sed -n 1p out)" "transaction t4, t/3 offset 44"
exits 2 "one way at a time" fraudcheck --why t1 --evaluate records
finish

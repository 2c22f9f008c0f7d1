#!/bin/bash
# Features in a pipe: what control lines, restarts, labels and limits do to what is remembered.
source "$(dirname "$0")/../tap.sh"
cd "$work" || exit 1

# Records of one partition, in the order of its log: a line each with offset, Kafka time in seconds since 2026-01-01 (a second behind
# the event), late ones (every 9th, an hour) and repeated ones (every 11th) among them.
records() { # COUNT [SECONDS BETWEEN THEM]
	awk -v count="$1" -v step="${2:-600}" '
		function text(s) { return sprintf("2026-01-%02dT%02d:%02d:%02dZ", 1 + int(s / 86400), int(s % 86400 / 3600), int(s % 3600 / 60), s % 60) }
		BEGIN {
			srand(7)
			for (i = 0; i < count; i++) {
				at = 86400 + i * step
				line = sprintf("\"transaction_id\":\"t%d\",\"transaction_ts\":\"%s\",\"customer_id\":\"c%d\",\"merchant_id\":\"m%d\"," \
					"\"amount\":%d.%02d,\"currency\":\"USD\",\"latitude\":%.3f,\"longitude\":%.3f,\"device_id\":\"d%d\",\"is_foreign\":%s}",
					i, text(i % 9 == 0 ? at - 3600 : at), rand() * 7, rand() * 5, rand() * 900, rand() * 100, rand() * 90, rand() * 90,
					rand() * 9, rand() < .2 ? "true" : "false")
				if (i % 11 == 10)
					line = before
				printf "%d %d %s\n", i, at + 1, line
				before = line
			}
		}'
}

# Lines of `records` as kconsume would emit them: a run that reads from offset FROM on and judges from BEGIN on.
consumed() { # RUN FROM BEGIN [EVENT]
	awk -v run="$1" -v from="$2" -v begin="$3" -v event="${4-assigned}" '
		function head() {
			return sprintf("{\"_kafka\":{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"of\":1,\"run\":\"%s\",\"origin\":\"resume\",\"begin\":%d,", run, begin)
		}
		BEGIN { if (event != "") printf "%s\"event\":\"%s\",\"from\":%d,\"low\":0}}\n", head(), event, from }
		$1 >= from {
			printf "%s\"offset\":%d,\"ts\":%d000%s},%s\n", head(), $1, 1767225600 + $2, $1 < begin ? ",\"warm\":true" : "",
				substr($0, length($1) + length($2) + 3)
		}'
}

# The judged records of an output, without their envelopes.
judged() { sed -n '/"event"/d; /"warm":true/d; s/^{"_kafka":{[^}]*},//p'; }

cat >all.rules <<'END'
feature n_1h     = count() by customer_id over 1h
feature n_1d     = count() by customer_id over 1d before
feature sum_1d   = sum(amount) by customer_id over 1d
feature avg_1d   = avg(amount) by customer_id over 1d before min 3
feature least    = min(amount) by customer_id over 6h
feature most     = max(amount) by customer_id over 1d when is_foreign
feature spread   = stddev(amount) by customer_id over 1d
feature devices  = distinct(device_id) by customer_id over 1d
feature abroad   = share(is_foreign) by customer_id, merchant_id over 1d
feature seen     = age() by customer_id, device_id over 1d
feature pause    = since_last() by customer_id over 1d
feature phone    = last(device_id) by customer_id over 1d
feature speed    = geo_speed() by customer_id over 3h
feature risk     = share(label) by merchant_id over 12h delay 6h
let     spike    = amount / avg_1d
rule    spiky    +(40 * clip(spike - 1, 0, 1)) : spike > 1       "{spike} times {avg_1d}"
rule    new      +15 : phone != device_id                        "after {phone}"
rule    fast     +20 : speed > 900                               "{speed}"
flag    risky    : risk > .5
bands   review 30, block 50
END
exits 0 "--longest-window" fraudcheck -f all.rules --longest-window
is "is window, delay, lateness and max-ahead both ways" "$(cat out)" "74h"
is "as given" "$(fraudcheck -f all.rules --longest-window --lateness 2h --max-ahead 0s)" "26h"
is "and nothing for rules without features" "$(fraudcheck --longest-window)" "0s"
bounds=(--lateness 2h --max-ahead 10m) # to rewind: 26h and 20m

# --- restarts -------------------------------------------------------------------------------------------------------------
records 1200 >log
consumed a 0 0 <log | fraudcheck -f all.rules --explain "${bounds[@]}" >unbroken 2>err
is "an unbroken run" "$(wc -l <unbroken) $(cat err)" "1201 "
judged <unbroken >want
ok "in which every rule fires" eval 'for r in spiky new fast; do grep -q "\"$r\"" want || exit 1; done'
is "its files replayed without envelopes" "$(cut -d' ' -f3- log | sed 's/^/{/' | fraudcheck -f all.rules --explain "${bounds[@]}" | cksum)" \
	"$(sed 's/^/{/' want | cksum)"
for begin in 200 555 1001 1199; do
	from=$((begin - 26 * 6 - 3)) # 600 s apart: 26 h 20 min, and the last record before that
	consumed b "$from" "$begin" <log | fraudcheck -f all.rules --explain "${bounds[@]}" >out 2>err
	is "restarted at $begin with warm records: the same bytes" "$? $(judged <out | cksum)" "0 $(tail -n +$((begin + 1)) want | cksum)"
	is "warm records and control lines pass as they are" "$(sed -n '/"warm":true/p; /"event"/p' out | cksum)" \
		"$(consumed b "$from" "$begin" <log | sed -n '/"warm":true/p; /"event"/p' | cksum)"
done
consumed b 300 555 "" <log | fraudcheck -f all.rules --explain "${bounds[@]}" >out
is "the same when assigned was lost on the way" "$(judged <out | cksum)" "$(tail -n +556 want | cksum)"
{ consumed a 0 0 <log | head -700; consumed b 400 700 <log; } | fraudcheck -f all.rules --explain "${bounds[@]}" >out
is "a new run in the same process forgets and fills up again" "$(judged <out | tail -n +700 | cksum)" "$(tail -n +701 want | cksum)"
consumed b 700 700 <log | fraudcheck -f all.rules --explain --cold "${bounds[@]}" | judged >cold
{ consumed a 0 0 <log | head -701; consumed b 700 700 "" <log; } | fraudcheck -f all.rules --explain --cold "${bounds[@]}" >out
is "nothing of the run before is left, also if assigned was lost" "$(judged <out | tail -n +701 | cksum)" "$(cksum <cold)"
{ consumed a 0 0 <log | head -700; consumed a 0 0 <log | sed -n '1p; 701,$p'; } | fraudcheck -f all.rules --explain "${bounds[@]}" >out
is "a partition that stays keeps what is known" "$(judged <out | cksum)" "$(cksum <want)"
ok "cold windows are other ones" [ "$(cksum <cold)" != "$(tail -n +701 want | cksum)" ]

# --- are the windows whole? -----------------------------------------------------------------------------------------------
consumed b 600 700 <log >short
exits 65 "too few warm records" fraudcheck -f all.rules "${bounds[@]}" short
like "it says what is missing and what to do" "$(cat err)" \
	't/0: the windows of the rules reach back to 2026-01-05T[0-9:]+Z, but reading began too late for that: let kconsume --rewind [0-9]+s or more .*--cold'
is "no record is judged" "$(judged <out | wc -l)" 0
exits 0 "--cold judges all the same" fraudcheck -f all.rules --cold "${bounds[@]}" short
exits 65 "enough for records that are never ahead of Kafka's time, but these may be" \
	fraudcheck -f all.rules --lateness 2h --max-ahead 30m <(consumed b 842 1001 <log)
exits 0 "which they may not here" fraudcheck -f all.rules --lateness 2h --max-ahead 10m <(consumed b 842 1001 <log)
exits 65 "none at all" fraudcheck -f all.rules "${bounds[@]}" <(consumed b 700 700 <log)
exits 0 "all of the log is always enough" fraudcheck -f all.rules "${bounds[@]}" <(consumed b 0 3 <log)
exits 0 "also if assigned was lost" fraudcheck -f all.rules "${bounds[@]}" <(consumed b 0 3 "" <log)
exits 0 "rules without features need nothing" fraudcheck "${bounds[@]}" short
exits 0 "nor does a run of which nothing is judged" fraudcheck -f all.rules "${bounds[@]}" <(consumed b 600 700 <log | head -50)

# a partition that is silent for three days and then gets what happened meanwhile: its Kafka times say nothing of event times
awk '$1 >= 600 { $2 += 3 * 86400 + 300000 } 1' log >backlog
consumed a 0 0 <backlog | fraudcheck -f all.rules --explain "${bounds[@]}" | judged >want
consumed b 600 650 <backlog >short
exits 65 "a backlog: reading back by Kafka time is not enough" fraudcheck -f all.rules --explain "${bounds[@]}" short
rewind=$(sed -n 's/.*--rewind \([0-9]*\)s .*/\1/p' err)
from=$(awk -v rewind="$rewind" '{ ts[$1] = $2 } END { for (i = 650; i > 0 && ts[i] > ts[650] - rewind; i--); print i }' backlog)
ok "what it asks for lies before the silence" [ "$from" -lt 600 ]
consumed b "$from" 650 <backlog | fraudcheck -f all.rules --explain "${bounds[@]}" >out
is "and gives the same bytes" "$? $(judged <out | cksum)" "0 $(tail -n +651 want | cksum)"

# --- what is learned ------------------------------------------------------------------------------------------------------
cat >count.rules <<'END'
check   sane : amount >= 0
feature n = count() by customer_id over 1h
rule    r +(n) : true
END
tx() { printf '{"transaction_id":"%s","transaction_ts":"2026-01-02T%sZ","customer_id":"%s","amount":%s}\n' "$1" "$2" "${3-c}" "${4-1}"; }
scores() { jq -r '.fraud_score // ._reject.reason' | paste -sd' '; }
is "this record counts, and those of the hour before" "$({ tx a 10:00:00; tx b 10:59:59; tx c 11:00:00; tx d 11:00:00; tx e 12:00:00; } |
	fraudcheck -f count.rules | scores)" "1 2 2 3 1"
is "a key of its own for each value" "$({ tx a 10:00:00 x; tx b 10:00:01 y; tx c 10:00:02 x; } | fraudcheck -f count.rules | scores)" "1 1 2"
is "a repeated record gets its verdict again, and counts once" \
	"$({ tx a 10:00:00; tx b 10:00:01; tx a 10:00:00; tx b 10:00:01; tx c 10:00:02; } | fraudcheck -f count.rules | scores)" "1 2 1 2 3"
is "a late one counts at its time" "$({ tx a 10:00:00; tx b 10:50:00; tx c 10:30:00; tx d 10:55:00; tx e 11:40:00; } |
	fraudcheck -f count.rules | scores)" "1 2 2 4 3"
is "a later one than --lateness is judged, not remembered" \
	"$({ tx a 10:00:00; tx b 11:00:01; tx c 10:00:00; tx d 10:00:01; tx e 10:30:00; } | fraudcheck -f count.rules --lateness 1h | scores)" "1 1 2 2 3"
is "a refused one is not remembered" "$({ tx a 10:00:00; tx b 10:00:01 c -1; tx c 10:00:02; } | fraudcheck -f count.rules | scores)" "1 check_failed 2"
is "one without a time or a key has no features" \
	"$({ tx a 10:00:00 | jq -c 'del(.transaction_ts)'; tx b 10:00:01 | jq -c 'del(.customer_id)'; tx c 10:00:02; } |
		fraudcheck -f count.rules --explain | jq -c .explain.features.n | paste -sd' ')" "null null 1"
enveloped() { awk '{ printf "{\"_kafka\":{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"of\":1,\"run\":\"r\",\"origin\":\"beginning\",\"begin\":0,\"offset\":%d,\"ts\":1767348000000},%s\n", NR - 1, substr($0, 2) }'; }
{ tx a 10:00:00; tx b 11:00:01; tx c 11:00:00; tx d 11:00:00; tx e 11:00:02; } | enveloped >ahead # Kafka's time is 10:00
is "one further ahead than --max-ahead is judged, not remembered" "$(fraudcheck -f count.rules ahead | scores)" "1 1 1 2 3"
exits 0 "limits in --summary and metrics" fraudcheck -f count.rules --lateness 1m --summary --metrics m.prom \
	<({ tx a 10:00:00; tx a 10:00:00; tx b 09:00:00; tx c 10:00:01; tx d 10:00:02 | jq -c 'del(.transaction_ts)'; } | cat - <(tx e 10:00:03 x) )
like "--summary" "$(cat err)" '^learned 3, not learned: late 1, ahead 0, repeated 1, without a time 1; keys 2, evicted 0$'
is "metrics, zero included" "$(grep -E '^txpipe_fraudcheck_(learned|unlearned|evicted|keys|label_m)' m.prom | sed 's/txpipe_fraudcheck_//')" \
	'learned_total 3
unlearned_total{why="late"} 1
unlearned_total{why="ahead"} 0
unlearned_total{why="repeated"} 1
unlearned_total{why="untimed"} 1
label_matches_total{found="yes"} 0
label_matches_total{found="no"} 0
evicted_keys_total 0
keys 2'
is "--max-keys forgets the one that is idle for longest" \
	"$({ tx a 10:00:00 x; tx b 10:00:01 y; tx c 10:00:02 x; tx d 10:00:03 z; tx e 10:00:04 x; tx f 10:00:05 y; } |
		fraudcheck -f count.rules --max-keys 2 --summary 2>err | scores)" "1 1 2 1 3 1"
like "and counts it" "$(cat err)" 'keys 2, evicted 2$'
for i in $(seq 0 99); do tx "t$i" "$(printf '%02d:%02d:00' $((i / 6)) $((i % 6 * 10)))" "c$i"; done |
	fraudcheck -f count.rules --lateness 1s --summary >out 2>err
like "keys that no window reaches are given back" "$(cat err)" 'keys [1-9], evicted 0$'
{ consumed a 0 0 <log; consumed a 0 0 revoked <log | head -1; } | fraudcheck -f all.rules "${bounds[@]}" --summary >/dev/null 2>err
like "revoked frees a partition" "$(cat err)" '; keys 0, evicted 0$'

# --- labels ---------------------------------------------------------------------------------------------------------------
cat >risk.rules <<'END'
feature risk = share(label) by merchant_id over 1h delay 1h
rule    r +(100 * risk) : risk > 0
END
shop() { printf '{"transaction_id":"%s","transaction_ts":"2026-01-02T%sZ","merchant_id":"m"%s}\n' "$1" "$2" "${3-}"; }
label() { printf '{"label_for":"%s","transaction_ts":"2026-01-02T%sZ","merchant_id":"m","label_ts":"2026-01-02T11:00:00Z","is_fraud":%s}\n' "$1" "$2" "$3"; }
risks() { jq -r '.fraud_score // "label"' | paste -sd' '; }
{ shop a 10:00:00; shop b 10:10:00; shop c 10:20:00; shop d 10:30:00; label b 10:10:00 true; label nobody 10:20:00 true
	shop e 11:05:00; shop f 11:20:00; shop g 11:30:00; label b 10:10:00 false; shop h 11:31:00; label d 10:30:00 true; shop i 11:32:00; shop j 12:09:00; shop k 12:10:00; } >labels
is "label records mark the records they are about, in the order of the log" "$(fraudcheck -f risk.rules --summary labels 2>err | risks)" \
	"0 0 0 0 label label 0 33.33333333333333 25 label 0 label 25 25 33.33333333333333"
like "those that meet none are counted" "$(cat err)" '^labels that met their record 3, that did not 1$'
is "--label: the truth is a member" \
	"$({ shop a 10:00:00 ',"truth":true'; shop b 10:10:00 ',"truth":false'; shop c 10:20:00 ',"truth":null'; shop d 11:30:00; } |
		fraudcheck -f risk.rules --label truth | risks)" "0 0 0 33.33333333333333"
is "which stays as it is" "$(shop a 10:00:00 ',"truth":true' | fraudcheck -f risk.rules --label truth | jq -c '[.truth, .is_fraud, .label]')" '[true,false,null]'
is "is_fraud itself goes out as label" "$({ shop a 10:00:00 ',"is_fraud":true'; shop b 10:01:00 ',"is_fraud":false,"label":7'; shop c 11:01:00; } |
	fraudcheck -f risk.rules --label is_fraud | jq -c '[.is_fraud, .label, .fraud_score]' | paste -sd' ')" '[false,true,0] [false,false,0] [false,null,50]'
is "what is no boolean is refused" "$(shop a 10:00:00 ',"truth":"no"' | fraudcheck -f risk.rules --label truth | jq -r ._reject.detail)" \
	"truth is a string, but --label reads it as a boolean"
echo 'flag f : truth' >peek.rules
exits 2 "rules that read the truth" fraudcheck -f peek.rules --label truth labels
like "are refused" "$(cat err)" "the rules read truth, but --label says that it holds the truth"
exits 2 "a name that fraudcheck writes itself" fraudcheck --label ruleset labels

# --- lists and tables -----------------------------------------------------------------------------------------------------
mkdir -p sets/lists
printf '# merchants\n m1 \r\nm2\n\n' >sets/lists/hot.txt
printf '{"merchant_id":"m1","share":0.25,"kind":"bar","open":true}\n\n{"share":7,"merchant_id":"m\\u0032","kind":null}\n' >sets/risk.ndjson
cat >sets/own.rules <<'END'
list  hot  = file "lists/hot.txt"
list  vip  = ("c1", "c\"2")
table risk = file "risk.ndjson" by merchant_id
flag  warm : merchant_id in hot and customer_id not in vip     "{risk.kind} {risk.share}"
rule  rate +(10 * coalesce(risk.share, 1)) : risk.open is not null or risk.kind is null
END
exits 0 "files are found beside the rule file" fraudcheck --check -f sets/own.rules
like "--check counts them" "$(cat out)" '^list hot: 2 values'
like "and shows the columns" "$(cat out)" '^table risk: 2 rows by merchant_id, share number, kind string, open boolean'
m() { printf '{"merchant_id":"%s","customer_id":"%s"}\n' "$@"; }
is "what they say" "$({ m m1 c3; m m1 c1; m m2 'c\"2'; m m2 x; m m3 x; } | fraudcheck -f sets/own.rules | jq -c '[.fraud_reasons, .fraud_score]' | paste -sd' ')" \
	'[["warm","rate"],2.5] [["rate"],2.5] [["rate"],70] [["warm","rate"],70] [["rate"],10]'
before=$(m m1 x | fraudcheck -f sets/own.rules | jq -r .ruleset)
echo m9 >>sets/lists/hot.txt
after=$(m m1 x | fraudcheck -f sets/own.rules | jq -r .ruleset)
ok "the rule set's hash covers lists" [ "$before" != "$after" ]
sed -i 's/0.25/0.26/' sets/risk.ndjson
ok "and tables" [ "$after" != "$(m m1 x | fraudcheck -f sets/own.rules | jq -r .ruleset)" ]
bad_table() { # WHAT TABLE
	printf '%s\n' "$2" >sets/risk.ndjson
	fraudcheck --check -f sets/own.rules >out 2>err
	is "a bad table: $1" "$?" 2
	like "says where" "$(head -1 err)" "own.rules:3:19: risk.ndjson: line $3"
}
bad_table "no JSON" '{"merchant_id":"a"' '1: not_json'
bad_table "no key" $'{"merchant_id":"a"}\n{"share":1}' '2: merchant_id is missing or no string'
bad_table "a key twice" $'{"merchant_id":"a"}\n{"merchant_id":"a"}' '2: merchant_id has this value in an earlier line'
bad_table "two types" $'{"merchant_id":"a","x":1}\n{"merchant_id":"b","x":"1"}' '2: x has another type'
bad_table "something nested" '{"merchant_id":"a","x":{}}' '1: x is neither number'
printf '{"merchant_id":"a","sahre":1,"kind":"x","open":true}\n' >sets/risk.ndjson
exits 2 "an unknown column" fraudcheck --check -f sets/own.rules
like "what was meant" "$(cat err)" 'own.rules:4:78: the table risk has no column share; did you mean sahre\?'

# --- partitions -----------------------------------------------------------------------------------------------------------
exits 0 "--check" fraudcheck --check -f all.rules
is "tells which features see a share of their key" "$(grep -c ': per partition$' out) $(grep ': per partition$' out | awk '{ print $4 }')" "1 risk,"
echo 'feature n = count() by merchant_id over 20d
rule r +(n) : true' >shop.rules
cut -d' ' -f3- log | sed 's/^/{/' >plain.ndjson
fraudcheck -f shop.rules --partitions 3 plain.ndjson >split
ok "a merchant's records are spread over the partitions" [ "$(fraudcheck -f shop.rules plain.ndjson | cksum)" != "$(cksum <split)" ]
# --- a line that is not judged also says where the next ones belong
of_partition() { # PARTITION OFFSET MEMBERS
	printf '{"_kafka":{"stream":"s","topic":"t","partition":%d,"of":2,"run":"r-%d","origin":"beginning","begin":0,"offset":%d,"ts":1767348000000},%s}\n' "$1" "$1" "$2" "$3"
}
purchase() { # PARTITION OFFSET
	of_partition "$1" "$2" '"transaction_id":"t'"$1-$2"'","transaction_ts":"2026-01-02T10:00:0'"$2"'Z","customer_id":"c'"$1"'","merchant_id":"m","amount":1'
}
echo 'feature n = count() by customer_id over 1d
rule many +(n) : n > 0' >count.rules
between() { # what comes first of partition 1 after records of partition 0
	fraudcheck -q -f count.rules "${@:2}" < <(purchase 1 0; purchase 0 0; of_partition 1 1 "$1"; purchase 1 2; purchase 0 1) |
		jq -c 'select(.fraud_score) | [._kafka.partition, .fraud_score]' | paste -sd' '
}
is "a reject of kconsume where the partition changes" "$(between '"_reject":{"by":"kconsume","reason":"not_json","detail":"x","raw":"x"}')" '[1,1] [0,1] [1,2] [0,2]'
is "a reject of fraudcheck there" "$(between '"who":"c","customer_id":"d","transaction_id":"t"' --map who=customer_id)" '[1,1] [0,1] [1,2] [0,2]'
is "a label there" "$(between '"label_for":"t1-0","label_ts":"2026-01-02T10:00:01Z","is_fraud":true,"customer_id":"c1"')" '[1,1] [0,1] [1,2] [0,2]'
# --- amounts of any size: every figure is the double next to the exact one (sums beyond 2^53 millionths, squares beyond 2^127)
echo 'feature total  = sum(amount) by customer_id
feature usual  = avg(amount) by customer_id
feature spread = stddev(amount) by customer_id
rule r +1 : true' >sums.rules
figures_of() { # AMOUNT…: the figures behind the last one
	local i=0 amount

	for amount; do
		printf '{"transaction_id":"t%d","transaction_ts":"2026-01-02T10:00:%02dZ","customer_id":"c","amount":%s}\n' "$i" $((i / 6)) "$amount"
		i=$((i + 1))
	done | fraudcheck -q -f sums.rules --explain | tail -1 | sed 's/.*"features"://; s/}}}*$/}/'
}
is "sums and means are rounded once" "$(figures_of 1e12 551959126.93 -795397438.04 -688397157.80)" \
	'{"total":999068164531.09,"usual":249767041132.7725,"spread":500155679717.7351}'
is "below zero too" "$(figures_of -1e12 295893122.04 -278884971.35)" '{"total":-999982991849.31,"usual":-333327663949.77,"spread":577355250546.3748}'
mapfile -t far < <(for i in {1..150}; do echo 1e12; echo -1e12; done)
is "three hundred values as far apart as can be" "$(figures_of "${far[@]:0:170}")" '{"total":0,"usual":0,"spread":1002954216185.0228}'
mapfile -t near < <(for i in {1..150}; do echo 999999999998; echo 1e12; done)
is "squares that are beyond 128 bit, close together" "$(figures_of "${near[@]}")" '{"total":299999999999700,"usual":999999999999,"spread":1.0016708449412668}'

# --- Kafka times are the producer's
written_at() { # KAFKA-TIME
	printf '{"_kafka":{"stream":"s","topic":"t","partition":0,"of":1,"run":"r","origin":"resume","begin":7,"offset":7,"ts":%s},%s}\n' "$1" \
		'"transaction_id":"t","transaction_ts":"2026-01-02T10:00:00Z","customer_id":"c","amount":1' | fraudcheck -q -f sums.rules 2>&1 >/dev/null
	echo "${PIPESTATUS[1]}"
}
for ts in 9223372036854775807 9223372036854775 9223372036854000; do
	like "one at the end of all numbers tells nothing of what was read ($ts)" "$(written_at "$ts" | paste -sd' ')" 'no Kafka time that would tell what was read.* 65$'
done
# --- warm records were judged before: nobody counts them again, also not rules without features
for rules in "$root/fraudcheck/rules/seed.rules" count.rules; do
	{ purchase 0 0; purchase 0 1; } | sed '1s/"ts":[0-9]*/&,"warm":true/' | fraudcheck -f "$rules" --summary >out 2>err
	is "a warm record goes on as it came ($(basename "$rules"))" "$(grep -c '"ruleset"' out) $(grep -c '"warm":true.*"amount":1}$' out)" "1 1"
	like "and is not counted" "$(cat err)" '^records 1, '
done
finish

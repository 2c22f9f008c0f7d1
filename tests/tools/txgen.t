#!/bin/bash
# txgen: same seed, same bytes; numbers that hold; lines that are well-formed, or malformed in just the way they are
# named.
. "$(dirname "$0")/../tap.sh"
helpers=$root/tests/txgen
cd "$work" || exit 1

scenarios=(card_testing counterfeit takeover leaked_card compromised_merchant)
cases=(high_amount boundary bad_location foreign)
malformed=(torn trailing_text not_a_number not_object not_utf8 nul_escaped nul_raw wrong_type missing_member bad_uuid
	bad_time amount_too_large duplicate_name forged_kafka forged_kafka_escaped forged_reject
	conflicting_duplicate over_long)

# between GOT LOW HIGH: whole numbers.
between() {
	[ "$1" -ge "$2" ] && [ "$1" -le "$3" ] && return
	echo "$1 is not in $2..$3"
	false
}

# --- same seed and arguments, same bytes --------------------------------------------------------------------------
everything=(-n 20000 --customers 3000 --merchants 400 --malformed .05 --duplicates .02 --late .01 --labels labels)
txgen -q "${everything[@]}" >stream
txgen -q "${everything[@]}" --labels labels.again 2>err >stream.again
like "a repeated option is an error" "$(cat err)" 'labels is given twice'
txgen -q "${everything[@]}" >stream.again
ok "two runs give the same bytes" cmp stream stream.again
is "the bytes are those of every machine" "$(sha256sum <stream | cut -c1-64)" \
	e9e20cb229c39b1f701c1e134b8fea60bcae762a5e609bf71979f286e07062f1
is "… and those of the labels" "$(sha256sum <labels | cut -c1-64)" \
	9bbe7227f2b13e184f64c34291a2e7cdb11e876c1594dd17d7a6cecb78f2391b
txgen customers --customers 3000 --merchants 400 >customers
txgen merchants --customers 3000 --merchants 400 >merchants
is "… and those of the population" "$(cat customers merchants | sha256sum | cut -c1-64)" \
	ecb7ef2ac7965a8b3b98e1f492a5882ac7935864f554d8501e2cc08d469404ca
txgen -q "${everything[@]}" -s 2 >stream.again
ok "another seed gives other bytes" test "$(sha256sum <stream)" != "$(sha256sum <stream.again)"

if command -v clang >/dev/null; then
	ok "a build by another compiler, without optimisation, …" env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES \
		make -C "$root" BUILD="$work/other" BIN="$work/other/bin" CC=clang OPTIMISE=-O0 SANITIZE= "$work/other/bin/txgen"
	other/bin/txgen -q "${everything[@]}" >stream.again
	ok "… gives the same bytes" cmp stream stream.again
else
	note "SKIP: no clang"
fi

# --- the population -----------------------------------------------------------------------------------------------
txgen currencies >currencies
is "as many customers as asked for" "$(wc -l <customers)" 3000
is "columns of dim_customer" "$(jq -c keys_unsorted customers | sort -u)" \
	'["customer_id","customer_name","customer_email","home_country","home_latitude","home_longitude",'\
'"registered_at"]'
is "columns of dim_merchant" "$(jq -c keys_unsorted merchants | sort -u)" \
	'["merchant_id","merchant_name","merchant_category","country","latitude","longitude"]'
is "columns of dim_currency" "$(jq -c keys_unsorted currencies | sort -u)" '["currency","units_per_base"]'
is "ids and addresses are unique" "$(jq -r '.customer_id, .customer_email' customers | sort -u | wc -l)" 6000
is "merchant ids are unique" "$(jq -r .merchant_id merchants | sort -u | wc -l)" 400
is "addresses are nobody's" "$(jq -r .customer_email customers | grep -Evc '^[a-z.]+[0-9]+@example\.(com|net|org)$')" 0
is "the currencies are those of lib" "$(cat currencies)" "$(cat "$root/lib/currencies.ndjson")"
is "the base currency is USD" "$(jq -c 'select(.units_per_base == 1).currency' currencies)" '"USD"'
is "options of the stream are taken by the population" \
	"$(txgen -n 5 -s 1 --malformed .1 customers --customers 7 | wc -l)" 7

# --- well-formed records ------------------------------------------------------------------------------------------
txgen -n 8000 --customers 3000 --merchants 400 --rate-of high_amount=.02 --rate-of boundary=.05 \
	--rate-of bad_location=.01 >plain 2>summary
is "-n counts lines where nothing comes on top" "$(wc -l <plain)" 8000
ok "every record is well-formed and of the population" \
	bash -c '"$0/records.pl" customers merchants currencies <plain >counts' "$helpers"
is "event times never go back" "$(jq .back counts)" 0
for rule in high_amount foreign bad_location; do
	is "the summary counts $rule as an independent reader does" \
		"$(jq ".rules.$rule" summary)" "$(jq ".$rule" counts)"
done
ok "amounts exactly at the threshold occur" between "$(jq .exact_3000_usd counts)" 10 150
ok "poles and date line occur" between "$(jq .on_edge counts)" 30 200
is "the truth is not in the records" "$(grep -c 'fraud\|scenario' plain)" 0
is "bytes are counted" "$(jq .bytes summary)" "$(wc -c <plain)"

txgen -n 1 2>/dev/null >one
txgen -q -n 10 >ten
is "a shorter stream is the beginning of a longer one" "$(cat one)" "$(head -1 ten)"
is "the default is 1000 records from 2026 on" \
	"$(txgen -q | jq -r .transaction_ts | cut -c1-11 | sort | uniq -c | xargs)" "1000 2026-01-01T"

# --- counts and shares --------------------------------------------------------------------------------------------
txgen -n 50000 --late .02 --duplicates .03 --malformed .085 --labels truth >full 2>summary
is "one JSON line at the end" "$(jq -c type summary)" '"object"'
is "lines are counted" "$(jq .lines summary)" "$(wc -l <full)"
is "kinds add up" "$(jq '.records + .duplicates + .malformed.total' summary)" "$(wc -l <full)"
is "well-formed originals as asked for" "$(jq .records summary)" 50000
ok "late records: 2 %" between "$(jq .late summary)" 900 1100
ok "duplicates: 3 %" between "$(jq .duplicates summary)" 1390 1610
ok "malformed: 8.5 %" between "$(jq .malformed.total summary)" 4050 4450
ok "… spread over 17 kinds" jq -e '[.malformed | del(.total, .over_long)[] | . > 190 and . < 310] | all' summary
is "… but no over-long line" "$(jq .malformed.over_long summary)" 0
ok "fraud: about 1.1 %" between "$(jq .fraud.total summary)" 430 680
ok "every scenario occurs" jq -e '[.fraud[] | . > 30] | all' summary
ok "every look-alike occurs" jq -e '[.legitimate[] | . > 60] | all' summary
ok "high amounts: a few per mille" between "$(jq .rules.high_amount summary)" 110 210
ok "bad locations: a few per mille" between "$(jq .rules.bad_location summary)" 70 135
ok "foreign: some per cent" between "$(jq .rules.foreign summary)" 1000 4000

txgen -q -n 50000 --late .02 >originals
sort originals >a
sort full >b
is "the same originals are among the faults" "$(comm -23 a b | wc -l)" 0
is "duplicates are equal byte for byte" "$(LC_ALL=C sort originals | comm -12 - b | wc -l)" 50000
is "… and come as often as counted" \
	"$(perl -ne '$o{$_}++, next if $ARGV eq "originals"; $n++ if $o{$_}; END { print $n }' originals full)" \
	"$((50000 + $(jq .duplicates summary)))"
perl -ne '/"transaction_ts":"([^"]+)/ or die; $n++ if defined $last && $1 lt $last; $last = $1; END { print $n }' \
	originals >back
ok "late records lie behind the others" between "$(cat back)" 900 1100

is "a label for each record, in order" "$(jq -r .label_for truth | sha256sum)" \
	"$(jq -r .transaction_id originals | sha256sum)"
is "labels have customer, merchant and time of the record" \
	"$(jq -c "[.customer_id, .merchant_id, .transaction_ts]" truth | sha256sum)" \
	"$(jq -c '[.customer_id, .merchant_id, .transaction_ts]' originals | sha256sum)"
is "labels come after the event" "$(jq -c 'select(.label_ts <= .transaction_ts)' truth | wc -l)" 0
is "labels count the scenarios as the summary does" \
	"$(jq -r 'select(.is_fraud).scenario' truth | sort | uniq -c | awk '{print $2, $1}')" \
	"$(jq -r '.fraud | del(.total) | to_entries[] | "\(.key) \(.value)"' summary | sort)"
is "… and the look-alikes" \
	"$(jq -r 'select(.is_fraud | not) | .scenario // "ordinary"' truth | sort | uniq -c | awk '{print $2, $1}')" \
	"$(jq -r '.legitimate | del(.total) | to_entries[] | "\(.key) \(.value)"' summary | sort)"

# --- what the scenarios look like ---------------------------------------------------------------------------------
# the median gap and amount by customer among the records of one scenario
jq -c '[.label_for, .scenario]' truth | grep card_testing | jq -r '.[0]' | sort >ids
ok "card testing: mostly tiny amounts" jq -en --slurpfile c currencies \
	'($c | map({(.currency): .units_per_base}) | add) as $u |
	[inputs | .amount / $u[.currency]] | sort | .[length / 2 | floor] < 3.1' \
	<(grep -Ff ids originals)
txgen -q -n 60000 --customers 2000 --labels truth.few >few
jq -r 'select(.scenario == "counterfeit").label_for' truth.few >ids
is "counterfeit cards are used abroad" "$(grep -Ff ids few | jq -c .is_foreign | sort -u)" true
jq -r 'select(.scenario == "takeover").label_for' truth.few >ids
grep -Ff ids few | grep -o '"device_id":"[^"]*' | sort -u >theirs
grep -vFf ids few | grep -o '"device_id":"[^"]*' | sort -u >others
ok "takeovers use devices, …" test "$(wc -l <theirs)" -gt 5
is "… and none that somebody used before" "$(comm -12 theirs others | wc -l)" 0

# --- shares by name -----------------------------------------------------------------------------------------------
help=$(txgen --help)
for name in "${scenarios[@]}" "${cases[@]}" "${malformed[@]}"; do
	like "--help names $name" "$help" "[ (]$name\\b"
done
for name in "${scenarios[@]}"; do
	txgen -n 50000 --rate-of "$name=.05" >out 2>summary
	ok "--rate-of $name=.05" between "$(jq ".fraud.$name" summary)" 2100 2900
	txgen -n 20000 --rate-of "$name=0" >out 2>summary
	is "--rate-of $name=0" "$(jq ".fraud.$name" summary)" 0
done
nothing_else=(--rate-of boundary=0)
for name in "${scenarios[@]}"; do nothing_else+=(--rate-of "$name=0"); done
for name in high_amount foreign bad_location; do
	txgen -n 50000 --rate-of "$name=.05" "${nothing_else[@]}" >out 2>summary
	ok "--rate-of $name=.05" between "$(jq ".rules.$name" summary)" 2300 2700
	txgen -n 5000 --rate-of "$name=1" "${nothing_else[@]}" >out 2>summary
	is "--rate-of $name=1" "$(jq ".rules.$name" summary)" 5000
	txgen -n 20000 --rate-of "$name=0" "${nothing_else[@]}" >out 2>summary
	is "--rate-of $name=0" "$(jq ".rules.$name" summary)" 0
done
txgen -n 20000 --rate-of high_amount=0 --rate-of boundary=.1 >out 2>summary
ok "--rate-of boundary: a part of them lies above" between "$(jq .rules.high_amount summary)" 150 900

# --- every malformed kind is what its name says -------------------------------------------------------------------
for name in "${malformed[@]}"; do
	n=250
	[ "$name" != over_long ] || n=2
	txgen -n "$n" --rate-of "$name=1" >out 2>summary
	is "--rate-of $name=1 is counted" "$(jq -c ".malformed | [.total, .$name]" summary)" "[$n,$n]"
	is "each such line is $name, and the others are good" "$(perl "$helpers/malformed.pl" "$name" <out 2>&1)" "$n"
done
is "--long-bytes says how long over-long is" \
	"$(txgen -q -n 1 --rate-of over_long=1 --long-bytes 64k | tail -1 | tr -d '\n' | wc -c)" 65536
txgen -n 5000 --malformed .5 --rate-of torn=0 >out 2>summary
is "--rate-of torn=0 takes it out of --malformed" "$(jq .malformed.torn summary)" 0

# --- time ---------------------------------------------------------------------------------------------------------
txgen --from 2025-03-01T12:00:00+01:00 --until 2025-03-01T12:00:00Z >out 2>summary
is "--from and --until bound the event times" \
	"$(jq -rs 'map(.transaction_ts[:13]) | unique | join(" ")' out)" 2025-03-01T11
ok "without -n the stream goes on until then" between "$(wc -l <out)" 700 2500
txgen --customers 100 --until 2026-01-31T00:00:00Z -q >out
ok "the size of the population sets the number of records" between "$(wc -l <out)" 5000 10000
is "… with its rhythm: nights are quiet" "$(txgen -q -n 20000 --merchants 2 --rate-of foreign=0 | jq -rs '
	(map(select(.currency == "KRW") | .transaction_ts[11:13] | tonumber)) as $h |
	($h | map(select(. >= 17 and . < 20)) | length) * 3 < ($h | map(select(. >= 8 and . < 11)) | length)')" true

before=$(date +%s%3N)
# a large population of which little is seen, a small one that buys all day long
for customers in 100 500000; do
	ok "--per-day: so many of $customers customers" awk -v n="$(txgen -q --customers $customers --per-day 5000 --until 2026-01-05T00:00:00Z | wc -l)" \
		'BEGIN { exit !(n > 18000 && n < 22000) }'
done
txgen --live -n 30 -r 100 >out 2>summary
after=$(date +%s%3N)
is "--live: event time is now" "$(jq -c --argjson a "$before" --argjson b "$after" '.transaction_ts |
	(.[:19] + "Z" | fromdate) * 1000 + (.[20:23] | tonumber) | . >= $a and . <= $b' out | sort -u)" true
ok "-r: the pace is kept" test $((after - before)) -ge 280
mkfifo pipe
txgen -q -r 4 -n 3 >pipe &
writer=$!
exec 3<pipe
read -r -t 5 line <&3
started=$(date +%s%3N)
read -r -t 5 line <&3
ended=$(date +%s%3N)
exec 3<&-
wait "$writer"
ok "a slow stream is not delayed" between $((ended - started)) 100 2000
SECONDS=0
timeout 30 txgen -q -r .01 | head -1 >out
is "a reader that goes away in a long pause ends the stream, …" "${PIPESTATUS[0]} $(wc -l <out)" "74 1"
ok "… at once" test "$SECONDS" -le 3
rm -f out summary
txgen -r .01 >out 2>summary &
pid=$!
wait_for 5 test -s out
SECONDS=0
kill "$pid"
wait "$pid"
is "so does a signal, with status 0" "$? $(jq .lines summary)" "0 1"
ok "… at once" test "$SECONDS" -le 3

# --- ends ---------------------------------------------------------------------------------------------------------
txgen -n 0 2>err | head -1 >out
is "| head: status 74, …" "${PIPESTATUS[0]}" 74
is "… without a word" "$(cat err)" ""
for signal in TERM INT; do
	rm -f out summary truth
	# a background job of a script ignores SIGINT: perl puts it right
	perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' txgen -n 0 -r 20000 --malformed .1 --labels truth >out 2>summary &
	pid=$!
	wait_for 5 test -s out
	kill -"$signal" "$pid"
	wait "$pid"
	is "SIG$signal: status 0" $? 0
	is "… with whole lines only, as many as counted" \
		"$(wc -l <out) $(tail -c 1 out | od -An -c | tr -d ' ')" "$(jq .lines summary) \\n"
	is "… and as many labels" "$(wc -l <truth)" "$(jq .records summary)"
done
exits 74 "a full disk is an I/O error, …" sh -c 'exec txgen -n 10000 >/dev/full'
like "… and says so" "$(cat err)" 'error: cannot write to standard output'
exits 74 "… also for the labels" txgen -n 10000 --labels /dev/full
like "… by name" "$(cat err)" 'error: cannot write to /dev/full'
exits 74 "labels that cannot be created" txgen --labels /nowhere/labels
exits 0 "-q: no summary" txgen -q -n 5
is "… at all" "$(cat err)" ""
exits 0 "--metrics" txgen -n 1000 --duplicates .5 --metrics metrics.prom
like "counts records" "$(cat metrics.prom)" '^txpipe_txgen_records_total 1000$'
is "counts lines" "$(awk '/^txpipe_txgen_lines_total/ {print $2}' metrics.prom)" "$(wc -l <out)"

# --- wrong options: one clear line --------------------------------------------------------------------------------
wrong() { # MESSAGE OPTION...
	local message=$1
	shift
	exits 2 "txgen $*" txgen "$@"
	like "… says why in one line" "$(wc -l <err) $(cat err)" "^1 txgen: error: .*$message"
}
wrong 'not a whole number' -n many
wrong 'out of range' -n -5
wrong 'out of range' --late 1.5
wrong 'not a number' --duplicates nan
wrong 'not a time' --from yesterday
wrong 'out of range' --from 1969-01-01T00:00:00Z
wrong 'not after' --from 2026-01-02T00:00:00Z --until 2026-01-01T00:00:00Z
wrong 'exclude' --live --from 2026-01-02T00:00:00Z
wrong 'exclude' --live --per-day 5
wrong 'no scenario' --rate-of sunshine=.1
wrong 'NAME=SHARE' --rate-of high_amount
wrong 'from 0 to 1' --rate-of high_amount=2
wrong 'from 0 to 1' --rate-of high_amount=lots
wrong 'given twice' --rate-of foreign=.1 --rate-of foreign=.2
wrong 'exceed' --rate-of card_testing=.5 --rate-of takeover=.5
wrong 'exceed' --rate-of high_amount=.6 --rate-of boundary=.6
wrong 'more than one malformed' --malformed 1 --rate-of over_long=.5
wrong 'out of range' --merchants 1
wrong 'out of range' --customers 0
wrong 'not one of' transactions
wrong 'unexpected argument' customers merchants

finish

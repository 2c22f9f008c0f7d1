#!/bin/bash
# fraudcheck as a stage of a pipe: what comes in, what goes out, and how it ends.
source "$(dirname "$0")/../tap.sh"
cd "$work" || exit 1

# The lines of stdin without the members of the verdict.
bare() { jq -c 'del(.is_fraud, .fraud_score, .fraud_reasons, .ruleset)'; }

envelope() { # OFFSET [MORE]
	printf '{"_kafka":{"stream":"s","topic":"t","partition":0,"of":1,"run":"r-1","origin":"resume","begin":0,"offset":%d,"ts":1767225600000}%s}' \
		"$1" "${2:+,$2}"
}

# --- the default rules on a whole population ------------------------------------------------------------------------------
txgen -n 20000 -s 11 >plain.ndjson 2>counts.json
exits 0 "judges what txgen makes" fraudcheck --summary plain.ndjson
mv out judged.ndjson
is "every record goes on" "$(wc -l <judged.ndjson)" 20000
is "and loses nothing" "$(bare <judged.ndjson | cksum)" "$(jq -c . plain.ndjson | cksum)"
for rule in high_amount foreign bad_location; do
	is "$rule fires as often as txgen meant it" "$(grep -c "\"fraud_reasons\":\[[^]]*\"$rule\"" judged.ndjson)" \
		"$(jq -r ".rules.$rule" counts.json)"
	like "--summary counts $rule" "$(cat err)" "^$rule +flag +$(jq -r ".rules.$rule" counts.json) "
done
is "is_fraud where any of them fired" "$(grep -c '"is_fraud":true' judged.ndjson)" "$(jq -r .rules.any counts.json)"
like "--summary ends with the totals" "$(tail -1 err)" "^records 20000, flagged $(jq -r .rules.any counts.json), .* rejects 0, ruleset [0-9a-f]{12}$"
is "a verdict on a verdict changes nothing" "$(fraudcheck judged.ndjson | cksum)" "$(cksum <judged.ndjson)"
is "stdin is the same" "$(fraudcheck <plain.ndjson | cksum)" "$(cksum <judged.ndjson)"
is "through a pipe too" "$(cat plain.ndjson | fraudcheck | cksum)" "$(cksum <judged.ndjson)"
is "jq -c between the stages does no harm" "$(cat plain.ndjson | jq -c . | fraudcheck | jq -c '[.is_fraud, .fraud_reasons]' | cksum)" \
	"$(jq -c '[.is_fraud, .fraud_reasons]' judged.ndjson | cksum)"
is "nor does grep" "$(grep -v '"currency":"USD"' plain.ndjson | fraudcheck | grep '"is_fraud":true' | cksum)" \
	"$(grep -v '"currency":"USD"' judged.ndjson | grep '"is_fraud":true' | cksum)"
fraudcheck plain.ndjson 2>err | head -3 >out
is "head -3 gets three, upstream ends with 74" "${PIPESTATUS[0]} $(wc -l <out)" "74 3"
is "in silence" "$(cat err)" ""

# --- malformed input ------------------------------------------------------------------------------------------------------
txgen -n 5000 -s 12 --malformed .1 --rate-of over_long=.0005 >broken.ndjson 2>counts.json
exits 0 "goes on after malformed lines" fraudcheck broken.ndjson
lines=$(jq .lines counts.json)
is "no line is lost" "$(grep -c . out)" "$lines"
is "each of them is a record" "$(jq -c . out | wc -l)" "$lines"
ok "there were malformed ones" [ "$(jq .malformed.total counts.json)" -gt 100 ]
for kind in torn:not_json not_object:not_object not_utf8:not_utf8 duplicate_name:duplicate_name over_long:too_long; do
	ok "${kind#*:} rejects cover the ${kind%:*} lines" [ "$(grep -c "\"reason\":\"${kind#*:}\"" out)" -ge "$(jq ".malformed.${kind%:*}" counts.json)" ]
done
ok "forged names are rejects" [ "$(grep -c '"reason":"reserved_name"' out)" -ge "$(jq '.malformed.forged_kafka + .malformed.forged_kafka_escaped' counts.json)" ]
is "a reject has reason, coordinates and raw bytes" \
	"$(printf '{"amount":1}\n{"amount":"1"}\n' | fraudcheck | sed 1d | jq -c ._reject)" \
	'{"by":"fraudcheck","reason":"wrong_type","detail":"amount is a string, but the rules read it as a number","source":"-","line":2,"raw":"{\"amount\":\"1\"}"}'
is "an enveloped one keeps its envelope" "$(envelope 5 '"amount":"1"' | fraudcheck)" \
	"$(envelope 5 '"_reject":{"by":"fraudcheck","reason":"wrong_type","detail":"amount is a string, but the rules read it as a number","raw":"{\"amount\":\"1\"}"}')"
exits 1 "--max-rejects" fraudcheck --max-rejects 3 broken.ndjson
exits 0 "--max-rejects that is not reached" fraudcheck --max-rejects 100000 broken.ndjson
for forged in '{"a":1,"_kafka":{}}' '{"a":1,"\u005fkafka":{}}' '{"_rejec\u0074":1}' '{"_reject":{"by":"me"}}'; do
	is "forged: $forged" "$(fraudcheck <<<"$forged" | jq -r '._reject.reason, ._reject.raw')" "reserved_name"$'\n'"$forged"
done

# What was looked up for the names of one record must not be looked for in another. No bound of what is remembered of a record (128 names, 8192
# bytes of names and white space) may make a difference: each line gets the verdict that it gets alone.
spaces=$(printf '%9000s' '')
members() { seq -f '"m%g":1' -s, 1 "$1"; }
ordinary='{"id":"a","amount":99999,"currency":"USD","is_foreign":true'
printf '%s\n' "$ordinary}" "$ordinary,$spaces\"label_for\":\"x\"}" "$ordinary}" "$ordinary}" \
	'{"id":1,"currency":"USD"}' "{\"id\":1,\"currency\":\"USD\",$spaces\"amount\":99999}" '{"id":1,"currency":"USD"}' \
	"{$(members 128)}" "{$(members 128),\"is_foreign\":true}" "{$(members 128)}" "{\"currency\":\"USD\",$(members 127),\"amount\":99999}" \
	"{\"currency\":\"USD\",$(members 127)}" '{}' "{$spaces\"is_foreign\":true}" '{}' >unlike.ndjson
while IFS= read -r line; do fraudcheck -q <<<"$line"; done <unlike.ndjson >alone
is "each record is judged by what it says itself, whatever came before" "$(fraudcheck -q unlike.ndjson | md5sum)" "$(md5sum <alone)"
is "… and some are fraud" "$(grep -c '"is_fraud":true' alone)" 7

# --- lines of the suite ---------------------------------------------------------------------------------------------------
control=$(printf '{"_kafka":{"stream":"s","topic":"t","partition":0,"of":1,"run":"r-1","origin":"resume","begin":0,"event":"end","next":50}}')
other='{"_reject":{"by":"kconsume","reason":"not_json","detail":"x","raw":"{\"is_fraud\":"}}'
label='{"label_for":"x","is_fraud":true,"amount":"?"}'
is "control lines pass untouched" "$(fraudcheck <<<"$control")" "$control"
is "so do the rejects of other tools" "$(fraudcheck <<<"$other")" "$other"
is "with an envelope too" "$(envelope 3 "${other:1:-1}" | fraudcheck)" "$(envelope 3 "${other:1:-1}")"
is "and labels" "$(fraudcheck <<<"$label")" "$label"
is "an empty payload gets its verdict" "$(envelope 7 | fraudcheck | sed 's/"ruleset.*//')" \
	"$(envelope 7 | sed 's/}$//'),\"is_fraud\":false,\"fraud_score\":0,\"fraud_reasons\":[],"
is "a verdict under an envelope is replaced" "$(envelope 7 '"is_fraud":1,"a":1.50' | fraudcheck | sed 's/,"ruleset.*//')" \
	"$(envelope 7 '"a":1.50,"is_fraud":false,"fraud_score":0,"fraud_reasons":[]' | sed 's/}$//')"
is "CRLF and empty lines" "$(printf '\r\n\n{"a":1}\r\n\r\n{"b":2}\r\n' | fraudcheck | bare)" '{"a":1}'$'\n''{"b":2}'
is "a last line without its end, if whole" "$(printf '{"a":1}\n{"b":2}' | fraudcheck | bare)" '{"a":1}'$'\n''{"b":2}'
printf '{"a":1}\n{"b":' >torn
exits 74 "a torn last line" fraudcheck torn
is "what came before it is there" "$(bare <out)" '{"a":1}'
like "the message has file and line" "$(cat err)" 'torn:2: .*torn'
{ envelope 1; echo; } >lost
echo '{"a":1}' >>lost
exits 65 "a line that lost its envelope" fraudcheck lost
{ envelope 1; echo; envelope 2 '"a"'; echo; } >damaged
exits 74 "a damaged line under an envelope" fraudcheck damaged
is "the line before it left" "$(wc -l <out)" 1

# --- replay of files ------------------------------------------------------------------------------------------------------
head -300 plain.ndjson >some.ndjson
head -300 judged.ndjson >want.ndjson
# (jq would change the digits of numbers)
sed 's/^{/{\n  /; s/,"/,\n  "/g; s/":/" : /g; s/}$/\n}/' some.ndjson >pretty.json
{ echo '['; sed 's/^}$/},/' pretty.json | sed '$s/,$//'; echo ']'; } >array.json
{ printf '['; paste -sd, some.ndjson | tr -d '\n'; printf ']'; } >flat.json
ok "the files are what they should be" eval "jq -e 'length == 300' array.json flat.json && cmp <(jq -c .[] flat.json) <(jq -c . pretty.json)"
is "pretty-printed objects" "$(fraudcheck pretty.json | cksum)" "$(cksum <want.ndjson)"
is "a pretty-printed array" "$(fraudcheck array.json | cksum)" "$(cksum <want.ndjson)"
is "an array in one line, from a pipe" "$(cat flat.json | fraudcheck | cksum)" "$(cksum <want.ndjson)"
is "numbers keep their digits" "$(printf '{\n  "amount": 7.60,\n  "id": 12345678901234567890\n}\n' | fraudcheck | grep -o '"amount":7.60,"id":12345678901234567890')" \
	'"amount":7.60,"id":12345678901234567890'
head -c 5000 array.json >torn.json
exits 74 "a torn array" fraudcheck torn.json
is "two files, one after the other" "$(fraudcheck pretty.json some.ndjson | cksum)" "$(cat want.ndjson want.ndjson | cksum)"

# --- descriptors that the parent closed: nothing else may take their numbers ------------------------------------------------
exits 74 "no stdin" timeout 5 bash -c 'exec fraudcheck <&-'
exits 74 "no stdout" bash -c 'exec fraudcheck some.ndjson >&-'
exits 74 "neither" timeout 5 bash -c 'exec fraudcheck some.ndjson <&- >&-'
like "and says so" "$(cat err)" "cannot write to stdout: Bad file descriptor"
exits 0 "no stderr: the words are lost, the records are not" bash -c 'exec fraudcheck --summary some.ndjson 2>&-'
is "and none of them is in the output" "$(cksum <out)" "$(cksum <want.ndjson)"
exits 2 "no stderr, and something to say" bash -c 'exec fraudcheck --metrics m.prom missing.ndjson 2>&-'
is "it is not said in another file" "$(grep -c missing m.prom)" 0

# --- as a stage -----------------------------------------------------------------------------------------------------------
mkfifo in
fraudcheck <in >slow 2>err &
pid=$!
exec 9>in
echo '{"a":1}' >&9
ok "a slow record appears at once, though input stays open" wait_for 2 grep -q '"is_fraud":false' slow
printf '{"b":' >&9
echo '2}' >&9
ok "also one that comes in pieces" wait_for 2 grep -q '"b":2' slow
kill -TERM "$pid"
echo '{"c":3}' >&9
ok "after SIGTERM it still takes what comes" wait_for 2 grep -q '"c":3' slow
exec 9>&-
wait "$pid"
is "and ends with 0" "$?" 0

fraudcheck in >slow 2>err &
pid=$!
catches_term() { # (bash's child does, too, until it is fraudcheck)
	grep -q '^Name:.fraudcheck$' "/proc/$pid/status" && grep -q '^SigCgt:.*[4-7c-f]...$' "/proc/$pid/status"
}
wait_for 10 catches_term
kill -TERM "$pid"
ok "SIGTERM also ends one that waits for somebody to open its named pipe" wait_for 2 eval "! kill -0 $pid 2>/dev/null"
wait "$pid"
is "with 0, in silence" "$? $(cat err)" "0 "

fraudcheck --grace 200ms <in >slow 2>err &
pid=$!
exec 9>in
echo '{"a":1}' >&9
wait_for 2 grep -q '"a":1' slow
kill -TERM "$pid"
ok "the grace time ends it though input stays open" wait_for 2 eval "! kill -0 $pid 2>/dev/null"
wait "$pid"
is "with 0" "$?" 0
exec 9>&-

mkfifo reader
fraudcheck <in >reader 2>err &
pid=$!
exec 9>in
exec 8<reader
exec 8<&-
ok "an idle stage sees within a second that its reader is gone" wait_for 2 eval "! kill -0 $pid 2>/dev/null"
wait "$pid"
is "74, in silence" "$? $(cat err)" "74 "
exec 9>&-

# --- rule files, options --------------------------------------------------------------------------------------------------
cat >my.rules <<'END'
check  sane      : amount >= 0                       "an amount of {amount}"
let    rough     = base_amount / 100
rule   big       +(10 * clip(rough, 0, 3)) : rough > 1   "{rough} hundred, paid by {payment_method}"
rule   night     +15 : hour(transaction_ts) not in 6..22
shadow far       +40 : location.lat > 60
allow  known     : customer_id in ("c1", "c2")
bands  review 20, block 45
END
cat >my.ndjson <<'END'
{"amount":250,"currency":"USD","transaction_ts":"2026-01-01T03:00:00Z","payment_method":"credit_card","location":{"lat":61}}
{"amount":400,"currency":"USD","transaction_ts":"2026-01-01T03:00:00Z","customer_id":"c9"}
{"amount":400,"currency":"USD","transaction_ts":"2026-01-01T03:00:00Z","customer_id":"c1"}
{"amount":-4,"currency":"USD"}
END
exits 0 "a rule file of its own" fraudcheck -f my.rules --explain --summary --metrics m.prom my.ndjson
is "scores" "$(jq -c 'select(.amount) | [.is_fraud, .fraud_score, .fraud_reasons, .explain.band]' out)" \
	'[false,40,["big","night"],"review"]
[true,45,["big","night"],"block"]
[false,0,[],null]'
is "reasons" "$(head -1 out | jq -c '.explain.rules')" \
	'[{"name":"big","kind":"rule","points":25,"reason":"2.5 hundred, paid by credit_card"},{"name":"night","kind":"rule","points":15},{"name":"far","kind":"shadow","points":40}]'
is "a failed check is a reject" "$(tail -1 out | jq -r '._reject | .reason, .detail')" 'check_failed'$'\n''sane: an amount of -4'
is "metrics: hits of every rule" "$(grep '^txpipe_fraudcheck_rule_hits_total' m.prom)" \
	'txpipe_fraudcheck_rule_hits_total{rule="sane",kind="check"} 1
txpipe_fraudcheck_rule_hits_total{rule="big",kind="rule"} 3
txpipe_fraudcheck_rule_hits_total{rule="night",kind="rule"} 3
txpipe_fraudcheck_rule_hits_total{rule="far",kind="shadow"} 1
txpipe_fraudcheck_rule_hits_total{rule="known",kind="allow"} 1'
is "metrics: rejects by reason" "$(grep -c '^txpipe_fraudcheck_rejects_total{reason=' m.prom) $(grep 'check_failed' m.prom)" \
	'12 txpipe_fraudcheck_rejects_total{reason="check_failed"} 1'
mkfifo pipe.prom
exits 2 "metrics do not replace what is no file" fraudcheck --metrics pipe.prom some.ndjson
ok "it is still there" test -p pipe.prom
exits 0 "metrics are there before the first record" fraudcheck --metrics zero.prom /dev/null
is "with zeros" "$(grep -c '^txpipe_fraudcheck_.* 0$' zero.prom)" 23

exits 0 "--check says what it understood" fraudcheck --check -f my.rules
like "rules" "$(cat out)" 'line 3 +rule +big, with points'
like "and members with their types" "$(cat out)" 'number +location\.lat'
printf 'flag a : true\n\tflag b : amout > 3\n' >bad.rules
exits 2 "a bad rule file" fraudcheck -f bad.rules my.ndjson
is "file:line:column, the line, a caret, a suggestion" "$(cat err)" \
	'fraudcheck: error: bad.rules:2:11: unknown name '"'amout'"'; did you mean amount? (if records have such a member, say so: field amout number)
fraudcheck: error:    flag b : amout > 3
fraudcheck: error:             ^~~~~'
exits 2 "the same with --check" fraudcheck -f bad.rules --check
exits 2 "no such rule file" fraudcheck -f none.rules
exits 2 "no such input" fraudcheck none.ndjson
echo '{"currency":"USD","units_per_base":0.5}' >half.ndjson
is "--currencies" "$(echo '{"amount":1500.01,"currency":"USD"}' | fraudcheck --currencies half.ndjson | jq -c .fraud_reasons)" '["high_amount"]'
echo '{"currency":"USD"}' >bad.ndjson
exits 2 "bad currencies" fraudcheck --currencies bad.ndjson my.ndjson
like "have file and line" "$(cat err)" 'bad.ndjson:1: '
is "the rule set's hash follows rules and currencies" \
	"$(for o in "" "-f my.rules" "--currencies half.ndjson"; do echo '{}' | fraudcheck $o | jq -r .ruleset; done | sort -u | wc -l)" 3

is "--map" "$(echo '{"ts":"x","location":{"lat":91,"lon":0},"amt":7.60}' | fraudcheck --map ts=transaction_ts,location.lat=latitude,amt=amount | sed 's/,"ruleset.*//')" \
	'{"transaction_ts":"x","location":{"lat":91,"lon":0},"amount":7.60,"latitude":91,"is_fraud":true,"fraud_score":0,"fraud_reasons":["bad_location"]'
printf 'ts = transaction_ts # when\namt = amount\n' >fields.map
is "--map @FILE" "$(echo '{"ts":"x","amt":7.60}' | fraudcheck --map @fields.map | sed 's/,"is_fraud.*/}/')" '{"transaction_ts":"x","amount":7.60}'
is "a mapped name already there" "$(echo '{"amt":1,"amount":2}' | fraudcheck --map amt=amount | jq -r '._reject | .reason, .raw')" \
	'mapped_name'$'\n''{"amt":1,"amount":2}'
exits 2 "a map that is none" fraudcheck --map amount my.ndjson
exits 2 "an unknown option" fraudcheck --nope
exits 0 "--help" fraudcheck --help
ok "the installed rules are the default" cmp <(echo '{}' | fraudcheck) <(echo '{}' | fraudcheck -f "$root/fraudcheck/rules/seed.rules")

# every example of the grammar page compiles
csplit -sz -f example. <(sed -n '/^```rules/,/^```$/p' "$root/docs/rules.md") '/^```rules/' '{*}'
ok "docs/rules.md has examples" [ "$(ls example.* | wc -l)" -ge 2 ]
sed -n '/^    {"model": "logistic"/,/}$/p' "$root/docs/rules.md" >fraud.json # the model of one of them
for example in example.*; do
	sed -i '/^```/d' "$example"
	exits 0 "docs/rules.md: $(sed -n '1s/^# //p' "$example")" fraudcheck --check -f "$example"
done
for name in $(grep -o '`[a-z_]*(' "$root/docs/rules.md" | tr -d '`(' | sort -u); do
	case $name in x | f) continue ;; esac
	printf '%s\n' "flag f : $name() is null" "feature a = $name(1, 2, 3) by customer_id" >function.rules
	like "docs/rules.md: there is a function or an aggregate $name" \
		"$(for n in 1 2; do fraudcheck --check -f <(sed -n "${n}p" function.rules) 2>&1; done)" "($name takes|write $name\()"
done

: >empty.rules
exits 0 "a rule file without rules judges" fraudcheck -f empty.rules some.ndjson
is "but warns: it may have been lost on the way" "$(cat err)" \
	"fraudcheck: warning: empty.rules: there are no rules in it: no record will be flagged"
exits 74 "a full disk is an error" bash -c 'exec fraudcheck plain.ndjson >/dev/full'
like "and says so" "$(cat err)" 'No space left'
for option in --check --help --version; do
	exits 74 "and for $option" bash -c "exec fraudcheck $option >/dev/full"
	like "which says so too" "$(cat err)" '^fraudcheck: error: cannot write to stdout: No space left'
done
exits 74 "so is a folder as input" fraudcheck .
finish

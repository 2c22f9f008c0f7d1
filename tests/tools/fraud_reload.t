#!/bin/bash
# SIGHUP: fraudcheck reads its rules again between two records, keeps its windows, and keeps its rules where the new ones are no good.
source "$(dirname "$0")/../tap.sh"
cd "$work" || exit 1

record() { # N: the N-th record of one customer
	printf '{"transaction_id":"t%d","transaction_ts":"2026-01-01T00:%02d:00Z","customer_id":"c","merchant_id":"m","amount":10,"currency":"USD"}\n' "$1" "$1"
}
hash_of() { fraudcheck -f "$1" --check | sed -n '1s/.*ruleset \([0-9a-f]*\).*/\1/p'; }
metric() { sed -n "s/^$1 //p" prom; }

# --- idle: the signal comes while it waits for input ------------------------------------------------------------------
features='feature n = count() by customer_id over 1d when merchant_id in shops
rule seen +n : n > 0
'
printf 'm\n' >shops
printf 'x\n' >named
{ echo 'list shops = file "shops"'; echo 'list named = file "named"'; echo "$features"; } >rules
first=$(hash_of rules)
mkfifo in
fraudcheck -f rules --metrics prom <in >out 2>err &
pid=$!
exec 9>in
judged() { [ "$(wc -l <out)" -eq "$1" ]; }
answered() { [ "$(grep -c SIGHUP: err)" -eq "$1" ]; }
next() { # N: send a record and wait for its verdict
	record "$1" >&9
	wait_for 10 judged "$1" || note "no verdict on record $1"
	tail -1 out
}
asked=0
ask() { kill -HUP "$pid"; asked=$((asked + 1)); wait_for 10 answered "$asked" || note "no answer to SIGHUP"; }

like "the first record, by the first rules" "$(next 1)" "\"fraud_score\":1,\"fraud_reasons\":\[\"seen\"\],\"ruleset\":\"$first\""
cp rules keep
echo 'rule more +100 : amount < 50' >>rules
echo 'rule never +1 : amount < 0' >>rules
second=$(hash_of rules)
ask
like "it says what it read" "$(tail -1 err)" "notice: SIGHUP: rules reloaded: ruleset $second, before $first"
like "the windows are kept, the new rules judge" "$(next 2)" "\"fraud_score\":102,\"fraud_reasons\":\[\"seen\",\"more\"\],\"ruleset\":\"$second\""

echo 'rule broken +1 : amuont > 3' >>rules
ask
like "a broken file is reported by file, line and column" "$(cat err)" "error: rules:[0-9]+:[0-9]+: .*did you mean amount"
like "and that it does not judge" "$(tail -1 err)" "error: SIGHUP: the rules were NOT reloaded; ruleset $second judges on"
like "the rules before it do" "$(next 3)" "\"fraud_score\":103,.*\"ruleset\":\"$second\""

rm rules
ask
like "a missing file" "$(tail -2 err)" "rules: No such file.*"
: >rules
ask
like "an empty file" "$(tail -2 err)" "there are no rules in it"
sed 's/over 1d/over 2d/' keep >rules
ask
like "another window is refused" "$(tail -2 err)" "restart to warm"
sed 's/shops = file "shops"/shops = ("m", "x")/' keep >rules
ask
like "so is another condition of a feature, far down in a list" "$(tail -2 err)" "restart to warm"
echo x >>shops
cp keep rules
ask
like "in a file, too" "$(tail -2 err)" "restart to warm"
printf '#\nm\n' >shops
like "the windows went on all the while" "$(next 4)" "\"fraud_score\":104,.*\"ruleset\":\"$second\""

echo y >>named
sed -i 's/feature n /feature count /; s/[+]n : n >/+count : count >/' rules
third=$(hash_of rules)
ask
like "a list that no feature reads, and another name for a feature" "$(next 5)" "\"fraud_score\":5,.*\"ruleset\":\"$third\""

exec 9>&-
wait "$pid"
is "an ordinary end" $? 0
is "reloads are counted" "$(metric 'txpipe_fraudcheck_reloads_total{result="ok"}') $(metric 'txpipe_fraudcheck_reloads_total{result="failed"}')" "2 6"
is "which rule set judges" "$(metric "txpipe_fraudcheck_ruleset{ruleset=\"$first\"}")$(metric "txpipe_fraudcheck_ruleset{ruleset=\"$second\"}")$(
	metric "txpipe_fraudcheck_ruleset{ruleset=\"$third\"}")" 001
is "a rule that stayed counts on" "$(metric 'txpipe_fraudcheck_rule_hits_total{rule="seen",kind="rule"}')" 5
is "a rule that never fired is counted, too" "$(metric 'txpipe_fraudcheck_rule_hits_total{rule="never",kind="rule"}')" 0

# --- under load: each record is judged by one rule set, and the change is between two ----------------------------------
echo 'flag small : amount < 50' >small
echo 'flag large : amount > 50' >large
old=$(hash_of small) new=$(hash_of large)
cp small rules
# prints each verdict that is another than the one before it
cat >changes.awk <<'END'
{ at = index($0, "\"is_fraud\""); verdict = substr($0, at, length($0) - at) }
verdict != last { print verdict; fflush(); last = verdict }
END
mkfifo load
yes "$(record 1)" >load 2>/dev/null &
source_pid=$!
mkfifo judged
awk -f changes.awk <judged >changes &
awk_pid=$!
fraudcheck -f rules <load >judged 2>err &
pid=$!
rows() { [ "$(wc -l <changes)" -ge "$1" ]; }
want="\"is_fraud\":true,\"fraud_score\":0,\"fraud_reasons\":[\"small\"],\"ruleset\":\"$old\""
wait_for 10 rows 1
for i in 1 2 3 4 5 6; do
	if [ $((i % 2)) -eq 1 ]; then
		cp large rules.new
		want+=$'\n'"\"is_fraud\":false,\"fraud_score\":0,\"fraud_reasons\":[],\"ruleset\":\"$new\""
	else
		cp small rules.new
		want+=$'\n'"\"is_fraud\":true,\"fraud_score\":0,\"fraud_reasons\":[\"small\"],\"ruleset\":\"$old\""
	fi
	mv rules.new rules
	kill -HUP "$pid"
	wait_for 10 rows $((i + 1)) || note "no change after signal $i"
done
kill "$source_pid"
wait "$pid"
is "under load: an ordinary end" $? 0
wait "$awk_pid"
is "six changes, each whole" "$(cat changes)" "$want"

# --- windows of many keys and partitions, kept through reloads: the verdicts are those of a run without any ---------------
txgen -q -n 12000 -s 3 --customers 150 --duplicates .02 --late .02 --until 2027-01-01T00:00:00Z 2>/dev/null >stream
cp "$root/fraudcheck/rules/scored.rules" rules
fraudcheck -f rules --partitions 3 <stream >want
mkfifo parts
fraudcheck -f rules --partitions 3 <parts >out 2>err &
pid=$!
exec 9>parts
asked=0
for part in 1 2 3 4; do
	sed -n "$((part * 2000 - 1999)),$((part * 2000))p" stream >&9
	wait_for 10 judged $((part * 2000)) || note "part $part does not come out"
	ask
done
is "four reloads" "$(grep -c 'notice: SIGHUP' err)" 4
sed 1,8000d stream >&9
exec 9>&-
wait "$pid"
ok "the same bytes as without" cmp out want

# --- models ---------------------------------------------------------------------------------------------------------------
models=$root/tests/data/models
cp "$models/xgboost-1.7.6.json" model.json
echo 'model p = xgboost "model.json" (amount, 1 + amount, 2 + amount, 3 + amount, 4 + amount, 5 + amount, 6 + amount, 7 + amount, 8 + amount)' >rules
echo 'rule  likely +(1000 * p) : true' >>rules
mkfifo in3
fraudcheck -f rules <in3 >out 2>err &
pid=$!
exec 9>in3
asked=0
score() { sed -E 's/.*"fraud_score":([^,]*),.*/\1/' <<<"$1"; }
before=$(score "$(next 1)")
head -c 5000 "$models/xgboost-3.2.0.json" >model.json
ask
like "half a model is refused" "$(cat err)" "rules:1:.*model\.json"
is "the old one goes on" "$(score "$(next 2)")" "$before"
cp "$models/xgboost-3.2.0.json" model.json
new=$(hash_of rules)
ask
got=$(next 3)
ok "a whole one says something else" [ "$(score "$got")" != "$before" ]
like "and counts in the hash" "$got" "\"ruleset\":\"$new\""
exec 9>&-
wait "$pid"

# --- what cannot be read twice --------------------------------------------------------------------------------------------
mkfifo in2
fraudcheck -f <(cat small) <in2 >out 2>err &
pid=$!
exec 9>in2
next 1 >/dev/null
asked=0
ask
like "rules from a pipe stay" "$(cat err)" "not a regular file, it cannot be read twice"
exec 9>&-
wait "$pid"
is "and it goes on" $? 0
finish

#!/bin/bash
# --mask: what is masked does not leave fraudcheck by any way, and the verdicts are those without it.
source "$(dirname "$0")/../tap.sh"
source "$root/tests/kafka.sh"
cd "$work" || exit 1
printf 'the secret of this test, no other one\n' >key
stand_in() { # TEXT: by openssl, as anybody with the key could make it
	printf %s "$1" | openssl mac -digest SHA256 -macopt "key:$(cat key)" -in /dev/stdin HMAC | tr A-F a-f | cut -c1-32
}

# --- the same verdicts, none of the values -----------------------------------------------------------------------------
cat >rules <<'END'
feature n_1h    = count() by customer_id over 1h
feature cards   = distinct(customer_id) by device_id over 1d
feature before  = last(device_id) by customer_id over 2d before
feature speed   = geo_speed() by customer_id over 1d
let     device  = lower(device_id)
let     same    = email
let     north   = latitude
check   known   : email != "nobody@example.com"      "{email} is nobody"
rule    often  +30 : n_1h >= 2                       "{n_1h} purchases of {customer_id} ({same}), the last by {before}"
rule    shared +20 : cards >= 1                     "{cards} customers with {device_id} ({device})"
rule    fast   +60 : speed > 700                     "{speed} km/h, now at {latitude}, {north}"
flag    large      : base_amount > 200               "{amount} {currency} by {payment_method}"
bands review 30, block 60
END
txgen -q -n 4000 --customers 80 --malformed .02 --duplicates .01 --late .01 --labels truth |
	sed 's/^{\(.*"customer_id":"\([^"]*\)".*\)$/{"email":"\2@example.com",\1/' >plain
{ head -2000 plain; txgen -q labels -n 4000 --customers 80 | head -50; tail -n +2001 plain; } >stream
sed -n '5s/"email":"[^"]*"/"email":"nobody@example.com"/p' plain >>stream
fields=customer_id,device_id,email,latitude
fraudcheck -q -f rules --explain <stream >open
exits 0 "with a mask" fraudcheck -q -f rules --explain --mask "$fields" --mask-key key stream
mv out masked
verdict='[.transaction_id, .label_for, .is_fraud, .fraud_score, .fraud_reasons, .ruleset, ._reject.reason, [.explain.rules[]?.name]]'
ok "the verdicts, labels and rejects are the same ones" diff <(jq -c "$verdict" open) <(jq -c "$verdict" masked)
is "… some by each rule" "$(jq -r '.fraud_reasons[]?' masked | sort -u | paste -sd ' ')" "fast large often shared"
values() { grep -oE '"(customer_id|device_id|email)":"[^"]*"' stream | cut -d: -f2 | tr -d '"' | sort -u; }
values >values
ok "there are values to be hidden" [ "$(wc -l <values)" -gt 200 ]
is "not one of them went out" "$(grep -oFf values masked | sort | uniq -c | head -3)" ''
is "numbers are null" "$(jq -c 'select(.is_fraud != null and .label_for == null).latitude' masked | sort -u)" null
is "… nor shown in reasons" "$(jq -r '.explain.rules[]? | select(.name == "fast").reason' masked | grep -vE '^[0-9.]+ km/h, now at masked, masked$')" ''
like "a reason with stand-ins" "$(jq -r '.explain.rules[]? | select(.name == "often").reason' masked | grep -m1 masked-)" \
	'^[0-9]+ purchases of [0-9a-f-]{36} \(masked-[0-9a-f]{32}\), the last by masked-[0-9a-f]{32}$'
like "a failed check, too" "$(jq -r 'select(._reject.reason == "check_failed")._reject.detail' masked)" "^known: masked-$(stand_in nobody@example.com) is nobody$"
is "what is no record is left out" "$(jq -c 'select(._reject.reason == "not_json")._reject | [.raw, .raw_bytes > 0]' masked | sort -u)" '["",true]'
ok "… which there were" grep -q '"reason":"not_json"' masked
is "everything else keeps its bytes" "$(diff <(jq -Sc 'select(._reject == null) | del(.customer_id, .device_id, .email, .latitude, .explain)' open) \
	<(jq -Sc 'select(._reject == null) | del(.customer_id, .device_id, .email, .latitude, .explain)' masked) | head -3)" ''

# --- stand-ins -----------------------------------------------------------------------------------------------------------
pairs() { paste -d ' ' <(jq -r 'select(.email and .is_fraud != null) | .email, .customer_id, .device_id' open) \
	<(jq -r 'select(.email and .is_fraud != null) | .email, .customer_id, .device_id' masked) | sort -u; }
pairs >pairs
is "one value, one stand-in" "$(cut -d ' ' -f 1 pairs | sort | uniq -d | head -1)" ''
is "one stand-in, one value" "$(cut -d ' ' -f 2 pairs | sort | uniq -d | head -1)" ''
is "it is the HMAC of the value" "$(sed -n '/@/{s/.* //p;q}' pairs)" "masked-$(stand_in "$(sed -n '/@/{s/ .*//p;q}' pairs)")"
is "a UUID stays one, of version 8" "$(jq -r 'select(.is_fraud != null).customer_id // empty' masked | grep -cvE '^masked-|^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$')" 0
is "another run gives the same" "$(fraudcheck -q -f rules --explain --mask "$fields" --mask-key key stream | sha256sum)" "$(sha256sum <masked)"
printf 'another secret, as long as it must be\n' >other
is "another secret gives others" "$(fraudcheck -q -f rules --mask "$fields" --mask-key other stream | jq -r '.email // empty' | grep -cFf <(jq -r '.email // empty' masked | sort -u))" 0
is "without a key all are the same" "$(fraudcheck -q --mask email,device_id stream | jq -r 'select(.is_fraud != null) | (.email, .device_id) // empty' | sort -u)" masked

# --- other ways out ------------------------------------------------------------------------------------------------------
echo '{"who":{"mail":"kim@example.com"},"cust":"kim","amount":"x"}' >foreign
mapped=(--map who.mail=email,cust=customer --mask email,customer)
is "what --map takes it from is masked" "$(jq -c 'del(.amount)' foreign | fraudcheck -q "${mapped[@]}" | cut -c1-80)" \
	'{"who":{"mail":"masked"},"customer":"masked","email":"masked","is_fraud":false,"'
is "… in rejects, too" "$(fraudcheck -q "${mapped[@]}" foreign | jq -r ._reject.raw)" '{"who":{"mail":"masked"},"cust":"masked","amount":"x"}'
is "… also where the map itself fails" "$(echo '{"cust":"kim","customer":"lee"}' | fraudcheck -q "${mapped[@]}" | jq -r ._reject.raw)" '{"cust":"masked","customer":"masked"}'
mkfifo in
fraudcheck -f rules --mask email <in >reloaded 2>err &
pid=$!
exec 9>in
head -1 stream >&9
judged() { [ "$(wc -l <reloaded)" -eq "$1" ]; }
wait_for 10 judged 1
echo 'shadow more +1 : amount > 1' >>rules
kill -HUP "$pid"
wait_for 10 grep -q 'SIGHUP: rules reloaded' err
head -2 stream | tail -1 >&9
wait_for 10 judged 2
exec 9>&-
wait "$pid"
is "rules that were read again mask as before" "$(jq -r .email reloaded | paste -sd ' ')" "masked masked"
is "… they were" "$(jq -r .ruleset reloaded | sort -u | wc -l)" 2

# --- behind kconsume, into tables ------------------------------------------------------------------------------------------
start_mock transactions:2
start_postgres
pgload -q --init >/dev/null
{ head -300 plain; echo '{"email":"kim@example.com'; echo '{"email":"kim@example.com","email":"kim@example.com"}'; } | kproduce -q -H "email=kim@example.com"
kconsume -q -t transactions -p 0,1 --stream look -e "${brisk[@]}" --envelope key,headers >lines
tables() { # OPTION...: what is in the tables afterwards
	sql 'truncate fact_transaction, dead_letter, stream_position'
	fraudcheck -q "$@" <lines | pgload -q >/dev/null
}
tables
facts=$(sql 'select count(*) from fact_transaction') letters=$(sql 'select count(*) from dead_letter')
verdicts=$(sql 'select md5(string_agg(concat_ws(chr(32), transaction_id, is_fraud, fraud_reasons, amount), chr(10) order by transaction_id)) from fact_transaction')
is "unmasked they would be there" "$(sql "select count(*) > 0 from fact_transaction where extra ->> 'email' like '%@%'")" t
tables --mask "$fields" --mask-key key
is "as many facts and dead letters" "$(sql 'select count(*) from fact_transaction')|$(sql 'select count(*) from dead_letter')" "$facts|$letters"
is "with the same verdicts" "$(sql 'select md5(string_agg(concat_ws(chr(32), transaction_id, is_fraud, fraud_reasons, amount), chr(10) order by transaction_id)) from fact_transaction')" "$verdicts"
pg_dump --data-only --inserts >dump
is "none of the values is anywhere in the database" "$(grep -oFf <(cat values; echo kim@example.com) dump | sort -u | head -3)" ''
is "… nor in bytes" "$(sql "select count(*) from dead_letter where position('kim@example' in encode(raw, 'escape')) > 0")" 0
ok "customers can still be told apart" [ "$(sql 'select count(distinct customer_id) from fact_transaction')" -gt 20 ]

# --- what is refused --------------------------------------------------------------------------------------------------------
refused() { # TEXT OPTION...
	local text=$1
	shift
	exits 2 "refused: $*" fraudcheck "$@" </dev/null
	ok "… in words" grep -qF -- "$text" err
}
printf 'short\n' >short
refused "'transaction_id' cannot be masked: by it a transaction is known" --mask email,transaction_id
refused "'amount' cannot be masked: the tables need its value" --mask amount
refused "'customer_id' cannot be masked: it takes --mask-key" --mask customer_id
refused "'email' cannot be masked: it, or something in it, is masked already" --mask email,email
refused "a secret has 16 bytes at least" --mask email --mask-key short
refused 'nowhere: No such file' --mask email --mask-key nowhere
refused '--mask-key goes with --mask' --mask-key key
refused '--mask goes with verdicts that go out' --mask email --features
finish

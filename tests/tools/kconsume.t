#!/bin/bash
# kconsume against a mock broker: the line format, what is rejected, where it begins, refusals, signals, a reader that goes away.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/kafka.sh"
start_mock many:4 bad:1 one:1 empty:2 grp:2 multi:2 keys:1 slow:2 until:1

# --- kmock takes its time: without that, groups of several members hang now and then (see there)
began=${EPOCHREALTIME/[.,]/}
exits 0 'topics are listed' kconsume -L
ok 'each answer of kmock takes a moment' [ $((${EPOCHREALTIME/[.,]/} - began)) -ge 75000 ]


# --- and it ends with those that it told its address, or a shell's broker outlives the shell
exec 3< <(exec kmock)
short=$!
read -r -t 20 _ <&3
ok 'kmock stays while its address has a reader' kill -0 "$short"
exec 3<&-
ok 'kmock ends when nobody holds the other end of its stdout' wait_for 10 eval "! kill -0 $short 2>/dev/null"

# --- round trip
seq 1 30000 | sed 's/.*/{"customer_id":"c&","n":&,"amount":1.10,"text":"\\u00e4 \\" é"}/' >"$work/lines"
kproduce -t many <"$work/lines"
exits 0 'a topic is read to its end' look many 4 --plain
is 'the bytes are the same' "$(sort "$work/out" | md5sum)" "$(sort "$work/lines" | md5sum)"
exits 0 'larger messages are no contradiction' kconsume -q -e -t one -p 0 --stream s -X message.max.bytes=5242880
look many 4 >"$work/stream"
is 'each record carries its position' "$(complete many <"$work/stream")" complete
is 'four assignments, four ends' "$(jq -r '._kafka.event // empty' "$work/stream" | sort | uniq -c | tr -s ' ' | tr '\n' ';')" ' 4 assigned; 4 end;'
like 'the envelope has the members in their order' "$(records <"$work/stream" | head -1)" \
	'^\{"_kafka":\{"stream":"look","topic":"many","partition":[0-3],"of":4,"run":"[0-9a-f]+-[0-9]+","origin":"beginning","begin":0,"offset":0,"ts":[0-9]{13}\},"customer_id":"c[0-9]+","n":[0-9]+,"amount":1.10,"text":"\\u00e4 \\" é"\}$'
like 'assigned says where it begins, and in which cluster' "$(head -1 "$work/stream")" \
	'"begin":0,"event":"assigned","from":0,"low":0,"cluster":"[^"]+"\}\}$'
is 'a filter that drops control lines changes nothing' "$(records <"$work/stream" | kproduce -t multi -p 1 && look multi 2 --plain | sort | md5sum)" "$(sort "$work/lines" | md5sum)"

# --- what is not one well-formed object
put() { kcat -P -b "$KAFKA_BROKERS" -t bad -D '~' "$@"; }
printf '{\n "pretty" : [1,\r\n 2.50]\n}\n' | put
printf 'not json~[1]~{"a":1,"a":2}~{"_kafka":{}}~{"\\u005freject":1}~{"a":"\\u0000"}~{"a":"\xff"}~{"a":1}{"b":2}~{}~ {"b":1} ' | put
head -c 5000 /dev/zero | tr '\0' 7 >"$work/long"
printf '{"long":"%s"}' "$(cat "$work/long")" | put
printf 'key only' >"$work/null"
kcat -P -b "$KAFKA_BROKERS" -t bad -Z -K: <<<'tomb:'
look bad 1 --max-message 4000 >"$work/bad"
is 'pretty-printed JSON loses its line ends' "$(sed -n 2p "$work/bad" | sed 's/^{"_kafka":{[^}]*}/{/')" '{, "pretty" : [1, 2.50]}'
is 'each has its own reason' "$(jq -c 'select(._kafka.offset) | [._kafka.offset, ._reject.reason]' "$work/bad" | tr '\n' ' ')" \
	'[0,null] [1,"not_json"] [2,"not_object"] [3,"duplicate_name"] [4,"reserved_name"] [5,"reserved_name"] [6,"nul"] [7,"not_utf8"] [8,"not_json"] [9,null] [10,null] [11,"too_long"] [12,"null_payload"] '
is 'by kconsume' "$(jq -r '._reject.by // empty' "$work/bad" | sort | uniq -c | tr -s ' ')" ' 10 kconsume'
is 'the bytes are kept' "$(jq -r 'select(._kafka.offset == 1) | ._reject.raw' "$work/bad")$(jq -r 'select(._kafka.offset == 7) | ._reject.raw_base64' "$work/bad" | base64 -d | od -An -tx1 | tr -d ' ')" \
	'not json7b2261223a22ff227d'
is 'an empty object is a record' "$(grep -c '"offset":9,"ts":[0-9]*}}$' "$work/bad")" 1
exits 1 'rejects can be bounded' look bad 1 --max-rejects 3

# --- keys and headers
printf 'k1|{"n":1}\n' | kcat -P -b "$KAFKA_BROKERS" -t keys -K'|' -H a=1 -H a=2 -H 'b=x y'
printf '{"n":2}\n' | kcat -P -b "$KAFKA_BROKERS" -t keys
printf '\xff\xfe|{"n":3}\n' | kcat -P -b "$KAFKA_BROKERS" -t keys -K'|'
is 'keys and headers on request' "$(look keys 1 --envelope key,headers | records | jq -c '._kafka | [.key, .key_base64, .headers]' | tr '\n' ' ')" \
	'["k1",null,[{"name":"a","value":"1"},{"name":"a","value":"2"},{"name":"b","value":"x y"}]] [null,null,null] [null,"//4=",null] '
is 'not otherwise' "$(look keys 1 | grep -c '"key"')" 0
# Escaped, these keys are six times as long: more than a line may have.
controls() { head -c 45000 /dev/zero | tr '\0' '\1'; }
{ controls && echo '|{"n":4}' && controls && echo '|not json'; } | kcat -P -b "$KAFKA_BROKERS" -t keys -K'|'
look keys 1 -o 3 --max-message 50000 --envelope key,headers | sed 1d >"$work/keys"
is 'a key that makes the line too long stays behind' "$(jq -c '[._kafka.offset, ._kafka.key, ._reject.reason, ._reject.raw]' "$work/keys" | head -2 | tr '\n' ' ')" \
	'[3,null,"too_long","{\"n\":4}"] [4,null,"not_json","not json"] '

# --- where to begin and to stop
seq 0 99 | sed 's/.*/{"n":&}/' | kproduce -t one
numbers() { jq -r '.n // empty' | tr '\n' ' '; }
is '-o N -c M' "$(look one 1 -o 40 -c 3 | numbers)" '40 41 42 '
is '-o -N' "$(look one 1 -o -2 | numbers)" '98 99 '
is '-o end' "$(look one 1 -o end | jq -c '._kafka | [.origin, .begin, .event, .next]' | tr '\n' ' ')" '["end",100,"assigned",null] ["end",100,"end",100] '
exits 65 '-o behind the log is never reset' look one 1 -o 101
like 'both numbers are told' "$(cat "$work/err")" 'one/0: -o 101 .* 0 to 100'
exits 2 '-o stored' look one 1 -o stored
exits 2 '-o nonsense' look one 1 -o 1x

# --- --resume
exits 0 'what --longest-window prints for rules without windows is taken' kconsume -L --rewind "$(fraudcheck --longest-window)"
cluster=$(kconsume -q -L -J | jq -r .cluster)
ts=$(look one 1 -o 49 -c 1 | jq -r 'select(._kafka.offset == 49) | ._kafka.ts')
position() { # NEXT LAST TS CLUSTER PARTITIONS
	printf '{"stream":"look","topic":"one","partition":0,"next_offset":%s,"last_offset":%s,"last_ts":%s,"cluster_id":%s,"partitions":%s}\n' "$@" >"$work/position"
}
resume() { look one 1 --resume="cat $work/position" "$@"; }
position 50 49 "$ts" "\"$cluster\"" 1
exits 0 'begins at the stored position' resume -c 2
is 'the probe is not emitted' "$(numbers <"$work/out")" '50 51 '
is 'origin and begin say so' "$(records <"$work/out" | jq -c '._kafka | [.origin, .begin]' | sort -u)" '["resume",50]'
exits 0 '-o does not speak for it' resume -o end -c 1
is 'nor change it' "$(numbers <"$work/out")" '50 '
position 50 49 "$((ts + 1))" "\"$cluster\"" 1
exits 65 'another time at last_offset' resume
like 'names offset and both times' "$(cat "$work/err")" "one/0: .*offset 49 has time $ts.*$((ts + 1))"
is 'and nothing is emitted' "$(records <"$work/out" | wc -l)" 0
position 50 49 "$ts" '"another"' 1
exits 65 'another cluster' resume
like 'names both' "$(cat "$work/err")" "another.*$cluster"
position 150 149 "$ts" "\"$cluster\"" 1
exits 65 'the log ends before the position' resume
like 'both numbers' "$(cat "$work/err")" '100.*150'
position 100 99 null null null
exits 0 'everything was read already' resume
is 'nothing comes but its end' "$(jq -c '._kafka | [.event, .next]' "$work/out" | tr '\n' ' ')" '["assigned",null] ["end",100] '
sed -i 's/"look"/"other"/' "$work/position"
exits 2 'positions of another stream' resume
echo 'oops' >"$work/position"
exits 75 'a command that prints no positions' resume
exits 75 'a command that fails' look one 1 --resume='echo broken >&2; exit 3'
like 'its status is told' "$(cat "$work/err")" 'failed with status 3'
exits 75 'a command that is not there' look one 1 --resume=/nonexistent
exits 65 'a command that refuses the stream' look one 1 --resume='exit 65'
: >"$work/position"
exits 0 'no positions: -o speaks' resume -o 98
is 'from there' "$(numbers <"$work/out")" '98 99 '
printf '{"stream":"look","topic":"multi","partition":0,"next_offset":0,"last_offset":null,"last_ts":null,"cluster_id":null,"partitions":1}\n' >"$work/position"
look multi 2 --resume="cat $work/position" -o end >"$work/out"
is 'a partition added later begins at the beginning, whatever -o says' "$(jq -c 'select(._kafka.event == "assigned") | ._kafka | [.partition, .origin, .begin]' "$work/out" | tr '\n' ' ')" \
	'[0,"resume",0] [1,"beginning",0] '

# --- questions
like '-L' "$(kconsume -L)" 'topic "many" with 4 partitions'
is '-L -t -J' "$(kconsume -L -J -t many,one | jq -c '[.topics[] | [.topic, (.partitions | length)]] | sort')" '[["many",4],["one",1]]'
exits 2 '-L of a topic that is not there' kconsume -L -t nowhere
is '-Q' "$(kconsume -Q -t one)" 'one [0] low 0 high 100'
is '-Q as kcat asks' "$(kconsume -Q -t one:0:end,one:0:-2)" 'one [0] offset 100
one [0] offset 0'
position 30 29 null null 1
is '--lag' "$(kconsume --lag --stream look -t one --resume="cat $work/position")" '{"stream":"look","topic":"one","partition":0,"next_offset":30,"low":0,"high":100,"lag":70}'

# --- a reader that goes away
gone() { # OPTION...: status of a stage whose reader leaves while it is idle, and tens of seconds: one is promised, a busy machine gets ten of them
	local started=${EPOCHREALTIME/./}
	kconsume -t empty -p 0 --stream look "$@" 2>"$work/err" | head -1 >/dev/null
	echo "${PIPESTATUS[0]} $(((${EPOCHREALTIME/./} - started) / 10000000))"
}
is 'an idle stage notices within a second, silently' "$(gone -q)$(cat "$work/err")" '74 0'
timeout 10 kconsume -q -t many -p 0,1,2,3 --stream look | head -3 >/dev/null
is 'and so does a busy one' "${PIPESTATUS[0]}" 74

# --- SIGTERM leaves whole lines
written() { sed -n 's/^wchar: //p' "/proc/$consumer/io"; }
pipe_is_full() { [ "$(written)" -gt 60000 ] && [ "$(written)" = "$(sleep 0.3; written)" ]; } # with the end of a line outside
mkfifo "$work/fifo"
kconsume -q -t many,multi -p 0,1 --stream look >"$work/fifo" &
consumer=$!
exec 9<"$work/fifo"
ok 'nobody reads: the pipe is full' wait_for 10 pipe_is_full
kill -TERM "$consumer"
cat <&9 >"$work/whole"
wait "$consumer"
is 'SIGTERM: done' $? 0
exec 9<&-
is 'the last line is whole' "$(tail -c 1 "$work/whole" | od -An -c | tr -d ' ')" '\n'
ok 'every line parses' jq -e . "$work/whole"
mkfifo "$work/fifo2"
kconsume -q -t many,multi -p 0,1 --stream look --grace 1s >"$work/fifo2" 2>"$work/err" &
consumer=$!
exec 9<"$work/fifo2"
ok 'the pipe is full again' wait_for 10 pipe_is_full
kill -TERM "$consumer"
wait "$consumer"
is 'a reader that takes nothing is waited for no longer than the grace' $? 74
exec 9<&-

# --- a group
timeout 20 kconsume -q -g here -t grp,one -e >"$work/out"
is 'a group reads all partitions of its topics' "$(jq -r 'select(._kafka.event == "assigned") | ._kafka | "\(.stream) \(.topic) \(.partition) \(.of)"' "$work/out" | sort | tr '\n' ';')" 'here grp 0 2;here grp 1 2;here one 0 1;'
is 'and their records' "$(records <"$work/out" | wc -l)" 100
# a member that is halted holds the next one up until its session is over
kconsume -q -g held -t one >"$work/held" &
held=$!
ok 'a member has partitions' wait_for 30 grep -q assigned "$work/held"
kill -STOP "$held"
kconsume -g held -t one 2>"$work/err" >/dev/null &
waiting=$!
ok 'who has to wait for the group is told so' wait_for 30 grep -q 'notice: waiting for the group held' "$work/err"
kill -KILL "$held" "$waiting"
wait "$held" "$waiting" 2>/dev/null

# --- mistakes
exits 2 'a topic that is not there' kconsume -t nowhere -e
is 'is one line' "$(grep -c . "$work/err")" 1
exits 2 'a partition that is not there' look one 2
exits 2 '-p without a stream' kconsume -p 0
exits 2 '-p abc' kconsume -p abc --stream x
exits 2 'a stream that needs quoting' kconsume --stream 'a b'
stop_mock
exits 75 'no broker' kconsume -q -e
is 'is one line, too' "$(grep -c . "$work/err")" 1
like 'that says what to look at' "$(cat "$work/err")" 'cannot reach Kafka.*KAFKA_BROKERS'
finish

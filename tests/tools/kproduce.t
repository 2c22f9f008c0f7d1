#!/bin/bash
# kproduce against a mock broker: bytes, keys, what is stripped, what is refused, exit statuses.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/kafka.sh"
start_mock plain:3 keys:4 strip:1 big:1 count:1 head:1 many:4 tx:1 slow:1

# --- bytes arrive as they were
printf '%s\n' '{"customer_id":"a","n":1}' '  {"customer_id" : "a", "n":1.10}  ' 'not json' $'\xff\xfe' '[1]' '{}' '' '{"n":3}' >"$work/lines"
exits 0 'all lines are delivered' kproduce -t plain <"$work/lines"
dump -t plain -e >"$work/got"
is 'byte for byte, empty lines ignored' "$(sort "$work/got" | md5sum)" "$(grep -av '^$' "$work/lines" | sort | md5sum)"

printf '{"customer_id":"k%d"}\n' {1..40} >"$work/keyed"
kproduce -t keys <"$work/keyed"
kproduce -t keys <"$work/keyed"
is 'a key stays in its partition' "$(dump -t keys -e -f '%k %p\n' | sort -u | wc -l)" 40
is 'the keys are the customers' "$(dump -t keys -e -f '%k|%s\n' | jq -R 'split("|") | .[0] == (.[1] | fromjson.customer_id)' | sort -u)" true
# Hashed as Java's clients do it: murmur2, positive, modulo 4 (computed with the reference algorithm)
java_partition() { # PARTITIONS
	perl - "$1" <<-'END'
	use constant {M => 0x5bd1e995, MASK => 0xffffffff};
	sub murmur2 {
		my $data = shift;
		my $h = 0x9747b28c ^ length $data;
		while ($data =~ s/^(....)//s) {
			my $k = unpack("V", $1) * M & MASK;
			$k = ($k ^ $k >> 24) * M & MASK;
			$h = ($h * M & MASK) ^ $k;
		}
		$h = ($h ^ unpack("V", $data . "\0" x 4)) * M & MASK if length $data;
		$h = ($h ^ $h >> 13) * M & MASK;
		return ($h ^ $h >> 15) & 0x7fffffff;
	}
	printf "k%d %d\n", $_, murmur2("k$_") % $ARGV[0] for 1 .. 40;
	END
}
is 'the partition is the one of Java clients' "$(dump -t keys -e -f '%k %p\n' | sort -u)" "$(java_partition 4 | sort)"

# --- the suite's own members come off; control lines are no records
cat >"$work/strip" <<'END'
{"_kafka":{"stream":"s","topic":"t","partition":0,"of":1,"run":"r","origin":"end","begin":0,"offset":4,"ts":5},"customer_id":"a","x":1}
{"_kafka":{"stream":"s","topic":"t","partition":0,"of":1,"run":"r","origin":"end","begin":0,"event":"end","next":5}}
{"_reject":{"by":"pgload","reason":"type","detail":"d","raw":"{\"customer_id\":\"b\"}"}}
{"a":1,"_kafka":{"forged":true}}
END
exits 0 'lines of kconsume are taken' kproduce -t strip <"$work/strip"
is 'without what the suite added' "$(dump -t strip -e -f '%k|%s\n')" 'a|{"customer_id":"a","x":1}
b|{"customer_id":"b"}
|{"a":1,"_kafka":{"forged":true}}'

# --- too long
head -c 3000 /dev/zero | tr '\0' x >"$work/long"
printf '{"n":1}\n%s\n{"n":2}\n' "$(cat "$work/long")" >"$work/some"
exits 1 'a message too long, and no file to keep it' kproduce -t big --max-message 1024 <"$work/some"
like 'says how to keep it' "$(cat "$work/err")" '1 messages were refused.*line 2.*--rejects FILE'
is 'the others have arrived' "$(dump -t big -e | wc -l)" 2
exits 0 'with a file it is done' kproduce -t big --max-message 1024 --rejects "$work/rejects" <"$work/some"
is 'the reject has reason, line and bytes' "$(jq -c '._reject | [.by, .reason, .line, (.raw | length)]' "$work/rejects")" '["kproduce","too_long",2,3000]'
exits 1 'and can be bounded' kproduce -t big --max-message 1024 --rejects "$work/rejects" --max-rejects 0 <"$work/some"
head -c 300000 /dev/zero | tr '\0' x >"$work/huge.raw"
{ cat "$work/huge.raw"; echo; } >"$work/huge"
rm "$work/rejects"
exits 0 'a line longer than any buffer' kproduce -t big --max-message 1024 --rejects "$work/rejects" <"$work/huge"
is 'is cut and hashed' "$(jq -c '._reject | [.raw_bytes, .raw_sha256]' "$work/rejects")" "[300000,\"$(sha256sum <"$work/huge.raw" | cut -d' ' -f1)\"]"

# --- the last line
printf '{"n":1}\n{"n":2}' | kproduce -t head
is 'a last line without its newline is a record' $? 0
printf '{"n":3}\n{"n":' >"$work/torn"
exits 74 'a torn one is not' kproduce -t head <"$work/torn"
like 'and it is said where' "$(cat "$work/err")" '-:2: .*torn'
is 'it was not delivered' "$(dump -t head -e)" '{"n":1}
{"n":2}
{"n":3}'

# --- options
exits 0 '-c' kproduce -t count -c 2 -H who=me -H none <<<'{"n":1}
{"n":2}
{"n":3}'
is 'stops after so many lines, with headers on them' "$(dump -t count -e -f '%h %s\n')" 'who=me,none=NULL {"n":1}
who=me,none=NULL {"n":2}'
exits 0 '-p and -z' kproduce -t many -p 2 -z gzip <"$work/keyed"
is 'a partition of its own choice' "$(dump -t many -e -f '%p\n' | sort | uniq -c | tr -s ' ')" ' 40 2'
exits 2 'a partition that is not there' kproduce -t many -p 4 </dev/null
exits 2 'a topic that is not there' kproduce -t nowhere <<<'{}'
like 'is named' "$(cat "$work/err")" 'topic nowhere does not exist'
is 'and not created' "$(kconsume -q -L -J | jq -c '[.topics[].topic | select(. == "nowhere")]')" '[]'
exits 2 'a secret in the arguments' kproduce -X sasl.password=hush </dev/null
is 'is not repeated' "$(grep -c hush "$work/err")" 0
exits 2 'a property that is not there' kproduce -X nonsense=1 </dev/null
echo 'client.id = me' >"$work/config"
exits 0 'kcat configuration file' kproduce -t count -F "$work/config" </dev/null
echo 'client.id' >>"$work/config"
exits 2 'a broken one' kproduce -t count -F "$work/config" </dev/null
like 'names its line' "$(cat "$work/err")" 'config:2: '

# --- signals: what was read is delivered
arrived() { dump -t slow -e | grep -q "$1"; }
mkfifo "$work/fifo"
kproduce -t slow --grace 1s <"$work/fifo" 2>"$work/err" &
slow=$!
exec 9>"$work/fifo"
echo '{"n":1}' >&9
wait_for 10 arrived 1
is 'a line does not wait for the next one' $? 0
echo '{"n":2}' >&9
sleep 0.2
kill -TERM "$slow"
echo '{"n":3}' >&9
wait "$slow"
is 'SIGTERM: done' $? 0
exec 9>&-
is 'and everything read until then delivered' "$(dump -t slow -e | tr -d '\n')" '{"n":1}{"n":2}{"n":3}'

# --- the broker goes away
mkfifo "$work/fifo2"
kproduce -t slow -X message.timeout.ms=1500 <"$work/fifo2" 2>"$work/err" &
slow=$!
exec 9>"$work/fifo2"
echo '{"n":4}' >&9
wait_for 10 arrived 4
stop_mock
printf '{"n":5}\n{"n":6}\n' >&9
exec 9>&-
wait "$slow"
is 'the broker dies: 75' $? 75
like 'with the number that was not delivered' "$(cat "$work/err")" '2 of 3 records were not delivered to slow'
exits 75 'no broker at all' kproduce -t slow <<<'{}'
is 'one line' "$(wc -l <"$work/err")" 1
like 'that says what to look at' "$(cat "$work/err")" 'cannot reach Kafka.*refused.*KAFKA_BROKERS'
finish

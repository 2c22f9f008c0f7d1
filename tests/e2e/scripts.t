#!/bin/bash
# scripts/kafka: a real broker that starts, stops, comes back with its topics, and takes topics with settings.
source "$(dirname "$0")/../tap.sh"
kafka() { "$root/scripts/kafka" "$@"; }
dir=$work/kafka
at_exit kafka stop -D "$dir"

exits 1 "status before there is one" kafka status -D "$dir"
exits 0 "stop before there is one" kafka stop -D "$dir"
exits 0 "start" kafka start -D "$dir"
cp "$work/out" "$work/settings"
eval "$(cat "$work/settings")"
like "it prints its address" "$KAFKA_BROKERS" '^127\.0\.0\.1:[0-9]+$'
is "start again says the same" "$(kafka start -D "$dir")" "$(cat "$work/settings")"
exits 0 "a topic" kafka topic -D "$dir" events 3 max.message.bytes=5000000
exits 75 "the same topic again" kafka topic -D "$dir" events 3
like "… says so" "$(cat "$work/err")" 'already exists'
exits 0 "… unless that is fine" kafka topic -b "$KAFKA_BROKERS" --if-missing events 3
exits 75 "a setting that there is not" kafka topic -D "$dir" other 1 no.such=1
is "partitions" "$(kcat -b "$KAFKA_BROKERS" -L -t events | grep -c '    partition')" 3
exits 1 "topics do not appear by themselves" kcat -b "$KAFKA_BROKERS" -P -t unknown -X message.timeout.ms=3000 <<<'x'
seq 1000 | kcat -b "$KAFKA_BROKERS" -P -t events
pid=$(cat "$dir/pid")
kill -9 "$pid"
exits 1 "status after kill -9" kafka status -D "$dir"
is "it comes back on the same port" "$(kafka start -D "$dir")" "$(cat "$work/settings")"
is "… with its messages" "$(kcat -b "$KAFKA_BROKERS" -C -t events -e -q | sort -n | md5sum)" "$(seq 1000 | md5sum)"
other=$work/other
at_exit kafka stop -D "$other"
exits 75 "a port that is taken" kafka start -D "$other" --port "${KAFKA_BROKERS##*:}"
exits 0 "stop" kafka stop -D "$dir"
exits 0 "stop again" kafka stop -D "$dir"
ok "no process is left" eval '! kill -0 "$pid" 2>/dev/null'
exits 75 "a topic without a broker" kafka topic -b "$KAFKA_BROKERS" events 1
exits 2 "wrong option" kafka start --nonsense
finish

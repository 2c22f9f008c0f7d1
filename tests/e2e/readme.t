#!/bin/bash
# What the README says of a pipe through Kafka works when pasted, line by line: producer and pipeline until Ctrl-C, then pipelines under supervision.
source "$(dirname "$0")/../tap.sh"

export XDG_STATE_HOME=$work/state XDG_RUNTIME_DIR=$work/run
mkdir -p "$work/state" "$work/run" "$work/checkout"
chmod 755 "$work/state" "$work/run"
at_exit "$root/scripts/postgres" stop
at_exit "$root/scripts/kafka" stop
cd "$work/checkout" || exit 1
ln -s "${TXPIPE_BIN:-$root/bin}" bin
ln -s "$root/scripts" scripts
stored() { [ "$(sql 'select coalesce(sum(rows), 0) from stream_position')" -gt "$1" ]; }

mapfile -t lines < <(sed -n '/<!-- through Kafka/,/^```$/p' "$root/README.md" | grep -Ev '^(<!--|```|$)')
ok "the README has seven lines" [ "${#lines[@]}" -eq 7 ]
eval "${lines[0]}" 2>"$work/err"
ok "servers: ${lines[0]%%  *}" [ -n "${KAFKA_BROKERS-}" -a -n "${PGHOST-}" ]
ok "topic: ${lines[1]}" eval "${lines[1]}"
ok "… again, too" eval "${lines[1]}"
pgload --init -q >/dev/null

set -m # each of them a job of its own, as in a terminal: Ctrl-C reaches a whole pipe
eval "${lines[2]}" </dev/null >/dev/null 2>"$work/producer" &
producer=$!
eval "${lines[3]}" </dev/null >/dev/null 2>"$work/pipeline" &
pipeline=$!
set +m
at_exit eval 'kill -KILL -- "-$producer" "-$pipeline" 2>/dev/null'
ok "records are stored" wait_for 60 stored 2000
kill -INT -- "-$pipeline"
wait "$pipeline"
is "Ctrl-C ends the pipeline in order" "$?" 0
before=$(sql 'select sum(rows) from stream_position')
at_exit "$root/scripts/stream" stop
ok "supervised: ${lines[4]%%  *}" eval "${lines[4]}"
ok "they go on where the other one was" wait_for 60 stored "$((before + 2000))"
kill -INT -- "-$producer"
wait "$producer"
is "Ctrl-C ends the producer in order" "$?" 0
ok "${lines[5]}" eval "${lines[5]}"
ok "the books agree" "$root/scripts/reconcile"
is "nothing twice" "$(sql 'select count(*) - count(distinct transaction_id) from fact_transaction')" 0
ok "${lines[6]%%  *}" eval "${lines[6]}"
finish

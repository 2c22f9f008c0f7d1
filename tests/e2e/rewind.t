#!/bin/bash
# kconsume --rewind, --commit and static membership on a real Kafka.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/kafka.sh"
start_kafka
topic() { "$root/scripts/kafka" topic -b "$KAFKA_BROKERS" "$@" >/dev/null; }
topic warm 1
topic warmtx 1
topic static 4
one() { kconsume -q -t "$1" -p 0 --stream x -e "${@:2}"; }
seq 1 200 | sed 's/.*/{"customer_id":"c&","n":&}/' >"$work/lines"

# --- --rewind: what came before the begin, by its Kafka times
for i in 1 2 3 4 5 6 7 8 9 10; do
	head -$((5 + i)) "$work/lines"
	sleep 0.1
done | kproduce -t warm --profile latency
for i in 1 2 3; do
	head -40 "$work/lines" | kproduce -t warmtx --transactional warm
	sleep 0.2
	# aborted: many offsets without a record
	{ cat "$work/lines"; printf torn; } | kproduce -q -t warmtx --transactional warm 2>/dev/null
done
offsets() { jq -r '._kafka | "\(.offset) \(.ts)"'; }

# The last record before the time that is wanted and all behind it, up to the begin; all, if the log goes not so far back.
expected() { # BEGIN MS
	awk -v begin="$1" -v ms="$2" -v n=0 '
		$1 >= begin && !t { t = $2 }
		$1 < begin { offset[n] = $1; time[n++] = $2 }
		END {
			if (!t) t = time[n - 1]
			while (i < n && time[i] < t - ms) i++
			for (i = i > 0 ? i - 1 : 0; i < n; i++) print offset[i], time[i]
		}'
}
warmed() { # TOPIC BEGIN MS
	one "$1" -o "$2" --rewind "$3ms" >"$work/rewound"
	expected "$2" "$3" <"$work/$1.log" >"$work/want"
	records <"$work/rewound" | { grep '"warm":true' || true; } | offsets | cmp - "$work/want" &&
		cmp <(records <"$work/rewound" | { grep -v '"warm":true' || true; } | offsets) <(awk -v begin="$2" '$1 >= begin' "$work/$1.log")
}
one warm | records | offsets >"$work/warm.log"
end=$(kconsume -Q -J -t warm | jq .high)
for from in 1 30 "$end"; do
	for ms in 1 420 100000; do ok "$ms ms before $from" warmed warm "$from" "$ms"; done
done
is 'assigned tells where reading begins' "$(jq -c 'select(._kafka.event == "assigned") | ._kafka | [.from, .begin]' "$work/rewound")" "[0,$end]"
ok 'half of it' warmed warm "$end" 420
is '… begins in the middle' "$(awk 'NR == 1 { print ($1 > 5) }' "$work/want")" 1
one warmtx | records | offsets >"$work/warmtx.log"
end=$(kconsume -Q -J -t warmtx | jq .high)
for from in 41 300 "$end"; do
	for ms in 1 250; do ok "$ms ms before $from, over aborted records" warmed warmtx "$from" "$ms"; done
done
is 'there is nothing before the beginning' "$(one warm --rewind 1h | grep -c '"warm":true')" 0
is 'warm records do not count' "$(one warm -o 30 --rewind 1h -c 3 | records | grep -vc '"warm":true')" 3
position() { printf '{"stream":"x","topic":"warm","partition":0,"next_offset":60,"last_offset":59,"last_ts":%s}\n' "$1" >"$work/position"; }
position "$(awk '$1 == 59 { print $2 }' "$work/warm.log")"
exits 0 'resumed: the last record is compared on the way' one warm --rewind 150ms --resume="cat $work/position"
is '… and comes out warm' "$(jq -c 'select(._kafka.offset == 59) | ._kafka.warm' "$work/out")" true
position 1
exits 65 '… another one is refused' one warm --rewind 150ms --resume="cat $work/position"
is '… before anything that is not warm' "$(records <"$work/out" | grep -vc '"warm":true')" 0
exits 2 '--plain could not tell which are warm' one warm --plain --rewind 1s

# --- --commit: the stored positions, for displays
displayed() { [ "$("$root/tests/admin.pl" "$KAFKA_BROKERS" committed warm 0 shown)" = "$1" ]; }
shown() { printf '{"stream":"shown","topic":"warm","partition":0,"next_offset":%s}\n' "$1" >"$work/shown.new" && mv "$work/shown.new" "$work/shown"; }
shown 42
kconsume -q -G shown -t warm --commit 1s --resume="cat $work/shown" >/dev/null &
reader=$!
ok 'a stored position is committed' wait_for 15 displayed 42
shown 77
ok '… and the next one' wait_for 15 displayed 77
kill -TERM "$reader"
wait "$reader"
shown 50
is '… and reading never begins there' "$(kconsume -q -G shown -t warm -c 1 --resume="cat $work/shown" | records | jq ._kafka.offset)" 50
kconsume -G unshown -t warm --commit 1s --resume="[ ! -e $work/second ] || exit 1; touch $work/second" >/dev/null 2>"$work/err.commit" &
reader=$!
ok 'positions that cannot be had are a warning' wait_for 15 grep -q 'lag displays fall behind' "$work/err.commit"
kill -TERM "$reader"
wait "$reader"
is '… and no more than that' $? 0
exits 2 '--commit belongs to a group' one warm --commit 1s

# --- a partition that is added: all of it is new, whatever -o says
topic added 1
kconsume -q -G added -t added -o end >"$work/added" &
reader=$!
ok 'a reader from the end on' wait_for 20 grep -q assigned "$work/added"
ok 'the topic is widened' "$root/tests/admin.pl" "$KAFKA_BROKERS" widen added 2
head -5 "$work/lines" | kproduce -q -t added -p 1
five() { [ "$(jq -c "select(._kafka.partition == 1 and ._kafka.offset != null) | [._kafka.offset, ._kafka.origin]" "$work/added" | tr -d "\n")" = \
	'[0,"beginning"][1,"beginning"][2,"beginning"][3,"beginning"][4,"beginning"]' ]; }
ok '… noticed within seconds, and read from its beginning' wait_for 20 five
kill -TERM "$reader"
wait "$reader"

# --- static membership: who comes back under its name finds its partitions, and nobody else is disturbed
member() { # NAME: in the background, pid in $member
	kconsume -G static -t static --instance-id "$1" -X session.timeout.ms=20000 -X heartbeat.interval.ms=300 >>"$work/$1.out" 2>>"$work/$1.err" &
	member=$!
}
runs() { jq -r 'select(._kafka.event == "assigned") | "\(._kafka.partition) \(._kafka.run)"' "$work/$1.out"; }
assigned() { [ "$(runs "$1" | wc -l)" -eq "$2" ]; }
member a
a=$member
ok 'the first has all partitions' wait_for 20 assigned a 4
member b
b=$member
ok 'the second gets two of them' wait_for 20 assigned b 2
before=$(runs a) shares=$(runs b | cut -d' ' -f1 | sort)
kill -9 "$b"
wait "$b" 2>/dev/null
member b
b=$member
ok 'killed, it is back long before its session ends' wait_for 10 assigned b 4
is '… with the same partitions' "$(runs b | tail -2 | cut -d' ' -f1 | sort)" "$shares"
is '… in runs of their own' "$(runs b | cut -d' ' -f2 | sort -u | wc -l)" 4
is '… and the other was not disturbed' "$(runs a)" "$before"
kproduce -t static <"$work/lines"
read_all() { [ "$(cat "$work/a.out" "$work/b.out" | complete static)" = complete ]; }
ok '… and both go on' wait_for 20 read_all
member b
wait "$b"
is 'a second one of the same name takes over: the first ends with 75' "$?" 75
like '… and says why' "$(cat "$work/b.err")" '[Ff]enced|instance'
b=$member
kill -TERM "$a" "$b"
wait "$a" "$b"
finish

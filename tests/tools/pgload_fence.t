#!/bin/bash
# The fence: every rule of docs/design.md ("Exactly once, through plain pipes"), each with hand-written lines, the exit status and the tables.
. "$(dirname "$0")/../tap.sh"
start_postgres
pgload --init >/dev/null || exit 1

# Lines of one run: run NAME ORIGIN BEGIN [PARTITION [OF]], then line OFFSET... ; control EVENT MEMBERS
run() { r_name=$1 r_origin=$2 r_begin=$3 r_part=${4-0} r_of=${5-4}; }
head_of() {
	printf '{"_kafka":{"stream":"%s","topic":"tx","partition":%d,"of":%d,"run":"%s","origin":"%s","begin":%d,' "${stream-s}" "$r_part" \
		"$r_of" "$r_name" "$r_origin" "$r_begin"
}
tail_of() {
	printf '"transaction_id":"00000000-0000-4000-8000-%04d%08d","transaction_ts":"2026-01-01T00:00:00Z","customer_id":"00000000-0000-4000-8000-%012d","merchant_id":"00000000-0000-4000-9000-000000000001","amount":%d.25,"currency":"EUR","is_foreign":false,"is_fraud":false}\n' \
		"$r_part" "$1" "$r_part" "$1"
}
line() { local o; for o; do head_of; printf '"offset":%d,"ts":%d},' "$o" $((1000 + o)); tail_of "$o"; done; }
warm() { local o; for o; do head_of; printf '"offset":%d,"ts":%d,"warm":true},' "$o" $((1000 + o)); tail_of "$o"; done; }
bad() { local o; for o; do head_of; printf '"offset":%d,"ts":%d},"transaction_id":"no"}\n' "$o" $((1000 + o)); done; }
reject() { head_of; printf '"offset":%d,"ts":%d},"_reject":{"by":"kconsume","reason":"not_json","detail":"d","raw":"{"}}\n' "$1" $((1000 + $1)); }
label() { head_of; printf '"offset":%d,"ts":%d},"label_for":"00000000-0000-4000-8000-%04d%08d","label_ts":"2026-01-05T00:00:00Z","is_fraud":true}\n' "$1" $((1000 + $1)) "$r_part" "$2"; }
assigned() { head_of; printf '"event":"assigned","from":%d,"low":0,"cluster":"%s"}}\n' "$r_begin" "$1"; }
log_end() { head_of; printf '"event":"end","next":%d}}\n' "$1"; }
revoked() { head_of; printf '"event":"revoked"}}\n'; }

# Everything that is stored, but for the moment it was.
state() {
	psql -X -q -A -t -v ON_ERROR_STOP=1 \
		-c "select 'p', stream, target, topic, partition, first_offset, next_offset, rows, duplicates, dead_letters, labels, holes, last_offset, last_ts,
			partitions, cluster_id, broken_at is not null from stream_position order by 2, 3, 4, 5" \
		-c "select 'f', transaction_id, amount from fact_transaction order by 2" \
		-c "select 'd', stream, topic, partition, kafka_offset, reason from dead_letter order by 2, 3, 4, 5" \
		-c "select 'l', label_for, is_fraud from fraud_label order by 2" \
		-c "select 'g', stream, topic, partition, from_offset, to_offset from stream_gap order by 2, 3, 4, 5"
}
fresh() { sql "truncate stream_position, stream_gap, fact_transaction, dead_letter, fraud_label" >/dev/null; }
books() { sql "select first_offset, next_offset, rows, duplicates, dead_letters, labels, holes from stream_position where partition = ${1-0} and stream = '${stream-s}' and target = '${target-fact_transaction}'"; }
facts() { sql "select count(*) from fact_transaction"; }
# load FUNCTION [PGLOAD-OPTION...]: feed what FUNCTION prints.
load() { local f=$1; shift; : >"$work/commits"; "$f" | pgload "$@" >"$work/commits"; }
# Between the lines of such a function: the lines before are committed.
committed() { wait_for 10 test -s "$work/commits"; }
# refused STATUS NAME FUNCTION [OPTION...]: that exit status, nothing changed, something said.
refused() {
	local before status want=$1 name=$2
	shift 2
	before=$(state)
	load "$@" 2>"$work/err"
	status=$?
	is "$name: status" "$status" "$want"
	is "$name: nothing changed" "$(state)" "$before"
	like "$name: says why" "$(cat "$work/err")" '^pgload: error: '
}
# takes NAME FUNCTION [OPTION...]: exit 0.
takes() { local name=$1; shift; ok "$name" load "$@"; }

note "counting"
one() { run a beginning 0; assigned c1; line 0 1; bad 2; label 3 1; line 5; reject 6; line 7; revoked; }
takes "a first run" one
is "each offset is counted once" "$(books)" "0|8|4|0|2|1|1"
is "the last record, its time and its cluster are kept" \
	"$(sql "select last_offset, last_ts, cluster_id, partitions, topic from stream_position")" "7|1007|c1|4|tx"
is "the rows are there" "$(facts)" 4
is "dead letters have their coordinates" "$(sql "select stream, topic, partition, kafka_offset, source, line, \"by\", reason from dead_letter order by kafka_offset")" \
	"s|tx|0|2|||pgload|bad_uuid"$'\n'"s|tx|0|6|||kconsume|not_json"

note "replays"
before=$(state)
takes "the same run again" one
is "changes nothing" "$(state)" "$before"
two() { run b beginning 0; line 0 1; bad 2; label 3 1; line 5; reject 6; line 7 8 9; }
takes "an overlapping run from the beginning" two
is "counts only what is new" "$(books)" "0|10|6|0|2|1|1"
three() { run c resume 10; line 10; }
takes "a run that resumes" three
is "goes on" "$(books)" "0|11|7|0|2|1|1"
dup() { run d resume 11; head_of; printf '"offset":11,"ts":1},'; tail_of 1; head_of; printf '"offset":12,"ts":2},'; tail_of 1 | sed 's/"amount":1/"amount":2/'; }
takes "a record again at another offset, and the same id with another amount" dup
is "is a duplicate, and a conflict" "$(books)" "0|13|7|1|3|1|1"
is "the conflict is a dead letter" "$(sql "select reason, kafka_offset from dead_letter where kafka_offset = 12")" "conflicting_duplicate|12"
nothing() { run e resume 13; log_end 20; }
takes "an end beyond the last record" nothing
is "is holes" "$(books)" "0|20|7|1|3|1|8"
old_end() { run f resume 20; line 20; log_end 21; log_end 15; }
takes "an end that was known before" old_end
is "moves nothing back" "$(books)" "0|21|8|1|3|1|8"

note "other partitions and streams"
other() { run p beginning 5 1; line 5 6; run q beginning 0 2; assigned c1; }
takes "new partitions" other
is "begin where they begin" "$(books 1) $(books 2)" "5|7|2|0|0|0|0 0|0|0|0|0|0|0"
stream=t
foreign() { run x beginning 0; line 0; }
takes "another stream of the same records" foreign
is "has its own books; its rows are duplicates" "$(books)" "0|1|0|1|0|0|0"
refused 65 "--stream names another" foreign --stream s
unset stream

note "warm records"
fresh
lukewarm() { run a beginning 0; line 0 1 2; run b resume 3; warm 1 2; line 3 4; }
takes "warm records" lukewarm
is "touch no counter" "$(books)" "0|5|5|0|0|0|0"
toowarm() { run c resume 5; warm 5; }
refused 65 "warm at the begin" toowarm
toocold() { run c resume 5; line 4; }
refused 65 "not warm before the begin" toocold

note "a missing row"
lost() { run n resume 7 3; line 7; }
refused 65 "resume without a position" lost
sql "delete from stream_position" >/dev/null
vanish() { run v beginning 0; line 0 1; committed; sql "delete from stream_position" >/dev/null; line 2; }
load vanish 2>"$work/err"
is "a position that disappears under a run: status" "$?" 75
is "no row is made for it" "$(sql "select count(*) from stream_position")" 0
vanish2() { run v beginning 0; line 0 1; committed; sql "delete from stream_position" >/dev/null; run w resume 2; line 2; }
load vanish2 2>"$work/err"
is "the same when the next run resumes: status" "$?" 75
is "again no row" "$(sql "select count(*) from stream_position")" 0

note "a position that lies behind"
fresh
ten() { run a beginning 0; line 0 1 2 3 4 5 6 7 8 9; }
takes "ten records" ten
later() { run b offset 15; line 15; }
refused 65 "a start behind the position" later
fail_over() { run b resume 15; line 15; }
refused 75 "a resume behind the position" fail_over
back() { run b resume 10; line 10 11; committed; sql "update stream_position set next_offset = 5, rows = 5" >/dev/null; line 12; }
load back 2>"$work/err"
is "the server goes back under a run: status" "$?" 75
is "nothing is skipped" "$(books)" "0|5|5|0|0|0|0"
back_first() { run b beginning 0; line 0 1 2 3 4 5 6 7; committed; sql "update stream_position set next_offset = 5, rows = 5" >/dev/null; line 8; }
sql "update stream_position set next_offset = 10, rows = 10" >/dev/null
load back_first 2>"$work/err"
is "the same for a run from the beginning: status" "$?" 75
is "again nothing is skipped" "$(books)" "0|5|5|0|0|0|0"

note "accepted gaps"
fresh
takes "ten records" ten
refused 65 "another gap than the one there is" later --accept-gap tx/0:9-15
refused 65 "a gap in another partition" later --accept-gap tx/1:10-15
takes "a gap that fits" later --accept-gap tx/0:10-15
is "is counted as holes" "$(books)" "0|16|11|0|0|0|5"
is "and recorded" "$(sql "select stream, topic, partition, from_offset, to_offset from stream_gap")" "s|tx|0|10|15"
fail_over2() { run b resume 20; line 20; }
refused 75 "a resume is never a gap" fail_over2 --accept-gap tx/0:16-20
exits 2 "a gap that is none" pgload --accept-gap tx/0:5-5

note "partitions that were added later"
fresh
four() { for p in 0 1 2; do run "a$p" end 5 "$p" 4; line 5; done; }
takes "a stream begins at the end" four
fourth() { run a3 end 9 3 6; line 9; }
takes "a partition that was there" fourth
added() { run a4 end 9 4 6; line 9; }
refused 65 "an added partition, not from its beginning" added
added2() { run a4 beginning 0 4 6; line 0 9; }
takes "from its beginning" added2

note "order"
fresh
twice() { run a beginning 0; line 0 1 1; }
refused 65 "an offset twice" twice
shuffled() { run a beginning 0; line 0 2 1; }
refused 65 "an offset out of order" shuffled
late() { run a beginning 0; line 0 1 2; committed; run b beginning 0 1; line 0; run a beginning 0; line 1; }
load late 2>"$work/err"
is "out of order behind a committed batch: status" "$?" 65
like "names both offsets" "$(cat "$work/err")" 'offset 1 after offset 2'
is "the first batch is stored, and the stream is marked" "$(sql "select next_offset, broken_at is not null from stream_position where partition = 0")" "3|t"
three_more() { run c resume 3; line 3; }
refused 65 "a broken stream" three_more
exits 65 "--positions of a broken stream" pgload --positions --stream s
ok "--reset-stream" pgload --reset-stream --stream s
takes "and it is read again" ten
# whether the line of partition 1 was committed depends on how the lines came in
is "without doubles" "$(books) $(sql "select count(*) from fact_transaction where transaction_id < '00000000-0000-4000-8000-000100000000'")" \
	"0|10|7|3|0|0|0 10"
fresh
sorted() { { run a beginning 0; line 0 1 2 3 4 5 6 7 8 9 10 11; log_end 12; } | LC_ALL=C sort; }
load sorted 2>"$work/err"
is "sort between the stages: status" "$?" 65
changed() { run a beginning 0; line 0; run a beginning 1; line 1; }
refused 65 "a run with two beginnings" changed
after_end() { run a beginning 0; line 0; log_end 5; line 3; }
refused 65 "a record below an end that was told" after_end

note "one run, split over several writers"
fresh
odd() { run a beginning 0; line 1 3 5 7 9; }
even() { run a beginning 0; line 0 2 4 6 8 10; }
takes "every other line" odd
takes "the same lines again" odd
is "what was left out are holes" "$(books)" "0|10|5|0|0|0|5"
refused 65 "the other lines, by another writer, in a dry run" even --dry-run
is "which marks nothing" "$(sql "select count(*) from stream_position where broken_at is not null")" 0
load even 2>"$work/err"
is "the other lines: status" "$?" 65
like "names the first one" "$(cat "$work/err")" 'offset 0 was left out'
is "nothing of them is stored, and the stream is marked" "$(facts) $(sql "select next_offset, broken_at is not null from stream_position")" "5 10|t"
ok "--reset-stream" pgload --reset-stream --stream s
takes "and it is read again" ten
is "without loss" "$(books) $(facts)" "0|10|5|5|0|0|0 10"
fresh
second_half() { run a resume 0; line 5 6 7; log_end 9; }
first_half() { run a resume 0; line 0 1 2 3 4; }
nothing_yet() { run z beginning 0; log_end 0; }
takes "a position" nothing_yet
takes "the second half first" second_half
load first_half 2>"$work/err"
is "the first half: status" "$?" 65
fresh
takes "a position" nothing_yet
takes "the first half first" first_half
takes "the second half" second_half
is "are both there" "$(books) $(facts)" "0|9|8|0|0|0|1 8"
in_the_end() { run a resume 0; line 8; }
load in_the_end 2>"$work/err"
is "a record where its run had said that there is none: status" "$?" 65
fresh
in_batches() { run a beginning 0; line 0 2; committed; line 4 6; }
takes "holes of several batches" in_batches
between() { run a beginning 0; line "$between"; }
between=1
load between 2>"$work/err"
is "the first of them is remembered: status" "$?" 65
fresh
takes "every other line" odd
whole() { run b beginning 0; line 0 1 2 3 4 5 6 7 8 9; }
takes "another run may bring what a filter left out of the one before" whole
is "and is not counted twice" "$(books)" "0|10|5|0|0|0|5"
fresh
many_holes() { run a beginning 0; line $(seq 1 2 399); }
takes "more holes than are remembered" many_holes
is "the latest ones are kept" "$(sql 'select cardinality(run_holes), run_holes[1], run_holes[128] from stream_position')" "128|272|399"
takes "again" many_holes
between=0
takes "one that was forgotten is not recognised (not promised)" between
is "it stays a hole" "$(books)" "0|400|200|0|0|0|200"
between=398
load between 2>"$work/err"
is "one of them comes: status" "$?" 65

note "a run that another pgload goes on reading"
# dies FUNCTION: a pgload that is killed when it has committed that
dies() {
	local loader
	rm -f "$work/pipe" "$work/commits"
	mkfifo "$work/pipe"
	pgload <"$work/pipe" >"$work/commits" & loader=$!
	exec 8>"$work/pipe"
	"$1" >&8
	committed
	kill -9 "$loader"
	wait "$loader" 2>/dev/null
	exec 8>&-
}
fresh
begun() { run a beginning 0; line 0 1 2; }
dies begun
follows() { run a beginning 0; line 3 6; }
takes "one that misses nothing" follows
is "goes on" "$(books) $(facts)" "0|7|5|0|0|0|2 5"
behind_it() { run a beginning 0; line 9; }
takes "one that goes on where the other came to the end of its input" behind_it
is "goes on, too: what is between a filter has left out" "$(books) $(facts)" "0|10|6|0|0|0|4 6"
fresh
dies begun
again_filtered() { run a beginning 0; line 2 6; }
takes "a replay may begin where a filter lets it" again_filtered
fresh
dies begun
restarted() { run b resume 3; line 12; }
takes "and so may another run" restarted
fresh
dies begun
goes_on() { run a beginning 0; line 5 6; }
refused 65 "one that misses what died with the other, in a dry run" goes_on --dry-run
load goes_on 2>"$work/err"
is "one that misses what died with the other: status" "$?" 65
like "says what to do" "$(cat "$work/err")" 'from offset 5 on.*before 3 .*start whole pipelines again, after pgload --reset-stream'
is "nothing is stored, and the stream is marked" "$(facts) $(sql "select next_offset, broken_at is not null from stream_position")" "3 3|t"
fresh
dies begun
ends_there() { run a beginning 0; log_end 9; }
load ends_there 2>"$work/err"
is "also when only an end comes: status" "$?" 65
fresh
announced() { run a beginning 0; assigned c1; }
dies announced
load goes_on 2>"$work/err"
is "also when the other died before its first record was stored: status" "$?" 65
fresh
back_and_forth() { run a beginning 0; line 0; run b beginning 0; line 0; run a beginning 0; line 2; }
takes "runs that take turns in one input" back_and_forth

note "runs of one partition in one input"
fresh
concat() { run a beginning 0; line 0 1 2 3; run b beginning 0; line 0 1 2 3 4 5; run c resume 4; line 4 5 6; }
takes "two kconsumes, one after the other" concat
is "each record once" "$(books) $(facts)" "0|7|7|0|0|0|0 7"
jump() { run a beginning 0; line 7; run b resume 9; line 9; }
load jump 2>"$work/err"
is "a run that leaves a gap to the one before: status" "$?" 75
is "what came before it is stored" "$(books)" "0|8|8|0|0|0|0"

note "another cluster"
fresh
here() { run a beginning 0; assigned c1; line 0; }
takes "a cluster" here
there() { run b resume 1; assigned c2; line 1; }
refused 65 "another one" there

note "another topic of that name"
fresh
takes "ten records" ten
later_times() { sed 's/"ts":1/"ts":2/'; }
made_again() { run b beginning 0; line 0 1 2 3 4 5 6 7 8 9 10 11 | later_times; }
refused 65 "a record at a stored offset with another time" made_again
like "names offset and times" "$(cat "$work/err")" 'tx/0 .* offset 9 has time 2009, .* time 1009'
refused 65 "also when batches end before it" made_again --batch 2
made_again_late() { run c resume 10; line 10; committed; run d beginning 0; line 9 10 11 | later_times; }
load made_again_late 2>"$work/err"
is "a topic made again behind a run: status" "$?" 65
is "nothing of it is stored" "$(books)" "0|11|11|0|0|0|0"
few_again() { run e beginning 0; line 0 1 2 | later_times; }
takes "one that ends before that record cannot be told from a replay" few_again
is "nothing of it is stored, either" "$(books)" "0|11|11|0|0|0|0"

note "a topic made again, after --reset-stream"
fresh
no_good() { run a beginning 0; bad 0 1; }
takes "two dead letters" no_good
ok "the stream is forgotten" pgload --reset-stream --stream s
takes "the same messages again" no_good
is "are the same dead letters" "$(sql "select kafka_offset, count(*) from dead_letter group by 1 order by 1")" "0|1"$'\n'"1|1"
ok "the stream is forgotten once more" pgload --reset-stream --stream s
other_ones() { no_good | sed 's/"no"}/"never"}/'; }
takes "other messages at their offsets" other_ones
is "are dead letters of their own" "$(sql "select kafka_offset, encode(raw, 'escape') from dead_letter order by 1, id")" \
	'0|{"transaction_id":"no"}'$'\n''0|{"transaction_id":"never"}'$'\n''1|{"transaction_id":"no"}'$'\n''1|{"transaction_id":"never"}'

note "a table without a key"
fresh
sql "create table keyless (like fact_transaction including defaults)" >/dev/null
takes "ten records" ten -t keyless
takes "again" ten -t keyless
is "the fence alone prevents doubles" "$(sql 'select count(*) from keyless')" 10
ok "--reset-stream" pgload --reset-stream --stream s
takes "without the fence's memory" ten -t keyless
is "they are there twice (not promised)" "$(sql 'select count(*) from keyless')" 20

note "two targets, two writers"
fresh
sql "create table copy_of (like fact_transaction including all)" >/dev/null
takes "one target" ten
takes "the other" ten -t copy_of
is "both are complete" "$(facts) $(sql "select count(*) from copy_of") $(target=copy_of books)" "10 10 0|10|10|0|0|0|0"
fresh
many() { run "$1" beginning 0; line $(seq 0 1999); }
many a >"$work/a"
many b >"$work/b"
pgload --batch 50 "$work/a" >/dev/null & one=$!
pgload --batch 70 "$work/b" >/dev/null & two=$!
wait "$one"; s1=$?
wait "$two"; s2=$?
is "two writers at one partition" "$s1 $s2" "0 0"
is "no record is lost or doubled" "$(books) $(facts)" "0|2000|2000|0|0|0|0 2000"

note "two writers that make the same row"
fresh
waiting() { [ "$(sql "select count(*) from pg_stat_activity where application_name = 'pgload' and wait_event_type = 'Lock'")" = "$1" ]; }
locked() { [ "$(sql "select count(*) from pg_locks where mode = 'ExclusiveLock' and relation = 'fact_transaction'::regclass and granted")" = 1 ]; }
mkfifo "$work/locker"
psql -Xq <"$work/locker" >/dev/null & locker=$!
exec 8>"$work/locker"
echo "begin; lock table fact_transaction in exclusive mode;" >&8
wait_for 20 locked
head -500 "$work/a" | pgload >/dev/null 2>"$work/err.a" 8>&- & one=$!
ok "one has made the row and waits for the table" wait_for 20 waiting 1
head -800 "$work/b" | pgload -v -v >/dev/null 2>"$work/err.b" 8>&- & two=$!
ok "the other waits for the row" wait_for 20 waiting 2
exec 8>&-
wait "$locker"
wait "$one"; s1=$?
wait "$two"; s2=$?
is "both end well" "$s1 $s2$(cat "$work/err.a")" "0 0"
is "neither had to try again" "$(grep -c -e refused -e "not straight" "$work/err.b")" 0 # the sum that the table insists on would catch it, too
is "no record is counted twice" "$(books) $(facts)" "0|800|800|0|0|0|0 800"

note "filters and lost envelopes"
fresh
filtered() { many a | grep -v '"amount":[0-9]*7\.'; }
takes "a filter drops lines" filtered
is "they are holes" "$(books)" "0|2000|1800|0|0|0|200"
no_envelope() { run b resume 2000; line 2000; tail_of 2001 | sed 's/^/{/'; }
load no_envelope 2>"$work/err"
is "a line without an envelope after one with: status" "$?" 65
is "what came before is stored" "$(books)" "0|2001|1801|0|0|0|200"
torn() { run c resume 2001; line 2001; line 2002 | head -c 200; }
load torn 2>"$work/err"
is "a torn last line: status" "$?" 74
is "what came before is stored, the torn one not" "$(books)" "0|2002|1802|0|0|0|200"
torn_middle() { run c resume 2002; line 2002 | head -c 200; echo; line 2003; }
refused 74 "a torn line" torn_middle
torn_again() { run d resume 2002; line 2002 2003; }
takes "a restart" torn_again
is "goes on where the tear was" "$(books)" "0|2004|1804|0|0|0|200"

note "without the fence"
fresh
takes "--no-fence" shuffled --no-fence
is "stores rows, no position" "$(facts) $(sql "select count(*) from stream_position")" "3 0"

note "--positions"
fresh
takes "positions" other
is "prints one line a partition" "$(pgload --positions --stream s | jq -c '[.stream,.topic,.partition,.next_offset,.last_offset,.last_ts,.partitions,.cluster_id,.broken_at]')" \
	'["s","tx",1,7,6,1006,4,null,null]'$'\n''["s","tx",2,0,null,null,4,"c1",null]'
behind() { run z beginning 5 1; line 5; }
takes "a second target" behind -t copy_of
is "the one that is furthest behind speaks" "$(pgload --positions --stream s | jq -c 'select(.partition == 1) | .next_offset')" 6
is "unless one is named" "$(pgload --positions --stream s -t fact_transaction | jq -c 'select(.partition == 1) | .next_offset')" 7
is "an unknown stream has none" "$(pgload --positions --stream nobody; echo $?)" 0
exits 2 "--positions without --stream" pgload --positions

note "a target whose table is gone"
fresh
sql "create table gone (like fact_transaction including all)" >/dev/null
takes "one target" ten
takes "two targets" ten -t gone
two_on() { run b resume 10; line 10 11; }
takes "one of them goes on" two_on
sql "drop table gone" >/dev/null
is "the one without a table holds the stream back" "$(pgload --positions --stream s | jq -r '.target, .next_offset' | paste -s)" "gone	10"
is "it can be forgotten" "$(pgload --reset-stream --stream s -t gone | jq -r .target)" "gone"
is "and the stream goes on where the other one is" "$(pgload --positions --stream s | jq -r '.target, .next_offset' | paste -s)" "fact_transaction	12"
exits 0 "a name that nobody knows" pgload --reset-stream --stream s -t gnoe
like "has no position, it says" "$(cat "$work/err")" 'no stored position'

note "tables of an earlier version"
createdb earlier
export PGDATABASE=earlier
psql -X -q -f "$root/pgload/sql/migrate.sql" >/dev/null
for step in 0001_tables 0002_positions 0003_changes 0004_parts; do
	psql -X -q -1 -c "set client_min_messages = warning" -f "$root/pgload/sql/schema_$step.sql" >/dev/null
	sql "insert into txpipe_schema values ((select count(*) + 1 from txpipe_schema), '$step')" >/dev/null
done
sql "insert into stream_position (stream, target, topic, partition, first_offset, next_offset, rows, dead_letters, last_offset, last_ts, partitions, writer)
	values ('s', 'fact_transaction', 'tx', 0, 0, 2, 1, 1, 1, 1001, 4, 'old:1');
	insert into dead_letter (stream, target, topic, partition, kafka_offset, \"by\", reason, raw) values ('s', 'fact_transaction', 'tx', 0, 1, 'pgload', 'bad_uuid', '{}')" >/dev/null
refused 2 "before they are brought up to date" ten
ok "--init" pgload --init
two_more() { run b resume 2; line 2; bad 3; }
takes "the stream goes on" two_more
is "with its books" "$(books)" "0|4|2|0|2|0|0"
is "and its dead letters" "$(sql "select kafka_offset from dead_letter order by 1" | paste -s)" "1	3"
unset PGDATABASE

finish

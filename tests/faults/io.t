#!/bin/bash
# Full disks, broken disks, interrupted and short calls, by a preloaded library (iofault.c): what can be gone through is gone through with the
# same output; what cannot ends in 74 with words, its output cut short and not wrong; after relief a restart completes it, once.
source "$(dirname "$0")/faults.sh"
helper iofault.so
export IOFAULT_SEED=$seed
told=$work/told
injected=0

# with "RULES" COMMAND...: see iofault.c
with() { LD_PRELOAD=$helpers/iofault.so IOFAULT=$1 IOFAULT_TOLD=$told "${@:2}"; }
count_injected() { injected=$((injected + $(cat "$told" 2>/dev/null | wc -l))); rm -f "$told"; }

# The commands below read $work/input and run in $work; MADE is the file that they make (out: their stdout).
words='No space left on device|Input/output error'
is_prefix() { cmp -s -n "$(stat -c %s "$1")" "$1" "$2" && [ "$(stat -c %s "$1")" -lt "$(stat -c %s "$2")" ]; }

# harmless TARGET MADE COMMAND...: short, interrupted and refused calls change nothing in MADE.
harmless() {
	local target=$1 made=$2 fault status bad=
	shift 2
	for fault in short eintr eagain flaky; do
		rm -f "$made" "$told"
		with "$1 $target $fault" "$@" >"$work/out" 2>"$work/err" <"$work/input"
		status=$?
		[ "$status" -eq 0 ] && cmp -s "$made" "$work/want" && [ -s "$told" ] || bad+=" $fault: status $status, $(cat "$work/err")"
		count_injected
	done
	is "$* ($target): short, interrupted and refused calls change nothing" "$bad" ""
}

# fails AT TARGET MADE COMMAND...: one run with the disk full, one with it broken, after AT bytes. Prints what is wrong.
fails() {
	local at=$1 target=$2 made=$3 fault status
	shift 3
	for fault in enospc eio; do
		rm -f "$made" "$told"
		with "$1 $target $fault $at" "$@" >"$work/out" 2>"$work/err" <"$work/input"
		status=$?
		[ "$status" -eq 74 ] || echo "$fault after $at: status $status"
		grep -Eq "$words" "$work/err" || echo "$fault after $at: no words, but $(cat "$work/err")"
		is_prefix "$made" "$work/want" || echo "$fault after $at: the output is not the beginning of what was to come"
		[ -s "$told" ] || echo "$fault after $at: nothing was injected"
	done
}

# fatal TARGET MADE COMMAND...: at the beginning, one byte later, anywhere, one byte before the end; with $quick only anywhere
quick=
fatal() {
	local size bad places
	size=$(stat -c %s "$work/want")
	[ "$1" != stdin ] || size=$(stat -c %s "$work/input")
	draw $((size - 2))
	places=($((drawn + 1)))
	[ -n "$quick" ] || places+=(0 1 $((size - 1)))
	bad=$(for at in "${places[@]}"; do fails "$at" "$@"; done)
	injected=$((injected + 2 * ${#places[@]}))
	is "${*:3} ($1): 74 with words, and its output cut short" "$bad" ""
}

# both TARGET MADE COMMAND...: what it makes undisturbed is what is wanted
both() {
	local made=$2
	"${@:3}" >"$work/out" 2>"$work/err" <"$work/input" && [ -s "$made" ] && mv "$made" "$work/want" || note "undisturbed: $(cat "$work/err")"
	harmless "$@"
	fatal "$@"
}

# --- tools alone -------------------------------------------------------------------------------------------------------------
txgen -q -n 1500 -s "$seed" --malformed .05 --duplicates .02 >"$work/input" 2>/dev/null
cd "$work" || exit 1
note "what reads and writes"
both stdout out txgen -q -n 1000 --late .1 --malformed .05
both stdout out txgen -q customers --customers 1000
both stdout out fraudcheck -q
both stdin out fraudcheck -q
with_labels() { both '*labels' labels txgen -q -n 800 --labels labels; }
with_labels
is "a full disk under --labels leaves a message that names it" "$(with 'txgen *labels enospc 10' txgen -q -n 10 --labels labels 2>&1 >/dev/null)" \
	"txgen: error: cannot write to labels: No space left on device"
rm -f told
with 'txgen *labels close' txgen -q -n 10 --labels labels 2>err >/dev/null
like "a disk that tells only on closing" "$? $(cat err)" '^74 txgen: error: --labels labels: Input/output error'
for tool in txgen fraudcheck; do
	with "$tool stdout close" $tool -q <input >out 2>err
	like "$tool: the same for stdout" "$? $(cat err)" "^74 $tool: error: cannot write to stdout: Input/output error"
done
injected=$((injected + 4))

note "--metrics"
metrics() { # TOOL FAULT WANTED-STATUS REGEX: stdout must be whole wherever there is some
	local status
	rm -f "$told" m.prom
	"$1" -q <input >want 2>/dev/null
	with "$1 *m.prom* $2" "$1" -q --metrics m.prom <input >out 2>err
	status=$?
	like "$1: --metrics, $2" "$status $(cat err) injected $(wc -l <"$told")" "^$3 .*$4.* injected [1-9]"
	[ ! -s out ] || ok "$1: --metrics, $2: the data is whole" cmp out want
	is "$1: --metrics, $2: nothing is left lying" "$(ls m.prom.tmp.* 2>/dev/null)" ""
	count_injected
}
fraudcheck -q --metrics m.prom </dev/null >out
declare -A beginning=([txgen]=250 [fraudcheck]=$(($(stat -c %s m.prom) + 20))) # room for the first file, not for two
for tool in txgen fraudcheck; do
	metrics $tool 'enospc 0' 74 'cannot write metrics to m.prom: No space left'
	metrics $tool 'rename' 74 'cannot write metrics to m.prom: Input/output error'
	metrics $tool 'close' 74 'cannot write metrics to m.prom: Input/output error'
	metrics $tool "enospc ${beginning[$tool]}" 74 'what is there tells of an earlier moment'
	ok "$tool: the file is of the beginning, and whole" grep -q '^txpipe_start_time_seconds [0-9]' m.prom
done
# a disk that is full for a while must not stop the work: it is said once, and that it is over
mkfifo slow
rm -f m.prom "$told" relief
IOFAULT_RELIEF=relief with "fraudcheck *m.prom* enospc ${beginning[fraudcheck]}" fraudcheck --metrics m.prom <slow >out 2>err &
filter=$!
exec 7>slow
head -c 100000 input >&7
ok "a disk that fills up is warned of" wait_for 20 grep -q 'warning: cannot write metrics to m.prom: No space left' err
wait_for 10 eval '[ "$(wc -l <told)" -ge 2 ]'
touch relief
ok "and its relief is said" wait_for 20 grep -q 'notice: metrics are written to m.prom again' err
tail -c +100001 input >&7
exec 7>&-
wait "$filter"
is "the work went on, and ends well" "$? $(grep -c warning err)" "0 1"
fraudcheck -q <input >want 2>/dev/null
ok "nothing is missing" cmp out want
rm -f relief
count_injected

note "/dev/full"
full() { # COMMAND...
	local status
	"$@" <input >/dev/full 2>err
	status=$?
	like "$* >/dev/full" "$status $(cat err)" "^74 .*(No space left|cannot write)"
	injected=$((injected + 1))
}
for tool in txgen kproduce kconsume kmock fraudcheck pgload aggregate; do full $tool --help; full $tool -V; done
full txgen -n 1
full txgen currencies
full fraudcheck
full fraudcheck --check
full kmock

# --- with servers ------------------------------------------------------------------------------------------------------------
cd "$work" || exit 1
start_postgres
start_kafka
topic_name=transactions
topic transactions 2
make_database one
export PGDATABASE=one
kproduce -q <input
createdb fresh
full kconsume -q -L
full kconsume -q -Q
full kconsume -q -e -p 0 --stream look
full env PGDATABASE=fresh pgload --init
full pgload -q
full pgload --dead-letters
full aggregate compile --project-dir "$root/aggregate/marts"

note "kconsume"
quick=1
both stdout out kconsume -q --plain -e -p 0 --stream look
through_pipe() { with "kconsume stdout $1" kconsume -q --plain -e -p 0 --stream look 2>err | cat >out; echo "${PIPESTATUS[0]}"; }
kconsume -q --plain -e -p 0 --stream look >want
is "flaky into a pipe: whole" "$(through_pipe flaky; cmp out want)" 0
draw "$(stat -c %s want)"
is "broken into a pipe: 74" "$(through_pipe "eio $drawn")" 74
like "with words" "$(cat err)" 'cannot write to stdout: Input/output error'
ok "and not a byte that is wrong" is_prefix out want
count_injected

note "kproduce"
sends() { # RULE FAULT [RULE]: into a topic of its own
	local name
	printf . >>topics
	name=sent$(stat -c %s topics)
	topic "$name" 1
	rm -f rejects "$told"
	with "kproduce $1${2+; kproduce $2}" kproduce -q -t "$name" --max-message 1K --rejects rejects <lines >out 2>err
	echo "status $?"
	kconsume -q -p 0 --stream look -e -t "$name" --plain >arrived
}
{ txgen -q -n 300; printf '{"customer_id":"%02000d"}\n' 1 2 3; txgen -q -n 300 -s 2; } >lines
note "undisturbed: $(sends 'none flaky')"
mv arrived want
mv rejects want.rejects
for fault in short eintr eagain flaky; do
	is "stdin and --rejects: $fault" "$(sends "stdin $fault" "*rejects $fault"; cmp arrived want; cmp rejects want.rejects)" "status 0"
	is "both were met" "$(sort -u "$told" | wc -l)" 2
	count_injected
done
draw 100000
like "stdin eio" "$(sends "stdin eio $drawn") $(cat err)" '^status 74.*Input/output error'
ok "what was read before has arrived, no more" is_prefix arrived want
for fault in 'enospc 0' 'eio 1' 'enospc 2100' close; do
	like "--rejects $fault" "$(sends "*rejects $fault") $(cat err)" '^status 74.*(rejects: No space left|rejects: Input/output error)'
	count_injected
done

note "pgload"
fraudcheck -q <input >judged
# loads RULE: into empty tables
loads() {
	sql 'truncate fact_transaction, fraud_label, dead_letter, stream_position' >/dev/null
	rm -f "$told"
	with "pgload $1" pgload -q --batch 200 <judged >out 2>err
	echo "status $?"
}
loaded() { contents "$PGDATABASE" | sort | md5sum; }
note "undisturbed: $(loads 'none flaky')"
want=$(loaded)
commits=$(wc -l <out)
for fault in short eintr eagain flaky; do
	is "stdin $fault" "$(loads "stdin $fault") $(loaded)" "status 0 $want"
	is "stdout $fault" "$(loads "stdout $fault") $(loaded) $(wc -l <out) $(jq -c .target out | sort -u)" "status 0 $want $commits \"fact_transaction\""
	count_injected
done
size=$(stat -c %s judged)
for rule in 'stdout enospc 0' 'stdout eio 1' 'stdout enospc 400' "stdin eio ~$size" "stdin eio ~$size" 'stdin enospc 0' 'stdout close'; do
	like "$rule" "$(loads "$rule") $(cat err)" "^status 74.*($words)"
	is "$rule: and once more, without: complete" "$(pgload -q <judged >/dev/null; echo $? "$(loaded)")" "0 $want"
	count_injected
done
if [ -n "${TIME-}" ]; then
	note "the same with other input, again and again"
	fault_until=$((SECONDS + TIME / 2))
	quick=1 round=0
	while ! over; do
		round=$((round + 1))
		txgen -q -n 1500 -s $((seed + round)) --malformed .05 --duplicates .02 >input 2>/dev/null
		both stdout out fraudcheck -q
		both stdin out fraudcheck -q
		both stdout out txgen -q -n 1000 -s $((seed + round)) --malformed .05
		both stdout out kconsume -q --plain -e -p 0 --stream look
		fraudcheck -q <input >judged
		loads 'none flaky' >/dev/null
		want=$(loaded)
		for rule in "stdin eio ~$(stat -c %s judged)" 'stdout enospc ~800' 'stdin flaky'; do
			loads "$rule" >/dev/null
			is "round $round, $rule, then once more without: complete" "$(pgload -q <judged >/dev/null; echo $? "$(loaded)")" "0 $want"
			count_injected
		done
	done
fi
sql 'truncate fact_transaction, fraud_label, dead_letter, stream_position' >/dev/null
report "disk full, disk broken, calls short and interrupted, one tool" "$injected" "$(wc -l <input)" 0 0

# --- all of it together ---------------------------------------------------------------------------------------------------------
note "a pipeline whose stages all have bad disks"
sql 'truncate fact_transaction, dead_letter, stream_position' >/dev/null
mkfifo lines.flow
txgen -n 0 -r "$(long 4000 2000)" -s $((seed + 1)) --duplicates .01 --malformed .01 2>/dev/null >lines.flow &
generator=$!
at_exit eval "kill $generator 2>/dev/null"
kproduce -q <lines.flow &
producer=$!
export IOFAULT_RELIEF=$work/relief IOFAULT_TOLD=$told
preload="LD_PRELOAD=$helpers/iofault.so"
kconsume_command=(env "$preload" "IOFAULT=kconsume stdout eio ~4000000" kconsume --resume -G "$stream" -t transactions --instance-id a -X session.timeout.ms=6000)
fraudcheck_command=(env "$preload" "IOFAULT=fraudcheck stdin flaky; fraudcheck stdout enospc ~5000000" fraudcheck -q)
pgload_command=(env "$preload" "IOFAULT=pgload stdin flaky; pgload stdout enospc ~4000" pgload -q --stream "$stream")
supervise a
ok "it runs" wait_for 30 moved 0
spend 5
[ -z "${TIME-}" ] || fault_until=$((SECONDS + TIME / 2))
while ! over; do sleep 0.2; done
each_has_failed() { [ "$(grep -E ' (eio|enospc)$' "$told" | cut -d' ' -f1 | sort -u | wc -l)" -eq 3 ]; }
ok "each stage has failed by its disk" wait_for 60 each_has_failed
touch "$work/relief"
kill "$generator"
wait "$generator"
wait "$producer"
is "the producer's status" "$?" 0
ok "everything arrives after relief" wait_for 60 everything_stored
ok "it drains" finish_pipeline a
note "statuses: $(sort "$work/a/statuses" | uniq -c | sort -rn | tr -s ' ' | paste -sd,)"
is "it failed with 74 and nothing else" "$(tr ' ' '\n' <"$work/a/statuses" | sort -u | tr '\n' ' ')" "0 74 "
same_as_undisturbed "disk full or broken under every stage of a pipeline" "$(grep -Ec 'eio|enospc' "$told")"
finish

# For the fault tests: source it instead of tap.sh. They run the real tools on a real Kafka and a real PostgreSQL, injure them, and then
# compare what is stored with an undisturbed run over the same topic.
#
#   SEED=N  the random seed: printed at the start; the same one draws the same faults
#   TIME=S  seconds of injuring a test may take: the long form; without it the short form, for every check
#   FAULTS_REPORT=FILE  lines for the table that tests/faults/run prints

source "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"
source "$root/tests/path.sh"

seed=${SEED:-$(((RANDOM << 15 | RANDOM) % 1000000))}
RANDOM=$((seed % 32768))
note "seed $seed: SEED=$seed repeats it"

# draw N: sets `drawn` to one of 0..N-1. (Not printed: a subshell would draw the same number again and again.)
draw() { drawn=$(((RANDOM << 15 | RANDOM) % $1)); }
# draw_ms LOW HIGH: sets `pause` to that many milliseconds, as sleep takes it.
draw_ms() {
	draw $(($2 - $1 + 1))
	printf -v pause '%d.%03d' $((($1 + drawn) / 1000)) $((($1 + drawn) % 1000))
}
# long SHORT LONG: prints one of them, by the form.
long() { if [ -n "${TIME-}" ]; then echo "$2"; else echo "$1"; fi; }
# spend SHORT: injuring goes on until `over` succeeds: SHORT seconds, or TIME of the long form.
spend() { fault_until=$((SECONDS + ${TIME:-$1})); }
over() { [ "$SECONDS" -ge "$fault_until" ]; }

# report FAULT TIMES RECORDS LOST DOUBLED: one line of the table.
report() {
	note "$(printf '%-60s %6s times %9s records %4s lost %4s doubled' "$@")"
	[ -z "${FAULTS_REPORT-}" ] || (IFS=$'\t'; printf '%s\n' "$*" >>"$FAULTS_REPORT")
}

# What `make check-faults` builds out of the C files here.
helpers=${TXPIPE_BUILD:-$root/build}/tests/faults
helper() { [ -e "$helpers/$1" ] || { echo "Bail out! $helpers/$1 is missing: make check-faults builds it"; exit 1; }; }

topic() { "$root/scripts/kafka" topic -D "$work/kafka" "$@" max.message.bytes=5242880; } # NAME PARTITIONS [PROP=VAL]...
make_database() { createdb "$1" && PGDATABASE=$1 pgload --init -q >/dev/null; }
# DATABASE TABLE: like fact_transaction, but nothing in it keeps a row from being there twice.
table_without_key() { PGDATABASE=$1 sql "create table $2 (like fact_transaction including defaults)"; }

# --- pipelines under a supervisor that restarts at once --------------------------------------------------------------
# scripts/stream waits longer after each fault, as it should; tests that injure every second cannot. The status rules are the same.

# What the stages of new pipelines run: change them as a test needs. STREAM, TOPIC: of the pipelines.
stream=fraud
kconsume_command=() # default: kconsume --resume with static membership on $topic_name
fraudcheck_command=(fraudcheck -q)
pgload_command=() # default: pgload --stream $stream

stage() { # NAME STAGE COMMAND...
	local at=$work/$1
	echo "$BASHPID" >"$at/$2.pid.new" && mv "$at/$2.pid.new" "$at/$2.pid"
	exec "${@:3}" 2>>"$at/$2.err"
}

# supervise NAME: in the background until `finish_pipeline NAME`; $work/NAME holds pid files, stderr of the stages, and `statuses`, a line a run.
supervise() {
	local name=$1
	local consume=("${kconsume_command[@]:-}") load=("${pgload_command[@]:-}")
	[ -n "${consume[0]}" ] || consume=(kconsume --resume -G "$stream" -t "$topic_name" --instance-id "$name" -X session.timeout.ms=6000)
	[ -n "${load[0]}" ] || load=(pgload -q --stream "$stream")
	mkdir -p "$work/$name"
	rm -f "$work/$name/stop"
	(
		trap - EXIT
		trap '' TERM INT
		while [ ! -e "$work/$name/stop" ]; do
			(
				trap : TERM INT
				stage "$name" kconsume "${consume[@]}" | stage "$name" fraudcheck "${fraudcheck_command[@]}" |
					stage "$name" pgload "${load[@]}" >>"$work/$name/commits"
				statuses=${PIPESTATUS[*]}
				rm -f "$work/$name"/*.pid # before the run is counted: whoever sees it counted sees the pids of the next one
				echo "$statuses" >>"$work/$name/statuses"
			) 2>/dev/null
			case " $(tail -1 "$work/$name/statuses") " in
			*" 1 "* | *" 2 "* | *" 65 "* | *" 70 "* | *" 134 "* | *" 139 "*)
				touch "$work/$name/failed"
				break
				;;
			*" 75 "* | *" 74 "*) sleep 0.3 ;;
			esac
		done
	) </dev/null &
	echo $! >"$work/$name.supervisor"
	at_exit abandon_pipeline "$name"
}

# pid_of NAME STAGE: its process now, nothing between two runs.
pid_of() { cat "$work/$1/$2.pid" 2>/dev/null; }
running() { [ -n "$(pid_of "$1" kconsume)" ] && [ -n "$(pid_of "$1" fraudcheck)" ] && [ -n "$(pid_of "$1" pgload)" ]; }
supervised() { kill -0 "$(cat "$work/$1.supervisor")" 2>/dev/null; }
ended() { ! supervised "$1"; }
restart_count() { cat "$work/$1/statuses" 2>/dev/null | wc -l; }

# kill_stage SIGNAL NAME STAGE: fails if it does not run at the moment.
kill_stage() {
	local pid
	pid=$(pid_of "$2" "$3") && [ -n "$pid" ] && kill "-$1" "$pid" 2>/dev/null
}

# kill_inside NAME: pgload inside an open transaction: it is halted first, then seen in pg_stat_activity, then killed. Between two transactions it
# goes on and is halted again. The database must have no other pgload.
kill_inside() {
	local pid try
	for try in {1..50}; do
		pid=$(pid_of "$1" pgload) && [ -n "$pid" ] && kill -STOP "$pid" 2>/dev/null || return 1
		if [ "$(sql "select count(*) from pg_stat_activity where application_name = 'pgload' and datname = current_database() and
			backend_xid is not null and state in ('active', 'idle in transaction')")" -gt 0 ]; then
			kill -9 "$pid"
			return
		fi
		kill -CONT "$pid"
		draw_ms 1 40
		sleep "$pause"
	done
	return 1
}

# finish_pipeline NAME: kconsume ends, the rest drains and commits.
finish_pipeline() {
	local pid
	touch "$work/$1/stop"
	pid=$(pid_of "$1" kconsume) && [ -n "$pid" ] && kill "$pid" 2>/dev/null
	wait_for 60 ended "$1" || { note "pipeline $1 does not drain"; abandon_pipeline "$1"; return 1; }
	wait "$(cat "$work/$1.supervisor")" 2>/dev/null
	return 0
}

abandon_pipeline() { # NAME: for the end of a test
	local stage pid
	touch "$work/$1/stop" 2>/dev/null || return 0
	for stage in kconsume fraudcheck pgload; do
		pid=$(pid_of "$1" "$stage") && [ -n "$pid" ] && { kill -CONT "$pid"; kill -9 "$pid"; } 2>/dev/null
	done
	wait_for 10 ended "$1"
	return 0
}

# Why a pipeline stopped, for the test's output.
complaints() { tail -n 5 "$work/$1"/*.err 2>/dev/null | sed 's/^/# /'; }

# --- where the stream is ---------------------------------------------------------------------------------------------
stored() { sql "select coalesce(sum(next_offset), 0) from stream_position where stream = '$stream'"; }
moved() { local now; now=$(stored) && [ "$now" -gt "$1" ]; } # SUM BEFORE
# Sum of the log ends of a topic.
log_end() { kconsume -q -Q -J -t "$1" | jq -s 'map(.high) | add // 0'; }
# everything_stored: all that the topic holds now is behind the stored positions.
everything_stored() { local now; now=$(stored) && [ "$now" -eq "$(log_end "$topic_name")" ]; }
# drained: waits for that, however slow the machine is, as long as anything moves.
drained() {
	local here
	until everything_stored; do
		here=$(stored)
		wait_for 60 moved_or_drained "$here" || return 1
	done
}
moved_or_drained() { moved "$1" || everything_stored; }

# A transaction of pgload is open at this moment, or opens within a second.
open_transaction() {
	[ "$(sql "do \$\$ begin
		for i in 1..500 loop
			perform pg_stat_clear_snapshot();
			if exists (select from pg_stat_activity where application_name = 'pgload' and datname = current_database() and xact_start is not null
				and state in ('active', 'idle in transaction')) then
				return;
			end if;
			perform pg_sleep(0.002);
		end loop;
		raise exception 'none';
	end \$\$" 2>&1)" = '' ]
}

# --- the comparison ---------------------------------------------------------------------------------------------------
# One line for each thing stored in a database, all columns but those that tell when it was written; equal lines for equal content. Of the ids that
# came with two contents, whichever won, fact row and dead letter together are the same set.
contents() { # DATABASE [TABLE]
	PGDATABASE=$1 psql -X -q -A -t -v ON_ERROR_STOP=1 -v facts="${2:-fact_transaction}" -f "$root/tests/faults/contents.sql" | sort
}

# undisturbed DATABASE [TABLE]: the topic once more, from the beginning, into a database of its own, with nothing going wrong. A TABLE of its own
# is one without a key.
undisturbed() {
	local partitions
	make_database "$1" || return 1
	[ -z "${2-}" ] || table_without_key "$1" "$2" || return 1
	partitions=$(kconsume -q -Q -J -t "$topic_name" | jq -r .partition | sort -n | paste -sd,)
	kconsume -q -e -t "$topic_name" -p "$partitions" --stream "$stream" | "${fraudcheck_command[@]}" |
		PGDATABASE=$1 pgload -q --stream "$stream" -t "${2:-fact_transaction}" >/dev/null
	[ "${PIPESTATUS[*]}" = "0 0 0" ]
}

# same_as_undisturbed FAULT TIMES [TABLE]: the checks and the report's line: what is stored in $PGDATABASE (in TABLE, which has no key) against an
# undisturbed run.
same_as_undisturbed() {
	local fault=$1 times=$2 table=${3-} reference lost doubled records
	reference=ref_$(printf %s "$PGDATABASE$fault" | md5sum | cut -c1-12)
	ok "$fault: an undisturbed run for comparison" undisturbed "$reference" "$table"
	contents "$reference" "$table" >"$work/$reference.want"
	contents "$PGDATABASE" "$table" >"$work/$reference.got"
	records=$(PGDATABASE=$reference sql 'select coalesce(sum(next_offset - first_offset), 0) from stream_position')
	lost=$(comm -23 "$work/$reference.want" "$work/$reference.got" | wc -l)
	doubled=$(comm -13 "$work/$reference.want" "$work/$reference.got" | wc -l)
	ok "$fault: there was something to lose" [ -s "$work/$reference.want" ]
	is "$fault: nothing lost" "$lost $(comm -23 "$work/$reference.want" "$work/$reference.got" | head -3)" "0 "
	is "$fault: nothing doubled or made up" "$doubled $(comm -13 "$work/$reference.want" "$work/$reference.got" | head -3)" "0 "
	ok "$fault: reconciliation" "$root/scripts/reconcile" -b "$KAFKA_BROKERS" --stream "$stream"
	report "$fault" "$times" "$records" "$lost" "$doubled"
	dropdb "$reference"
}

# For faults that must be refused: `snapshot >before`, the fault, then compare.
snapshot() {
	contents "${1:-$PGDATABASE}"
	PGDATABASE=${1:-$PGDATABASE} sql "select 'position', stream, target, topic, partition, first_offset, next_offset, rows, duplicates, dead_letters, labels,
		holes, last_offset from stream_position order by 2, 3, 4, 5"
}

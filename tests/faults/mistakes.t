#!/bin/bash
# Mistakes that people make with the pieces. Each either does no harm, or ends in the exit status that says so, with the tables as they were.
source "$(dirname "$0")/faults.sh"
start_postgres
start_kafka
all=0,1,2,3

# A topic and a database of its own for each mistake, and a stream of the same name.
begin() { # NAME RECORDS
	topic_name=$1_$round stream=$1_$round
	topic "$stream" 4
	make_database "$stream"
	export PGDATABASE=$stream
	add "$2"
}
added=0
add() { added=$((added + 1)); txgen -q -n "$1" -s "$((seed + added))" --duplicates .02 --malformed .02 | kproduce -q -t "$topic_name"; }
consume() { kconsume -q -e -t "$topic_name" -p "$all" --stream "$stream" "$@"; }
load() { fraudcheck -q | pgload --stream "$stream" --batch 500 "$@" >"$work/commits" 2>"$work/err"; }
resume() { consume --resume | load; }

# refused NAME STATUS COMMAND...: the command (a pipeline in a function) ends with that status, and nothing has changed.
refused() {
	local status
	snapshot >"$work/before"
	"${@:3}" 2>>"$work/err"
	status=$?
	is "$1: refused" "$status" "$2"
	[ "$status" -eq "$2" ] || sed 's/^/# /' "$work/err"
	is "$1: nothing has changed" "$(snapshot | diff "$work/before" - | head -5)" ''
}
# broken NAME COMMAND...: refused with 65 after batches were committed, and again by pgload and --resume until the stream is reset; then the re-read
# completes it.
broken() {
	local name=$1
	"${@:2}"
	is "$name: refused" "$?" 65
	like "$name: says what to do" "$(cat "$work/err")" '(reordered or split|left out|is broken).*--reset-stream'
	ok "$name: the stream is marked" [ "$(sql "select count(*) from stream_position where stream = '$stream' and broken_at is not null")" -ge 1 ]
	snapshot >"$work/before"
	consume --resume 2>"$work/err" | load
	is "$name: --resume refuses it" "${PIPESTATUS[0]}" 65
	consume | load
	is "$name: pgload refuses it" "$?" 65
	is "$name: nothing has changed" "$(snapshot | diff "$work/before" - | head -5)" ''
	pgload --reset-stream --stream "$stream" -q >/dev/null
	ok "$name: after --reset-stream it is read again" eval 'consume | load'
	same_as_undisturbed "$name" 1
}

# --- two pipelines own the same partitions ---------------------------------------------------------------------------
# One without a group, one in a group of another name: nobody tells them apart but the fence. While producing goes on.
mistake_owners() {
	begin owners 3000
	add 3000 &
	adding=$!
	added=$((added + 1)) # as the subshell counted for itself
	kconsume_command=(kconsume -q --resume -p "$all" -t "$topic_name" --stream "$stream")
	supervise one
	kconsume_command=(kconsume -q -p "$all" -t "$topic_name" --stream "$stream")
	supervise two
	kconsume_command=(kconsume -q --resume -G "another_$round" -t "$topic_name" --stream "$stream")
	supervise three
	wait "$adding"
	add 2000
	ok "three owners of the same partitions: everything arrives" wait_for 60 everything_stored
	for name in one two three; do ok "owner $name ends" finish_pipeline "$name"; done
	is "… all of them well" "$(cat "$work"/{one,two,three}/statuses | sort -u)" "0 0 0"
	same_as_undisturbed "three owners of the same partitions" 3
}

# --- -o end, and another stream's positions --------------------------------------------------------------------------
mistake_starts() {
	begin end 2000
	ok "a stream that has a position" resume
	add 1000
	from_end() { consume -o end | load; }
	refused "-o end on a stream that has a position" 65 from_end
	like "… says which records would be lost" "$(cat "$work/err")" 'would be lost'
	from_time() { consume -o "s@$(date +%s%3N)" | load; }
	refused "-o s@NOW on it" 65 from_time
	ok "another stream of the same topic" eval 'kconsume -q -e -t "$topic_name" -p "$all" --stream other | fraudcheck -q | pgload -q >"$work/commits"'
	other_resume() { consume "--resume=pgload --positions --stream other" | load; return "${PIPESTATUS[0]}"; }
	refused "--resume with another stream's positions" 2 other_resume
	make_database "elsewhere_$round"
	ok "another database is further" eval 'consume | fraudcheck -q | PGDATABASE=elsewhere_$round pgload -q >"$work/commits"'
	other_database() { consume "--resume=pgload --positions --stream $stream -d dbname=elsewhere_$round" | load; }
	refused "--resume with the positions of another database" 75 other_database
	other_name() { kconsume -q -e -t "$topic_name" -p "$all" --stream wrong | load; }
	refused "another --stream in pgload than in kconsume" 65 other_name
	ok "-o end beside --resume is only for partitions without a position" eval 'consume -o end --resume | load'
	pgload --reset-stream --stream other >/dev/null
	sql "delete from dead_letter where stream = 'other'"
	same_as_undisturbed "starts that would lose records" 5
}

# --- things between the stages that reorder --------------------------------------------------------------------------
mistake_reorder() {
	begin sorted 3000
	ok "a stream that has a position" resume
	add 2000
	sorted() { consume --resume | LC_ALL=C sort | load; }
	broken "sort between the stages" sorted

	# As parallel does with two jobs: every other line goes through a worker that is late. What the quick one passes is committed long before.
	begin parallel 5000
	late_half() { awk -v late="$work/late" '/"event":/ || NR % 2 { print; next } { print >late } END { close(late); while ((getline line <late) > 0) print line }'; }
	parallel() { consume | late_half | load; }
	broken "a parallel stage" parallel
	begin swapped 4000
	swapped() { consume | awk 'NR == 3700 { held = $0; next } { print } NR == 3900 { print held }' | load; }
	broken "one record that comes 200 later" swapped
	ok "… batches had been committed before" [ "$(wc -l <"$work/commits")" -ge 1 ]
}

# --- records split over two writers ----------------------------------------------------------------------------------
# As parallel --pipe does: each writer gets every other block of 500 lines, the second of them while the first one waits.
mistake_split() {
	begin split 4000
	split_up() {
		consume | fraudcheck -q >"$work/whole"
		awk -v first="$work/first" -v second="$work/second.in" '{ print >(int(NR / 500) % 2 ? second : first) }' "$work/whole"
		pgload -q --stream "$stream" "$work/second.in" >"$work/commits" 2>"$work/err.second"
		pgload -q --stream "$stream" "$work/first" >"$work/commits" 2>"$work/err"
	}
	broken "records split over two pgloads" split_up
	# both at the same time: one of them is refused, which one is a matter of chance
	begin shared 4000
	share_out() {
		local first second
		consume | fraudcheck -q >"$work/whole"
		awk -v first="$work/first" -v second="$work/second.in" '{ print >(NR % 2 ? second : first) }' "$work/whole"
		pgload -q --stream "$stream" "$work/second.in" >"$work/commits" 2>"$work/err" &
		second=$!
		pgload -q --stream "$stream" "$work/first" >"$work/commits.first" 2>"$work/err.first"
		first=$?
		wait "$second"
		second=$?
		[ "$second" -eq 65 ] || cp "$work/err.first" "$work/err"
		[ "$first" -eq 65 ] || [ "$second" -ne 0 ] || return 0
		return 65
	}
	broken "records shared out line by line" share_out
	# one file under two filters
	begin filtered 3000
	filter_twice() {
		consume | fraudcheck -q >"$work/whole"
		grep -a '"currency":"USD"' "$work/whole" | pgload -q --stream "$stream" >"$work/commits" 2>"$work/err.first"
		grep -av '"currency":"USD"' "$work/whole" | pgload -q --stream "$stream" >"$work/commits" 2>"$work/err"
	}
	broken "one file under two filters" filter_twice
}

# --- two sinks, two sources ------------------------------------------------------------------------------------------
mistake_sinks() {
	begin tee 3000
	sql "create table second_sink (like fact_transaction including all)"
	[ -p "$work/second" ] || mkfifo "$work/second"
	pgload -q --stream "$stream" -t second_sink <"$work/second" >/dev/null &
	second=$!
	ok "tee into two sinks" eval 'consume | fraudcheck -q | tee "$work/second" | pgload -q --stream "$stream" >"$work/commits"'
	wait "$second"
	is "… the second ends well, too" "$?" 0
	is "… both are complete" "$(sql "select target, sum(next_offset), sum(rows) from stream_position where stream = '$stream' group by 1 order by 1" | sed 's/^[^|]*//' | uniq | wc -l)" 1
	is "… and equal" "$(sql 'select count(*) from (select to_jsonb(a) - array[$$xid$$, $$loaded_at$$] from fact_transaction a except all
		select to_jsonb(b) - array[$$xid$$, $$loaded_at$$] from second_sink b) x')" 0
	sql "delete from stream_position where target = 'second_sink'; delete from dead_letter where target = 'second_sink'"
	same_as_undisturbed "tee into two sinks" 1

	begin twice 3000
	ok "two kconsumes, one after the other" eval '{ consume; consume; } | load'
	add 1000
	ok "the second one resumes" eval '{ consume; consume --resume; } | load'
	same_as_undisturbed "two kconsumes, one after the other" 2
}

# --- torn lines ------------------------------------------------------------------------------------------------------
mistake_torn() {
	begin torn 3000
	consume | head -c 500001 | fraudcheck -q 2>"$work/err" | pgload -q --stream "$stream" >"$work/commits"
	is "a torn line before fraudcheck" "${PIPESTATUS[*]:2}" "74 0"
	like "… says so" "$(cat "$work/err")" 'torn'
	consume --resume | fraudcheck -q | head -c 200001 | pgload -q --stream "$stream" 2>"$work/err" >"$work/commits"
	is "a torn line before pgload" "${PIPESTATUS[3]}" 74
	like "… says so" "$(cat "$work/err")" 'torn'
	{ consume --resume | head -c 200001; consume --resume; } | fraudcheck -q 2>"$work/err" | pgload -q --stream "$stream" >"$work/commits"
	is "a torn line, and the next kconsume's first one behind it" "${PIPESTATUS[*]:1}" "74 0"
	ok "a restart" resume
	same_as_undisturbed "torn lines before a restart" 3
}

# The long form makes them again and again, over other records.
spend 0
round=0
while :; do
	round=$((round + 1))
	for mistake in owners starts reorder split sinks torn; do "mistake_$mistake"; done
	over && break
done
finish

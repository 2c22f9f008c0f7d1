#!/bin/bash
# PostgreSQL fails in every way it can: stopped and started, sessions killed, answers to COMMIT lost, the disk full, the table locked, the
# server restored to an earlier state. Each time what is stored in the end is what an undisturbed run stores.
. "$(dirname "$0")/faults.sh"
. "$root/tests/proxy/proxy.sh"

# asynchronous commits wait long to be written, so that a crash takes some of them back
settings=(-c wal_writer_delay=10000 -c wal_writer_flush_after=100MB)
server() { "$root/scripts/postgres" start -D "$work/postgres" --fast "${settings[@]}" >/dev/null; }
postmaster() { head -1 "$work/postgres/data/postmaster.pid" 2>/dev/null; }
stop_server() { kill -QUIT "$(postmaster)" && wait_for 20 server_is_down; }
server_is_down() { [ ! -e "$work/postgres/data/postmaster.pid" ]; }
as_postgres() { if [ "$EUID" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
start_postgres "${settings[@]}"
start_kafka
home_database=$PGDATABASE

# --- a phase for each fault -------------------------------------------------------------------------------------------

# phase: a topic, a stream and a database of its own. RATE records a second come until the phase ends.
phases=0
phase() { # RATE
	[ "$phases" -eq 0 ] || note "$((SECONDS - began)) s"
	began=$SECONDS
	phases=$((phases + 1))
	stream=pg$phases topic_name=tx$phases
	kconsume_command=() pgload_command=(pgload --stream "$stream")
	topic "$topic_name" 4
	make_database "pg$phases"
	export PGDATABASE=pg$phases
	(echo "$BASHPID" >"$work/feeder"; exec txgen -q -s $((seed + phases)) -n 100000000 -r "$1" --duplicates 0.01 --malformed 0.01 2>/dev/null) |
		kproduce -q -t "$topic_name" &
	feeding=$!
	wait_for 10 test -s "$work/feeder"
}
feeding=
stop_feeding() {
	[ -n "$feeding" ] || return 0
	kill "$(cat "$work/feeder")" 2>/dev/null
	wait "$feeding"
	feeding=
	rm -f "$work/feeder"
}
at_exit stop_feeding

# settle FAULT TIMES PIPELINE...: no more records; all are stored; the comparison.
settle() {
	local fault=$1 times=$2 pipeline
	shift 2
	stop_feeding
	ok "$fault: all is stored in the end" drained
	for pipeline; do
		ok "$fault: pipeline $pipeline was never refused" [ ! -e "$work/$pipeline/failed" ]
		[ ! -e "$work/$pipeline/failed" ] || complaints "$pipeline"
		finish_pipeline "$pipeline"
		rm -rf "${work:?}/$pipeline"
	done
	same_as_undisturbed "$fault" "$times"
	PGDATABASE=$home_database dropdb -f "$PGDATABASE"
	export PGDATABASE=$home_database
}

# share SHORT: like `spend`; of the long form's time each of the eight that injure again and again has its share.
share() { if [ -n "${TIME-}" ]; then TIME=$((TIME / 8)) spend "$1"; else spend "$1"; fi; }

# The pipeline works: the position moves by itself. Remembers where it is.
at_work() {
	here=$(stored)
	wait_for 60 moved "$here" && here=$(stored)
}

# --- stopped and started ----------------------------------------------------------------------------------------------

stopped_and_started() { # SYNC|ASYNC: immediate stops; what was committed asynchronously is lost by them
	local times=0 back=0 before
	phase 2000
	[ "$1" = sync ] || pgload_command+=(--async-commit)
	supervise one
	at_work || note "the pipeline does not start"
	share 2
	while ! over || [ "$times" -lt 2 ] || [ "$1" = async -a "$back" -eq 0 -a "$times" -lt 30 ]; do
		draw_ms 20 600
		sleep "$pause"
		before=$(stored)
		stop_server
		draw_ms 0 400
		sleep "$pause"
		server
		times=$((times + 1))
		[ "$(stored)" -ge "$before" ] || back=$((back + 1))
		at_work || { note "no progress after stop $times"; complaints one; break; }
	done
	if [ "$1" = sync ]; then
		is "an immediate stop takes nothing back that was committed" "$back" 0
		settle "PostgreSQL: immediate stop and start" "$times" one
	else
		ok "immediate stops took back what was committed asynchronously: $back of $times" [ "$back" -gt 0 ]
		settle "PostgreSQL: immediate stop, asynchronous commits lost" "$back" one
	fi
}

# --- sessions killed in mid-batch -------------------------------------------------------------------------------------

# Ends a session of pgload that is inside a transaction; prints how many.
terminate_in_transaction() {
	sql "create temporary table hit (n int);
		do \$\$ declare p int; begin
			for i in 1..2000 loop
				perform pg_stat_clear_snapshot();
				for p in select pid from pg_stat_activity where application_name = 'pgload' and datname = current_database()
					and xact_start is not null and query not like '%pg_is_in_recovery%' and backend_type = 'client backend'
				loop
					perform pg_terminate_backend(p);
					insert into hit values (p);
				end loop;
				exit when exists (select from hit);
				perform pg_sleep(0.001);
			end loop;
		end \$\$; select count(*) from hit"
}

terminated() {
	local times=0
	phase 5000
	supervise one
	at_work
	share 1
	while ! over || [ "$times" -lt 5 ]; do
		draw_ms 0 100
		sleep "$pause"
		times=$((times + $(terminate_in_transaction)))
		at_work || break
	done
	like "pgload takes the batch up again by itself" "$(cat "$work/one/pgload.err")" 'terminating connection'
	is "without a restart" "$(restart_count one)" 0
	settle "PostgreSQL: pg_terminate_backend in mid-batch" "$times" one
}

# --- the answer to COMMIT ---------------------------------------------------------------------------------------------

commit_lost() { # through the proxy
	local action times=0 cuts
	phase 5000
	start_proxy pg "$PGHOST/.s.PGSQL.5432" --postgres
	pgload_command+=(-d "host=127.0.0.1 port=${proxy_address#*:} sslmode=disable gssencmode=disable")
	supervise one
	at_work
	share 2
	while ! over || [ "$times" -lt 9 ]; do
		for action in before during after; do
			draw 4
			cuts=$(proxy_told pg "cut .* $action")
			proxy pg commit "$action" "$drawn"
			wait_for 20 proxy_more pg "cut .* $action" "$cuts" || { note "no COMMIT came"; complaints one; break 2; }
			times=$((times + 1))
		done
		at_work || break
	done
	is "the pipeline lives through it without a restart" "$(restart_count one)" 0
	settle "PostgreSQL: connection cut before, during, after COMMIT" "$times" one
	ok "each kind of cut was there" [ "$(proxy_told pg 'cut .* before')" -ge 3 -a "$(proxy_told pg 'cut .* during')" -ge 3 -a "$(proxy_told pg 'cut .* after')" -ge 3 ]
}

# --- the disk is full -------------------------------------------------------------------------------------------------

unmount() { umount "$1" 2>/dev/null || umount -l "$1"; }
full() { grep -q 'SQLSTATE 53100' "$work/one/pgload.err"; }

full_disk() {
	local disk=$work/disk
	mkdir -p "$disk"
	if ! mount -t tmpfs -o size=6m tmpfs "$disk" 2>"$work/mount.err"; then
		note "HERE NO FILE SYSTEM CAN BE MOUNTED: the full disk is not tested ($(cat "$work/mount.err"))"
		echo "ok $((tap_count += 1)) - a full disk # SKIP no file system can be mounted here"
		return
	fi
	at_exit unmount "$disk"
	mkdir "$disk/pg"
	[ "$EUID" -ne 0 ] || chown -R postgres: "$disk/pg"
	phase 20000
	sql "create tablespace small location '$disk/pg'" >/dev/null
	sql "alter table fact_transaction set tablespace small; alter index fact_transaction_pkey set tablespace small" >/dev/null
	supervise one
	ok "the disk runs full" wait_for 60 full
	stop_feeding
	here=$(stored)
	sleep "$(long 0.5 75)"
	is "nothing is stored while it is" "$(stored)" "$here"
	ok "and there is something left to store" [ "$here" -lt "$(log_end "$topic_name")" ]
	mount -o remount,size=200m "$disk"
	settle "PostgreSQL: full disk, and its relief" 1 one
	sql "drop tablespace small" >/dev/null
}

# --- a locked table ---------------------------------------------------------------------------------------------------

# In the long form longer than lock_timeout (10 s).
waits_for_lock() { [ "$(sql "select count(*) from pg_stat_activity where application_name = 'pgload' and wait_event_type = 'Lock'")" -ge 1 ]; }
hold() { # STATEMENT: in a transaction, until `release`
	mkfifo "$work/hold"
	psql -Xq <"$work/hold" >/dev/null 2>&1 &
	holder=$!
	exec 6>"$work/hold"
	rm "$work/hold"
	printf '%s\n' "begin;" "$1;" >&6
}
release() {
	printf '%s\n' '\q' >&6 # what was started meanwhile holds the pipe open
	exec 6>&-
	wait "$holder"
}

locked() {
	phase 3000
	supervise one
	at_work
	hold "lock table fact_transaction in exclusive mode"
	ok "pgload waits for the lock" wait_for 20 waits_for_lock
	sleep "$(long 1 65)"
	[ -z "${TIME-}" ] || like "no longer than lock_timeout at a time" "$(cat "$work/one/pgload.err")" 'SQLSTATE 55P03'
	release
	ok "and goes on" at_work
	hold "select from stream_position for update"
	ok "pgload waits for its position" wait_for 20 waits_for_lock
	sleep "$(long 0.5 5)"
	release
	settle "PostgreSQL: a locked table, a locked position" 2 one
}

# --- the server goes back to an earlier state -------------------------------------------------------------------------

back_up() {
	as_postgres rm -rf "$work/postgres/backup"
	as_postgres pg_basebackup -h "$PGHOST" -U postgres -D "$work/postgres/backup" -c fast -X stream
}
restore() {
	stop_server
	as_postgres rm -rf "$work/postgres/data"
	as_postgres mv "$work/postgres/backup" "$work/postgres/data"
	server
}

goes_back() { # WRITERS sync|async
	local pipelines=(one) times=0 before after
	phase 2000
	[ "$2" = sync ] || pgload_command+=(--async-commit)
	supervise one
	if [ "$1" -eq 2 ]; then # both write all partitions: a rival that nobody planned
		kconsume_command=(kconsume --resume -p 0,1,2,3 --stream "$stream" -t "$topic_name")
		supervise two
		pipelines+=(two)
	fi
	at_work
	share 1
	while ! over || [ "$times" -lt 1 ]; do
		ok "a base backup ($1, $2)" back_up
		at_work
		draw_ms 100 1000
		sleep "$pause"
		before=$(stored)
		restore
		after=$(stored)
		[ "$after" -lt "$before" ] && times=$((times + 1)) || note "the backup was not earlier: $before, $after"
		at_work || { note "no progress"; complaints one; break; }
	done
	like "the loss is noticed" "$(cat "$work"/*/pgload.err)" 'committed data is gone'
	settle "PostgreSQL: restored to an earlier backup, $1 writers, $2 commit" "$times" "${pipelines[@]}"
}

tests=('stopped_and_started sync' 'stopped_and_started async' terminated commit_lost full_disk locked 'goes_back 1 sync' 'goes_back 2 async')
[ -z "${TIME-}" ] || tests+=('goes_back 1 async' 'goes_back 2 sync')
[ $# -eq 0 ] || tests=("$@")
for each in "${tests[@]}"; do $each; done
finish

#!/bin/bash
# scripts/postgres: a private cluster that starts, stops, comes back after a crash, and opens no port.
source "$(dirname "$0")/../tap.sh"
postgres() { "$root/scripts/postgres" "$@"; }
dir=$work/cluster
at_exit postgres stop -D "$dir"

exits 1 "status before there is one" postgres status -D "$dir"
exits 0 "stop before there is one" postgres stop -D "$dir"
exits 0 "start" postgres start -D "$dir" --fast -c work_mem=9MB
cp "$work/out" "$work/settings"
eval "$(cat "$work/settings")"
is "database, encoding, collation, time zone, settings" "$(sql "select current_database(), pg_encoding_to_char(encoding), datcollate,
	current_setting('timezone'), current_setting('work_mem'), current_setting('fsync'), current_setting('listen_addresses')
	from pg_database where datname = current_database()")" 'txpipe|UTF8|C|UTC|9MB|off|'
is "nobody else may enter the socket's directory" "$(stat -c %a "$PGHOST")" 700
is "start again says the same" "$(postgres start -D "$dir")" "$(cat "$work/settings")"
is "status too" "$(postgres status -D "$dir")" "$(cat "$work/settings")"
sql 'create table kept as select 1 as one'

kill -9 "$(head -1 "$dir/data/postmaster.pid")"
ok "after kill -9 it comes back" postgres start -D "$dir"
is "… with what was stored, and with fsync, as it was not asked for --fast" "$(sql "select one, current_setting('fsync') from kept")" '1|on'
exits 0 "stop" postgres stop -D "$dir"
exits 1 "status" postgres status -D "$dir"
exits 0 "stop again" postgres stop -D "$dir"
is "no process is left" "$(find /proc -mindepth 2 -maxdepth 2 -name cwd -lname "$dir/data" 2>/dev/null)" ''
for i in 1 2 3; do postgres start -D "$dir" >"$work/start.$i" 2>&1 & done
wait
is "three at once: one server, one answer" "$(sort -u "$work"/start.*)" "$(cat "$work/settings")"
postgres stop -D "$dir"

long=$work/$(printf 'long%.0s' {1..30})
at_exit postgres stop -D "$long"
eval "$(postgres start -D "$long" --fast)"
is "a directory too long for a socket" "$(sql 'show data_directory')" "$long/data"
ok "… its socket is elsewhere" [ -S "$PGHOST/.s.PGSQL.5432" ]
postgres stop -D "$long"
ok "… and goes with it" [ ! -e "$PGHOST" ]

if [ "$EUID" -eq 0 ]; then
	mkdir -m 700 "$work/closed"
	exits 2 "a directory that the server's user cannot enter" postgres start -D "$work/closed/x"
	like "… says so" "$(cat "$work/err")" 'the user postgres cannot enter'
	mkdir "$work/user"
	chown nobody "$work/user"
	as_nobody() { runuser -u nobody -- "$root/scripts/postgres" "$@" -D "$work/user/cluster"; }
	if runuser -u nobody -- test -x "$root/scripts/postgres"; then
		at_exit as_nobody stop
		exits 0 "as a plain user" as_nobody start --fast
		eval "$(cat "$work/out")"
		is "… it is that user's server" "$(stat -c %U "$work/user/cluster/data")" nobody
		exits 0 "… stop" as_nobody stop
	else
		note "the checkout is not readable for other users: not tried as a plain user"
	fi
fi
port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
eval "$(postgres start -D "$work/tcp" --fast --tcp "$port")"
at_exit postgres stop -D "$work/tcp"
is "asked to, it listens on the loopback" "$(PGHOST=127.0.0.1 sql 'select inet_server_port()')" "$port"
is "… and on its socket" "$(sql 'select inet_server_port()')" ''
postgres stop -D "$work/tcp"
eval "$(postgres start -D "$work/tcp" --fast)"
is "not asked again, it opens no port" "$PGPORT $(sql "select current_setting('listen_addresses')")" '5432 '

exits 2 "wrong port" postgres start -D "$work/tcp" --tcp 99999
exits 2 "wrong command" postgres restart
exits 2 "wrong option" postgres start --nonsense
exits 2 "wrong setting" postgres start -D "$dir" -c nonsense
finish

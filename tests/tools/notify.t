#!/bin/bash
# What scripts/stream tells a service manager, at a socket of the test's own: that it is ready, how it is, that it lives, that it stops.
source "$(dirname "$0")/../tap.sh"

if ! command -v systemd-notify >/dev/null; then
	echo '1..0 # SKIP systemd-notify is not installed (scripts/setup check installs it)'
	exit 0
fi
source "$root/tests/stages.sh"

# Each datagram as lines of $work/heard, closed with the file descriptors that came with it.
perl -MSocket -e '
	$| = 1;
	socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!\n";
	bind($s, pack_sockaddr_un($ARGV[0])) or die "bind: $!\n";
	print "listens\n";
	while (defined recv($s, my $text, 65536, 0)) { print "$text\n" if $text ne "BARRIER=1" }
' "$work/socket" >>"$work/heard" &
listener=$!
at_exit kill "$listener"
ok "somebody listens" wait_for 5 grep -q listens "$work/heard"

heard() { grep -c "^$1" "$work/heard"; }
marks=0
settled() { # whatever was sent before now is in $work/heard
	marks=$((marks + 1))
	NOTIFY_SOCKET=$work/socket systemd-notify --status="mark $marks." && wait_for 10 grep -q "mark $marks\\." "$work/heard"
}
service=
leave() { [ -z "$service" ] || kill -TERM "$service"; }
at_exit leave
begin() { # ARGUMENT...
	: >"$work/heard"
	: >"$work/said"
	NOTIFY_SOCKET=$work/socket "$root/scripts/stream" start --foreground --dir "$dir" "$@" 2>"$work/said" &
	service=$!
}
end() { # sets `status`
	kill -TERM "$service"
	wait "$service"
	status=$?
	service=
}

# --- ready, state, end
tell '' '' 'late\n'
begin -n 2
both_run() { state_is running 1 && state_is running 2; }
ok "two pipelines are started" wait_for 10 both_run
ok "their state is told" wait_for 10 grep -qx 'STATUS=2 of 2 running, 0 restarts' "$work/heard"
settled
is "not ready while a stage has not begun" "$(heard READY)" 0
touch "$STAND_IN/begin"
ok "ready when all have" wait_for 10 grep -qx READY=1 "$work/heard"
is "without a watchdog nothing is fed" "$(heard WATCHDOG)" 0
listening() { [ "$(calls 'fraudcheck listens')" -eq 2 ]; }
ok "both read" wait_for 10 listening
kill -HUP "$service"
both_told() { [ "$(calls 'fraudcheck HUP')" -eq 2 ]; }
ok "SIGHUP is told to every fraudcheck" wait_for 10 both_told
is "… and to nobody else" "$(calls '.* HUP')" 2
ok "… and it runs on" both_run
end
is "ends well" "$status" 0
settled
is "told: ready once, then that it stops" "$(grep -E '^(READY|STOPPING)' "$work/heard" | uniq | tr '\n' ' ')" 'READY=1 STOPPING=1 '
is "an end by order is not told before it was ordered" "$(grep -c 'READY' "$work/heard")" 1

# --- a dependency that is away, for longer with every look
tell 'exit 75\nexit 75\nexit 75\nexit 75\n' '' ''
begin
ok "what it waits for is told" wait_for 20 grep -Eq '^STATUS=0 of 1 running, [0-9] restarts; 1 waiting: kconsume: error: told to end with 75' "$work/heard"
ok "… and that it is over" wait_for 40 grep -qx 'STATUS=1 of 1 running, 4 restarts' "$work/heard"
ok "ready" grep -qx READY=1 "$work/heard"
end

# --- what cannot run is never ready
tell 'exit 2\n' '' ''
begin
wait "$service"
is "the status of the stage" "$?" 2
service=
settled
is "was never ready" "$(heard READY)" 0
like "said why" "$(cat "$work/said")" 'kconsume: error: told to end with 2'

# --- one of two stopped for good: the other goes on, and it is told
tell 'exit 65\n' '' ''
begin -n 2
ok "the other one goes on, and this is told" wait_for 15 grep -Eq '^STATUS=1 of 2 running, 0 restarts; [12] failed: kconsume ended with 65' "$work/heard"
end
is "its status comes through in the end" "$status" 65

# --- the watchdog
tell '' '' ''
WATCHDOG_USEC=2000000 begin
ok "a watchdog is fed" wait_for 15 eval '[ "$(heard WATCHDOG=1)" -ge 2 ]'
hanging() { [ "$(grep -c 'hanging.*pipeline 1' "$work/said")" -ge "$1" ]; }
touch "$STAND_IN/hangs"
ok "not while kconsume hangs, with a message" wait_for 15 hanging 1
settled
before=$(heard WATCHDOG=1)
ok "… nor later" wait_for 15 hanging 3
settled
is "… it heard nothing" "$(heard WATCHDOG=1)" "$before"
rm "$STAND_IN/hangs"
ok "again when it goes on" wait_for 15 eval '[ "$(heard WATCHDOG=1)" -gt "$before" ]'
end

tell '' '' ''
WATCHDOG_USEC=2000000 begin -n 2
ok "fed" wait_for 15 eval '[ "$(heard WATCHDOG=1)" -ge 1 ]'
kill -9 "$(cut -d' ' -f1 "$dir/1/supervisor.pid")"
ok "a dead supervisor is noticed" wait_for 15 hanging 1
end
stream stop

tell '' '' ''
WATCHDOG_USEC=2000000 WATCHDOG_PID=1 begin
ok "another process's watchdog" wait_for 10 grep -qx READY=1 "$work/heard"
kill -9 "$(cut -d' ' -f1 "$dir/1/fraudcheck.pid")"
ok "… two looks later" wait_for 15 grep -qx 'STATUS=1 of 1 running, 1 restarts' "$work/heard"
settled
is "… is not fed" "$(heard WATCHDOG)" 0
end

# --- nobody there
tell '' '' ''
NOTIFY_SOCKET=$work/nobody "$root/scripts/stream" start --foreground --dir "$dir" 2>"$work/said" &
service=$!
ok "without a listener it runs all the same" wait_for 10 eval 'state_is running'
ok "… and says so" wait_for 10 grep -q 'systemd-notify cannot tell' "$work/said"
end
is "… once" "$status/$(grep -c 'cannot tell' "$work/said")" 0/1
finish

#!/bin/bash
# The units, as installed: systemd understands them, they are locked up, and what they call is there and takes what they give.
source "$(dirname "$0")/../tap.sh"

if ! command -v systemd-analyze >/dev/null; then
	echo '1..0 # SKIP systemd-analyze is not installed (scripts/setup check installs it)'
	exit 0
fi
at=$work/opt
ok "installed where its names are true" make -s -C "$root" install PREFIX="$at" BIN="${TXPIPE_BIN:-$root/bin}" BUILD="${TXPIPE_BUILD:-$root/build}"
units=$at/lib/systemd/system
value() { sed -n "s/^$2=//p" "$units/$1"; }

mapfile -t files < <(find "$units" -type f -printf '%f\n' | sort)
is "units" "${files[*]}" 'txpipe-aggregate.service txpipe-aggregate.timer txpipe-stream.service txpipe-txdash.service'
for unit in "${files[@]}"; do
	is "$unit: nothing to complain about" "$(systemd-analyze verify --man=no "$units/$unit" 2>&1 | grep -F txpipe)" ''
done

# --- locked up
for unit in stream txdash aggregate; do
	# of ten; above two is what systemd itself no longer calls good
	exits 0 "$unit: exposed by no more than 2.0 of 10" systemd-analyze security --offline=true --threshold=20 "$units/txpipe-$unit.service"
	is "$unit: runs as a user of its own" "$(value txpipe-$unit.service User)" txpipe
	for setting in NoNewPrivileges=yes CapabilityBoundingSet= ProtectSystem=strict ProtectHome=yes PrivateDevices=yes MemoryDenyWriteExecute=yes RestrictNamespaces=yes; do
		ok "$unit: $setting" grep -qx "$setting" "$units/txpipe-$unit.service"
	done
	is "$unit: locked up like the others" "$(sed -n '/^NoNewPrivileges/,/^UMask/p' "$units/txpipe-$unit.service" | cksum)" \
		"$(sed -n '/^NoNewPrivileges/,/^UMask/p' "$units/txpipe-stream.service" | cksum)"
done
# the test of a test: without them it is not accepted
sed '/^NoNewPrivileges/,/^UMask/d' "$units/txpipe-stream.service" >"$work/txpipe-open.service"
ok "an open unit would be noticed" eval '! systemd-analyze security --offline=true --threshold=20 "$work/txpipe-open.service" >/dev/null'

# --- what they say
is "the stream speaks for itself" "$(value txpipe-stream.service Type)/$(value txpipe-stream.service NotifyAccess)" notify/all
ok "… and is watched" grep -q '^WatchdogSec=' "$units/txpipe-stream.service"
is "… only its supervisor is told to end" "$(value txpipe-stream.service KillMode)" mixed
is "… what wants a person is not started again" "$(value txpipe-stream.service RestartPreventExitStatus)" '1 2 65 70 126 127'
is "a missed tick of the marts is made up for" "$(value txpipe-aggregate.timer Persistent)" true
is "each tick is one that systemd knows" "$(systemd-analyze calendar --iterations=2 "$(value txpipe-aggregate.timer OnCalendar)" | grep -c 'elapse\|Iter')" 2

# Their command lines with the defaults they bring: each tool gets past its options.
arguments() { sed -n "s/^Environment=.*$2=\([^\"]*\)\(\"\|\$\)/\1/p" "$units/txpipe-$1.service"; }
read -ra given <<<"$(arguments txdash TXDASH_ARGS)"
mkdir -p "$work/txpipe/stream-fraud"
exits 0 "txdash takes what its unit gives" "$at/bin/txdash" "${given[@]//%S/$work}" --version
for unit in stream txdash aggregate; do
	ok "$unit: what it starts is there" [ -x "$(value txpipe-$unit.service ExecStart | cut -d' ' -f1)" ]
	for variable in $(grep '^Exec' "$units/txpipe-$unit.service" | grep -o '\$[A-Z_]*' | tr -d '$' | sort -u); do
		ok "$unit: \$$variable has a default" grep -Eq "^Environment=.*\"?$variable=" "$units/txpipe-$unit.service"
		ok "$unit: … and a line in the file of settings" grep -q "^#$variable=" "$at/share/doc/txpipe/examples/default"
	done
	is "$unit: settings" "$(value txpipe-$unit.service EnvironmentFile | tr '\n' ' ')" "-/etc/default/txpipe -/etc/default/txpipe-$unit "
done
for line in $(sed -n 's/^#\([A-Z]*\)_ARGS=.*/\1/p' "$at/share/doc/txpipe/examples/default"); do
	text=$(sed -n "s/^#${line}_ARGS=//p" "$at/share/doc/txpipe/examples/default")
	case $line in
	STREAM) exits 0 "the example for $line is accepted" bash -c "'$at/share/txpipe/scripts/stream' start $text --help" ;;
	AGGREGATE) exits 0 "the example for $line is accepted" bash -c "'$at/bin/aggregate' build $text --version" ;;
	*) exits 0 "the example for $line is accepted" bash -c "'$at/bin/${line,,}' $text --version" ;;
	esac
done
ok "the rules of the example are there" [ -s "$(sed -n 's/^#STREAM_ARGS=.*--rules //p' "$at/share/doc/txpipe/examples/default")" ]

# --- their user
if command -v systemd-sysusers >/dev/null && [ "$EUID" -eq 0 ]; then
	mkdir -p "$work/root/etc" "$work/root/usr/lib/sysusers.d"
	cp "$at/lib/sysusers.d/txpipe.conf" "$work/root/usr/lib/sysusers.d"
	ok "the user is made" systemd-sysusers --root="$work/root" txpipe.conf
	is "… and cannot log in" "$(cut -d: -f 1,6,7 "$work/root/etc/passwd")" txpipe:/var/lib/txpipe:/usr/sbin/nologin
	mkdir -p "$work/root/usr/lib/tmpfiles.d" "$work/root/var/lib"
	cp "$at/lib/tmpfiles.d/txpipe.conf" "$work/root/usr/lib/tmpfiles.d"
	ok "its home is made" systemd-tmpfiles --root="$work/root" --create txpipe.conf
	is "… its own" "$(stat -c '%u %a' "$work/root/var/lib/txpipe")" "$(cut -d: -f3 "$work/root/etc/passwd") 750"
fi
finish

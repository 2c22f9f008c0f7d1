# TAP for tests written in bash: source this, call the checks, end with `finish`. A test file runs under prove, in a directory
# of its own ($work, removed at the end), with the built tools first in PATH.

set -u -o pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PATH="${TXPIPE_BIN:-$root/bin}:$PATH"
export LC_ALL=C TZ=UTC
unset KAFKA_BROKERS KCAT_CONFIG PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD PGSERVICE PGOPTIONS
tap_count=0
tap_failed=0
work=$(mktemp -d "${TMPDIR:-/tmp}/txpipe-test.XXXXXX")
chmod 755 "$work"
tap_at_exit=()

# Run a command when the test ends, whatever happens; last registered first.
at_exit() { tap_at_exit=("$(printf '%q ' "$@")" "${tap_at_exit[@]}"); }

tap_cleanup() {
	local status=$? command
	trap - EXIT
	for command in "${tap_at_exit[@]}"; do eval "$command" >&2 || true; done
	cd / && rm -rf "$work"
	exit "$status"
}
trap tap_cleanup EXIT
trap 'exit 130' INT TERM

note() { printf '# %s\n' "$@"; }

tap_result() { # STATUS DESCRIPTION
	tap_count=$((tap_count + 1))
	if [ "$1" -eq 0 ]; then
		printf 'ok %d - %s\n' "$tap_count" "$2"
	else
		tap_failed=$((tap_failed + 1))
		printf 'not ok %d - %s\n' "$tap_count" "$2"
	fi
	return 0
}

# ok DESCRIPTION COMMAND...: the command succeeds.
ok() {
	local name=$1 out status
	shift
	out=$("$@" 2>&1)
	status=$?
	tap_result "$status" "$name"
	[ "$status" -eq 0 ] || printf '%s\n' "status $status" "$out" | head -50 | sed 's/^/# /'
}

# is DESCRIPTION GOT WANT: the texts are equal.
is() {
	if [ "$2" = "$3" ]; then
		tap_result 0 "$1"
	else
		tap_result 1 "$1"
		printf '%s\n' "got:  $2" "want: $3" | head -60 | sed 's/^/# /'
	fi
}

# like DESCRIPTION TEXT REGEX: the text matches the extended regular expression.
like() {
	if grep -Eq -- "$3" <<<"$2"; then
		tap_result 0 "$1"
	else
		tap_result 1 "$1"
		printf '%s\n' "text: $2" "does not match: $3" | head -60 | sed 's/^/# /'
	fi
}

# exits STATUS DESCRIPTION COMMAND...: the command ends with that status; stdout is kept in $work/out, stderr in $work/err.
exits() {
	local want=$1 name=$2 status
	shift 2
	"$@" >"$work/out" 2>"$work/err"
	status=$?
	if [ "$status" -eq "$want" ]; then
		tap_result 0 "$name"
	else
		tap_result 1 "$name"
		{ echo "status $status, wanted $want"; head -c 2000 "$work/err"; } | sed 's/^/# /'
	fi
}

# wait_for SECONDS COMMAND...: until the command succeeds; fails after that time, which is meant for a quiet machine: a busy one gets four times
# as much. No check depends on it: what is waited for either comes or never does.
wait_for() {
	local until=$((SECONDS + 4 * $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$until" ] || return 1
		sleep 0.05
	done
}

# A private PostgreSQL for this test: exports the PG* variables.
start_postgres() {
	local settings
	settings=$("$root/scripts/postgres" start -D "$work/postgres" --fast "$@") || { echo "Bail out! PostgreSQL does not start"; exit 1; }
	at_exit "$root/scripts/postgres" stop -D "$work/postgres"
	eval "$settings"
}

# A real Kafka for this test: exports KAFKA_BROKERS.
start_kafka() {
	local settings
	settings=$("$root/scripts/kafka" start -D "$work/kafka" "$@") || { echo "Bail out! Kafka does not start"; exit 1; }
	at_exit "$root/scripts/kafka" stop -D "$work/kafka"
	eval "$settings"
}

# One value, or rows with | between the columns.
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$1"; }

finish() {
	printf '1..%d\n' "$tap_count"
	[ "$tap_failed" -eq 0 ]
	exit
}

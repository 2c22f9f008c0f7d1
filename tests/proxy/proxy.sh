# The proxy of the fault tests: source it after tap.sh (or faults.sh). What it can do: $TXPIPE_BUILD/tests/proxy/proxy --help

# start_proxy NAME TARGET [--postgres]: sets `proxy_address` (127.0.0.1:PORT). TARGET: HOST:PORT or the path of a Unix socket.
start_proxy() {
	"${TXPIPE_BUILD:-$root/build}/tests/proxy/proxy" ${3:+"$3"} 127.0.0.1:0 "$2" "$work/$1.commands" >"$work/$1.told" &
	at_exit stop_proxy $!
	wait_for 10 grep -q '^listening' "$work/$1.told" || { echo "Bail out! the proxy does not start"; exit 1; }
	proxy_address=$(sed -n 's/^listening //p' "$work/$1.told")
}
stop_proxy() { kill "$1" 2>/dev/null && wait "$1" 2>/dev/null; return 0; }

# proxy NAME COMMAND...: returns when it is in force.
proxy() {
	local name=$1 before
	shift
	before=$(proxy_told "$name" "done $*")
	printf '%s\n' "$*" >"$work/$name.commands"
	wait_for 10 proxy_more "$name" "done $*" "$before" || note "the proxy does not obey: $*"
}
proxy_more() { [ "$(proxy_told "$1" "$2")" -gt "$3" ]; }

# proxy_told NAME REGEX: how many such lines it has told: open N, close N, commit N, cut N WHY.
proxy_told() { grep -Ec -- "^$2\$" "$work/$1.told" || true; }

# For tests of txdash: source this after tap.sh.

# start NAME [OPTION...]: a txdash on a free port, without Kafka unless an option says where it is; sets pid_NAME and url.
start() {
	local name=$1
	shift
	[[ " $* " == *' -b '* ]] || set -- -b 127.0.0.1:9 "$@"
	txdash -l 127.0.0.1:0 "$@" 2>"$work/$name.err" &
	printf -v "pid_$name" %s "$!"
	at_exit kill "$!"
	wait_for 10 grep -q 'notice: http' "$work/$name.err" || { cat "$work/$name.err"; echo "Bail out! txdash does not start"; exit 1; }
	url=$(sed -n 's/^txdash: notice: \(http:.*\)\/$/\1/p' "$work/$name.err")
}
get() { curl -s -m 20 "$url$1" "${@:2}"; }
code() { curl -s -m 20 -o "$work/body" -w '%{http_code}' "$@"; }
ready() { [ "$(code "$url/readyz")" = 200 ]; }
cells() { jq -r '.rows[] | map(if . == null then "" else tostring end) | join("|")'; }

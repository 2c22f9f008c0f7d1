#!/bin/bash
# The parties in network namespaces of their own: w (the pipeline and the producer), k (Kafka and this test), p (PostgreSQL), and m between them,
# through whose proxies w reaches the two. Links lose packets, partition one way or both ways, go down, get narrow, reset connections; the
# proxies delay, freeze, cut, and leave connections half-open. All of it heals.
net=txpipe-$$
if [ -z "${TXPIPE_NETWORK-}" ]; then
	skip() { printf 'ok 1 - faults of the network # SKIP %s\n1..1\n' "$1"; exit 0; }
	remove() { for name in w m k p; do ip netns del "$net-$name" 2>/dev/null; done; }
	for program in ip iptables tc nsenter; do
		command -v "$program" >/dev/null || skip "no $program: scripts/setup check installs it"
	done
	trap remove EXIT
	why=$(ip netns add "$net-k" 2>&1) || skip "no right to make network namespaces: $why"
	why=$(ip -n "$net-k" link set lo up 2>&1) || skip "ip cannot enter a namespace, as in a chroot that is no mount point: $why"
	nsenter --net="/run/netns/$net-k" iptables -w -A INPUT -m statistic --mode random --probability 0.5 -j ACCEPT 2>/dev/null &&
		nsenter --net="/run/netns/$net-k" iptables -w -F || skip "the kernel has no iptables with the match statistic"
	for name in w m p; do ip netns add "$net-$name" || exit 1; done
	TXPIPE_NETWORK=$net nsenter --net="/run/netns/$net-k" bash "$0"
	exit
fi
net=$TXPIPE_NETWORK
source "$(dirname "$0")/faults.sh"
source "$root/tests/proxy/proxy.sh"

ns() { nsenter --net="/run/netns/$net-$1" "${@:2}"; } # NAMESPACE COMMAND...
link() { # A B NET: NET.1 is A's end, the device `to-B`; NET.2 is B's
	ip link add "to-$2" netns "$net-$1" type veth peer name "to-$1" netns "$net-$2"
	ip -n "$net-$1" addr add "$3.1/30" dev "to-$2"
	ip -n "$net-$2" addr add "$3.2/30" dev "to-$1"
	ip -n "$net-$1" link set "to-$2" up
	ip -n "$net-$2" link set "to-$1" up
}
for name in w m k p; do ip -n "$net-$name" link set lo up; done
link m w 10.213.1
link m k 10.213.2
link m p 10.213.3
# Kafka tells clients one address: m's, where w is concerned; here, in k, the broker's own
ip -n "$net-k" addr add 10.213.1.1/32 dev lo

# --- servers, and the proxies in m -----------------------------------------------------------------------------------------
start_kafka --listen 0.0.0.0 --advertise 10.213.1.1
printf 'local all all trust\nhost all all 10.213.3.1/32 trust\n' >"$work/hba"
chmod 644 "$work/hba"
settings=$(ns p "$root/scripts/postgres" start -D "$work/postgres" --fast -c listen_addresses=10.213.3.2 -c "hba_file=$work/hba") ||
	{ echo "Bail out! PostgreSQL does not start"; exit 1; }
at_exit "$root/scripts/postgres" stop -D "$work/postgres"
eval "$settings"
between() { # NAME PORT TARGET [--postgres]
	nsenter --net="/run/netns/$net-m" "$TXPIPE_BUILD/tests/proxy/proxy" ${4:+"$4"} "10.213.1.1:$2" "$3:$2" "$work/$1.commands" >"$work/$1.told" &
	at_exit stop_proxy $!
	wait_for 10 grep -q '^listening' "$work/$1.told" || { echo "Bail out! the proxy does not start"; exit 1; }
}
TXPIPE_BUILD=${TXPIPE_BUILD:-$root/build}
between kafka "${KAFKA_BROKERS#*:}" 10.213.2.2
between postgres 5432 10.213.3.2 --postgres
topic_name=transactions
topic transactions 4
make_database one
export PGDATABASE=one

# --- faults ------------------------------------------------------------------------------------------------------------------
# A link is named by its end in m: w, k or p.
rule() { ns m iptables -w "$@"; }
draw_link() { draw 3; local links=(w k p); on=${links[drawn]}; }
draw_proxy() { draw 2; local proxies=(kafka postgres); through=${proxies[drawn]}; }
inject() { # sets `what`
	draw_link
	draw_proxy
	what="$1 on the link to $on"
	case $1 in
	partition) rule -A INPUT -i "to-$on" -j DROP; rule -A OUTPUT -o "to-$on" -j DROP ;;
	"partition one way")
		draw 2
		if [ "$drawn" -eq 0 ]; then rule -A INPUT -i "to-$on" -j DROP; else rule -A OUTPUT -o "to-$on" -j DROP; fi
		;;
	loss)
		draw 30
		rule -A INPUT -i "to-$on" -m statistic --mode random --probability "0.$((drawn + 10))" -j DROP
		rule -A OUTPUT -o "to-$on" -m statistic --mode random --probability "0.$((drawn + 10))" -j DROP
		;;
	"backend gone") # and its last words are refused: the proxy finds out by its keepalive, or by what it sends
		on=p what=$1
		rule -A INPUT -i to-p -p tcp -j REJECT --reject-with tcp-reset
		sql "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pgload'" >/dev/null
		;;
	reset) rule -A INPUT -i "to-$on" -p tcp -j REJECT --reject-with tcp-reset ;;
	"link down") ns m ip link set "to-$on" down ;;
	narrow)
		draw 900
		ns m tc qdisc add dev "to-$on" root tbf rate "$((drawn + 100))kbit" burst 16kb latency 100ms
		;;
	delay) draw 450; proxy "$through" delay "$((drawn + 50))ms"; what="delay of $through" ;;
	freeze) draw 3; way=("" " up" " down"); proxy "$through" freeze${way[drawn]}; what="freeze of $through" ;;
	half-open) draw 2; end=(server client); proxy "$through" lose "${end[drawn]}"; what="half-open: ${end[drawn]} of $through lost" ;;
	cut) proxy "$through" cut; what="connections to $through cut" ;;
	refuse) proxy "$through" refuse; proxy "$through" cut; what="connections to $through refused" ;;
	esac
}
dropped=0
heal() {
	dropped=$((dropped + $(rule -nvxL | awk '$3 == "DROP" { n += $1 } END { print n + 0 }')))
	rule -F
	if [ "$1" = narrow ]; then ns m tc qdisc del dev "to-$on" root; fi
	if [ "$1" = "link down" ]; then ns m ip link set "to-$on" up; fi
	case $1 in delay | freeze | half-open | cut | refuse) proxy "$through" pass ;; esac
}

# --- the run -----------------------------------------------------------------------------------------------------------------
kinds=(partition "partition one way" loss reset "link down" narrow delay freeze half-open cut refuse "backend gone")
declare -A times
in_w=(nsenter --net="/run/netns/$net-w" env PGHOST=10.213.1.1 PGPORT=5432)
kconsume_command=("${in_w[@]}" kconsume --resume -G "$stream" -t "$topic_name" --instance-id a -X session.timeout.ms=6000)
pgload_command=("${in_w[@]}" pgload -q --stream "$stream")
mkfifo "$work/lines"
txgen -n 0 -r 1000 -s "$seed" --duplicates .01 --malformed .01 2>"$work/made" >"$work/lines" &
generator=$!
at_exit eval "kill $generator 2>/dev/null"
"${in_w[@]}" kproduce -q <"$work/lines" &
producer=$!
supervise a
ok "records flow" wait_for 30 moved 0
spend 10
total=0
while ! over || [ "$total" -lt ${#kinds[@]} ]; do
	# each kind once, then as they are drawn
	if [ "$total" -lt ${#kinds[@]} ]; then kind=${kinds[total]}; else draw ${#kinds[@]}; kind=${kinds[drawn]}; fi
	before=$(stored)
	inject "$kind"
	draw_ms 300 "$(long 1200 4000)"
	draw 12
	# in the long form sometimes past Kafka's session timeout
	if [ -n "${TIME-}" ] && [ "$drawn" -eq 0 ]; then draw_ms 7000 12000; fi
	sleep "$pause"
	heal "$kind"
	times[$kind]=$((${times[$kind]:-0} + 1))
	total=$((total + 1))
	! supervised a && break
	# Most of the time the next one comes only when this one is overcome: at worst a dead connection is noticed after 30 s, and the locks of the
	# server's end, which may know nothing, are taken from it after 20 s more.
	draw 4
	if [ "$drawn" -gt 0 ]; then wait_for 90 moved "$before" || { note "no progress 90 s after: $what"; stuck=1; }; fi
done
is "it goes on after each of them" "${stuck-}" ""
ok "the pipeline never gave up" supervised a
supervised a || { note "the last fault: $what"; complaints a; }
note "$(for kind in "${kinds[@]}"; do printf '%s: %s, ' "$kind" "${times[$kind]:-0}"; done)$dropped packets dropped"
ok "packets were lost" [ "$dropped" -gt 0 ]
kill "$generator"
wait "$generator"
wait "$producer"
is "the producer's status" "$?" 0
ok "each line was delivered once" [ "$(log_end transactions)" -eq "$(counted "$work/made" .lines)" ]
ok "everything arrives" wait_for 90 everything_stored
ok "it drains" finish_pipeline a
note "statuses: $(sort "$work/a/statuses" | uniq -c | sort -rn | tr -s ' ' | paste -sd,)"
same_as_undisturbed "network: partitions, loss, bandwidth, delay, half-open" "$total"
finish

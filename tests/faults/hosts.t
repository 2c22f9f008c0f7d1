#!/bin/bash
# Four hosts, each a network namespace with a name and an address of its own on one switch, each with a pipeline of one group; Kafka and PostgreSQL
# on a fifth. A host loses its link for longer than its session lasts, so that others get its partitions, and comes back; another one dies for good.
# Rules that remember: verdicts must be those of one pipeline that nothing happened to.
# The long form: links go and hosts die for TIME seconds; a dead one is replaced.
net=txpipe-$$
hosts=(h1 h2 h3 h4)
if [ -z "${TXPIPE_NETWORK-}" ]; then
	skip() { printf 'ok 1 - four hosts # SKIP %s\n1..1\n' "$1"; exit 0; }
	remove() { for name in s "${hosts[@]}"; do ip netns del "$net-$name" 2>/dev/null; done; }
	for program in ip iptables nsenter unshare; do
		command -v "$program" >/dev/null || skip "no $program: scripts/setup check installs it"
	done
	trap remove EXIT
	why=$(ip netns add "$net-s" 2>&1) || skip "no right to make network namespaces: $why"
	why=$(ip -n "$net-s" link add switch type bridge 2>&1) || skip "the kernel has no bridges: $why"
	for name in "${hosts[@]}"; do ip netns add "$net-$name" || exit 1; done
	TXPIPE_NETWORK=$net nsenter --net="/run/netns/$net-s" bash "$0"
	exit
fi
net=$TXPIPE_NETWORK
source "$(dirname "$0")/faults.sh"

# --- the network -------------------------------------------------------------------------------------------------------------
at=10.213.8
ip -n "$net-s" link set lo up
ip -n "$net-s" addr add "$at.1/24" dev switch
ip -n "$net-s" link set switch up
plug() { # HOST NUMBER
	ip link add "$1" netns "$net-s" type veth peer name eth0 netns "$net-$1"
	ip -n "$net-s" link set "$1" master switch up
	ip -n "$net-$1" addr add "$at.$2/24" dev eth0
	ip -n "$net-$1" link set eth0 up
	ip -n "$net-$1" link set lo up
}
for i in 1 2 3 4; do plug "h$i" "1$i"; done
# A cable that is pulled (both ends see it), or packets that vanish on the way (nobody does).
declare -A vanish
cut_off() { # HOST
	draw 2
	if [ "$drawn" -eq 0 ]; then
		ip -n "$net-s" link set "$1" down
	else
		vanish[$1]=1
		iptables -w -A INPUT -s "$at.1${1#h}" -j DROP
		iptables -w -A OUTPUT -d "$at.1${1#h}" -j DROP
	fi
}
mend() { # HOST
	if [ -n "${vanish[$1]-}" ]; then
		iptables -w -D INPUT -s "$at.1${1#h}" -j DROP
		iptables -w -D OUTPUT -d "$at.1${1#h}" -j DROP
		unset "vanish[$1]"
	else
		ip -n "$net-s" link set "$1" up
	fi
}

# --- servers -----------------------------------------------------------------------------------------------------------------
start_kafka --listen 0.0.0.0 --advertise $at.1
printf 'local all all trust\nhost all all %s.0/24 trust\n' "$at" >"$work/hba"
chmod 644 "$work/hba"
start_postgres -c "listen_addresses=$at.1" -c "hba_file=$work/hba"
topic_name=transactions
topic transactions 8
make_database hosts
export PGDATABASE=hosts
table_without_key hosts bare_fact # where only the fence keeps a row from being there twice

# --- pipelines ---------------------------------------------------------------------------------------------------------------
rules=(-f "$root/tests/faults/windows.rules" --lateness 6h)
rewind=$(fraudcheck "${rules[@]}" --longest-window)
on() { # HOST COMMAND...: sets `command_line`, to run it there
	command_line=(nsenter --net="/run/netns/$net-$1" unshare --uts bash -c 'echo "$0" >/proc/sys/kernel/hostname && exec "$@"' "$1"
		env "PGHOST=$at.1" "${@:2}")
}
start_on() { # HOST
	on "$1" kconsume -q --resume -G "$stream" -t transactions --instance-id "$1" --rewind "$rewind" -X session.timeout.ms=3000 -X heartbeat.interval.ms=300
	kconsume_command=("${command_line[@]}")
	on "$1" fraudcheck -q "${rules[@]}"
	fraudcheck_command=("${command_line[@]}")
	on "$1" pgload -q --stream "$stream" -t bare_fact
	pgload_command=("${command_line[@]}")
	supervise "$1"
	fraudcheck_command=(fraudcheck -q "${rules[@]}") # what the undisturbed run uses
}
die() { # HOST, for good
	local stage
	touch "$work/$1/stop"
	for stage in kconsume fraudcheck pgload; do kill_stage KILL "$1" "$stage"; done
	wait_for 20 ended "$1"
}
# Who stored last in each partition: pgload notes the name of its host.
writers() { sql "select distinct split_part(writer, ':', 1) from stream_position where stream = '$stream' order by 1" | paste -sd,; }
writes() { [[ ,$(writers), == *,$1,* ]]; } # HOST
all_write() { [ "$(writers)" = "${1// /,}" ]; }
# Each partition has moved on since `mark` was taken, and none of them by HOST.
sql 'create table mark(partition int, next_offset bigint)'
mark() { sql "truncate mark; insert into mark select partition, next_offset from stream_position where stream = '$stream'"; }
others_go_on() { # HOST
	[ "$(sql "select count(*) from stream_position p join mark m using (partition) where p.stream = '$stream' and p.next_offset > m.next_offset
		and p.writer not like '$1:%'")" = 8 ]
}

produce() { # as a host among others would
	{ echo "$BASHPID" >"$work/txgen.pid"; exec txgen -q -n 0 -s "$((seed + 1))" --customers 400 --merchants 100 -r 600 --late .02 --duplicates .02 \
		--malformed .003 --with-labels --label-delay 6h --rate-of leaked_card=.1; } | kproduce -q
}
stop_txgen() { kill "$(cat "$work/txgen.pid")" 2>/dev/null; }
produce &
producer=$!
at_exit stop_txgen
for host in "${hosts[@]}"; do start_on "$host"; done
ok "each of the four hosts stores" wait_for 60 all_write "h1 h2 h3 h4"

# --- faults ------------------------------------------------------------------------------------------------------------------
declare -A count=([cut]=0 [died]=0)
loses_its_link() { # HOST
	local restarts
	restarts=$(restart_count "$1")
	cut_off "$1"
	mark
	ok "$1 is cut off ($([ -n "${vanish[$1]-}" ] && echo 'packets vanish' || echo 'its cable is pulled')): the others store all partitions" \
		wait_for 60 others_go_on "$1"
	mend "$1"
	ok "… it comes back, and stores again" wait_for 90 writes "$1"
	note "$(($(restart_count "$1") - restarts)) restarts of its pipeline"
	count[cut]=$((count[cut] + 1))
}
dies() { # HOST
	die "$1"
	mark
	ok "$1 dies: the others store all partitions" wait_for 60 others_go_on "$1"
	count[died]=$((count[died] + 1))
}
spend 0
loses_its_link h2
dies h3
while ! over; do
	start_on h3
	ok "another one in its place" wait_for 90 writes h3
	draw 4
	loses_its_link "${hosts[drawn]}"
	dies h3
done

# --- the end -----------------------------------------------------------------------------------------------------------------
stop_txgen
wait "$producer"
is "the producer's status" "$?" 0
ok "everything arrives" drained
failed=()
for host in h1 h2 h4; do
	[ ! -e "$work/$host/failed" ] || { failed+=("$host"); complaints "$host"; }
	ended "$host" || ok "$host drains" finish_pipeline "$host"
done
is "nobody was refused" "${failed[*]-}" ""
ok "rules that remember fired" [ "$(sql "select count(*) from (select rule from bare_fact, unnest(fraud_reasons) rule group by 1 having count(*) > 20) r")" -ge 10 ]
same_as_undisturbed "four hosts in one group: links lost past the session, hosts that die" $((count[cut] + count[died])) bare_fact
finish

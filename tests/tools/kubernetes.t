#!/bin/bash
# deploy/kubernetes against the suite: programs, options, variables, users and statuses in it are those that there are; and each container's command
# line is carried out as its manifest says, as that user without capabilities, on a root that cannot be written to. What a cluster thinks of
# it `make check-kubernetes` tells.
source "$(dirname "$0")/../tap.sh"
source "$root/tests/kafka.sh"
folder=$root/deploy/kubernetes

# All documents as JSON, one a line, with the file they are in.
find "$folder" -name '*.yaml' | sort >"$work/files"
ok "the manifests can be read" perl -MCPAN::Meta::YAML -MJSON::PP -e 'open my $out, ">", $ARGV[0] or die;
	while (my $file = <STDIN>) {
		chomp $file;
		my $all = CPAN::Meta::YAML->read($file) or die "$file: ", CPAN::Meta::YAML->errstr;
		print {$out} JSON::PP->new->canonical->encode($_), "\n" for grep { ref eq "HASH" } @$all;
	}' "$work/objects" <"$work/files"
# With `pod`: the template wherever it is.
jq -c 'select(.spec.template // .spec.jobTemplate) | {kind, name: .metadata.name, spec: .spec, pod: (.spec.jobTemplate.spec.template // .spec.template).spec}
	| select(.pod.serviceAccountName)' "$work/objects" >"$work/workloads"
is "workloads" "$(jq -r '"\(.kind)/\(.name)"' "$work/workloads" | sort | paste -sd' ')" \
	'CronJob/aggregate Deployment/stream Deployment/txdash Job/migrate Job/topic'
workload() { jq -c --arg name "$1" 'select(.name == $name)' "$work/workloads"; } # NAME

# --- what can be seen from the text ------------------------------------------------------------------------------------------
is "no secret is in the tree" "$(jq -r 'select(.kind == "Secret" or .secretGenerator) | .metadata.name' "$work/objects")" ''
is "… and none goes into arguments" "$(jq -r '.pod.containers[] | [.env[]? | select(.valueFrom.secretKeyRef) | "$(\(.name))"] as $secret
	| (.args, .command // empty, (.. | .exec?.command? // empty))[] | select(. as $word | any($secret[]; . as $s | $word | contains($s)))' "$work/workloads")" ''
keys_of() { sed -n 's/^| \(ConfigMap \)\{0,1\}`\(txpipe-[a-z-]*\)`[^|]*|\([^|]*\)|.*/\2\3/p' "$root/docs/kubernetes.md"; } # what docs/kubernetes.md tells to bring
is "what is to be brought is what is written" "$(grep -rhoE '(secretName|name): txpipe-[a-z-]+' "$folder" | sed 's/.*: //' | sort -u)" "$(keys_of | awk '{ print $1 }' | sort -u)"
is "… with its keys" "$(jq -r '.pod.containers[].env[]?.valueFrom.secretKeyRef // empty | "\(.name) `\(.key)`"' "$work/workloads" | sort -u)" \
	"$(keys_of | awk '/`password`/ { for (i = 2; i <= NF; i++) print $1, $i }' | tr -d , | sort)"
is "… and files" "$(jq -r '.configMapGenerator[]?.literals[]' "$work/objects" | sed -n 's|.*=/etc/txpipe/\(.*\)/\(.*\)|txpipe-\1 `\2`|p' | sort)" \
	"$(keys_of | sed -n 's/^\(txpipe-kafka\|txpipe-postgresql\)\(-ca\)\{0,1\} \(`[^`]*`\).*/\1 \3/p' | sort)"
is "each has the password of its own role only" "$(jq -r 'select(.name != "migrate") | "\(.name) \([.pod.containers[].env[]?.valueFrom.secretKeyRef.name // empty] | unique | join(" "))"' \
	"$work/workloads" | sort)" 'aggregate txpipe-marts
stream txpipe-writer
topic 
txdash txpipe-reader'
version=$(sed -n 's/.*TXPIPE_VERSION "\(.*\)".*/\1/p' "$root/lib/version.h")
is "the image is the tree's version" "$(jq -r '.images[]?.newTag' "$work/objects" | sort -u)" "$version"
user=$(grep -Eo -- '--uid [0-9]+' "$root/Dockerfile" | cut -d' ' -f2)
is "its user is the image's" "$(jq -r '.pod.securityContext | .runAsUser, .runAsGroup, .fsGroup' "$work/workloads" | sort -u)" "$user"
is "each container is restricted" "$(jq -c '.pod.containers[].securityContext' "$work/workloads" | sort -u)" \
	'{"allowPrivilegeEscalation":"false","capabilities":{"drop":["ALL"]},"readOnlyRootFilesystem":"true"}'
is "… and bounded" "$(jq -r '.pod.containers[].resources | [.limits.memory, .requests.memory, .requests.cpu] | map(. != null) | all' "$work/workloads" | sort -u)" true
is "no token is mounted" "$(jq -r '.pod.automountServiceAccountToken' "$work/workloads" | sort -u)" false
is "what is written goes where the image's state is" "$(jq -r '.pod | (.volumes[]? | select(.emptyDir) | .name) as $v | .containers[].volumeMounts[] | select(.name == $v) | .mountPath' \
	"$work/workloads" | sort -u | paste -sd' ')" "/tmp $(grep -Eo -- '--home-dir [^ ]+' "$root/Dockerfile" | cut -d' ' -f2)"

# Statuses: those of lib/exit.h, and what they mean.
statuses=$(sed -n 's/.*EXIT_[A-Z]* = \([0-9]*\),.*/\1/p' "$root/lib/exit.h")
policy() { jq -r --arg action "$2" '(.spec.jobTemplate.spec // .spec).podFailurePolicy.rules[] | select(.action == $action) | .onExitCodes.values[]?' <<<"$(workload "$1")" | paste -sd' '; }
for job in aggregate migrate topic; do
	is "$job: statuses of the suite" "$({ policy $job FailJob; policy $job Count; } | tr ' ' '\n' | grep -vxF "$statuses")" ''
	is "… trying again is not given up" "$(policy $job FailJob | grep -wE '74|75')" ''
	is "… its pods are not started again in their place" "$(workload $job | jq -r .pod.restartPolicy)" Never
	is "… the policy names its container" "$(workload $job | jq -r '[(.spec.jobTemplate.spec // .spec).podFailurePolicy.rules[].onExitCodes // empty | .containerName] | unique | . == $names' \
		--argjson names "$(workload $job | jq -c '[.pod.containers[].name]')")" true
done
is "aggregate: fails at once for what waiting does not cure" "$(policy aggregate FailJob)" '1 2 65 70'
is "… counts a dependency that is away" "$(policy aggregate Count)" 75
is "… one run at a time" "$(workload aggregate | jq -r .spec.concurrencyPolicy)" Forbid
is "stream has the time to drain" "$(workload stream | jq '(.pod.terminationGracePeriodSeconds | tonumber) >= 30 + 8 + 5')" true

# Options and variables: what TOOL --options tells; of the scripts, what their help tells.
options_of() { # PROGRAM
	if [ -x "$root/scripts/$1" ]; then "$root/scripts/$1" --help | grep -oE -- '(^|[[ ])--?[a-zA-Z-]+' | tr -d '[ '; else "$1" --options | awk -F'\t' '$1 == "option" { print "-" $2; print "--" $3 }'; fi
}
while IFS=$'\t' read -r program option; do
	ok "$program knows $option" grep -qxF -- "$option" <(options_of "$program")
done < <(jq -r '.pod.containers[] | [.args, (.readinessProbe.exec.command // empty)][] | .[0] as $p | .[1:][] | select(test("^-[a-zA-Z-]")) | [$p, .] | @tsv' "$work/workloads" | sort -u)
known=$({ for tool in kconsume pgload aggregate txdash; do "$tool" --options; done | grep -oE '\b[A-Z]+_[A-Z_]+\b'; grep -oE '\{[A-Z_]+:\?' "$root/scripts/container" | tr -d '{:?'; grep -ohE 'PG[A-Z]+' "$root/docs/man/common/postgres-environment"; echo PGPASSWORD; echo PGSSLROOTCERT; } | sort -u)
is "variables that somebody reads" "$({ jq -r '.configMapGenerator[]?.literals[]' "$work/objects" | cut -d= -f1; jq -r '.pod.containers[].env[]?.name' "$work/workloads"; } |
	sort -u | grep -vxF "$known")" ''

is "roles are those of roles.sql" "$(jq -r 'select(.name | IN("migrate", "topic") | not) | .pod.containers[].env[] | select(.name == "PGUSER").value' "$work/workloads" | sort | paste -sd' ')" \
	"$(sed -n "s/.*foreach role in array array\[\(.*\)\].*/\1/p" "$root/deploy/postgresql/roles.sql" | tr -d "'," | tr ' ' '\n' | grep -v pruner | sort | paste -sd' ')"

# --- carried out -------------------------------------------------------------------------------------------------------------
why=$(unshare --mount --pid --fork mount -t tmpfs none /tmp 2>&1) || {
	ok "the containers' commands # SKIP no right to make a root for them: $why" true
	finish
}
# The image: the tools and the scripts, and for the rest this machine. A folder for each pod's root.
mkdir -p "$work/local/bin" "$work/local/share/txpipe"
cp "${TXPIPE_BIN:-$root/bin}"/* "$work/local/bin"
cp -R "$root/scripts" "$root/aggregate/marts" "$root/deploy/postgresql" "$work/local/share/txpipe"
chmod -R a+rX "$work/local"
mapfile -t image_env < <(sed -n 's/^ENV //p' "$root/Dockerfile" | tr ' ' '\n')
cat >"$work/enter" <<-'END'
	# enter ROOT LOCAL USER [FOLDER:PATH[:ro]]... -- COMMAND...: what a container runtime does before process 1 begins.
	set -e
	to=$1 local=$2 user=$3
	shift 3
	mount --make-rprivate /
	mkdir -p "$to"/{usr,etc,dev,proc,tmp}
	mount -t tmpfs -o mode=755 none "$to"
	mkdir -p "$to"/{usr,etc,dev,proc,tmp}
	for name in bin sbin lib lib64; do [ ! -e "/$name" ] || cp -a "/$name" "$to" 2>/dev/null; done # links into /usr
	(cd /etc && cp -aL passwd group hosts nsswitch.conf ld.so.cache "$to/etc" && cp -a alternatives "$to/etc")
	mount --bind /usr "$to/usr"
	mount -o remount,bind,ro "$to/usr"
	mount --bind "$local" "$to/usr/local"
	mount -o remount,bind,ro "$to/usr/local"
	mount --rbind /dev "$to/dev"
	mount -t proc proc "$to/proc"
	while [ "$1" != -- ]; do
		IFS=: read -r from path ro <<<"$1"
		mkdir -p "$to$path"
		mount --bind "$from" "$to$path"
		[ -z "$ro" ] || mount -o remount,bind,ro "$to$path"
		shift
	done
	shift
	mount -o remount,ro "$to"
	exec chroot "$to" setpriv --reuid "$user" --regid "$user" --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs "$@"
END

# pod NAME: sets `container`, the command that runs NAME's container: its args, mounts and variables. Of Secrets it gets the superuser and some password.
pod() {
	local json mounts=() path from readonly variables
	json=$(workload "$1" | jq -c .pod)
	mkdir -p "$work/pods/$1/root"
	while IFS=$'\t' read -r from path readonly; do
		mkdir -p "$work/pods/$1/$from"
		chown "0:$user" "$work/pods/$1/$from" # as fsGroup does
		chmod 2775 "$work/pods/$1/$from"
		mounts+=("$work/pods/$1/$from:$path${readonly:+:ro}")
	done < <(jq -r '.containers[0].volumeMounts[]? | [.name, .mountPath, (if .readOnly then "ro" else "" end)] | @tsv' <<<"$json")
	mapfile -t args < <(jq -r --arg port "$port" '.containers[0].args[] | sub(":8080$"; ":" + $port)' <<<"$json")
	mapfile -t variables < <(jq -r '.containers[0].env[]? | .name + "=" + (.value // if .valueFrom.secretKeyRef.key == "username" then "postgres" else "it'"'"'s" end)' <<<"$json")
	container=(unshare --mount --pid --fork --kill-child bash "$work/enter" "$work/pods/$1/root" "$work/local" "$user" "${mounts[@]}" --
		env -i "${image_env[@]}" HOME=/var/lib/txpipe "KAFKA_BROKERS=$KAFKA_BROKERS" PGHOST=127.0.0.1 "PGPORT=$PGPORT" PGDATABASE=txpipe "${variables[@]}" "${args[@]}")
}
# Process 1 of a pod in the background, as this machine numbers it.
first_of() { cat "/proc/$1/task/$1/children" 2>/dev/null | tr -d ' '; } # PID of unshare
inside() { # PID COMMAND...: as a probe of the kubelet
	nsenter --target "$1" --mount --pid --root --wd setpriv --reuid "$user" --regid "$user" --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs \
		env -i "${image_env[@]}" HOME=/var/lib/txpipe "${@:2}"
}
probe() { # PID WORKLOAD PROBE
	local command
	mapfile -t -d '' command < <(workload "$2" | jq -j --arg probe "$3" '.pod.containers[0][$probe].exec.command[] | . + "\u0000"')
	inside "$1" "${command[@]}"
}

# A port that nobody has: the kernel picks it.
free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport'; }
port=$(free_port)
start_postgres --tcp "$(free_port)"
start_mock transactions:4

pod migrate
exits 0 "migrate" "${container[@]}"
exits 0 "… again" "${container[@]}"
container[-2]=touch container[-1]=/usr/local/x
exits 1 "nothing can be written outside of the volumes" "${container[@]}"
txgen -q -n 400 | kproduce -q

pod stream
"${container[@]}" >"$work/stream.out" 2>&1 &
stream=$!
at_exit eval "kill -KILL $stream 2>/dev/null"
stored() { [ "$(sql "select coalesce(sum(next_offset), 0) from stream_position where stream = 'fraud'")" = 400 ]; }
ok "stream stores what is there" wait_for 30 stored || cat "$work/stream.out"
one=$(first_of "$stream")
ok "… is ready" wait_for 10 probe "$one" stream readinessProbe
ok "… and alive" wait_for 10 probe "$one" stream livenessProbe
touch -d '10 minutes ago' "$work/pods/stream/state/stream/1/pgload.prom"
chmod a-w "$work/pods/stream/state/stream/1"
touch -d '10 minutes ago' "$work/pods/stream/state/stream/1/pgload.prom"
ok "… not if a stage no longer tells" eval '! probe "$one" stream livenessProbe'
chmod 2775 "$work/pods/stream/state/stream/1"

pod aggregate
exits 1 "aggregate without dimensions: the status that is not tried again" "${container[@]}"
"$root/scripts/seed-dims" >/dev/null 2>&1
exits 0 "aggregate" "${container[@]}"
is "… counts what is stored" "$(sql 'select sum(transactions) > 0 from daily_sales_summary')" t

pod txdash
printf 'ann:%s\n' "$(openssl passwd -6 secret)" >"$work/pods/txdash/page/users"
"${container[@]}" >"$work/txdash.out" 2>&1 &
txdash=$!
at_exit eval "kill -KILL $txdash 2>/dev/null"
answers() { [ "$(curl -s -m 10 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port$(workload txdash | jq -r --arg p "$1" '.pod.containers[0][$p].httpGet.path')")" = "$2" ]; }
ok "txdash is alive" wait_for 20 answers livenessProbe 200
ok "… and ready, without a password" wait_for 20 answers readinessProbe 200

kill -TERM "$(first_of "$txdash")"
wait "$txdash"
is "txdash ends when told" "$?" 0
txgen -q -n 100 -s 2 | kproduce -q
kill -TERM "$one"
wait "$stream"
is "stream ends when told" "$?" 0
is "… its pipe has drained" "$(sql "select sum(next_offset) = sum(rows + duplicates + dead_letters + labels + holes + first_offset) from stream_position")" t
"$root/scripts/postgres" stop -D "$work/postgres"
pod aggregate
exits 75 "aggregate without PostgreSQL: the status that is counted" "${container[@]}"
finish

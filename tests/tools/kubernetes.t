#!/bin/bash
# deploy/kubernetes against the suite: programs, options, variables, users and statuses in it are those that there are; and each container's command
# line is carried out as its manifest says, as that user without capabilities, on a root that cannot be written to. What a cluster thinks of
# it `make check-kubernetes` tells.
source "$(dirname "$0")/../tap.sh"
source "$root/tests/kafka.sh"
folder=$root/deploy/kubernetes

# All documents as JSON, one a line, with the file they are in.
find "$folder" -name '*.yaml' | sort | perl -MCPAN::Meta::YAML -MJSON::PP -ne 'chomp; my $all = CPAN::Meta::YAML->read($_) or die "$_: ", CPAN::Meta::YAML->errstr;
	print JSON::PP->new->canonical->encode({file => $_, doc => $_ [0]}), "\n" for ()' 2>/dev/null
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
version=$(sed -n 's/.*TXPIPE_VERSION "\(.*\)".*/\1/p' "$root/lib/version.h")
is "the image is the tree's version" "$(jq -r '.images[]?.newTag' "$work/objects" | sort -u)" "$version"
user=$(grep -Eo -- '--uid [0-9]+' "$root/Dockerfile" | cut -d' ' -f2)
is "its user is the image's" "$(jq -r '.pod.securityContext | .runAsUser, .runAsGroup, .fsGroup' "$work/workloads" | sort -u)" "$user"
is "each container is restricted" "$(jq -c '.pod.containers[].securityContext' "$work/workloads" | sort -u)" \
	'{"allowPrivilegeEscalation":"false","capabilities":{"drop":["ALL"]},"readOnlyRootFilesystem":"true"}'
is "… and bounded" "$(jq -r '.pod.containers[].resources | [.limits.memory, .requests.memory, .requests.cpu] | map(. != null) | all' "$work/workloads" | sort -u)" true
is "no token is mounted" "$(jq -r '.pod.automountServiceAccountToken' "$work/workloads" | sort -u)" false
is "what is written goes where the image's state is" "$(jq -r '.pod | (.volumes[]? | select(.emptyDir) | .name) as $v | .containers[].volumeMounts[] | select(.name == $v) | .mountPath' \
	"$work/workloads" | sort -u | paste -sd' ')" "/tmp $(grep -Eo 'XDG_STATE_HOME=[^ ]+' "$root/Dockerfile" | cut -d= -f2)"

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
	if [ -x "$root/scripts/$1" ]; then "$root/scripts/$1" --help; else "$1" --options; fi
}
while IFS=$'\t' read -r program option; do
	ok "$program knows $option" grep -qE -- "(^|[^a-z-])${option#-}([^a-z-]|$)|(^|[[ ])$option([] ,]|$)" <(options_of "$program")
done < <(jq -r '.pod.containers[] | [.args, (.readinessProbe.exec.command // empty)][] | .[0] as $p | .[1:][] | select(test("^-[a-zA-Z-]")) | [$p, .] | @tsv' "$work/workloads" | sort -u)
known=$({ for tool in kconsume pgload aggregate txdash; do "$tool" --options; done | grep -oE '\b[A-Z]+_[A-Z_]+\b'; grep -ohE 'PG[A-Z]+' "$root/docs/man/common/postgres-environment"; echo PGPASSWORD; echo PGSSLROOTCERT; } | sort -u)
is "variables that somebody reads" "$({ jq -r '.configMapGenerator[]?.literals[]' "$work/objects" | cut -d= -f1; jq -r '.pod.containers[].env[]?.name' "$work/workloads"; } |
	sort -u | grep -vxF "$known")" ''

# --- carried out -------------------------------------------------------------------------------------------------------------
why=$(unshare --mount --pid --fork mount -t tmpfs none /tmp 2>&1) || {
	ok "the containers' commands # SKIP no right to make a root of its own: $why" true
	finish
}
# What the image has: the tools and the scripts, and of this machine the rest.
image=$work/image
mkdir -p "$image"/{usr,etc,dev,proc,tmp,lib,lib64,bin,sbin,var/lib/txpipe} "$work/local/bin" "$work/local/share/txpipe"
cp "${TXPIPE_BIN:-$root/bin}"/* "$work/local/bin"
cp -R "$root/scripts" "$root/aggregate/marts" "$work/local/share/txpipe"
chmod -R a+rX "$work/local" "$image"
mapfile -t image_env < <(sed -n 's/^ENV //p' "$root/Dockerfile" | tr ' ' '\n')
cat >"$work/enter" <<-'END'
	# enter IMAGE LOCAL USER MOUNT... -- COMMAND...: process 1 of a container. MOUNT is FOLDER:PATH[:ro].
	set -e
	image=$1 local=$2 user=$3
	shift 3
	mount --make-rprivate /
	for folder in usr etc dev lib lib64 bin sbin; do [ ! -d "/$folder" ] || mount --rbind "/$folder" "$image/$folder"; done
	mount --bind "$local" "$image/usr/local"
	mount -o remount,bind,ro "$image/usr"
	mount -o remount,bind,ro "$image/usr/local"
	mount -t proc proc "$image/proc"
	mount --bind "$image" "$image" # as late as this: what comes next lies on top of it
	cd "$image"
	while [ "$1" != -- ]; do
		IFS=: read -r from to ro <<<"$1"
		[ -d "$image$to" ] || mkdir -p "$image$to"
		mount --bind "$from" "$image$to"
		[ -z "$ro" ] || mount -o remount,bind,ro "$image$to"
		shift
	done
	shift
	exec chroot "$image" setpriv --reuid "$user" --regid "$user" --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs "$@"
END
finish

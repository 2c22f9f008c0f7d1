#!/bin/bash
# docker-compose.yml is valid with and without .env, pinned, bounded, and starts things in an order that works. What it does: tests/stack.
source "$(dirname "$0")/../tap.sh"

if command -v docker-compose >/dev/null; then compose=(docker-compose); else compose=(docker compose); fi
if ! "${compose[@]}" version >/dev/null 2>&1; then
	echo '1..0 # SKIP docker-compose is not installed (scripts/setup check installs it)'
	exit 0
fi
compose+=(--profile bi --profile ui --profile obs)

mkdir "$work/project"
cp -R "$root/docker-compose.yml" "$root/.env.example" "$root/Dockerfile" "$root/deploy" "$work/project/"
cd "$work/project" || exit 1
for name in $(sed -n 's/^\([A-Z_]*\)=.*/\1/p' .env.example); do unset "$name"; done
exits 0 "without .env it is valid" "${compose[@]}" config
cp "$work/out" "$work/config"
cp .env.example .env
exits 0 "with .env.example as .env, too" "${compose[@]}" config
is "… and the same: the example shows the defaults" "$(diff "$work/config" "$work/out")" ''
is "the example has every variable, and no other" "$(sed -n 's/^\([A-Z_]*\)=.*/\1/p' .env.example | sort)" \
	"$(grep -o '\${[A-Z_]*' docker-compose.yml | tr -d '\${' | sort -u)"

# by service, so that each can be asked
perl -e '
	my ($service, $section);
	while (<>) {
		if (/^(\w+):/) { $section = $1 }
		elsif ($section eq "services" && /^  ([\w-]+):$/) { $service = $1 }
		elsif ($section eq "services" && defined $service) { print "$service $_" }
	}' "$work/config" >"$work/lines"
services() { cut -d ' ' -f 1 "$work/lines" | sort -u; }
lacking() { comm -23 <(services) <(grep -E "^[a-z-]+ +$1" "$work/lines" | cut -d ' ' -f 1 | sort -u) | paste -sd ' '; } # REGEX: who does not have such a line
having() { grep -E "^[a-z-]+ +$1" "$work/lines" | cut -d ' ' -f 1 | sort -u | paste -sd ' '; }
# SERVICE is topics, or waits for one that does.
waits() {
	local other
	[ "$1" != topics ] || return 0
	for other in $(sed -n "s/^$1 //p" "$work/lines" | awk '/^    [a-z]/ { on = $1 == "depends_on:" } on && /^      [a-z]/ { print $1 }' | tr -d :); do
		! waits "$other" || return 0
	done
	return 1
}
is "the services" "$(services | paste -sd ' ')" \
	'aggregate grafana kafka kafka-ui metabase metabase-db metabase-setup postgres prometheus seed stream topics txdash txgen'
is "who comes only with a profile" "$(having 'profiles:')" 'grafana kafka-ui metabase metabase-db metabase-setup prometheus'
is "who has no restart policy" "$(lacking 'restart: ')" ''
is "who is done once" "$(having 'restart: on-failure')" 'metabase-db metabase-setup seed topics'
is "whose memory is not limited" "$(lacking 'mem_limit: ')" ''
is "whose processors are not limited" "$(lacking 'cpu_quota: ')" ''
is "who needs more processors than a machine may have" "$(having 'cpus: ')" ''
is "who builds our image: one, or they would get into each other's way" "$(having 'build:')" topics
is "… on whom the rest of it waits" "$(grep -E '^[a-z-]+ +image: txpipe:' "$work/lines" | cut -d ' ' -f 1 | sort | while read -r service; do waits "$service" || echo "$service"; done)" ''
is "who has an image that nobody pulls" "$(having 'pull_policy: never')" "$(having 'image: txpipe:')"
is "who may gain rights" "$(lacking '- no-new-privileges:true')" ''
is "who keeps capabilities" "$(lacking 'cap_drop:')" metabase # its start script becomes another user by itself
is "who can write outside of volumes" "$(lacking 'read_only: true')" 'grafana kafka kafka-ui metabase'
is "who has no health check" "$(lacking 'healthcheck:')" 'metabase-db metabase-setup seed topics'
is "whose logs grow for ever" "$(lacking 'max-size: ')" ''
is "ports that others than this machine reach" "$(grep -E '^[a-z-]+ +- [^ ]*[0-9]+:[0-9]+(/tcp)?$' "$work/lines" | grep -v ' 127\.0\.0\.1:')" ''
is "images without a version" "$(grep -E ' image: ' "$work/lines" | grep -Ev ':v?[0-9]+\.[0-9]+(\.[0-9]+)?(-bookworm)?$')" ''
is "base images without a date" "$(grep '^FROM' Dockerfile | grep -Ev '^FROM debian:bookworm-[0-9]{8}-slim')" ''
is "passwords that are not variables of a service" "$(grep -E '\$\{[A-Z_]*PASSWORD' docker-compose.yml | grep -vE '^ +[A-Z_]+: \$\{[A-Z_]+:-[A-Za-z0-9-]+\}$')" ''
is "nobody sleeps until something is ready" "$(grep -c sleep docker-compose.yml)" 0
is "our image has the suite's version" "$(sed -n 's/^  image: txpipe://p' docker-compose.yml)" "$(txgen --version | awk '{ print $NF }')"
is "it does not run as root" "$(grep '^USER' Dockerfile)" 'USER 10001:10001'

# what is named is there
for service in $(sed -n 's/^ *command: \["container", "\([a-z-]*\)"\]$/\1/p' docker-compose.yml); do
	ok "scripts/container knows $service" grep -q "^run_$service()" "$root/scripts/container"
done
for service in $(sed -n 's/^ *test: .*"container", "health", "\([a-z]*\)".*/\1/p' docker-compose.yml); do
	ok "… and the health of $service" grep -q "^	$service)" "$root/scripts/container"
done
for path in $(sed -n 's/^ *- \(\.\/deploy[^:]*\):.*/\1/p' docker-compose.yml); do ok "$path" [ -e "$path" ]; done
is "the board's source has the name that it asks for" "$(sed -n 's/^ *uid: //p' deploy/grafana/compose/datasources/txpipe.yml)" \
	"$(sed -n 's/^ *uid: //p' deploy/grafana/provisioning/datasources/txpipe.yml)"
exits 0 "Prometheus takes its configuration" promtool check config --syntax-only deploy/prometheus/compose.yml
like "… and its password from where it is mounted" "$(cat deploy/prometheus/compose.yml)" "password_file: $(sed -n 's/^ *- secrets:\(.*\):ro$/\1/p' docker-compose.yml)/scrape"
finish

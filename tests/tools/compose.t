#!/bin/bash
# docker-compose.yml is valid, pinned, and starts things in an order that works.
source "$(dirname "$0")/../tap.sh"

if command -v docker-compose >/dev/null; then compose=(docker-compose); else compose=(docker compose); fi
if ! "${compose[@]}" version >/dev/null 2>&1; then
	echo '1..0 # SKIP docker-compose is not installed (scripts/setup check installs it)'
	exit 0
fi

mkdir "$work/project"
cp "$root/docker-compose.yml" "$root/.env.example" "$root/Dockerfile" "$work/project/"
cd "$work/project" || exit 1
unset POSTGRES_PASSWORD
exits 1 "without .env" "${compose[@]}" config
like "… it says what to do" "$(cat "$work/err")" 'copy .env.example to .env'
cp .env.example .env
exits 0 "with .env.example as .env it is valid" "${compose[@]}" --profile demo config
cp "$work/out" "$work/config"
is "all images carry a version" "$(grep -E '^ *image:' "$work/config" | grep -Ev ':(v?[0-9][0-9.]*[0-9a-z-]*|local)$')" ''
is "all base images too" "$(grep '^FROM' Dockerfile | grep -Ev '^FROM [a-z/]+:[a-z]+-[0-9]+')" ''
is "the image does not run as root" "$(grep '^USER' Dockerfile)" 'USER txpipe'
is "services" "$("${compose[@]}" --profile demo config --services | sort | tr '\n' ' ')" \
	'aggregate init kafka kafka-health postgres producer seed stream '
is "nothing is made up unless asked for" "$(sed -n '/^  producer:/,/^  [a-z]/p' "$work/config" | grep -A1 profiles: | tail -1 | tr -d ' ')" -demo
# every name that the services call is installed by the Dockerfile
for name in stream seed-dims kafka; do
	ok "scripts/$name exists" [ -x "$root/scripts/$name" ]
done
finish

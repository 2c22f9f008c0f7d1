#!/bin/bash
# scripts/setup: nothing to do where all is there; who may not install is told what to type.
source "$(dirname "$0")/../tap.sh"

began=${EPOCHREALTIME/[.,]/}
exits 0 "all is there" "$root/scripts/setup" check
is "… and not a word said" "$(cat "$work/out" "$work/err")" ''
ok "… quickly" [ $(((${EPOCHREALTIME/[.,]/} - began) / 1000)) -lt 10000 ]
exits 2 "unknown level" "$root/scripts/setup" everything
is "… is said in one line" "$(cat "$work/err")" "setup: error: unknown level 'everything': build, demo, kafka, check, browser or stack (see --help)"
for script in check postgres kafka stream; do
	exits 2 "$script: unknown command" "$root/scripts/$script" nonsense
	is "… is said in one line" "$(wc -l <"$work/err")" 1
done

# a machine without jq, seen by somebody who may not install
mkdir "$work/bin"
for directory in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
	for file in "$directory"/*; do [ -e "$work/bin/${file##*/}" ] || ln -s "$file" "$work/bin/${file##*/}"; done
done 2>/dev/null
rm -f "$work/bin/jq" "$work/bin/sudo"
cp "$root/scripts/setup" "$work/setup"
chmod 755 "$work/setup"
nobody=()
[ "$EUID" -ne 0 ] || nobody=(runuser -u nobody --)
exits 2 "jq is missing and may not be installed" env PATH="$work/bin" "${nobody[@]}" "$work/setup" demo
like "… says the line" "$(cat "$work/err")" 'as root: apt-get update && apt-get install -y --no-install-recommends jq$'
exits 0 "the build does not need it" env PATH="$work/bin" "${nobody[@]}" "$work/setup" build
finish

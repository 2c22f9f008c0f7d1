#!/bin/bash
# make install: everything where it is looked for, nothing that points into the build or the source tree, and it works from there.
source "$(dirname "$0")/../tap.sh"

to=$work/root
installs() { make -s -C "$root" install DESTDIR="$to" PREFIX=/opt/txpipe BIN="${TXPIPE_BIN:-$root/bin}" BUILD="${TXPIPE_BUILD:-$root/build}"; }
ok "make install" installs
at=$to/opt/txpipe
is "nothing beside the prefix" "$(ls "$to")$(ls "$to/opt")" opttxpipe

mapfile -t tools < <(find "$at/bin" -type f -printf '%f\n' | sort)
ok "there are tools" [ "${#tools[@]}" -ge 7 ]
for tool in "${tools[@]}"; do
	ok "$tool runs" "$at/bin/$tool" --version
	ok "$tool has its manual" grep -q "^\.Nm $tool" "$at/share/man/man1/$tool.1"
	ok "$tool has completions for bash" bash -n "$at/share/bash-completion/completions/$tool"
	ok "$tool has completions for zsh" grep -q "^#compdef $tool" "$at/share/zsh/site-functions/_$tool"
	ok "$tool has completions for fish" grep -q "^complete -c $tool " "$at/share/fish/vendor_completions.d/$tool.fish"
done
for page in man5/txpipe-record.5 man5/fraudcheck.rules.5 man7/txpipe.7; do ok "$page" [ -s "$at/share/man/$page" ]; done
is "no page lacks what pages share" "$(grep -rl '^\.\\" common' "$at/share/man")" ''
is "as many pages as in the source" "$(find "$at/share/man" -type f | wc -l)" "$(find "$root/docs/man" -name '*.[157]' | wc -l)"

is "files are readable by all and no programs" "$(find "$at/share" "$at/lib" -type f ! -path '*/scripts/*' ! -perm 644 -printf '%P\n')" ''
is "nothing names the source tree" "$(grep -rlF -- "$root/" "$at/share" "$at/lib")" ''
is "units and crontab name the installed tools" "$(grep -rl '/usr/local' "$at/lib/systemd" "$at/share/doc/txpipe/examples")" ''
for unit in "$root"/deploy/systemd/txpipe-*; do
	ok "${unit##*/} is installed" [ -s "$at/lib/systemd/system/${unit##*/}" ]
done
ok "what a unit starts is there" [ -x "$to$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$at/lib/systemd/system/txpipe-aggregate.service")" ]
ok "the user of the units" [ -s "$at/lib/sysusers.d/txpipe.conf" ]
ok "… and its home" [ -s "$at/lib/tmpfiles.d/txpipe.conf" ]
ok "their settings, as an example" [ -s "$at/share/doc/txpipe/examples/default" ]
for file in rules/seed.rules rules/scored.rules marts/dbt_project.yml scripts/stream scripts/reconcile.sql postgresql/roles.sql; do ok "$file" [ -s "$at/share/txpipe/$file" ]; done

is "links between the installed pages lead somewhere" "$(cd "$at/share/doc/txpipe" && find . -name '*.md' -exec perl "$root/tests/pages.pl" links {} +)" ''
ok "… and there are pages" [ -s "$at/share/doc/txpipe/docs/operations.md" ]

# the version is said in lib/version.h; what must repeat it says the same
version=$(sed -n 's/^#define TXPIPE_VERSION "\(.*\)"/\1/p' "$root/lib/version.h")
like "a version" "$version" '^[0-9]+\.[0-9]+\.[0-9]+$'
is "… that of the tools" "$(for tool in "${tools[@]}"; do "$at/bin/$tool" --version; done | sed 's/^[^ ]* //' | sort -u)" "(txpipe) $version"
is "… of debian/changelog" "$(sed -n '1s/^txpipe (\(.*\)) .*/\1/p' "$root/debian/changelog")" "$version"
is "… of CHANGELOG.md" "$(sed -n 's/^## \([^ ]*\).*/\1/p' "$root/CHANGELOG.md" | head -1)" "$version"
is "… of the image" "$(sed -n 's/^ *image: txpipe://p' "$root/docker-compose.yml" | sort -u)" "$version"

# at work, far from the source tree
cd "$work" || exit 1
is "the installed rules are the built-in ones" "$(PATH=$at/bin:/usr/bin:/bin txgen -q -n 50 | "$at/bin/fraudcheck" -f "$at/share/txpipe/rules/seed.rules" | cksum)" \
	"$(txgen -q -n 50 | fraudcheck | cksum)"
like "the installed marts are found" "$("$at/bin/aggregate" list | jq -r .node)" '^daily_sales_summary$'
for command in $(sed -n 's/^COMMANDS *= *//p' "$root/Makefile"); do
	ok "txpipe-$command runs" "$at/bin/txpipe-$command" --help
	ok "… and has its manual" grep -q "^\.Nm txpipe-$command" "$at/share/man/man1/txpipe-$command.1"
done
ok "again, over what is there" installs
finish

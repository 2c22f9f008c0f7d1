#!/bin/bash
# docs/operations.md: the commands work, the messages and the metrics that it names are those of the code.
source "$(dirname "$0")/../tap.sh"
source "$root/tests/examples.sh"

page=$root/docs/operations.md

strings() { perl -0777 -ne 's/"\s*PRI\w+\s*"/d/g; s/" PRI\w+/d"/g; s/"\s*"//g; s/\\"/"/g; s/%(ll|z)?\w/…/g; s/%\.\*s/…/g; print' "$@"; }
strings "$root"/*/*.c >"$work/strings"
messages() { # of the first column: what stands between backquotes
	sed -n '/^| symptom/,/^$/p' "$page" | cut -d '|' -f 2 | grep -o '`[^`]*`' | tr -d '`' | sort -u
}
ok "the table has messages" [ "$(messages | wc -l)" -ge 15 ]
while IFS= read -r message; do
	missing=
	while IFS= read -r fragment; do grep -qF -- "$fragment" "$work/strings" || missing+="$fragment;"; done < <(sed 's/ *… */\n/g; s/, but/\n/' <<<"$message")
	is "message: $message" "$missing" ''
done < <(messages)
for metric in $(grep -o 'txpipe_[a-z]*_[a-z_]*' "$page" | sort -u | grep -v '^txpipe_adopt'); do ok "metric $metric" grep -qF "\"$metric\"" "$work/strings"; done

mkdir "$work/ex"
examples_extract "$work/ex" "$page"
ok "there are examples" [ "$(find "$work/ex" -name script | wc -l)" -ge 11 ]
start_postgres
examples_run "$work/ex"
finish

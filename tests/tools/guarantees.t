#!/bin/bash
# docs/guarantees.md names tests that exist, and every fault test is named there.
source "$(dirname "$0")/../tap.sh"
page=$root/docs/guarantees.md

named=$(grep -Eo '`[a-z0-9_]+/[A-Za-z0-9_.-]+\.(t|pml)`|`mutate`' "$page" | tr -d '`' | sort -u)
ok "it names tests" [ "$(wc -l <<<"$named")" -ge 10 ]
for file in $named; do ok "tests/$file is there" [ -e "$root/tests/$file" ]; done
for file in "$root"/tests/faults/*.t; do ok "faults/${file##*/} is named" grep -qF "\`faults/${file##*/}\`" "$page"; done
is "no row of a table is without a test" "$(awk -F' \\| ' '/^\|/ && !/^\|---/ && !/^\| (fault|mistake|input) \|/ && $NF !~ /`[a-z0-9_]+\//' "$page")" ""
finish

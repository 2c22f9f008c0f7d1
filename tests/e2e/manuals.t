#!/bin/bash
# The examples of the manuals that start a real Kafka; tests/tools/manuals.t runs all others.
source "$(dirname "$0")/../tap.sh"
source "$root/tests/examples.sh"

mkdir "$work/ex" "$work/commands"
ln -s "$root/scripts/kafka" "$work/commands/txpipe-kafka"
PATH=$work/commands:$PATH
examples_extract "$work/ex" "$root"/docs/man/*.[157]
for words in "$work/ex"/*/words; do
	[[ " $(cat "$words") " == *" kafka "* ]] || rm -r "${words%/words}"
done
ok "there is one" [ "$(find "$work/ex" -name script | wc -l)" -ge 1 ]
examples_run "$work/ex"
finish

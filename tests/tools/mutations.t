#!/bin/bash
# The mutations of tests/mutate fit the code as it is. That tests notice them `make mutations` sees: it takes minutes.
source "$(dirname "$0")/../tap.sh"

ok "each patch applies and names its tests" "$root/tests/mutate" --check
exits 2 "a mutation that is not there" "$root/tests/mutate" nonsense
exits 2 "an option that is not there" "$root/tests/mutate" --nonsense
for file in "$root"/tests/mutations/*.patch; do
	like "$(basename "$file" .patch) says what it takes away" "$(head -1 "$file")" '^[A-Za-z].*\.$'
done
finish

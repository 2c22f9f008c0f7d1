#!/bin/bash
# The model of the fence (tests/model/fence.pml), searched whole: no error in it, and a counter-example for each rule that is taken away.
source "$(dirname "$0")/../tap.sh"

exits 0 "usage" "$root/tests/model/search" --help
exits 70 "a model that cannot be compiled is not one without errors" "$root/tests/model/search" -DL=nonsense

# As many at a time as there are processors.
one() { # CASE
	local file=$work/$1
	read -r wanted how defines <"$file"
	# shellcheck disable=SC2086
	timeout 1800 "$root/tests/model/search" $defines >"$file.found" 2>&1 || echo "failed: status $?" >>"$file.found"
}
export -f one
export root work
grep -E "^[a-z]+ quick${TIME:+|^[a-z]+ long}" "$root/tests/model/cases" | split -l 1 -a 3 -d - "$work/case."
printf '%s\n' "$work"/case.* | sed 's|.*/||' | xargs -P "$(nproc)" -I{} bash -c 'one {}'
for file in "$work"/case.???; do
	read -r wanted how defines <"$file"
	found=$(cat "$file.found")
	note "$defines: $found"
	is "$defines: $wanted" "${found%% *}" "$wanted"
done

# Each rule of the model has been taken away by one of the cases, each fault been searched.
for name in $(grep -Eo '\b(NO_[A-Z_]+|POSITION_FIRST|KAFKA_OFFSET)\b' "$root/tests/model/fence.pml" | sort -u); do
	[ "$name" = NO_ ] || ok "$name is searched" grep -Eq -- "-D$name( |\$)" "$root/tests/model/cases"
done
for name in $(sed -n 's/^#define \([A-Z]*\) 0 .*/\1/p' "$root/tests/model/fence.pml"); do
	ok "$name are searched" grep -Eq -- "-D$name=" "$root/tests/model/cases"
done
finish

#!/bin/bash
# What the compiler and the linker were told, read from the binaries themselves.
source "$(dirname "$0")/../tap.sh"

bin=${TXPIPE_BIN:-$root/bin}
mapfile -t tools < <(find "$bin" -maxdepth 1 -type f -perm -100 -printf '%f\n' | sort)
ok "there are tools" [ "${#tools[@]}" -ge 8 ]

for tool in "${tools[@]}"; do
	readelf -hW "$bin/$tool" >"$work/header"
	readelf -lW "$bin/$tool" >"$work/segments"
	readelf -dW "$bin/$tool" >"$work/dynamic"
	readelf -W --dyn-syms "$bin/$tool" | awk '{ sub(/@.*/, "", $8); print $8 }' >"$work/symbols"
	ok "$tool: is position-independent" grep -Eq 'Type: +DYN' "$work/header"
	ok "$tool: … and a program" grep -q 'FLAGS_1.*PIE' "$work/dynamic"
	ok "$tool: what the linker relocates is read-only afterwards" grep -q GNU_RELRO "$work/segments"
	ok "$tool: … all of it, at the start" grep -q 'FLAGS_1.*NOW' "$work/dynamic"
	is "$tool: the stack cannot be run" "$(awk '$1 == "GNU_STACK" { print $7 }' "$work/segments")" RW
	is "$tool: nothing can be written and run" "$(awk '$1 == "LOAD" && /RWE/' "$work/segments")" ''
	is "$tool: looks for libraries nowhere but where the system does, and its code is not relocated" "$(grep -E 'RPATH|RUNPATH|TEXTREL' "$work/dynamic")" ''
	ok "$tool: has stack protectors" grep -qx __stack_chk_fail "$work/symbols"
	# sanitizers take the place of the checked functions
	grep -q '^__asan_init' "$work/symbols" || ok "$tool: has checked functions" grep -Eqx '__[a-z_]+_chk' "$work/symbols"
done

# a probe that the flags do something: the level is what the compiler sees after a distribution's own
is "_FORTIFY_SOURCE is not overridden by flags from outside" \
	"$(make -s -C "$root" -n -B BUILD="$work/build" CPPFLAGS=-D_FORTIFY_SOURCE=2 SANITIZE= "$work/build/lib/buf.o" | grep -o '[UD]_FORTIFY_SOURCE[=0-9]*' | tail -2 | tr '\n' ' ')" \
	'U_FORTIFY_SOURCE D_FORTIFY_SOURCE=3 '
finish

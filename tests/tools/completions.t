#!/bin/bash
# Completions: made from the option tables, so each option is in them; the shells really complete by them.
source "$(dirname "$0")/../tap.sh"

mapfile -t tools < <(find "${TXPIPE_BIN:-$root/bin}" -maxdepth 1 -type f -executable -printf '%f\n' | sort)
ok "there are tools" [ "${#tools[@]}" -ge 7 ]
for tool in "${tools[@]}"; do
	ok "$tool: each line of --help that begins with an option is in --options, and the other way round" diff \
		<("$tool" --help | sed '/^Examples:/,$d' | sed -n 's/^  \(-\(.\)\|   \)\(, \| \)\?\(--\([a-z-]*\)\)\?.*/\2 \5/p' | sed 's/^ /- /; s/ $/ -/' | sort) \
		<("$tool" --options | awk -F '\t' '$1 == "option" { print $2, $3 }' | sort)
	for shell in bash zsh fish; do
		ok "$tool: completions for $shell are made" "$root/scripts/completions" "$shell" "$tool"
		"$root/scripts/completions" "$shell" "$tool" >"$work/$tool.$shell"
	done
	ok "$tool: bash takes them" bash -n "$work/$tool.bash"
	for shell in zsh fish; do
		if command -v "$shell" >/dev/null; then
			ok "$tool: $shell takes them" "$shell" -n "$work/$tool.$shell"
		fi
	done
	is "$tool: bash has all long options" "$(bash -c 'source "$1"; COMP_WORDS=("$2" --) COMP_CWORD=1; "_txpipe_$2"; printf "%s\n" "${COMPREPLY[@]}"' - \
		"$work/$tool.bash" "$tool" | sort)" "$("$tool" --options | awk -F '\t' '$1 == "option" && $3 != "-" { print "--" $3 }' | sort)"
	is "$tool: zsh has as many options" "$(grep -cE "^	'(.*)\\[" "$work/$tool.zsh")" "$("$tool" --options | grep -c '^option')"
	is "$tool: fish has as many options" "$(grep -cE ' -d ' "$work/$tool.fish")" "$("$tool" --options | grep -c '^option')"
done

# reply WORD...: what bash offers for the last word of the line; = parts words, as it does where users type.
reply() {
	bash -c 'source "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); "_txpipe_$1"; printf "%s\n" "${COMPREPLY[*]}"' - "$work/$1.bash" "$@"
}
mkdir "$work/here"
touch "$work/here/my rules.rules" "$work/here/other"
mkdir "$work/here/project"
cd "$work/here" || exit 1
is "an option's beginning" "$(reply kproduce --pro)" "--property --profile --progress"
is "a choice" "$(reply kproduce --profile '')" "latency throughput"
is "a choice, begun" "$(reply kproduce -z g)" "gzip"
is "a choice behind =" "$(reply kproduce --profile = lat)" "latency"
is "a choice right behind =" "$(reply kproduce --log =)" "text json"
is "a choice where = does not part words" "$(reply kproduce --profile=th)" "--profile=throughput"
is "a file" "$(reply fraudcheck -f my)" "my rules.rules"
is "a file behind =" "$(reply fraudcheck --rules = oth)" "other"
is "only folders" "$(reply aggregate build --project-dir '')" "project"
like "a command" "$(reply aggregate build --on-failure mktem)" '^mktemp'
is "an optional argument only behind =" "$(reply aggregate --stdin bui)" "build"
is "nothing for a number" "$(reply kproduce -c '')" ""
is "nothing for a free text behind =" "$(reply kproduce --key = '')" ""
is "a word for the first operand" "$(reply aggregate -d postgres --vars = y s)" "seed show status"
is "… and files for the next" "$(reply aggregate build o)" "other"
is "words and no files" "$(reply txgen m)$(reply txgen customers o)" "merchants"
is "no operand where there is none" "$(reply kconsume o)" ""
is "the commands are those that aggregate knows" "$(reply aggregate '')" \
	"$(aggregate 2>&1 | sed 's/.*to be done? //; s/ (see.*//; s/,//g; s/ or / /')"

# --- the shells themselves, where they are
mkdir "$work/bash" "$work/zsh" "$work/fish"
for tool in "${tools[@]}"; do
	cp "$work/$tool.bash" "$work/bash/$tool"
	cp "$work/$tool.zsh" "$work/zsh/_$tool"
	cp "$work/$tool.fish" "$work/fish/$tool.fish"
done
usable() {
	case $1 in
	bash) [ -e /usr/share/bash-completion/bash_completion ] ;;
	zsh) command -v zsh >/dev/null && "$root/tests/complete" zsh --from "$work/zsh" 'kproduce -z gz' >"$work/out" ;; # 77: no terminal
	fish) command -v fish >/dev/null ;;
	esac
}
offers() { # LINE WHAT: what is a folder ends with / in fish, and what stands behind = has what is before it
	is "$shell: $1" "$("$root/tests/complete" "$shell" --from "$work/$shell" "$1" | sed 's/^--[a-z-]*=\(.\)/\1/; s|/$||; s|\\||g' | tr '\n' ' ' | sed 's/ $//')" "$2"
}
for shell in bash zsh fish; do
	if ! usable "$shell"; then
		tap_result 0 "completing in $shell # SKIP it is not installed (scripts/setup check installs it), or there is no terminal to be had"
		continue
	fi
	offers 'kproduce --pro' '--profile --progress --property'
	offers 'kproduce --profile ' 'latency throughput'
	offers 'kproduce --profile=' 'latency throughput'
	offers 'kproduce -z gz' gzip
	offers 'kproduce -c ' ''
	offers 'fraudcheck -f my' 'my rules.rules'
	offers 'aggregate build --project-dir ' project
	offers 'aggregate build --on-failure mktem' mktemp
	offers 'aggregate -d postgres s' 'seed show status'
	offers 'aggregate build ot' other
	offers 'txgen m' merchants
	offers 'kconsume o' ''
done

exits 2 "another shell" "$root/scripts/completions" tcsh txgen
exits 2 "a tool that is none" "$root/scripts/completions" bash true
finish

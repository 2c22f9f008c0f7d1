#!/bin/bash
# The manuals: what they say of options is what the tools and commands have, their messages are those of the code, their examples run, mandoc has no complaint.
source "$(dirname "$0")/../tap.sh"
source "$root/tests/examples.sh"

folder=$root/docs/man
tools=()
for tool in "${TXPIPE_BIN:-$root/bin}"/*; do tools+=("${tool##*/}"); done
page() { "$root/scripts/manual" "$1"; }
mkdir "$work/man" "$work/ex" "$work/commands"
# scripts that are installed as commands: txpipe-NAME
read -ra commands < <(sed -n 's/^COMMANDS *= *//p' "$root/Makefile")
ok "there are commands" [ "${#commands[@]}" -ge 6 ]
for command in "${commands[@]}"; do ln -s "$root/scripts/$command" "$work/commands/txpipe-$command"; done
PATH=$work/commands:$PATH
for file in "$folder"/*.[157]; do page "${file##*/}" >"$work/man/${file##*/}"; done

# --- form -------------------------------------------------------------------------------------------------------------------------
# What the machine knows of other people's pages is no concern of ours.
lint() { mandoc -Tlint -Wstyle "$1" 2>&1 | grep -v -e 'referenced manual not found' -e 'mandoc.db'; }
references() { # of a page: suite pages that are not there
	sed -n 's/^\.Xr \([^ ]*\) \([0-9]\).*/\1.\2/p' "$1" | grep -E '^(tx|k[cpm]|fraud|pgload|aggregate)' | grep -v '^kcat\.' | while read -r other; do
		[ -e "$work/man/$other" ] || echo "$other"
	done
}
sections() { sed -n 's/^\.Sh //p' "$1" | paste -sd ' '; }
for file in "$work/man"/*; do
	name=${file##*/}
	is "$name: mandoc has no complaint" "$(lint "$file")" ''
	is "$name: the pages that it refers to are there" "$(references "$file")" ''
	case $name in
	*.1) is "$name: has the sections" "$(sections "$file")" \
		"NAME SYNOPSIS DESCRIPTION OPTIONS ENVIRONMENT FILES EXIT STATUS EXAMPLES DIAGNOSTICS SEE ALSO" ;;
	esac
done

# --- options: both ways -------------------------------------------------------------------------------------------------------------
of_page() { # the heads of options, as --help would print them
	sed -n 's/^\.It Fl /Fl /p' "$work/man/$1.1" |
		sed -e 's/ Ns Op = Ns Ar \(.*\)/[=\1]/' -e 's/Fl -/--/g' -e 's/Fl /-/g' -e 's/\(Ar\|Cm\) //g' -e 's/ , / /g' -e 's/ | /|/g' | sort
}
of_table() {
	"$1" --options | awk -F '\t' '$1 == "option" {
		print ($2 != "-" ? "-" $2 : "") ($2 != "-" && $3 != "-" ? " " : "") ($3 != "-" ? "--" $3 : "") ($4 == "optional" ? "[=" $6 "]" : $4 == "required" ? " " $6 : "")
	}' | sort
}
for tool in "${tools[@]}"; do
	ok "$tool has a page" [ -s "$work/man/$tool.1" ]
	ok "$tool: the page has the options of the table, and no others" diff <(of_table "$tool") <(of_page "$tool")
	for variable in $("$tool" --options | awk -F '\t' '$1 == "option" && $8 != "-" { print $8 }'); do
		ok "$tool: the page knows \$$variable" grep -q "^\.It Ev .*$variable" "$work/man/$tool.1"
	done
	for word in $("$tool" --options | awk -F '\t' '$1 == "operand" { gsub(/\||FILE/, " ", $2); print $2 }'); do
		ok "$tool: the page knows the operand $word" grep -qE "^\.It Cm $word( |$)" "$work/man/$tool.1"
	done
done

# Of the commands: what they take, by their own code, is what --help and the page have.
of_code() { # the patterns of `case` that are options
	sed -n 's/^\t*\(-[-a-zA-Z0-9 =*|]*\)).*/\1/p' "$root/scripts/$1" | tr '|' '\n' | tr -d ' ' | grep -xE -- '--?[A-Za-z][a-z-]*' | sort -u
}
heads() { sed -n 's/^\.It Fl /Fl /p' "$work/man/txpipe-$1.1" | grep -oE 'Fl [-A-Za-z]+' | sed 's/Fl /-/' | sort -u; }
for command in "${commands[@]}"; do
	ok "txpipe-$command has a page" [ -s "$work/man/txpipe-$command.1" ]
	is "txpipe-$command: the page has the options that it takes, and no others" "$(heads "$command")" "$(of_code "$command")"
	"txpipe-$command" --help >"$work/help"
	for option in $(of_code "$command" | grep -vxE -- '-h|--help'); do ok "txpipe-$command: … and so has --help: $option" grep -qE -- "(^|[^-a-z])$option([^-a-z]|\$)" "$work/help"; done
	for word in $(sed -n "s/^\(usage:\|      \) $command \([a-z|]*\).*/\2/p" "$work/help" | tr '|' ' '); do
		ok "txpipe-$command: the page knows the command $word" grep -qE "^\.It Cm $word( |\$)" "$work/man/txpipe-$command.1"
	done
done

# --- messages -----------------------------------------------------------------------------------------------------------------------
# In DIAGNOSTICS <this> stands for what varies. The rest of a message must be in the strings of the tool or of lib/, as the compiler joins them.
strings() { # SOURCE...
	perl -0777 -ne 's/"\s*PRI\w+\s*"/d/g; s/" PRI\w+/d"/g; s/"\s*"//g; s/\\"/"/g; s/\\n/ /g; print' "$@"
}
unknown_messages() { # PAGE SOURCES: fragments that no string has
	local fragment
	sed -n '/^\.Sh DIAGNOSTICS/,/^\.Sh/s/^\.It //p' "$work/man/$1" | sed -e 's/<[^>]*>/\n/g' | sed -e "s/^[: ']*//; s/[: ']*$//" | while IFS= read -r fragment; do
		[ "${#fragment}" -lt 6 ] || grep -qF -- "$fragment" "$2" || printf '%s\n' "$fragment"
	done
}
declare -A sources=([txgen]=producer [kproduce]=producer [kconsume]=kcat-like [kmock]=kcat-like [txdash]=dashboard)
for tool in "${tools[@]}"; do
	strings "$root/${sources[$tool]-$tool}"/*.c "$root"/lib/*.c >"$work/strings"
	is "$tool: its messages are those of the page" "$(unknown_messages "$tool.1" "$work/strings")" ''
done

for command in "${commands[@]}"; do
	sed 's/\\\$/$/g' "$root/scripts/$command" >"$work/strings"
	is "txpipe-$command: its messages are those of the page" "$(unknown_messages "txpipe-$command.1" "$work/strings")" ''
done

# --- words of the line format and of the rules ----------------------------------------------------------------------------------------
strings "$root"/lib/*.c "$root"/kcat-like/*.c "$root"/fraudcheck/*.c "$root"/pgload/*.c >"$work/strings"
reasons() { sed -n '/^Reasons of/,/^\.Sh/s/^\.It Li //p' "$work/man/txpipe-record.5" | tr -d ' ' | tr ',' '\n' | sort -u; }
ok "the page of the records has reasons" [ "$(reasons | wc -l)" -ge 15 ]
for reason in $(reasons); do ok "reason $reason is one of the code's" grep -qF "\"$reason\"" "$work/strings"; done
for statement in flag rule allow shadow check let feature list table model field bands; do
	ok "the page of the rules knows the statement $statement" grep -q "^\.It Cm $statement " "$work/man/fraudcheck.rules.5"
done

# --- examples -----------------------------------------------------------------------------------------------------------------------
unmarked() {
	awk '/^\.Sh /{ in_examples = $2 == "EXAMPLES" } /^\.\\" run: /{ marked = NR } in_examples && /^\.(Bd|D1|Dl)/ && marked != NR - 1 { print FILENAME ": line " NR }' \
		"$folder"/*.[157]
}
is "each example says what it needs" "$(unmarked)" ''
examples_extract "$work/ex" "$folder"/*.[157]
for words in "$work/ex"/*/words; do # tests/e2e/manuals.t runs them
	[[ " $(cat "$words") " != *" kafka "* ]] || rm -r "${words%/words}"
done
ok "there are examples" [ "$(find "$work/ex" -name script | wc -l)" -ge 40 ]
start_postgres
examples_run "$work/ex"
finish

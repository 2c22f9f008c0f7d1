#!/bin/bash
# The manuals: what they say of options is what the tools have, their messages are those of the code, their examples run, mandoc has no complaint.
source "$(dirname "$0")/../tap.sh"

folder=$root/docs/man
tools=()
for tool in "${TXPIPE_BIN:-$root/bin}"/*; do tools+=("${tool##*/}"); done
page() { "$root/scripts/manual" "$1"; }
mkdir "$work/man" "$work/ex"
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

# --- words of the line format and of the rules ----------------------------------------------------------------------------------------
strings "$root"/lib/*.c "$root"/kcat-like/*.c "$root"/fraudcheck/*.c "$root"/pgload/*.c >"$work/strings"
reasons() { sed -n '/^Reasons of/,/^\.Sh/s/^\.It Li //p' "$work/man/txpipe-record.5" | tr -d ' ' | tr ',' '\n' | sort -u; }
ok "the page of the records has reasons" [ "$(reasons | wc -l)" -ge 15 ]
for reason in $(reasons); do ok "reason $reason is one of the code's" grep -qF "\"$reason\"" "$work/strings"; done
for statement in flag rule allow shadow check let feature list table model field bands; do
	ok "the page of the rules knows the statement $statement" grep -q "^\.It Cm $statement " "$work/man/fraudcheck.rules.5"
done

# --- examples -----------------------------------------------------------------------------------------------------------------------
# A line `.\" run: WORDS` stands before each: what must be there for it, see prepare(). Literal displays are plain text in the sources.
unmarked() {
	awk '/^\.Sh /{ in_examples = $2 == "EXAMPLES" } /^\.\\" run: /{ marked = NR } in_examples && /^\.(Bd|D1|Dl)/ && marked != NR - 1 { print FILENAME ": line " NR }' \
		"$folder"/*.[157]
}
is "each example says what it needs" "$(unmarked)" ''
extract() { # one folder an example: script, words, title
	awk -v to="$work/ex" '
		/^\.\\" run: / { words = $0; sub(/^[^:]*: /, "", words); n++; dir = sprintf("%s/%03d", to, n); system("mkdir -p " dir)
			print words > (dir "/words"); name = FILENAME; sub(/.*\//, "", name); print name > (dir "/page"); next }
		words != "" && /^\.Bd/ { reading = 1; next }
		reading && /^\.Ed/ { reading = 0; words = ""; close(dir "/script"); next }
		reading { print > (dir "/script") }' "$folder"/*.[157]
}
extract

stored() { [ "$(sql 'select count(*) from fact_transaction')" -gt 0 ]; }
in_log() { kconsume -Q | awk '{ n += $6 } END { print n + 0 }'; }
grown() { [ "$(in_log)" -gt "$1" ]; }
# In the example's folder: what a word stands for.
prepare() {
	local words=" $1 "
	[[ $words != *" postgres "* ]] || { psql -X -q -c "create database $2" && export PGDATABASE=$2; } || return
	if [[ $words == *" kmock "* || $words == *" health "* ]]; then
		exec 3< <(exec kmock -t transactions:4 -t events:1)
		kmock=$!
		read -r KAFKA_BROKERS <&3 && export KAFKA_BROKERS
		txgen -q -n 400 | kproduce || return
	fi
	[[ $words != *" my.rules "* ]] || cp "$root/fraudcheck/rules/scored.rules" my.rules
	[[ $words != *" january "* ]] || txgen -q -n 500 >january.ndjson
	[[ $words != *" old.rules "* ]] || cp "$root/fraudcheck/rules/seed.rules" old.rules
	[[ $words != *" labelled "* ]] || txgen -q -n 20000 --with-labels --label-delay 1m >january.ndjson
	[[ $words != *" logistic "* ]] || echo '{"model":"logistic","intercept":-4,"coefficients":[0.001,0.5,0.7],"missing":[0,0,0]}' >fraud.json
	[[ $words != *" my.ndjson "* ]] || txgen -q -n 300 | fraudcheck >my.ndjson
	[[ $words != *" events "* ]] || printf '{"user_id":"u%d"}\n' 1 2 3 >events.ndjson
	[[ $words != *" dead "* ]] || { pgload --init && echo '{"transaction_id":1}' | pgload; } >/dev/null || return
	[[ $words != *" health "* ]] || txgen -q -n 10 | kproduce --metrics kproduce.prom
	[[ $words != *" tables "* && $words != *" loaded "* ]] || pgload --init >/dev/null || return
	[[ $words != *" loaded "* ]] || "$root/scripts/seed-dims" >/dev/null || return
	case $words in
	*" loaded "*" kmock "* | *" kmock "*" loaded "*) kconsume -q -e | fraudcheck | pgload -q >/dev/null ;;
	*" loaded "*) txgen -q -n 1000 | fraudcheck | pgload -q >/dev/null ;;
	esac
}
# As a user would paste it. What runs until it is ended is ended when it has shown that it works.
carry_out() {
	local words=" $1 " before pid
	case $words in
	*" rules "*) fraudcheck -f script --check >/dev/null && txgen -q -n 10 | fraudcheck -f script >/dev/null ;;
	*" reload "*) # line by line, as somebody types
		head -1 script >first
		tail -n +2 script >then
		timeout 120 bash -c 'source ./first; until [ -s verdicts.ndjson ]; do sleep 0.05; done
			source ./then; until grep -q reloaded err; do sleep 0.05; done; kill $!'
		;;
	*" served "*) # at a port that is free
		sed -i 's|:8080|:0|' script
		set -m
		bash -c 'trap : TERM; source ./script' &
		pid=$!
		set +m
		wait_for 30 grep -q http: err || return 90
		kill -TERM -- "-$pid"
		wait "$pid"
		;;
	*" asked "*)
		txdash -l 127.0.0.1:0 2>served &
		pid=$!
		wait_for 30 grep -q http: served || return 90
		sed -i "s|http://127.0.0.1:8080|$(sed -n 's|.*\(http:.*\)\/$|\1|p' served)|" script
		bash -c 'set -o pipefail -e; source ./script' && kill "$pid" && wait "$pid"
		;;
	*" record "*) tr -d '\n' <script | fraudcheck | jq -e '._kafka.offset == 42 and .is_fraud == false' ;;
	*" until "*)
		[[ $words != *" kmock "* ]] || before=$(in_log)
		set -m
		bash -c 'trap : TERM; set -o pipefail; source ./script' &
		pid=$!
		set +m
		if [[ $words == *" postgres "* ]]; then wait_for 30 stored; else wait_for 30 grown "$before"; fi || return 90
		kill -TERM -- "-$pid"
		wait "$pid"
		;;
	*) bash -c 'set -o pipefail -e; source ./script' ;;
	esac
}
example() { # FOLDER
	local words kmock=
	cd "$1" || exit
	read -r words <words
	prepare "$words" "example_${1##*/}" >prepared 2>&1 || { echo 91 >status; cp prepared err; return; }
	carry_out "$words" >out 2>err </dev/null
	echo $? >status
	[ -z "$kmock" ] || kill "$kmock"
}
ok "there are examples" [ "$(find "$work/ex" -name script | wc -l)" -ge 30 ]
grep -l 'postgres' "$work"/ex/*/words >/dev/null && start_postgres
chmod 777 "$work/ex"
for one in "$work"/ex/*; do
	while [ "$(jobs -rp | wc -l)" -ge 4 ]; do wait -n; done
	example "$one" &
done
wait
for one in "$work"/ex/*; do
	is "$(cat "$one/page"): $(head -1 "$one/script")" "$(cat "$one/status")" 0
	[ "$(cat "$one/status")" = 0 ] || head -20 "$one/err" | sed 's/^/# /'
done
finish

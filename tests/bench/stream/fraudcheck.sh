# fraudcheck with the three rules against general tools with the same rules: NDJSON in a file, NDJSON with the verdict to /dev/null. And the windows.
# A tool's verdicts are compared with ours once, untimed; in each timed run the bytes that it wrote must be those of that time.
judged_file
units=$(txgen currencies | jq -cs 'map({key: .currency, value: .units_per_base}) | from_entries')
in=$data/records.ndjson

command_of() { # TOOL: the command, in the array `command`; input in $in, output to stdout or (the Python ones) to the file OUT
	local out=${2-/dev/null}
	case $1 in
	ours) command=(fraudcheck -q "$in") ;;
	jq | gojq | jaq) command=("$1" -c --argjson units "$units" -f "$here/peer/seed.jq" "$in") ;;
	duckdb) command=("$python" "$here/peer/seed_duckdb.py" "$in" "$out" "$units") ;;
	polars) command=("$python" "$here/peer/seed_polars.py" "$in" "$out" "$units") ;;
	orjson) command=("$python" "$here/peer/seed_orjson.py" "$in" "$out" "$units") ;;
	esac
}

declare -A wrote
check_verdicts() { # TOOL: as many records, each with our verdict and reasons
	local verdicts='[.transaction_id, .is_fraud, (.fraud_reasons // [])]'
	what=seed tool=$1 pair=$1
	command_of "$1" "$servers/verdicts"
	"${command[@]}" >"$servers/stdout"
	[ -s "$servers/stdout" ] || mv "$servers/verdicts" "$servers/stdout"
	expect records "$(wc -l <"$servers/stdout")" "$records"
	wrote[$1]=$(stat -c %s "$servers/stdout")
	# beyond 100,000 jq would take longer than the benchmark: the first ones then
	cmp <(head -n 100000 "$servers/stdout" | jq -c "$verdicts") <(head -n 100000 "$data/judged.ndjson" | jq -c "$verdicts") >&2 ||
		die "$1 judges differently from fraudcheck"
	expect 'flagged records' "$(grep -Ec '"is_fraud": ?true' "$servers/stdout" || true)" "$flagged"
	rm "$servers/stdout"
}
seed_side() {
	command_of "$tool"
	warm "$in"
	timed "${command[@]}"
	at_least 'bytes written' "$(spent "${command[0]##*/}" 6)" "${wrote[$tool]}"
}
for side in ours jq gojq jaq duckdb polars orjson; do eval "seed_$side() { seed_side; }"; done

judged_by() { # RULES
	warm "$in"
	timed fraudcheck -q -f "$1" --metrics "$servers/metrics" "$in"
	expect 'judged' "$(awk '/^txpipe_fraudcheck_records_total/ { print $2 }' "$servers/metrics")" "$records"
	expect 'learned' "$(awk '/^txpipe_fraudcheck_learned_total/ { print $2 }' "$servers/metrics")" "$records"
}
windows_ours() { judged_by "$here/../fraud/ten.rules"; }
windows_of_five_keys_ours() { judged_by "$here/five-keys.rules"; }

mapfile -t others < <(there jq gojq jaq duckdb polars orjson)
for side in ours "${others[@]}"; do check_verdicts "$side"; done
target seed - rate '>=1500000'
target seed jq rate '>=30'
target seed gojq rate '>=15'
target seed jaq rate '>=15'
target seed duckdb rate '>=5'
target seed polars rate '>=2.5'
target windows - rate '>=400000'
versus seed "${others[@]:--}"
versus windows -
versus windows_of_five_keys -

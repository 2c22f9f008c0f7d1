# The same path by Spark Structured Streaming: what it takes from the start of the process to the last row, and without its start.
. "$here/topic.sh"
. "$here/spark_side.sh"

# When the first and the last row were there, seen by another session, on both sides.
watched() { # COMMAND...: timed
	local began ended first
	"$tests/visible" -t 3000 -w 20000 "$records" >"$servers/seen" 2>"$servers/seen.words" &
	began=$(now_us)
	timed "$@"
	wait $! || die "visible: $(cat "$servers/seen.words")"
	read -r first ended _ <"$servers/seen"
	record first_row_ms "$(number "($first - $began) / 1000")"
	# what came in one commit has no rate
	[ "$ended" = "$first" ] || record rate_after_start "$(number "$records * 1000000 / ($ended - $first)")"
}
spark_ours() {
	fresh_tables
	group=$((group + 1))
	watched kconsume -q -e -G "$benchmark-$group" '|' fraudcheck -q '|' pgload -q
	facts_are_right
}
spark_spark() {
	fresh_tables
	spark_command transactions --all
	watched "${command[@]}"
	facts_are_right
}

target spark spark rate '>=5'
target spark spark rate_after_start '>=4'
target spark spark peak_mb '<=0.05'
mapfile -t others < <(there spark)
versus spark "${others[@]:--}"

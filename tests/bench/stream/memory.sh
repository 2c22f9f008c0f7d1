# What each tool has resident at most with a backlog before it, and once more with a sink that stands still for a while, so that everything in
# front of it fills up. Exact: as the kernel counted it for the process.
. "$here/topic.sh"
each() { # SUFFIX TOOL...: a row each
	local name
	tool=ours
	for name in "${@:2}"; do
		what=$name$1
		record peak_mb "$(number "$(awk -F '\t' -v s="$name" '$1 == s { print $5 }' "$servers/cost") / 1024")"
	done
}
stall=5
[ -z "$small" ] || stall=1

for ((round = 1; round <= rounds; round++)); do
	what=produce
	topic backlog
	run_it txgen -q -n "$records" '|' kproduce -q -t backlog
	expect 'messages in the topic' "$(in_topic backlog)" "$records"
	each '' txgen kproduce
	delete_topic backlog

	what=consume
	fresh_tables
	run_it kconsume -q -e -G "memory-$round" '|' fraudcheck -q '|' pgload -q
	facts_are_right
	each '' kconsume fraudcheck pgload

	what=stalled
	fresh_tables
	run_it kconsume -q -e -G "memory-stalled-$round" '|' fraudcheck -q '|' sh -c "sleep $stall; exec cat" '|' pgload -q
	facts_are_right
	each ,_sink_stalled kconsume fraudcheck pgload
	say "memory, round $round of $rounds: done"
done
for name in txgen fraudcheck pgload fraudcheck,_sink_stalled pgload,_sink_stalled; do target "$name" - peak_mb '<=16'; done
for name in kconsume kproduce kconsume,_sink_stalled; do target "$name" - peak_mb '<=32'; done

# Stages that do what a test tells them, for scripts/stream; source after tap.sh. The real ones run under it in tests/e2e.

mkdir "$work/bin"
export TXPIPE_BIN=$work/bin STAND_IN=$work/told
mkdir "$STAND_IN"
# Each start takes the first line of told/NAME: `exit N`, `kill`, `run` (until SIGTERM or end of input), `deaf` (ignores SIGTERM), `late` (begins when
# told/begin is there). Metrics are said to be old while told/hangs is there.
cat >"$work/bin/stand-in" <<'END'
#!/bin/bash
name=${0##*/}
[ "$1" != --health ] || { [ ! -e "$STAND_IN/hangs" ]; exit; }
echo "$name $*" >>"$STAND_IN/calls"
{
	flock 8 # one line each, whoever starts at the same time
	read -r what arg <"$STAND_IN/$name" || what=run
	sed -i 1d "$STAND_IN/$name" 2>/dev/null
} 8>>"$STAND_IN/lock"
case $what in
exit) echo "$name: error: told to end with $arg" >&2; exit "$arg" ;;
kill) kill -9 $$ ;;
late) until [ -e "$STAND_IN/begin" ]; do sleep 0.05; done ;;
deaf) trap '' TERM INT; while :; do read -rt 1; [ $? -gt 128 ] || sleep 0.2; done ;;
esac
while [ $# -gt 0 ]; do [ "$1" != --metrics ] || echo "$name" >"$2"; shift; done
if [ "$name" = kconsume ]; then
	trap 'echo "$name TERM" >>"$STAND_IN/calls"; exit 0' TERM
	trap '' PIPE
	while echo record 2>/dev/null; do sleep 0.05; done
	exit 74
fi
trap 'echo "$name TERM" >>"$STAND_IN/calls"' TERM
trap 'echo "$name HUP" >>"$STAND_IN/calls"' HUP
echo "$name listens" >>"$STAND_IN/calls"
while :; do
	IFS= read -r line && { echo "$line" 2>/dev/null || exit 74; continue; }
	[ $? -gt 128 ] || break
done
echo "$name drained" >>"$STAND_IN/calls"
END
chmod +x "$work/bin/stand-in"
for name in kconsume fraudcheck pgload; do ln -s stand-in "$work/bin/$name"; done

dir=$work/stream
stream() { "$root/scripts/stream" "$@" --dir "$dir"; }
tell() { # KCONSUME FRAUDCHECK PGLOAD, one line for each start
	rm -rf "$dir" "$STAND_IN"/*
	printf '%b' "$1" >"$STAND_IN/kconsume"
	printf '%b' "$2" >"$STAND_IN/fraudcheck"
	printf '%b' "$3" >"$STAND_IN/pgload"
}
state_is() { [ "$(head -1 "$dir/${2:-1}/state" 2>/dev/null)" = "$1" ]; }
calls() { grep -Ec "^$1" "$STAND_IN/calls"; }
alive() { kill -0 "$(cut -d' ' -f1 "$dir/$1.pid")" 2>/dev/null; }

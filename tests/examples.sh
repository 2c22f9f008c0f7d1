# Examples of the manuals and of docs/*.md, carried out as a user would paste them: source this after tap.sh.
#
# A line `.\" run: WORDS` (mdoc) or `<!-- run: WORDS -->` (Markdown) stands before each; the words say what must be there for it:
#   alone     nothing                        postgres  a database of its own           kmock     a broker with 400 records
#   tables    the suite's tables             loaded    and dimensions, and facts       dead      and a dead letter
#   kafka     a real one, which the example starts itself                      metabase  an API like Metabase's
#   scripts   the suite's scripts, binaries and deploy/, as in the source tree
#   until     it runs until it is ended: by SIGTERM, when it has shown that it works
# Words with a file's name bring that file. The rest stands in prepare() and carry_out().

# examples_extract FOLDER FILE...: a folder for each example, with its text (script), words, and title.
examples_extract() {
	local to=$1
	shift
	awk -v to="$to" '
		FNR == 1 { words = ""; reading = 0 }
		/^(\.\\"|<!--) run: / { words = $0; sub(/^[^:]*: /, "", words); sub(/ -->$/, "", words); next }
		words != "" && !reading && /^(\.Bd|```)/ {
			reading = 1; dir = sprintf("%s/%03d", to, ++n); system("mkdir -p " dir)
			print words > (dir "/words"); name = FILENAME; sub(/.*\//, "", name); next
		}
		reading && /^(\.Ed|```$)/ { reading = 0; words = ""; close(dir "/script"); next }
		reading { if (words != "") print name ": " $0 > (dir "/title"); words = ""; print > (dir "/script") }' "$@"
}

examples_stored() { [ "$(sql 'select count(*) from fact_transaction')" -gt 0 ]; }
examples_log() { kconsume -Q | awk '{ n += $6 } END { print n + 0 }'; }
examples_grown() { [ "$(examples_log)" -gt "$1" ]; }

# In the example's folder: what its words stand for.
prepare() { # WORDS DATABASE
	local words=" $1 "
	[[ $words != *" postgres "* ]] || { psql -X -q -c "create database $2" && export PGDATABASE=$2; } || return
	if [[ $words == *" kmock "* || $words == *" health "* ]]; then
		exec 3< <(exec kmock -t transactions:4 -t events:1)
		kmock=$!
		read -r KAFKA_BROKERS <&3 && export KAFKA_BROKERS
		txgen -q -n 400 | kproduce || return
	fi
	export XDG_STATE_HOME=$PWD
	[[ $words != *" scripts "* ]] || ln -s "$root/scripts" "$root/deploy" "${TXPIPE_BIN:-$root/bin}" . || return
	[[ $words != *" my.rules "* ]] || cp "$root/fraudcheck/rules/scored.rules" my.rules
	[[ $words != *" old.rules "* ]] || cp "$root/fraudcheck/rules/seed.rules" old.rules
	[[ $words != *" labelled "* ]] || txgen -q -n 20000 --with-labels --label-delay 1m >january.ndjson
	[[ $words != *" january "* ]] || txgen -q -n 500 >january.ndjson
	[[ $words != *" logistic "* ]] || echo '{"model":"logistic","intercept":-4,"coefficients":[0.001,0.5,0.7],"missing":[0,0,0]}' >fraud.json
	[[ $words != *" my.ndjson "* ]] || txgen -q -n 300 | fraudcheck >my.ndjson
	[[ $words != *" events "* ]] || printf '{"user_id":"u%d"}\n' 1 2 3 >events.ndjson
	[[ $words != *" health "* ]] || txgen -q -n 10 | kproduce --metrics kproduce.prom
	case $words in *" tables "* | *" loaded "* | *" dead "*) pgload --init >/dev/null || return ;; esac
	[[ $words != *" dead "* ]] || echo '{"transaction_id":1}' | pgload >/dev/null || return
	[[ $words != *" loaded "* ]] || "$root/scripts/seed-dims" >/dev/null || return
	if [[ $words == *" loaded "* && $words == *" kmock "* ]]; then
		# by number: the mock would let the example's own group wait for a session
		kconsume -q -e -p 0,1,2,3 --stream fraud | fraudcheck | pgload -q >/dev/null || return
	elif [[ $words == *" loaded "* ]]; then
		txgen -q -n 1000 | fraudcheck | pgload -q >/dev/null || return
	fi
	[[ $words != *" marts "* ]] || aggregate build -q >/dev/null || return
	[[ $words != *" another "* ]] || export another=$2_restored
	[[ $words != *" streaming "* ]] || scripts/stream start
}

# A script that runs until it is ended: that happens when the command succeeds. Its exit status is the script's.
until_then() { # COMMAND...
	local pid
	set -m
	bash -c 'trap : TERM; set -o pipefail; source ./script' &
	pid=$!
	set +m
	wait_for 30 "$@" || return 90
	kill -TERM -- "-$pid"
	wait "$pid"
}

carry_out() { # WORDS
	local words=" $1 " pid status
	case $words in
	*" rules "*) fraudcheck -f script --check >/dev/null && txgen -q -n 10 | fraudcheck -f script >/dev/null ;;
	*" record "*) tr -d '\n' <script | fraudcheck | jq -e '._kafka.offset == 42 and .is_fraud == false' ;;
	*" reload "*) # line by line, as somebody types
		head -1 script >first
		tail -n +2 script >then
		timeout 120 bash -c 'source ./first; until [ -s verdicts.ndjson ]; do sleep 0.05; done
			source ./then; until grep -q reloaded err; do sleep 0.05; done; kill $!'
		;;
	*" served "*) # at a port that is free
		sed -i 's|:8080|:0|' script
		until_then grep -q http: err
		;;
	*" asked "*)
		txdash -l 127.0.0.1:0 2>served &
		pid=$!
		wait_for 30 grep -q http: served || return 90
		sed -i "s|http://127.0.0.1:8080|$(sed -n 's|.*\(http:.*\)/$|\1|p' served)|" script
		bash -c 'set -o pipefail -e; source ./script' && kill "$pid" && wait "$pid"
		;;
	*" metabase "*)
		perl "$root/tests/metabase.pl" "$PWD/port" "$PWD/api" >requests &
		pid=$!
		wait_for 30 test -s port || return 90
		echo Grün-9-Haus | tee admin.password >role.password
		sed -i "s|localhost:3000|127.0.0.1:$(cat port)|" script
		bash -c 'set -o pipefail -e; source ./script' && grep -q 'the dashboard' err
		status=$?
		kill "$pid"
		return "$status"
		;;
	*" cron "*) until_then grep -q '^txpipe_cron_runs_total 1' cron.prom ;;
	*" until "*)
		if [[ $words == *" postgres "* ]]; then until_then examples_stored; else until_then examples_grown "$(examples_log)"; fi
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
	[ ! -d txpipe ] || XDG_STATE_HOME=$PWD "$root/scripts/stream" stop >/dev/null 2>&1 || true
	[ ! -d txpipe/kafka ] || XDG_STATE_HOME=$PWD "$root/scripts/kafka" stop >/dev/null 2>&1 || true
	[ -z "$kmock" ] || kill "$kmock"
}

# Carry out what lies in FOLDER, six at a time, since most of them wait; a check for each.
examples_run() { # FOLDER
	local one
	chmod 777 "$1"
	for one in "$1"/*; do
		while [ "$(jobs -rp | wc -l)" -ge 6 ]; do wait -n; done
		example "$one" &
	done
	wait
	for one in "$1"/*; do
		is "$(cat "$one/title")" "$(cat "$one/status")" 0
		[ "$(cat "$one/status")" = 0 ] || head -20 "$one/err" | sed 's/^/# /'
	done
}

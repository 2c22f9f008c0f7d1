#!/bin/bash
# A secret in the arguments, which everybody on the machine can read, is refused by every tool and repeated by none. What else could show one:
# tests/e2e/tls.t.
source "$(dirname "$0")/../tap.sh"
cd "$work" || exit 1
secret=open-sesame-$RANDOM$RANDOM
refused() { # WHY WORDS COMMAND...
	exits 2 "$1" "${@:3}"
	like "… in words" "$(cat err)" "$2"
	is "… is not repeated" "$(grep -c "$secret" err out | paste -sd' ')" 'err:0 out:0'
}

for tool in 'kconsume -L' kproduce 'txdash --once'; do
	for property in sasl.password ssl.key.password ssl.keystore.password ssl.key.pem sasl.oauthbearer.client.secret sasl.oauthbearer.config; do
		refused "${tool%% *} -X $property in the arguments" "a secret in the arguments is visible to all; write it into a file and give -X $property=@FILE" \
			$tool -b 127.0.0.1:9 -X "$property=$secret"
	done
	refused "${tool%% *} -X topic.sasl.password, which is the same" '.' $tool -b 127.0.0.1:9 -X "topic.sasl.password=$secret"
done
for tool in "pgload -q" "aggregate status --project-dir $root/aggregate/marts" "txdash --once"; do
	for conninfo in "host=localhost password=$secret" "host=localhost sslpassword=$secret" "postgresql://ann:$secret@localhost/txpipe" \
		"postgresql://localhost/txpipe?password=$secret"; do
		refused "${tool%% *}: a password in -d, ${conninfo%%"$secret"*}" 'a password in the connection string is visible to all' $tool -d "$conninfo"
	done
	refused "${tool%% *}: … in one that cannot be read" 'connection string' $tool -d "host=localhost passwort=$secret"
	refused "${tool%% *}: … or not at all" 'connection string' $tool -d "host='localhost password=$secret"
done

# what a file says may be shown where it is wrong, but not a secret
echo "sasl.password=$secret" | tr -d '\n' >file
printf 'ssl.key.pem=%s\n' "$secret" >wrong.conf
refused "a key that is none, in -F" 'wrong.conf:1: the value is refused|librdkafka refuses the configuration' kconsume -L -b 127.0.0.1:9 -F wrong.conf -X security.protocol=SSL
refused "… and in a file of its own" 'the value is refused|librdkafka refuses the configuration' kconsume -L -b 127.0.0.1:9 -X security.protocol=SSL -X ssl.key.pem=@file
finish

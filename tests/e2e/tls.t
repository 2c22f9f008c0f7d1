#!/bin/bash
# Kafka by TLS and SASL, PostgreSQL by TLS, with a certificate authority of this test's own: the whole path runs, whoever is not trusted is refused with
# words and status 2, and no secret is to be seen in arguments, messages or metrics.
source "$(dirname "$0")/../tap.sh"
cd "$work" || exit 1
pgport=0
while [ "$pgport" -eq 0 ] || (exec 3<>"/dev/tcp/127.0.0.1/$pgport") 2>/dev/null; do pgport=$((12000 + (RANDOM * 32768 + RANDOM) % 20000)); done

# --- certificates -------------------------------------------------------------------------------------------------------------------
ca() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" -days 2 -subj "/CN=$1" 2>/dev/null; }
certificate() { # NAME CA ALTERNATIVE-NAME [DAYS]: NAME.key, NAME.crt, NAME.pem with both
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null &&
		openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days "${4-2}" -out "$1.crt" \
			-extfile <(echo "subjectAltName=$3") 2>/dev/null && cat "$1.key" "$1.crt" >"$1.pem"
}
mkdir server
ca authority && ca stranger && certificate broker authority DNS:localhost && certificate database authority DNS:localhost &&
	certificate client authority DNS:client && certificate nobody stranger DNS:client || exit 1
cp database.crt database.key server && chmod 600 server/database.key

# --- servers ------------------------------------------------------------------------------------------------------------------------
secret=open-sesame-$RANDOM$RANDOM
wrong=simsalabim-$RANDOM$RANDOM
echo "$secret" >password
echo "$wrong" >wrong
cat >kafka.conf <<END
ssl.keystore.type=PEM
ssl.keystore.location=$work/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location=$work/authority.pem
listener.name.ssl.ssl.client.auth=required
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_bob="$secret";
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
END
start_kafka --listener SSL --listener SASL_SSL --config kafka.conf
"$root/scripts/kafka" user -D "$work/kafka" ann password || exit 1
"$root/scripts/kafka" topic -D "$work/kafka" transactions 2 || exit 1
open=$KAFKA_BROKERS
ssl=${KAFKA_BROKERS_SSL:?} sasl=${KAFKA_BROKERS_SASL_SSL:?}

cat >server/hba <<'END'
local all postgres trust
hostssl all all 127.0.0.1/32 scram-sha-256
hostnossl all all 127.0.0.1/32 reject
END
[ "$EUID" -ne 0 ] || chown -R postgres server
start_postgres --tcp "$pgport" -c ssl=on -c "ssl_cert_file=$work/server/database.crt" -c "ssl_key_file=$work/server/database.key" \
	-c "hba_file=$work/server/hba"
pgload -q --init >/dev/null && psql -X -q -v ON_ERROR_STOP=1 -f "$root/deploy/postgresql/roles.sql" || exit 1
psql -X -q <<<"alter role pgload_writer password '$secret'; alter role aggregate_owner password '$secret'; alter role txdash_reader password '$secret'"
socket=$PGHOST
printf 'localhost:%s:txpipe:*:%s\n' "$pgport" "$secret" >pgpass
printf 'localhost:%s:txpipe:*:%s\n' "$pgport" "$wrong" >wrong.pgpass
chmod 600 pgpass wrong.pgpass
export PGSSLROOTCERT=$work/authority.pem PGPASSFILE=$work/pgpass
unset PGHOST PGPORT PGUSER PGDATABASE
admin() { PGHOST=$socket PGPORT=$pgport PGUSER=postgres PGDATABASE=txpipe "$@"; }

# --- the path, with everything in kcat's file ------------------------------------------------------------------------------------------
cat >kcat.conf <<END
bootstrap.servers=$sasl
security.protocol=SASL_SSL
ssl.ca.location=$work/authority.pem
sasl.mechanism=PLAIN
sasl.username=bob
sasl.password=$secret
END
chmod 600 kcat.conf
unset KAFKA_BROKERS
txgen -q -n 3000 --customers 100 --merchants 30 --from "$(date -u -d "-3 days" +%FT00:00:00Z)" 2>/dev/null >stream
produce() { kproduce "$@" <stream; }
KCAT_CONFIG=kcat.conf exits 0 "kproduce by SASL over TLS" produce
export PGHOST=localhost PGPORT=$pgport PGDATABASE=txpipe PGUSER=pgload_writer PGSSLMODE=verify-full
path() { KCAT_CONFIG=kcat.conf kconsume -q --resume -e | fraudcheck -q | pgload -q; }
exits 0 "kconsume --resume, fraudcheck, pgload by TLS as the role pgload_writer" path
is "all of it is stored" "$(admin sql 'select count(*) from fact_transaction')" 3000
is "the session was encrypted" "$(psql -X -At -c 'select ssl from pg_stat_ssl where pid = pg_backend_pid()')" t
exits 0 "dimensions, by the same way" "$root/scripts/seed-dims" --customers 100 --merchants 30
exits 0 "aggregate by TLS as its role" env PGUSER=aggregate_owner aggregate build -q --project-dir "$root/aggregate/marts"
admin psql -X -q -f "$root/deploy/postgresql/roles.sql"
exits 0 "txdash by TLS as its role, to Kafka too" env PGUSER=txdash_reader txdash --once -F kcat.conf
is "… with figures" "$(sed -n 's/^<script type="application\/json" id="report">\(.*\)<\/script>$/\1/p' out | jq '.cards.rows[0][0]')" 3000

# --- other ways in --------------------------------------------------------------------------------------------------------------------
T=(-b "$sasl" -X security.protocol=SASL_SSL -X "ssl.ca.location=$work/authority.pem" -X sasl.mechanism=PLAIN -X sasl.username=bob)
exits 0 "PLAIN over TLS, the password in a file" kconsume -L "${T[@]}" -X sasl.password=@password
M=(-b "$ssl" -X security.protocol=SSL -X "ssl.ca.location=$work/authority.pem")
exits 0 "a certificate of our own" kconsume -L "${M[@]}" -X ssl.certificate.location=client.crt -X ssl.key.location=client.key
exits 0 "… with the key as a text from a file" kconsume -L "${M[@]}" -X ssl.certificate.location=client.crt -X ssl.key.pem=@client.key
openssl ec -in client.key -aes128 -passout file:password -out locked.key 2>/dev/null
exits 0 "… with a key that has a password" kconsume -L "${M[@]}" -X ssl.certificate.location=client.crt -X ssl.key.location=locked.key -X ssl.key.password=@password

# --- who is refused, with status 2 and why ----------------------------------------------------------------------------------------------
refused() { # WHY WORDS COMMAND...
	local why=$1 words=$2
	shift 2
	exits 2 "$why" "$@"
	like "… in words" "$(cat err)" "$words"
}
trust='no trust between us and Kafka: .*certificate verify failed.*; see -X ssl\.\*'
refused "a broker whose authority we do not know" "$trust" kconsume -L -F kcat.conf -X ssl.ca.location=stranger.pem
refused "… whose authority nobody named" "$trust" kconsume -L "${T[@]/ssl.ca.location=*/client.id=x}" -X sasl.password=@password
refused "… for kproduce" "$trust" produce -F kcat.conf -X ssl.ca.location=stranger.pem
refused "… for kconsume in its group" "$trust" kconsume -F kcat.conf -X ssl.ca.location=stranger.pem
refused "a broker under another name" "$trust" kconsume -L -F kcat.conf -b "127.0.0.1:${sasl##*:}"
refused "we, without a certificate" 'no trust between us and Kafka: .*alert.*certificate' kconsume -L "${M[@]}"
refused "we, with one of another authority" 'no trust between us and Kafka: .*alert.*(certificate|unknown ca)' kconsume -L "${M[@]}" -X ssl.certificate.location=nobody.crt -X ssl.key.location=nobody.key
refused "we, with a wrong password" 'Kafka refuses us: .*[Aa]uthentication' kconsume -L -F kcat.conf -X sasl.password=@wrong
refused "… for kproduce" 'Kafka refuses us: .*[Aa]uthentication' produce -F kcat.conf -X sasl.password=@wrong
# librdkafka before 2.6.1 repeats the client's nonce in SCRAM, which Kafka 4 does not let pass (librdkafka, pull request 4895).
S=(-F kcat.conf -X sasl.mechanism=SCRAM-SHA-512 -X sasl.username=ann)
if pkg-config --atleast-version 2.6.1 rdkafka; then
	exits 0 "SCRAM over TLS" kconsume -L "${S[@]}"
else
	refused "SCRAM, by a librdkafka that cannot speak it to this Kafka" 'Kafka refuses us: .*SCRAM-SHA-512' kconsume -L "${S[@]}"
fi
refused "we, as somebody unknown" 'Kafka refuses us: .*[Aa]uthentication' kconsume -L -F kcat.conf -X sasl.username=carl
refused "a mechanism that the broker has not" 'Kafka refuses us: .*[Mm]echanism' kconsume -L -F kcat.conf -X sasl.mechanism=SCRAM-SHA-256
exits 75 "no TLS where TLS is spoken: it could be a broker that starts" kconsume -L -b "$sasl"
like "… but it is said what it looks like" "$(cat err)" 'security.protocol'
is "nothing of all that was stored" "$(kcat -Q -b "$open" -t transactions:0:-1 -t transactions:1:-1 | awk '{ n += $NF } END { print n }')" 3000

refused "a server whose authority we do not know" 'cannot connect to PostgreSQL: .*certificate verify failed' pgload -d "sslrootcert=$work/stranger.pem" stream
refused "… whose authority nobody named" 'root certificate file .*does not exist' env HOME="$work" pgload -d "sslrootcert=$work/none.pem" stream
refused "… for aggregate" 'certificate verify failed' env PGUSER=aggregate_owner aggregate status -d "sslrootcert=$work/stranger.pem" --project-dir "$root/aggregate/marts"
refused "… for txdash" 'certificate verify failed' env PGUSER=txdash_reader txdash --once -d "sslrootcert=$work/stranger.pem" -b "$open"
refused "a server under another name" 'does not match host name' pgload -d "host=127.0.0.1" stream
refused "we, without TLS" 'no encryption' pgload -d "sslmode=disable" stream
refused "we, with a wrong password" 'password authentication failed' env PGPASSFILE=wrong.pgpass pgload stream
refused "… without one" 'no password supplied' env PGPASSFILE=/dev/null pgload stream
exits 75 "kconsume --resume does not begin, whatever positions failed by" env PGPASSFILE=wrong.pgpass KCAT_CONFIG=kcat.conf kconsume --resume -e
like "… which it says" "$(cat err)" 'password authentication failed'
is "nothing of all that was stored, either" "$(admin sql 'select count(*) from fact_transaction')" 3000

# --- secrets ------------------------------------------------------------------------------------------------------------------------
# Everything says all it can, and runs: what others can see of it, and what it leaves behind.
mkfifo hold
{ head -500 stream; exec sleep 600; } >hold &
holder=$!
kproduce -vv -F kcat.conf -X debug=all --metrics produce.prom <hold 2>produce.err &
producer=$!
mkfifo judge load
fraudcheck -vv <judge 2>judge.err >load &
pgload -vv --metrics load.prom <load >load.out 2>load.err &
kconsume -vv -F kcat.conf -X debug=all --resume --metrics consume.prom 2>consume.err >judge &
consumer=$!
PGUSER=txdash_reader txdash -vv -l 127.0.0.1:0 -F kcat.conf -X debug=all 2>dash.err &
page=$!
stop() { kill "$holder" "$producer" "$consumer" "$page" 2>/dev/null; }
at_exit stop
stored() { [ "$(admin sql 'select sum(rows) + sum(duplicates) from stream_position')" -ge 3500 ]; }
ok "all of it runs with all its words" wait_for 60 stored
ok "the page, too" wait_for 20 grep -q 'notice: http' dash.err
url=$(sed -n 's/^.*\(http:.*\)\/$/\1/p' dash.err | head -1)
reached() { [ "$(curl -s -m 20 "$url/api/live" | jq -r .kafka.up)" = true ]; }
ok "… with Kafka behind it" wait_for 30 reached
curl -s -m 20 "$url/metrics" >dash.prom
curl -s -m 20 "$url/api/live" >dash.live
seen=0
for process in /proc/[0-9]*; do # of ours: all that have this test's folder or a tool's name in their arguments
	case $(readlink "$process/exe" 2>/dev/null) in */kproduce | */kconsume | */fraudcheck | */pgload | */txdash) tr '\0' ' ' <"$process/cmdline" && echo && seen=$((seen + 1)) ;; esac
done >arguments 2>/dev/null
ok "their arguments can be seen" [ "$seen" -ge 5 ]
is "the password is in none of them" "$(grep -c "$secret" arguments)" 0
ok "they did say a lot" [ "$(cat ./*.err | wc -l)" -gt 200 ]
is "the password is in none of their messages" "$(grep -l "$secret" ./*.err)" ''
is "… nor as base64" "$(grep -lF -e "$(printf %s "$secret" | base64)" -e "$(printf '\0bob\0%s' "$secret" | base64)" ./*.err)" ''
is "… nor in metrics, nor in what the page tells" "$(grep -l "$secret" ./*.prom dash.live load.out)" ''
stop
wait
finish

#!/bin/bash
# pgload without a stream: files and pipes, what is rejected and why, duplicates and conflicts, upserts, labels, dead letters, statuses.
. "$(dirname "$0")/../tap.sh"
start_postgres

note "--init"
exits 2 "without the tables" pgload </dev/null
like "says what to do" "$(cat "$work/err")" 'run pgload --init'
is "--init makes them" "$(pgload --init | jq -r .name | tr '\n' ' ')" "tables positions changes parts holes track letters "
before=$(pg_dump -s | grep -v '^\\')
is "again: nothing" "$(pgload --init; echo $?)" 0
is "the schema is the same" "$(pg_dump -s | grep -v '^\\')" "$before"
sql "insert into txpipe_schema values (999, 'later')"
exits 2 "tables of a later version are left alone" pgload --init
sql "delete from txpipe_schema where version = 999"
createdb earlier
for step in 0001_tables 0002_positions 0003_changes; do PGDATABASE=earlier psql -X -q -1 -f "$root/pgload/sql/schema_$step.sql"; done
exits 2 "tables of an earlier version" env PGDATABASE=earlier pgload /dev/null
like "… are brought up to date by whom it says" "$(cat "$work/err")" 'earlier version: run pgload --init'
createdb old
PGDATABASE=old sql "create table fact_transaction (transaction_id uuid primary key, amount float8, note text);
	insert into fact_transaction values ('00000000-0000-4000-8000-000000000001', 1.5, 'mine')" >/dev/null
ok "a table of that name that is there already" env PGDATABASE=old pgload --init
is "keeps its rows and columns and gets the suite's own" \
	"$(PGDATABASE=old sql "select amount, note, extra is null, xid is not null from fact_transaction")" "1.5|mine|t|t"
createdb steps
for f in "$root"/pgload/sql/schema_*.sql; do PGDATABASE=steps psql -X -q -1 -v ON_ERROR_STOP=1 -f "$f" || break; done
is "psql runs the steps, too" "$(PGDATABASE=steps pg_dump -s -T txpipe_schema | grep -v '^\\')" "$(pg_dump -s -T txpipe_schema | grep -v '^\\')"
is "two at once" "$(for i in 1 2 3; do (createdb "twice$i"; PGDATABASE=twice$i pgload --init >/dev/null & PGDATABASE=twice$i pgload --init >/dev/null; a=$?; wait $!; echo $? $a); done | sort -u)" "0 0"

# tx N [MEMBERS]: a transaction; members given later in the text replace nothing, so leave out what you replace.
tx() { printf '{"transaction_id":"00000000-0000-4000-8000-%012d","transaction_ts":"2026-01-01T00:00:00.5Z","customer_id":"00000000-0000-4000-9000-000000000001","merchant_id":"00000000-0000-4000-a000-000000000001","amount":%s,"currency":"EUR","is_foreign":false,"is_fraud":%s%s}\n' "$1" "${2-1.50}" "${3-false}" "${4-}"; }
# the counts of all commits: rows, duplicates, dead letters, labels
load() { pgload "$@" | jq -r '[.rows,.duplicates,.dead_letters,.labels] | @tsv' | awk '{ for (i = 1; i <= 4; i++) n[i] += $i } END { print n[1]+0, n[2]+0, n[3]+0, n[4]+0 }'; }
fresh() { sql "truncate fact_transaction, dead_letter, fraud_label, stream_position" >/dev/null; }

note "rows"
tx 1 7.6 true ',"fraud_score":12.5,"fraud_reasons":["a","b\"c"],"ruleset":"r1","device_id":"d\u00e9\n","latitude":48.1,"n" : [1, 2.50],"xid":"7","loaded_at":"2000-01-01T00:00:00Z","extra":{"deep":1e2}' >"$work/one"
is "a row" "$(load "$work/one")" "1 0 0 0"
is "as it was written" "$(sql "select amount, is_fraud, fraud_score, fraud_reasons, ruleset, device_id, latitude, longitude is null, transaction_ts from fact_transaction")" \
	$'7.6000|t|12.5|{a,"b\\"c"}|r1|dé\n|48.1|t|2026-01-01 00:00:00.5+00'
is "other members, and the suite's own names, are extra" "$(sql "select extra from fact_transaction")" \
	'{"n": [1, 2.50], "xid": "7", "extra": {"deep": 100}, "loaded_at": "2000-01-01T00:00:00Z"}'
is "loaded_at and xid are the server's" "$(sql "select loaded_at > '2020-01-01', xid < pg_current_xact_id() from fact_transaction")" "t|t"
is "the same file again" "$(load "$work/one")" "0 1 0 0"
is "escaped names find their columns" "$(tx 2 | sed 's/"amount"/"am\\u006funt"/' | load)" "1 0 0 0"
is "no newline at the end" "$(tx 3 | head -c -1 | load)" "1 0 0 0"
is "CRLF and empty lines" "$(tx 4 | sed 's/$/\r\n\r/' | load)" "1 0 0 0"
is "two files and a pipe" "$(tx 5 | load "$work/one" - "$work/one")" "1 2 0 0"

note "duplicates and conflicts"
fresh
{ tx 1; tx 1; tx 1 1.5; tx 1 1.500 true ',"ruleset":"other"'; tx 1 1.51; tx 2; } >"$work/in"
is "in one batch" "$(load "$work/in")" "2 3 1 0"
is "the first stays" "$(sql "select amount, is_fraud from fact_transaction order by 1, 2")" $'1.5000|f\n1.5000|f'
is "the conflict says where" "$(sql "select reason, detail, source, line, convert_from(raw, 'utf8') from dead_letter")" \
	"conflicting_duplicate|fact_transaction has another record of this key, different in amount|$work/in|5|$(tx 1 1.51)"
is "again, one record a batch" "$(load --batch 1 "$work/in")" "0 5 1 0"
is "the same dead letter is kept once" "$(sql "select count(*) from dead_letter")" 1
is "and in another file it is another" "$(load <"$work/in") $(sql "select count(*) from dead_letter")" "0 5 1 0 2"

note "rejects"
fresh
# reason, then the line
{
	cat <<-'END'
	not_json	not json
	not_json	{"a":1
	not_object	[1]
	not_object	7
	nul	{"a":"\u0000"}
	reserved_name	{"a":1,"_kafka":{}}
	reserved_name	{"\u005fkafka":1}
	reserved_name	{"_reject":{"by":1}}
	duplicate_name	{"a":1,"a":2}
	END
	printf 'not_utf8\t{"a":"\xff"}\n'
	printf 'missing_column\t%s\n' "$(tx 1 | sed 's/"currency":"EUR",//')"
	printf 'missing_column\t%s\n' "$(tx 1 null)"
	printf 'wrong_type\t%s\n' "$(tx 1 '"1.50"')"
	printf 'wrong_type\t%s\n' "$(tx 1 '{}')"
	printf 'wrong_type\t%s\n' "$(tx 1 1 '"true"')"
	printf 'wrong_type\t%s\n' "$(tx 1 1 0)"
	printf 'wrong_type\t%s\n' "$(tx 1 | sed 's/"EUR"/978/')"
	printf 'wrong_type\t%s\n' "$(tx 1 1 true ',"fraud_reasons":"high"')"
	printf 'wrong_type\t%s\n' "$(tx 1 1 true ',"fraud_reasons":[["high"]]')"
	printf 'out_of_range\t%s\n' "$(tx 1 100000000000000)"
	printf 'out_of_range\t%s\n' "$(tx 1 99999999999999.99995)"
	printf 'out_of_range\t%s\n' "$(tx 1 1e400)"
	printf 'out_of_range\t%s\n' "$(tx 1 1 true ',"latitude":1e400')"
	printf 'out_of_range\t%s\n' "$(tx 1 1 true ',"x":1e999999')"
	printf 'bad_uuid\t%s\n' "$(tx 1 | sed 's/-9000-/-9-/')"
	printf 'bad_timestamp\t%s\n' "$(tx 1 | sed 's/00.5Z/00.5/')"
	printf 'bad_timestamp\t%s\n' "$(tx 1 | sed 's/2026-01-01/2026-02-30/')"
	printf 'lone_surrogate\t%s\n' "$(tx 1 1 true ',"device_id":"\ud800"')"
	printf 'lone_surrogate\t%s\n' "$(tx 1 1 true ',"x":{"y":["\ud800\ud800"]}')"
	printf 'lone_surrogate\t%s\n' "$(tx 1 1 true ',"\udc00":1')"
} >"$work/cases"
cut -f2- "$work/cases" >"$work/in"
is "each broken record is a dead letter" "$(load "$work/in")" "0 0 $(wc -l <"$work/in") 0"
is "with its reason" "$(sql "select reason from dead_letter order by line")" "$(cut -f1 "$work/cases")"
is "its line, byte for byte" "$(psql -XqAt -c "select encode(raw, 'hex') from dead_letter order by line" | perl -ne 'chomp; print pack("H*", $_)' | sha256sum)" \
	"$(tr -d '\n' <"$work/in" | sha256sum)"
is "and a file is read twice without doubles" "$(load "$work/in" >/dev/null; sql "select count(*) from dead_letter")" "$(wc -l <"$work/in")"
head -c 3000000 /dev/zero | tr '\0' x >"$work/long"
is "a line beyond the limit" "$( (cat "$work/long"; echo; tx 1) | load) $(sql "select reason, octet_length(raw), raw_bytes, raw_sha256 from dead_letter where source = '-'")" \
	"1 0 1 0 too_long|262144|3000000|$(sha256sum <"$work/long" | cut -d' ' -f1)"
is "good records around broken ones are stored" "$( (echo x; tx 7; echo y; tx 8) | load)" "2 0 2 0"
(tx 9; tx 10 | head -c 50) | pgload >/dev/null 2>"$work/err"
is "a torn last line: status" "$?" 74
is "what came before is stored" "$(sql "select count(*) from fact_transaction where transaction_id::text like '%9'")" 1
printf '{"_reject":{"by":"fraudcheck","reason":"failed_check","detail":"d","source":"in.json","line":12,"raw":"{\\"a\\":1}"}}\n' >"$work/in"
is "a reject of another tool" "$(load "$work/in") $(sql "select \"by\", reason, detail, source, line, convert_from(raw, 'utf8') from dead_letter where reason = 'failed_check'")" \
	'0 0 1 0 fraudcheck|failed_check|d|in.json|12|{"a":1}'
is "--max-rejects" "$(pgload --max-rejects 0 "$work/in" 2>/dev/null >&2; echo $?)" 1

note "--dead-letters"
fresh
(echo 'x"y'; printf '\xff\n'; tx 1 '"7"') | load >/dev/null
is "are rejects, with coordinates" "$(pgload --dead-letters | jq -c '[._reject.reason, ._reject.source, ._reject.line, ._reject.target]')" \
	'["not_json","-",1,"fact_transaction"]'$'\n''["not_utf8","-",2,"fact_transaction"]'$'\n''["wrong_type","-",3,"fact_transaction"]'
is "and with nothing beside: kproduce sends the bytes again" "$(pgload --dead-letters | jq -c keys | sort -u)" '["_reject"]'
is "with the bytes" "$(pgload --dead-letters | jq -r '._reject | .raw // .raw_base64')" 'x"y'$'\n''/w=='$'\n'"$(tx 1 '"7"')"
is "which can be mended" "$(pgload --dead-letters | jq -r '._reject.raw // empty' | sed 's/"7"/7/' | grep trans | load)" "1 0 0 0"
sql "update dead_letter set resolved_at = now() where line = 1" >/dev/null
is "what is resolved is not shown" "$(pgload --dead-letters | wc -l)" 2
is "--since" "$(pgload --dead-letters --since 1h | wc -l) $(pgload --dead-letters --since 2999-01-01T00:00:00Z | wc -l)" "2 0"
is "--stream" "$(pgload --dead-letters --stream none | wc -l)" 0
exits 2 "--since that is no time" pgload --dead-letters --since yesteryear
is "fed back, they are the same dead letters" "$(pgload --dead-letters >"$work/in"; load "$work/in"; sql "select count(*) from dead_letter")" "0 0 2 0"$'\n'3

note "labels"
fresh
lbl() { printf '{"label_for":"00000000-0000-4000-8000-%012d","label_ts":"2026-01-%02dT00:00:00Z","is_fraud":%s}\n' "$1" "$2" "$3"; }
is "go to fraud_label" "$( (tx 1; lbl 1 5 true; lbl 2 5 false) | load)" "1 0 0 2"
is "the latest wins" "$( (lbl 1 7 false; lbl 1 6 true; lbl 2 4 true) | load) $(sql "select is_fraud from fraud_label order by 1" | tr '\n' ' ')" "0 0 0 3 f f "
is "a broken one is a dead letter" "$(lbl 1 7 '"x"' | load)" "0 0 1 0"

note "--upsert"
sql "create table item (id int primary key, name text, price numeric(8,2), kind text unique, at timestamptz default now())" >/dev/null
is "replaces rows, the last wins" "$(printf '{"id":%d,"name":"%s","price":%s}\n' 1 a 1 2 b 2 1 c 3.456 | load -t item --upsert)" "3 0 0 0"
is "in one batch and over batches" "$(printf '{"id":2,"name":"d"}\n' | load -t public.item --upsert) $(sql "select id, name, price from item order by id" | tr '\n' ' ')" \
	"1 0 0 0 1|c|3.46 2|d| "
is "by another key" "$(printf '{"id":%d,"kind":"%s"}\n' 7 k 8 k | load -t item --upsert=kind) $(sql "select id from item where kind = 'k'")" "2 0 0 0 8"
is "a row that is the same is not written again" "$(sql "select xmin from item order by id" >"$work/a"; printf '{"id":1,"name":"c","price":3.46}\n' >"$work/in"
	sql "alter table item alter at drop default; update item set at = null" >/dev/null; x=$(sql "select xmin from item where id = 1"); load -t item --upsert "$work/in" >/dev/null; [ "$x" = "$(sql "select xmin from item where id = 1")" ] && echo same)" same
exits 2 "a column that is not there" pgload -t item --upsert=nope "$work/in"
exits 2 "a key that no constraint makes unique" pgload -t item --upsert=name "$work/in"
is "dimensions of txgen" "$(txgen -q customers --customers 50 2>/dev/null | load -t dim_customer --upsert) $(sql "select count(*) from dim_customer")" "50 0 0 0 50"

note "any table"
sql 'create schema other; create table other."Odd Name" (
	id bigint generated by default as identity primary key, "Größe" int2, made int generated always as (1) stored, d text not null default $$x$$, label_for text)' >/dev/null
is "by the names of its columns, defaults where nothing is said" "$(printf '%s\n' '{"Größe":3}' '{"Größe":4,"d":"y","label_for":"z"}' | load -t 'other."Odd Name"') $(sql 'select "Größe", d, made, label_for from other."Odd Name" order by 1' | tr '\n' ' ')" \
	"2 0 0 0 3|x|1| 4|y|1|z "
is "a member without a column is dropped" "$(printf '%s\n' '{"Größe":5,"what":1}' '{"what":2}' | pgload -t 'other."Odd Name"' 2>&1 >/dev/null | grep -c 'the member is dropped')" 1
sql "create table nokey (a int)" >/dev/null
is "a table without a key takes doubles" "$(printf '{"a":1}\n{"a":1}\n' | load -t nokey)" "2 0 0 0"
exits 2 "a table that is not there" pgload -t no_such_table </dev/null

note "--dry-run"
fresh
(tx 1; echo x) | pgload --dry-run >"$work/out"
is "says what it would do" "$(jq -c '[._reject.reason, .rows, .dead_letters, .dry_run]' "$work/out")" '["not_json",null,null,null]'$'\n''[null,1,1,true]'
is "and does nothing" "$(sql "select (select count(*) from fact_transaction) + (select count(*) from dead_letter)")" 0

note "the environment"
exits 75 "no server" pgload -d "host=$work/nowhere dbname=x" --patience 0 </dev/null
is "one line says so" "$(wc -l <"$work/err")" 1
exits 2 "no such database" pgload -d "dbname=nowhere" </dev/null
exits 2 "a malformed connection string" pgload -d "dbname=x password=hush hu sh" </dev/null
is "the password is not told" "$(grep -c hush "$work/err")" 0
exits 2 "an unknown option" pgload --nope
exits 2 "a number that is none" pgload --batch many
exits 74 "a file that is not there" pgload "$work/nowhere"
sql "create role weak login; grant select on all tables in schema public to weak" >/dev/null
exits 2 "a role that may not write" env PGUSER=weak pgload "$work/one"
tx 50 | pgload >/dev/full 2>"$work/err"
is "stdout on a full disk: status" "$?" 74
like "says so" "$(cat "$work/err")" 'pgload: error: '
mkfifo "$work/pipe"
sleep 10 >"$work/pipe" & feeder=$!
pgload <"$work/pipe" 2>"$work/err" | true
is "the reader of stdout goes away: status" "${PIPESTATUS[0]}" 74
is "silently" "$(cat "$work/err")" ""
kill "$feeder"
(tx 60; exec sleep 30) >"$work/pipe" & feeder=$!
pgload --grace 1s <"$work/pipe" >"$work/out" & loader=$!
wait_for 5 test -s "$work/out"
is "an idle stream is committed at once" "$(sql "select count(*) from fact_transaction where transaction_id::text like '%60'")" 1
kill -TERM "$loader"
wait "$loader"
is "SIGTERM: status" "$?" 0
kill "$feeder"
tx 61 | pgload --metrics "$work/m.prom" >/dev/null
like "--metrics" "$(cat "$work/m.prom")" 'txpipe_pgload_rows_total.target="fact_transaction". 1'

note "what changes leave behind"
fresh
tx 1 | load >/dev/null
sql "update fact_transaction set amount = 9" >/dev/null
sql "delete from fact_transaction" >/dev/null
is "old images" "$(sql "select amount, xid < retracted_by from fact_transaction_retracted order by retracted_by" | tr '\n' ' ')" "1.5000|t 9.0000|t "
finish

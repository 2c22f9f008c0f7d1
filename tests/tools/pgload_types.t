#!/bin/bash
# Each encoder against the server's own text input: the same value goes in once by pgload and once as text, and both must agree, also in what
# is refused.
. "$(dirname "$0")/../tap.sh"
start_postgres
pgload --init >/dev/null || exit 1

sql "create table sample (type text, id serial, value json, primary key (type, id));
	-- what the server makes of the text of a JSON value, or null where it refuses it
	create function try_cast(value text, type text) returns text language plpgsql as \$\$
	declare result text;
	begin
		execute format('select (%L::%s)::text', value, type) into result;
		return result;
	exception when others then return null;
	end \$\$" >/dev/null

# agrees TYPE: the samples of that type.
agrees() {
	local type=$1 n
	sql "drop table if exists t; create table t (id int primary key, v $type)" >/dev/null
	sql "select format('{\"id\":%s,\"v\":%s}', id, value) from sample where type = '$type' order by id" >"$work/in"
	sql "truncate dead_letter" >/dev/null
	pgload -q -t t "$work/in" >/dev/null
	n=$(wc -l <"$work/in")
	is "$type: $n values as the server reads them" \
		"$(sql "set extra_float_digits = 1; select id, value, v::text as ours, try_cast(value #>> '{}', '$type') as theirs from sample left join t using (id)
			where type = '$type' and value::text <> 'null' and v::text is distinct from try_cast(value #>> '{}', '$type') limit 10")" ""
	is "$type: what is refused is a dead letter" "$(sql "select count(*) from dead_letter")" \
		"$(sql "select count(*) from sample where type = '$type' and value::text <> 'null' and try_cast(value #>> '{}', '$type') is null")"
}
# samples TYPE SELECT: rows of JSON text.
samples() { psql -X -q -v ON_ERROR_STOP=1 -c "select setseed(0.42); insert into sample (type, value) select '$1', v::json from ($2) s(v)" >/dev/null || exit 1; }
# given TYPE VALUE...: single ones.
given() { local type=$1 v; shift; for v; do printf "insert into sample (type, value) values ('%s', '%s');\n" "$type" "$v"; done | psql -X -q -v ON_ERROR_STOP=1; }

# Numbers of all sizes: up to 24 digits, a point somewhere, an exponent sometimes.
numbers="select (case when random() < .3 then '-' else '' end) || whole || fraction || exponent from (
	select regexp_replace(substr((random() * 1e15)::bigint::text || (random() * 1e9)::bigint::text, 1, 1 + (random() * 22)::int), '^0+(?=.)', '') as whole,
		case when random() < .7 then '.' || substr(lpad((random() * 1e9)::bigint::text, 9, '0') || (random() * 1e9)::bigint::text, 1, 1 + (random() * 14)::int) else '' end as fraction,
		case when random() < .3 then 'e' || (random() * 40 - 20)::int else '' end as exponent
	from generate_series(1, 3000)) n"
edges=(0 -0 0.0 0.00000 1 -1 10 100 1000 9999 10000 10001 99999999 0.1 0.0001 0.00001 0.00004 0.00005 0.000049999 0.99995 0.99994 9999.99995
	12345678901234.5678 99999999999999.9999 99999999999999.99994 99999999999999.99995 -99999999999999.99995 100000000000000 1e13 1e14 1E+2 1.5e-3
	7.6 7.5999999999999996 123456789.987654321 1e-4 5e-5 4.9e-5 1.50 1.500e1 1.5e-10 100e-2 0.1e1)
for type in numeric 'numeric(18,4)' 'numeric(6,6)' 'numeric(5,-2)' 'numeric(3,5)' float8 float4; do
	samples "$type" "$numbers"
	given "$type" "${edges[@]}"
done
given numeric 1e1000 1e131071 9.99e131071 1e131072 1e-16383 1e-16384 1.5e-16382 1.5e-16383 0e500 0e-16383 0e-16384
given float8 1e308 1.7976931348623157e308 1.7976931348623159e308 1e309 -1e309 5e-324 4e-324 2e-324 2.2250738585072014e-308 1e-400 0e-400 \
	9007199254740993 0.30000000000000004 2.4703282292062328e-324
given float4 3.4028235e38 3.4028236e38 1e39 1e-45 1e-46 16777217 0.1 1.00000017881393432617187499 1.00000017881393432617187500
for type in 'numeric(18,4)' 'numeric(5,-2)'; do given "$type" 1e-16383 1e-16384 0e-16383 0e-16384 12e-16384 0e-99999 0e99999 1e-1000000 0.00000e-16379; done
for type in numeric 'numeric(18,4)' 'numeric(6,6)' 'numeric(5,-2)' 'numeric(3,5)' float8 float4; do agrees "$type"; done

for type in int2 int4 int8; do
	given "$type" 0 -0 1 -1 127 32767 32768 -32768 -32769 2147483647 2147483648 -2147483648 -2147483649 9223372036854775807 9223372036854775808 \
		-9223372036854775808 -9223372036854775809 123456789012345678901234567890
	agrees "$type"
done
given bool true false
agrees bool

samples timestamptz "select to_json(to_char(t, 'YYYY-MM-DD\"T\"HH24:MI:SS.US') || zone)::text from (
	select timestamp '0001-02-01' + random() * interval '9998 years' as t, (array['Z', '+00:00', '+09:00', '-03:30', '+14:00'])[1 + (random() * 4)::int] as zone
	from generate_series(1, 2000)) s"
# the seven digits of .NET, and more: half of those that end with 5 are rounded down
samples timestamptz "select to_json('2026-01-01T00:00:00.' || substr(lpad((random() * 1e9)::bigint::text, 9, '0'), 1, 7 + (random() * 2)::int) || 'Z')::text
	from generate_series(1, 1000)"
samples timestamptz "select to_json('2026-01-01T00:00:00.' || lpad((random() * 1e6)::int::text, 6, '0') || '5Z')::text from generate_series(1, 1000)"
given timestamptz '"2026-01-01T00:00:00Z"' '"2024-02-29T23:59:59.999999Z"' '"2023-02-29T00:00:00Z"' '"1970-01-01T00:00:00.1Z"' '"2026-12-31T23:59:60Z"' \
	'"2026-01-01T00:00:00\u002B02:00"' '"2026\u002d01-01T00:00:00Z"' '"2026-01-01T00:00:00.0000005Z"' '"2026-01-01T00:00:00.0000015Z"' \
	'"2026-01-01T00:00:00.9999995Z"' '"2026-01-01T00:00:00.99999949999999999999999Z"' '"2026-13-01T00:00:00Z"' '"2026-01-01T24:01:00Z"' '"1999-12-31 23:59:59.5+00:00"' '"9999-12-31T23:59:59Z"' '"0001-01-01T00:00:00Z"'
agrees timestamptz
samples timestamp "select to_json(to_char(timestamp '0001-01-01' + random() * interval '9998 years', 'YYYY-MM-DD\"T\"HH24:MI:SS.US'))::text from generate_series(1, 500)"
agrees timestamp
samples date "select to_json(to_char(date '0001-01-01' + (random() * 3652058)::int, 'YYYY-MM-DD'))::text from generate_series(1, 500)"
given date '"2026\u002d02-28"' '"2026-02-29"' '"2024-02-29"' '"1969-12-31"' '"1970-01-01"' '"2000-01-01"' '"1999-12-31"'
agrees date

samples uuid "select to_json(case when random() < .5 then gen_random_uuid()::text else upper(gen_random_uuid()::text) end)::text from generate_series(1, 200)"
given uuid '"019b76da\u002db4ee-7529-ac80-99ec4e4185dc"' '"\u00e919b76da-b4ee-7529-ac80-99ec4e4185dc"' '"00000000-0000-0000-0000-00000000000g"' '""'
agrees uuid

texts=('""' '"a"' '"é"' '"\u00e9\ud83d\ude00"' '"a\\b\/\"\n\t\r\b\f"' '" lead and trail "' '"日本語テキスト"' '"quote '' and \u0027"' '"1234567890"' '"12345     "' '"éééééé"' '"ééééé"')
for type in text varchar 'varchar(5)' 'char(5)' bytea; do given "$type" "${texts[@]//\'/\'\'}"; done
given bytea '"\\xDEADbeef"' '"\\x"' '"\\xabc"' '"\\xzz"'
sql "delete from sample where type = 'bytea' and value::text like '%\\\\\\\\b%'" >/dev/null # a backslash not before x: pgload takes no octal escapes
for type in text varchar bytea; do agrees "$type"; done
# A cast cuts silently what an assignment refuses: compare with the latter.
sql "create or replace function try_cast(value text, type text) returns text language plpgsql as \$\$
	declare result text;
	begin
		execute format('create temp table cast_to (v %s) on commit drop', type);
		execute format('insert into cast_to values (%L)', value);
		select v::text into result from cast_to;
		drop table cast_to;
		return result;
	exception when others then return null;
	end \$\$" >/dev/null
agrees 'varchar(5)'
agrees 'char(5)'
for type in 'bit(3)' 'varbit(3)' bit; do
	given "$type" '"101"' '"1"' '"10"' '"1010"' '"0"' '"2"' '""'
	agrees "$type"
done

note "arrays, JSON, and types that the server casts"
sql "create type mood as enum ('sad', 'happy'); create domain cents as int check (value >= 0); create domain deep as cents not null;
	create table many (id int primary key, a text[], b varchar(3)[], c int[], d jsonb, e json, f mood, g inet, h deep, i interval, j mood[], k time)" >/dev/null
cat >"$work/in" <<'END'
{"id":1,"h":1,"a":["x",null,"y,\"z","\u00e9"],"b":["abc"],"c":[1,2,null],"d":{"a":1.50,"b":[true,null,"\ud83d\ude00"]},"e":{"a" : 1.50},"f":"happy","g":"10.0.0.0/8","i":"1 day 02:00","j":["sad","happy"],"k":"12:30"}
{"id":2,"h":2,"a":[],"b":[],"c":[],"d":"s","e":7,"j":[]}
{"id":3,"h":3,"a":[[]]}
{"id":4,"h":4,"b":["abcd"]}
{"id":5,"h":5,"c":["x"]}
{"id":6,"h":6,"f":"angry"}
{"id":7,"h":-7}
{"id":8}
{"id":9,"h":9,"g":"nowhere"}
{"id":10,"h":10,"c":{"a":1}}
{"id":11,"h":11,"d":{"a":1e999999}}
END
sql "truncate dead_letter" >/dev/null
pgload -q -t many "$work/in" >/dev/null
is "as the server would store them" "$(sql "select * from many order by id")" \
	'1|{x,NULL,"y,\"z",é}|{abc}|{1,2,NULL}|{"a": 1.50, "b": [true, null, "😀"]}|{"a" : 1.50}|happy|10.0.0.0/8|1|1 day 02:00:00|{sad,happy}|12:30:00
2|{}|{}|{}|"s"|7|||2||{}|'
is "or refused, here or there" "$(sql "select line, reason from dead_letter order by line" | tr '\n' ' ')" \
	"3|wrong_type 4|refused_by_server 5|refused_by_server 6|refused_by_server 7|refused_by_server 8|missing_column 9|refused_by_server 10|refused_by_server 11|out_of_range "
sql "create table lengths (id int primary key, c char(3)[], b bit(3)[], v varbit(3)[]); truncate dead_letter" >/dev/null
cat >"$work/lengths" <<'END'
{"id":1,"c":["abc","a","ab   "],"b":["101",null],"v":["1","111"]}
{"id":2,"c":["abcd"]}
{"id":3,"b":["1"]}
{"id":4,"b":["1111"]}
{"id":5,"v":["1111"]}
END
pgload -q -t lengths "$work/lengths" >/dev/null
is "no element is cut or filled up" "$(sql "select * from lengths order by id; select line, reason from dead_letter order by line" | tr '\n' ' ')" \
	'1|{abc,"a  ","ab "}|{101,NULL}|{1,111} 2|refused_by_server 3|refused_by_server 4|refused_by_server 5|refused_by_server '
is "and they compare" "$(pgload -t lengths "$work/lengths" | jq -c '[.rows,.duplicates,.dead_letters]')" "[0,1,4]"
is "read twice: the same rows" "$(pgload -t many "$work/in" | jq -c '[.rows,.duplicates,.dead_letters]')" "[0,2,9]"
finish

# Does cost grow with what is loaded, and only with that? Three sizes of input into tables of 0, 2 and 10 million rows, with ids of version 7 (as
# txgen makes them: time-ordered) and of version 4 (random: each touches a page of its own of the index). pgload alone: it is what meets the table.
# Each filled table is made once and copied as a database of its own for every run.
need_postgres
if [ -n "$small" ]; then
	sizes=(500 "$records") filled=(0 2000)
else
	[ -n "$given" ] || records=5000000
	sizes=($((records / 50)) $((records / 5)) "$records") filled=(0 2000000 10000000)
fi
all=$records
data=${data%-*}-$records
mkdir -p "$data"
inputs() { # of the largest size, and the smaller ones as its beginning
	local size
	judged_file
	for size in "${sizes[@]}"; do
		made "$data/v7.$size" head -n "$size" "$data/judged.ndjson"
		made "$data/v4.$size" random_ids "$size"
	done
}
random_ids() { # COUNT
	head -n "$1" "$data/judged.ndjson" | perl -pe 'BEGIN { srand 1 }
		s/"transaction_id":"[^"]*"/sprintf "\"transaction_id\":\"%08x-%04x-4%03x-%04x-%04x%08x\"", rand(2**32), rand(2**16), rand(2**12), 0x8000 + rand(2**14), rand(2**16), rand(2**32)/e'
}
# ROWS v4|v7: rows like the loaded ones, older than those to come
fill() {
	local id='gen_random_uuid()'
	[ "$2" = v4 ] || id="(lpad(to_hex(1735689600000 + i), 12, '0') || '7' || substr(md5(i::text), 1, 3) || '8' || substr(md5(i::text), 4, 15))::uuid"
	sql 'drop database if exists filled' 'create database filled'
	PGDATABASE=filled pgload --init -q >/dev/null
	[ "$1" -eq 0 ] || PGDATABASE=filled sql "insert into fact_transaction ($columns)
		select $id, '2025-01-01Z'::timestamptz + i * interval '1 ms', md5((i % 10000)::text)::uuid, md5((i % 1000)::text)::uuid, (i % 100000) / 100.0, 'USD', 47.60132,
			-122.39658, 'dev-' || substr(md5((i % 20000)::text), 1, 16), 'credit_card', false, false, 0, '{}', 'cb729d574cee', null
		from generate_series(1, $1) i"
}
# A server that has run for a while writes its log into files that it has used before; a new one makes them, which takes as long as the
# first million rows themselves.
make_log_files() { # MB
	sql "alter system set min_wal_size = '$1MB'" 'select pg_reload_conf()' \
		"select count(pg_logical_emit_message(false, 'bench', repeat('x', 16 << 20))) from generate_series(1, $1 / 16)" \
		'checkpoint' >/dev/null
}
load() { # ROWS-THERE IDS SIZE
	sql 'drop database if exists txpipe_run' 'create database txpipe_run template filled strategy file_copy' 'checkpoint'
	records=$3
	PGDATABASE=txpipe_run timed -i "$data/$2.$3" pgload -q
	record seconds "$(number "$(spent all 2) / 1000")"
	expect rows "$(PGDATABASE=txpipe_run sql 'select count(*) from fact_transaction')" "$(($1 + $3))"
}

inputs
make_log_files "$([ -n "$small" ] && echo 80 || echo 4096)"
tool=ours pair=-
for ids in v7 v4; do
	for rows in "${filled[@]}"; do
		say "growth: a table of $rows rows with ids of version ${ids#v}"
		fill "$rows" "$ids"
		for ((round = 1; round <= rounds; round++)); do
			for size in "${sizes[@]}"; do
				what="${ids}_into_${rows}_rows:_$size"
				load "$rows" "$ids" "$size"
				say "$what, round $round of $rounds$(last_figures)"
			done
		done
	done
done
sql 'alter system reset min_wal_size' 'select pg_reload_conf()' >/dev/null # for the benchmark that may come next
records=$all
"$here/picture" "$kept/growth.tsv" >"$kept/growth.svg"
say "growth: picture: $kept/growth.svg"

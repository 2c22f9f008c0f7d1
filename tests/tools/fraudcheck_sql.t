#!/bin/bash
# base_amount and the rules over it are what SQL computes: amount::float8 / units_per_base::float8, bit by bit.
source "$(dirname "$0")/../tap.sh"
start_postgres
cd "$work" || exit 1

txgen currencies >currencies.ndjson
txgen -n 20000 -s 21 --rate-of boundary=.3 --rate-of high_amount=.1 >tx.ndjson 2>counts.json
echo 'rule base +(base_amount) : true' >base.rules
fraudcheck tx.ndjson >seed.ndjson
fraudcheck -f base.rules tx.ndjson >base.ndjson
sql "create table line (source text, j jsonb); create table currency (j jsonb)"
for name in seed base; do
	sed 's/\\/\\\\/g; s/^/'"$name"'\t/' "$name.ndjson" | psql -X -q -c "copy line from stdin"
done
psql -X -q -c "copy currency from stdin" <currencies.ndjson
sql "create view judged as
	select l.source, (l.j->>'amount')::numeric::float8 / (c.j->>'units_per_base')::numeric::float8 as base_amount,
		(l.j->>'fraud_score')::float8 as score, (l.j->>'is_fraud')::boolean as is_fraud,
		(l.j->>'is_foreign')::boolean as is_foreign, (l.j->>'latitude')::float8 as latitude, (l.j->>'longitude')::float8 as longitude
	from line l left join currency c on c.j->>'currency' = l.j->>'currency'"
is "both sets are there" "$(sql 'select source, count(*) from judged group by 1 order by 1')" 'base|20000'$'\n''seed|20000'
ok "in several currencies" [ "$(sql "select count(distinct j->>'currency') from line")" -gt 5 ]
is "the quotient is the same double" "$(sql "select count(*) from judged where source = 'base' and base_amount is distinct from score")" 0
is "is_fraud is what an independent statement says" "$(sql "select count(*) from judged where source = 'seed' and is_fraud is distinct from
	(coalesce(base_amount > 3000, false) or coalesce(is_foreign, false) or coalesce(latitude not between -90 and 90, false)
	 or coalesce(longitude not between -180 and 180, false))")" 0
ok "amounts exactly at the threshold are among them" [ "$(sql "select count(*) from judged where source = 'seed' and base_amount = 3000")" -gt 10 ]
finish

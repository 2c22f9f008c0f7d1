#!/bin/bash
# The marts that compare verdicts with labels: labels that come late, change and go; against a statement of its own.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/marts.sh"
start_postgres
make_tables
fill_dimensions
export TXPIPE_PROJECT=$root/aggregate/marts

node() { jq -r --arg n "$1" "select(.node == \$n) | $2" "$work/out"; }
wrote() { node labelled_transaction '[.inserted, .updated, .deleted] | join(" ")'; }

# label FIRST LAST STEP DAY [IS_FRAUD]: of the transactions of those numbers, known on that day.
label() {
	sql "insert into fraud_label (label_for, label_ts, is_fraud, transaction_ts)
		select md5('t' || i)::uuid, '$4'::timestamptz, ${5:-true}, null from generate_series($1, $2, $3) i"
}

# The two marts, said once more from facts and labels, row by row. Prints what differs. Values may differ in the last digit.
differences() {
	sql "
	with f as (select f.*, (f.transaction_ts at time zone 'UTC')::date as day, f.amount / nullif(c.units_per_base, 0)::numeric as base, coalesce(l.is_fraud, false) as bad, l.label_ts
		from fact_transaction f left join dim_currency c using (currency) left join fraud_label l on l.label_for = f.transaction_id),
	newest as (select (max(label_ts) at time zone 'UTC')::date as day from f),
	daily as (select f.day, count(*) n, count(*) filter (where is_fraud) flagged, count(*) filter (where bad) frauds,
			count(*) filter (where bad and is_fraud) caught, coalesce(sum(base) filter (where bad), 0) risk,
			coalesce(sum(base) filter (where bad and is_fraud), 0) caught_value, coalesce(sum(base) filter (where is_fraud and not bad), 0) wrong,
			count(*) filter (where bad and base is null) unknown, coalesce(f.day <= (select day from newest) - 30, false) as settled
		from f group by 1),
	rule as (select f.day, r.rule, count(*) hits, count(*) filter (where bad) frauds, coalesce(sum(base) filter (where bad), 0) caught_value,
			coalesce(sum(base) filter (where not bad), 0) wrong, count(*) filter (where cardinality(fraud_reasons) = 1) alone,
			count(*) filter (where bad and cardinality(fraud_reasons) = 1) frauds_alone
		from f, unnest(fraud_reasons) r(rule) group by 1, 2)
	select 'daily', coalesce(d.day, m.day)::text, to_jsonb(d), to_jsonb(m) from daily d full join fraud_performance m using (day)
		where (d.n, d.flagged, d.frauds, d.caught, round(d.caught::numeric / nullif(d.flagged, 0), 6), round(d.caught::numeric / nullif(d.frauds, 0), 6), d.unknown, d.settled)
				is distinct from (m.transactions, m.flagged, m.frauds, m.caught, m.precision, m.recall, m.unknown_currency, m.settled)
			or (abs(d.risk - m.value_at_risk) <= 0.0001 and abs(d.caught_value - m.value_caught) <= 0.0001
				and abs(d.risk - d.caught_value - m.value_lost) <= 0.0002 and abs(d.wrong - m.value_wrongly_stopped) <= 0.0002) is not true
	union all
	select 'rule', coalesce(r.day, m.day) || ' ' || coalesce(r.rule, m.rule), to_jsonb(r), to_jsonb(m) from rule r full join rule_performance m using (day, rule)
		left join daily d using (day)
		where (r.hits, r.frauds, r.alone, r.frauds_alone, round(r.frauds::numeric / r.hits, 6), round(r.frauds::numeric / nullif(d.frauds, 0), 6), d.settled)
				is distinct from (m.hits, m.frauds, m.hits_alone, m.frauds_alone, m.precision, m.recall, m.settled)
			or (abs(r.caught_value - m.value_caught) <= 0.0001 and abs(r.wrong - m.value_wrongly_hit) <= 0.0002) is not true
			or abs(r.caught_value / nullif(d.risk, 0) - m.share_of_value_at_risk) > 0.00001"
}
# compared DESCRIPTION: build, then the marts are what the statement says, and what a count of everything says.
compared() {
	exits 0 "$1: build" aggregate build
	cp "$work/out" "$work/built"
	is "$1: the marts are right" "$(differences)" ''
	exits 0 "$1: verify" aggregate verify
	cp "$work/built" "$work/out"
}

# --- before any label
fill_facts 2026-01-01 1 3000
fill_facts 2026-01-02 3001 5000
compared 'no label'
is '… precision is none, recall not known, nothing settled' \
	"$(sql 'select distinct precision, recall, value_at_risk, settled from fraud_performance')" '0.000000||0.0000|f'
is '… of each rule, too' "$(sql 'select distinct precision, recall, share_of_value_at_risk from rule_performance')" '0.000000||'

# --- labels of a first day, known a week later
label 10 500 10 2026-01-08
label 1 41 8 2026-01-09
compared 'first labels'
is '… only their transactions are touched' "$(wrote)" '56 0 0'
is '… precision and recall' "$(sql "select flagged, frauds, caught, precision, recall from fraud_performance where day = '2026-01-01'")" '300|56|50|0.166667|0.892857'
is '… per rule' "$(sql "select rule, hits, frauds, hits_alone, frauds_alone, precision, recall from rule_performance where day = '2026-01-01' order by rule")" \
	'bad_location|30|5|0|0|0.166667|0.089286
foreign|300|50|270|45|0.166667|0.892857'
is '… value at risk: caught and lost' "$(sql "select value_at_risk = value_caught + value_lost and value_lost > 0 from fraud_performance where day = '2026-01-01'")" t
exits 0 'nothing new' aggregate build
is '… touches nothing' "$(node labelled_transaction .status)" unchanged

# --- the rest weeks later: of an old day only the labels' own rows are written
label 1000 5000 100 2026-02-05
compared 'late labels'
is '… are added' "$(wrote)" '41 0 0'
is '… and settle the first day and the next' "$(sql 'select day, settled from fraud_performance order by 1' | paste -sd' ')" '2026-01-01|t 2026-01-02|t'
label 2 2 1 2026-02-06 false
compared 'a label that says it was none'
is '… is no fraud' "$(sql "select frauds from fraud_performance where day = '2026-01-01'")" 77

# --- what changes and goes
sql "update fraud_label set is_fraud = false where label_for = md5('t10')::uuid; delete from fraud_label where label_for = md5('t20')::uuid"
compared 'a label corrected, another taken back'
is '… in two rows' "$(wrote)" '0 1 1'
sql "update fact_transaction set is_fraud = true, fraud_score = 80, fraud_reasons = '{new_rule,foreign}' where transaction_id in (md5('t1')::uuid, md5('t4')::uuid)"
compared 'judged again by other rules'
is '… touches the one that has a label' "$(wrote)" '0 1 0'
is '… the new rule is there' "$(sql "select hits, frauds, frauds_alone from rule_performance where rule = 'new_rule'")" '2|1|0'
sql "delete from fact_transaction where transaction_id = md5('t30')::uuid"
compared 'a transaction that goes'
is '… with its label' "$(wrote)" '0 0 1'

# --- a label before its transaction, without one, in a currency without a rate
label 6000 6000 1 2026-02-07
compared 'a label without a transaction'
is '… is in no mart' "$(wrote)" '0 0 0'
fill_facts 2026-01-03 5900 6100
compared 'the transaction behind its label'
is '… finds it' "$(wrote)" '1 0 0'
sql "update fact_transaction set currency = 'XTS' where transaction_id = md5('t6000')::uuid"
exits 0 'a fraud in a currency without a rate' aggregate build
is '… counts, is worth nothing, …' "$(sql "select frauds, caught, value_at_risk, unknown_currency from fraud_performance where day = '2026-01-03'")" '1|1|0.0000|1'
is '… and is a warning' "$(node between_fraud_performance_unknown_currency '[.status, .failures] | join(" ")')" 'warn 1'
is '… the marts are right' "$(differences)" ''

# --- verdicts and labels that do not agree with the facts stop the build
sql "update alerts_by_day set transactions = transactions + 1 where day = '2026-01-01' and is_fraud and currency = 'USD'"
fill_facts 2026-01-04 7000 7010
exits 1 'a fold that somebody wrote to' aggregate build
is '… is seen by the test of both' "$(node labels_agree .status)" fail
exits 1 '… and by verify' aggregate verify
exits 0 '… cured by counting again' aggregate build -f
is '… and right' "$(differences)" ''

# --- the same with what the suite itself writes
createdb made
export PGDATABASE=made
make_tables
"$root/scripts/seed-dims" --customers 500 --merchants 200 >/dev/null
stream=(-q -n 30000 --customers 500 --merchants 200)
txgen "${stream[@]}" --with-labels | fraudcheck -q -f "$root/fraudcheck/rules/scored.rules" | pgload -q >/dev/null
compared 'txgen --with-labels, judged by scored.rules'
txgen "${stream[@]}" labels | pgload -q >/dev/null
compared 'all of its labels'
ok '… most of its frauds are worth looking for' [ "$(sql 'select sum(caught) > sum(frauds) * 0.3 and sum(frauds) > 100 from fraud_performance')" = t ]
finish

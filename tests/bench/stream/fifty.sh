# Fifty million as a whole, made, judged and stored in one pipe, beside a tenth of it: what a record costs must not depend on how many there are.
# (No Kafka and no files: they would need 60 GB.)
[ -n "$given" ] || records=50000000
need_postgres
whole_of() { # COUNT
	local records=$1
	fresh_tables
	timed txgen -q -n "$records" '|' fraudcheck -q '|' pgload -q
	expect rows "$(sql 'select count(*) from fact_transaction')" "$records"
}
whole_ours() { whole_of "$records"; }
whole_a_tenth() { whole_of $((records / 10)); }
versus whole a_tenth

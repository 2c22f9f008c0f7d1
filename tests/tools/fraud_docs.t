#!/bin/bash
# docs/fraud.md and docs/scaling.md: what they tell people to run runs, what it prints is what they say, and the tests that they name are there.
. "$(dirname "$0")/../tap.sh"
cd "$root" || exit 1
awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0 } inside' docs/fraud.md >"$work/commands"
ok 'there are commands' test "$(grep -c fraudcheck "$work/commands")" -gt 6
{ echo 'set -eo pipefail; trap "[ \$? = 0 ] || echo failed >&2" EXIT'; sed 's/ | head -[0-9]*$/ | sed 60q/' "$work/commands"; } >"$work/script"
# the tools that head ends with 74 are not what is looked at here: sed 60q reads no further either, so the pipes are read to their end
sed -i 's/| sed 60q/| awk "NR <= 60"/' "$work/script"
TMPDIR=$work exits 0 'they run, in one shell' bash "$work/script"
like 'reasons' "$(cat "$work/out")" '^\[[0-9.]+,"[A-Z]{3}",[0-9.]+,\["an? '
like 'which features see their share' "$(cat "$work/out")" 'risk_30d, by merchant_id, over 30d, delay 7d: per partition'
like 'an evaluation' "$(cat "$work/out")" '^average precision  '
like 'a shadow rule apart' "$(cat "$work/out")" '^abroad .*of them frauds'
like 'a comparison' "$(cat "$work/out")" '^flagged by B only'
like 'why' "$(cat "$work/out")" '^transaction .*, record [0-9]+ of the input'
like 'a label record' "$(cat "$work/out")" '^\["label_for","label_ts","is_fraud","customer_id","merchant_id","transaction_ts"\]'
like 'precision and recall of a day' "$(cat "$work/out")" '"day":"2026-01-0[0-9]".*"precision":.*"value_at_risk":'
like 'how far back' "$(tail -1 "$work/out")" '^[0-9]+[hd]$'
for page in fraud scaling; do
	is "$page.md names no test that is not there" "$(grep -o 'tests/[a-zA-Z0-9_/.-]*' "docs/$page.md" | sed 's/\.$//' | sort -u | while read -r file; do [ -e "$file" ] || echo "$file"; done)" ''
done
finish

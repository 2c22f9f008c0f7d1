#!/bin/bash
# scripts/train: what it says without Python; with TXPIPE_TRAIN_VENV (a virtual environment that it made) it trains, too.
source "$(dirname "$0")/../tap.sh"
cd "$work" || exit 1
train=$root/scripts/train

exits 0 "--help" "$train" --help
like "names the options" "$(cat out)" '--predictions FILE'
exits 2 "no arguments" "$train"
exits 2 "another version of XGBoost" "$train" --xgboost 9.9 -f my.rules
is "says which there are" "$(cat err)" "train: error: --xgboost: 3.2.0 or 1.7.6, not '9.9'"
exits 2 "an option without its argument" "$train" -f my.rules --venv
is "says so" "$(cat err)" "train: error: --venv needs an argument (see --help)"
mkdir none && printf '#!/bin/bash\nexit 1\n' >none/python3 && chmod +x none/python3
exits 2 "no Python of the right version" env PATH="$work/none:$PATH" "$train" --venv "$work/venv" -f my.rules
like "says what to install" "$(cat err)" 'Python 3.11 or 3.12 is needed, as python3 \(Debian 12: apt-get install python3 python3-venv\)'
ok "and makes nothing" [ ! -e venv ]

if [ ! -x "${TXPIPE_TRAIN_VENV:-none}/bin/python" ]; then
	tap_result 0 "training # SKIP no virtual environment of scripts/train (TXPIPE_TRAIN_VENV)"
	finish
fi
train() { "$train" --venv "$TXPIPE_TRAIN_VENV" "$@"; }
export -f train
export train
txgen -q -n 8000 --customers 100 -s 3 --rate-of card_testing=.02 --with-labels --labels truth >records
jq -c -n --slurpfile truth truth '(reduce $truth[] as $t ({}; .[$t.label_for] = $t.is_fraud)) as $is | inputs | select(.transaction_id) |
	.fraudulent = $is[.transaction_id]' records >marked
cat >plain.rules <<-'END'
	# features alone
	feature n_1h = count() by customer_id over 1h
	feature last_device = last(device_id) by customer_id over 1d
	let     small = amount < 5
END
exits 0 "rules without a model get one" train -f plain.rules -o with.rules --rounds 5 records
like "of all numeric features and lets" "$(cat with.rules)" '^model model_p = xgboost "with.json" \(n_1h, small\)$'
like "fraudcheck predicts what the library does" "$(cat err)" 'fraudcheck predicts the same for all 8000 records \(largest difference 0\)'
exits 0 "the rules that come out judge" fraudcheck -f with.rules records
cat >named.rules <<-'END'
	feature n_1h = count() by customer_id over 1h
	let     m = n_1h
	model   tree  = lightgbm "tree.txt" (m, amount < 5, hour(transaction_ts))
END
exits 0 "a model that the rules name, with --label and a span" train -f named.rules -l fraudulent --from 2026-01-02T00:00:00Z --rounds 5 --predictions seen marked
like "is checked too" "$(cat err)" "fraudcheck predicts the same for all $(wc -l <seen) records"
ok "earlier records are not trained on" [ "$(wc -l <seen)" -lt 8000 ]
{ head -2000 marked; sed -n 500,600p marked; echo '{"amount":"x"}'; tail -n +2001 marked; tail -5 marked | sed 's/"transaction_id":"[^"]*",//'; } >twice
exits 0 "records that come again, that are refused, that have no id" train -f named.rules -l fraudulent --from 2026-01-02T00:00:00Z --rounds 5 --predictions again twice
is "of one id the first counts" "$(sed -n '/"transaction_id":null/!p' again | jq -c .transaction_id | sort | uniq -d | wc -l) $(jq -c .transaction_id again | sort -u | wc -l)" \
	"0 $(($(wc -l <seen) + 1))"
like "all are checked" "$(paste -sd' ' err)" "101 records whose transaction_id came before.*fraudcheck predicts the same for all $(wc -l <again) records"
exits 0 "as before" train -f named.rules -l fraudulent --from 2026-01-02T00:00:00Z --rounds 5 marked
cp tree.txt first.txt
exits 0 "again" train -f named.rules -l fraudulent --from 2026-01-02T00:00:00Z --rounds 5 marked
ok "the same bytes" cmp tree.txt first.txt
exits 0 "from stdin" bash -c "train -f named.rules -l fraudulent <marked"
echo 'let a = ' >broken.rules
exits 2 "rules that do not compile" train -f broken.rules -o x.rules records
like "says where" "$(cat err)" 'broken.rules:1:9: expected a value, but the line ends'
exits 2 "records that can be read only once" train -f named.rules <(cat records)
like "says so" "$(cat err)" 'records are read twice'
exits 2 "rules that are not there" train -f nothing.rules records
exits 2 "no model and nowhere to put one" train -f plain.rules records
grep -v label_for records >unlabelled
exits 65 "no labels" train -f named.rules unlabelled
like "says what is missing" "$(cat err)" 'name the member that does with --label, or give label records'
exits 65 "no fraud" bash -c "jq -c '.fraudulent = false' marked >innocent; train -f named.rules -l fraudulent innocent"
like "says how many" "$(cat err)" 'of 8000 records with a label 0 are fraud'
exits 2 "a time that is none" train -f named.rules --until yesterday records
exits 2 "an unknown option" train -f named.rules --rouds 5 records
ok "a failure leaves the model alone" cmp <(train -f named.rules -l fraudulent innocent 2>/dev/null; cat tree.txt) tree.txt
finish

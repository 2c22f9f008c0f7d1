#!/bin/bash
# aggregate: what it says of a project folder without any server.
. "$(dirname "$0")/../tap.sh"

# A project of one model and one source, to be broken in one place at a time.
project() {
	rm -rf "$work/p" && mkdir -p "$work/p/models" "$work/p/tests"
	printf 'name: demo\nvars:\n  zone: UTC\n' >"$work/p/dbt_project.yml"
	printf 'sources:\n  - name: raw\n    schema: public\n    tables:\n      - name: fact\n' >"$work/p/models/sources.yml"
	printf "{{ config(materialized='table', unique_key='a') }}\nselect a\nfrom {{ source('raw', 'fact') }}\n" >"$work/p/models/first.sql"
	printf "select a\nfrom {{ ref('first') }} where z = '{{ var(\"zone\") }}'\n" >"$work/p/models/second.sql"
}

# refused DESCRIPTION REGEX: compile ends with 2 and says this.
refused() {
	exits 2 "$1: exit 2" aggregate compile --project-dir "$work/p"
	like "$1: where and what" "$(cat "$work/err")" "$2"
}

project
exits 0 'a good project compiles' aggregate compile --project-dir "$work/p"
like 'ref and source become relations' "$(tr '\n' ' ' <"$work/out")" 'from "public"\."fact".*from "public"\."first" where z = .UTC.'
is 'one statement a model, in dependency order' "$(grep -c '^;$' "$work/out") $(grep '^-- ' "$work/out" | tr '\n' ' ')" '2 -- models/first.sql -- models/second.sql '
is 'config() leaves nothing behind' "$(grep -c config "$work/out")" 0
exits 0 '--vars wins over the project' aggregate compile --project-dir "$work/p" --vars '{zone: "Europe/Berlin"}'
like '--vars is used' "$(cat "$work/out")" "z = 'Europe/Berlin'"
exits 0 'TXPIPE_PROJECT names the folder' env TXPIPE_PROJECT="$work/p" aggregate list
is 'list: one line a node' "$(jq -r '[.node, .type, (.needs | join(","))] | join(" ")' "$work/out" | tr '\n' ';')" \
	'raw.fact source ;first model raw.fact;second model first;'

project
printf "select 1\nfrom {{ reff('first') }}\n" >"$work/p/models/second.sql"
refused 'an unknown call' "models/second.sql:2: unknown name 'reff'.*did you mean 'ref'"
printf "select 1\nfrom {{ ref('frist') }}\n" >"$work/p/models/second.sql"
refused 'a missing ref' "models/second.sql:2: there is no model 'frist'; did you mean 'first'"
printf "select 1\n\nfrom {{ source('raw', 'facts') }}\n" >"$work/p/models/second.sql"
refused 'a missing source' "models/second.sql:3: there is no source 'raw.facts'; did you mean 'raw.fact'"
printf "{%% for a in b %%}\n" >"$work/p/models/second.sql"
refused 'a loop' 'models/second.sql:1: \{% for a in b %\} is not understood'
printf "select '{{ var('zoen') }}'\n" >"$work/p/models/second.sql"
refused 'a variable without a value' "models/second.sql:1: the variable 'zoen' has no value"
printf "select '{{ env_var('NO_SUCH_THING') }}'\n" >"$work/p/models/second.sql"
refused 'an environment variable that is not set' 'models/second.sql:1: .*NO_SUCH_THING is not set'
printf "{{ config(materialised='view') }} select 1\n" >"$work/p/models/second.sql"
refused 'an unknown configuration' "models/second.sql:1: unknown configuration 'materialised' of a model; did you mean 'materialized'"
printf "{{ config(materialized='table') }} select 1\n" >"$work/p/models/second.sql"
refused 'a table without a key' "models/second.sql:1: materialized='table' needs unique_key"
printf "select 1 from {{ ref('first' }}\n" >"$work/p/models/second.sql"
refused 'a call that does not end' "models/second.sql:1: expected ',' or '\)'"
printf '{# nothing #}\n' >"$work/p/models/second.sql"
refused 'a model without SQL' 'models/second.sql:1: holds no SQL'

project
printf "select 1 from {{ ref('third') }}\n" >"$work/p/models/second.sql"
printf "select 1 from {{ ref('fourth') }}\n" >"$work/p/models/third.sql"
printf "select 1 from {{ ref('third') }}\n" >"$work/p/models/fourth.sql"
refused 'a cycle is named' 'models/(third|fourth).sql:1: the models need one another in a cycle: (third -> fourth -> third|fourth -> third -> fourth); move '

project
printf 'models:\n  - name: first\n    colunms: []\n' >"$work/p/models/schema.yml"
refused 'an unknown key' "models/schema.yml:3: unknown key 'colunms' in a model; did you mean 'columns'"
printf 'models:\n  - name: first\n    columns: [unclosed\n' >"$work/p/models/schema.yml"
refused 'bad YAML' 'models/schema.yml:[0-9]+: not YAML: '
printf 'models:\n  - name: firts\n' >"$work/p/models/schema.yml"
refused 'properties of no model' "models/schema.yml:2: there is no model 'firts'; did you mean 'first'"
printf 'models:\n  - name: first\n    columns:\n      - name: a\n        tests:\n          - uniqe\n' >"$work/p/models/schema.yml"
refused 'an unknown test' "models/schema.yml:6: unknown test 'uniqe'; did you mean 'unique'"
printf 'models:\n  - name: first\n    columns:\n      - name: a\n        tests:\n          - between: {min: 1, maxx: 2}\n' >"$work/p/models/schema.yml"
refused 'an unknown argument' "models/schema.yml:6: unknown key 'maxx' in the test between; did you mean 'max'"
printf 'models:\n  - name: first\n    columns:\n      - name: a\n        tests:\n          - not_null: {error_if: "many"}\n' >"$work/p/models/schema.yml"
refused 'a bad threshold' "models/schema.yml:6: error_if: 'many' is not a condition"
printf "models:\n  - name: first\n    columns:\n      - name: a\n        tests:\n          - relationships: {to: ref('nowhere'), field: a}\n" >"$work/p/models/schema.yml"
refused 'a relationship to nothing' "models/schema.yml:6: there is no model 'nowhere'"
printf 'models:\n  - name: first\n  - name: first\n' >"$work/p/models/schema.yml"
refused 'a model described twice' "models/schema.yml:3: the model 'first' is described twice"
printf 'models:\n  - name: first\n    name: first\n' >"$work/p/models/schema.yml"
refused 'a key given twice' "models/schema.yml:3: the key 'name' is given twice"
printf 'a: &a [*a]\n' >"$work/p/models/schema.yml"
refused 'YAML that contains itself' 'models/schema.yml:1: '

project
printf 'name: demo\nmodels:\n  dmeo:\n    +materialized: view\n' >"$work/p/dbt_project.yml"
refused 'configuration of another project' "dbt_project.yml:3: models: 'dmeo' is not this project; its name is 'demo'"
printf 'name: demo\nvars: zone\n' >"$work/p/dbt_project.yml"
refused 'vars that are no map' 'dbt_project.yml:2: vars must be a map'
printf 'name: demo\nvars: [zone]\n' >"$work/p/dbt_project.yml"
refused 'vars that are a list' 'dbt_project.yml:2: vars must be a map'
printf 'name: demo\nmodel_paths: [models]\n' >"$work/p/dbt_project.yml"
refused 'an unknown key of the project' "dbt_project.yml:2: unknown key 'model_paths' in dbt_project.yml; did you mean 'model-paths'"
project
printf 'models:\n  - name: first\n    columns:\n      - name: a\n        tests:\n          - accepted_values: {values: [1], quote: no}\n' >"$work/p/models/schema.yml"
refused 'a flag that is none' 'models/schema.yml:6: quote must be true or false'

project
rm "$work/p/dbt_project.yml"
refused 'no dbt_project.yml' 'dbt_project.yml: No such file'
project
mkdir "$work/p/models/more" && echo 'select 1' >"$work/p/models/more/first.sql"
refused 'two models of one name' "models/more/first.sql:1: the name 'first' is already taken"

# --- the rest of a dbt project
project
printf 'name: demo\non-run-end: ["grant select on all tables in schema public to bi"]\n' >"$work/p/dbt_project.yml"
refused 'hooks' 'dbt_project.yml:2: on-run-end is not supported: aggregate has no macros, hooks or snapshots'
printf 'name: demo\nmodels:\n  +materialised: view\n' >"$work/p/dbt_project.yml"
refused 'a misspelt key by folder' "dbt_project.yml:3: unknown configuration 'materialised' of a model; did you mean 'materialized'"
printf 'name: demo\nseeds:\n  demo:\n    +delimitr: ";"\n' >"$work/p/dbt_project.yml"
mkdir "$work/p/seeds" && printf 'a\n1\n' >"$work/p/seeds/small.csv"
refused 'a misspelt key of seeds' "dbt_project.yml:4: unknown configuration 'delimitr' of a seed; did you mean 'delimiter'"
printf 'name: demo\ndata_tests:\n  +severity: warning\n' >"$work/p/dbt_project.yml"
printf 'models:\n  - name: first\n    columns: [{name: a, tests: [unique]}]\n' >"$work/p/models/schema.yml"
refused 'a severity of tests that is none' "dbt_project.yml:3: severity: 'warning' is neither error nor warn"
rm "$work/p/models/schema.yml"
printf 'name: demo\nsnapshots: {}\nprofile: x\nmodel-paths: [models/]\nvars:\n  demo:\n    zone: CET\n  zone: UTC\nmodels:\n  +meta: {owner: me}\n  demo:\n    +tags: all\n' >"$work/p/dbt_project.yml"
exits 0 'what has no meaning here is let pass' aggregate compile --project-dir "$work/p" -s tag:all
like 'the own variables of the project win' "$(cat "$work/out")" "z = 'CET'"
printf 'select a from {{ ref("small") }}\n' >"$work/p/models/second.sql"
exits 0 'ref of a seed' aggregate compile --project-dir "$work/p"
like 'is its table' "$(cat "$work/out")" 'from "public"."small"'
printf 'select a from {{ ref("smal") }}\n' >"$work/p/models/second.sql"
refused 'a missing ref to a seed' "models/second.sql:1: there is no model 'smal'; did you mean 'small'"
printf 'select a from first\n' >"$work/p/models/small.sql"
refused 'a seed and a model of one name' "the name 'small' is already taken by .*models/small.sql"
rm -r "$work/p/seeds" "$work/p/models/small.sql"
project
printf 'seeds:\n  - name: first\n' >"$work/p/models/schema.yml"
refused 'properties of a seed that is a model' "models/schema.yml:2: there is no seed 'first'"
printf 'sources:\n  - name: raw\n    freshnes: {}\n    tables: [{name: fact}]\n' >"$work/p/models/sources.yml"
refused 'an unknown key of a source' "models/sources.yml:3: unknown key 'freshnes' in a source; did you mean 'freshness'"
printf 'sources:\n  - name: raw\n    loaded_at_field: at\n    freshness: {warn_afer: {count: 1, period: day}}\n    tables: [{name: fact}]\n' >"$work/p/models/sources.yml"
refused 'an unknown key of freshness' "models/sources.yml:4: unknown key 'warn_afer' in freshness; did you mean 'warn_after'"
printf 'sources:\n  - name: raw\n    freshness: {warn_after: {count: 0, period: day}}\n    tables: [{name: fact}]\n' >"$work/p/models/sources.yml"
refused 'a count that is none' 'models/sources.yml:3: warn_after: count must be a number from 1'
printf 'sources:\n  - name: raw\n    tables:\n      - name: fact\n        config: {loaded_at: x}\n' >"$work/p/models/sources.yml"
refused 'an unknown key of config of a source' "models/sources.yml:5: unknown key 'loaded_at' in config of a source"
project
printf "select 1\n\nfrom {{ ref('second') }}\n" >"$work/p/models/first.sql"
refused 'a cycle of two' '(first.sql:3|second.sql:2): the models need one another in a cycle: (first -> second -> first|second -> first -> second); '
project
printf "select 1\nfrom {{ this }}\n" >"$work/p/tests/u.sql"
refused 'this in a test' 'tests/u.sql:2: \{\{ this \}\} is the relation of a model; a test has none'

project
exits 2 'no command' aggregate
exits 2 'an unknown command' aggregate biuld
like 'it says what was meant, and what there is' "$(cat "$work/err")" "unknown command 'biuld'; did you mean 'build'\?: build, run, .* or "
is '--help names every command' "$(for c in $(sed 's/.*?: //; s/ or / /; s/,//g; s/ (see.*//; s/;.*//' "$work/err" | head -1); do aggregate --help | grep -q "  $c " || echo "$c"; done)" ''
exits 2 'a selection that matches nothing' aggregate compile --project-dir "$work/p" -s secnd
like 'it says what was meant' "$(cat "$work/err")" "'secnd' matches nothing in .*; did you mean 'second'"
exits 2 'an exclusion that leaves nothing' aggregate compile --project-dir "$work/p" -s second --exclude second
exits 2 'bad --vars' aggregate compile --project-dir "$work/p" --vars '{zone'
like 'says so' "$(cat "$work/err")" '--vars:[0-9]+: not YAML'
exits 0 'a variable that nothing reads' aggregate compile --project-dir "$work/p" --vars '{zon: x, zone: y}'
is 'is a warning, of that one' "$(grep -o "no file of the project reads '.*'" "$work/err")" "no file of the project reads 'zon'"
mkdir "$work/p/models/marts" && mv "$work/p/models/second.sql" "$work/p/models/marts/"
exits 2 'a folder by its bare name' aggregate compile --project-dir "$work/p" -s +marts
like 'is told how' "$(cat "$work/err")" "'\+marts' matches nothing in .*; did you mean 'models/marts'"
sed -i '1s/^/\xef\xbb\xbf/' "$work/p/models/first.sql" "$work/p/models/sources.yml"
exits 0 'a byte-order mark in front of a file' aggregate compile --project-dir "$work/p"
is 'is no part of it' "$(grep -c $'\xef\xbb\xbf' "$work/out")" 0
printf 'models:\n  - name: first\n    description: "\xe9"\n' >"$work/p/models/latin.yml"
refused 'YAML that is not UTF-8' 'models/latin.yml:3: not YAML: invalid'
rm "$work/p/models/latin.yml"
exits 2 'an argument too many' aggregate build model

selected() { aggregate list --project-dir "$root/aggregate/marts" "$@" 2>&1 | jq -r 'select(.type == "model") | .node' | sort | tr '\n' ' '; }
is 'select: what it needs' "$(selected -s +customer_kpi)" 'customer_kpi sales_by_customer '
is 'select: what needs it' "$(selected -s sales_by_day+)" 'daily_sales_summary fraud_performance rule_performance sales_by_day '
is 'select: a tag given by folder' "$(selected -s tag:measures)" 'sales_by_customer sales_by_day sales_by_merchant '
is 'select: a path' "$(selected -s models/measures)" 'sales_by_customer sales_by_day sales_by_merchant '
is 'select: both of two terms' "$(selected -s 'tag:measures,sales_by_d*')" 'sales_by_day '
is 'select: either of two words' "$(selected -s 'customer_kpi merchant_analysis')" 'customer_kpi merchant_analysis '
is 'exclude' "$(selected -s tag:measures --exclude sales_by_day)" 'sales_by_customer sales_by_merchant '
is 'select: what needs a source' "$(selected -s source:stream.dim_customer+)" 'customer_kpi '
is 'tests come with what they read' "$(aggregate list --project-dir "$root/aggregate/marts" -s daily_sales_summary |
	jq -r 'select(.type == "test") | .node' | grep -c daily_sales_summary)" 6

finish

#!/bin/bash
# Our Markdown: links and anchors lead somewhere, files, make targets and options that are named are there, and the two languages of the
# README have the same headings, code, tables, pictures and links.
source "$(dirname "$0")/../tap.sh"

cd "$root" || exit 1
pages() { OPTIONS=$work/options perl "$root/tests/pages.pl" "$@"; }
mapfile -t files < <(find . -name '*.md' -not -path './build/*' -not -path './.git/*' -printf '%P\n' | sort)
ok "there are pages" [ "${#files[@]}" -ge 12 ]
for tool in "${TXPIPE_BIN:-$root/bin}"/*; do
	"$tool" --options | awk -F '\t' -v tool="${tool##*/}" '$1 == "option" && $3 != "-" { print tool " --" $3 }'
done >"$work/options"

is "no link leads nowhere" "$(pages links "${files[@]}")" ''
is "no file or make target is named that is not there" "$(pages files "${files[@]}")" ''
is "no option is named that the tool does not have" "$(pages options "${files[@]}")" ''

grep -rhoE 'txpipe_[a-z_]+' --include='*.c' --include='*.h' --include='*.sql' aggregate dashboard fraudcheck kcat-like lib pgload producer deploy |
	sort -u >"$work/known"
is "no figure or function is named that the suite does not have" \
	"$(grep -hoE '\btxpipe_[a-z_]+' "${files[@]}" | sort -u | comm -23 - "$work/known")" ''

# the pictures are there for the readers of both languages
pages shape README.md >"$work/en"
pages shape README.ko.md >"$work/ko"
ok "the README has headings, code, tables, pictures and links" awk '{ n[$1]++ } END { exit !(n["heading:"] >= 12 && n["code:"] >= 30 &&
	n["row:"] >= 20 && n["picture:"] >= 5 && n["link:"] >= 10) }' "$work/en"
ok "README.ko.md has the same" diff -U1 "$work/en" "$work/ko"
ok "… and is in Korean" [ "$(perl -CSD -ne '$n += () = /\p{Hangul}/g; END { print $n // 0 }' README.ko.md)" -ge 3000 ]
is "every page of docs/ is in the index" \
	"$(for page in docs/*.md; do grep -qF "]($page" README.md || echo "$page"; done)" ''

# the map of the code has every module, and no other; `rule_*` stands for all that begin so
modules=(lib/*.c producer/*.c kcat-like/*.c fraudcheck/*.c pgload/*.c aggregate/*.c dashboard/*.c)
modules=("${modules[@]##*/}")
modules=("${modules[@]%.c}")
mapfile -t named < <(grep -oE '`[a-z0-9_*]+`' docs/design.md | tr -d '`' | sort -u)
mapfile -t mapped < <(sed -n '/^## Where things are/,/^`tests/p' docs/design.md | grep -oE '`[a-z0-9_*]+`' | tr -d '`' | sort -u)
any() { # WORD PATTERN...: one of them fits
	local word=$1 pattern
	shift
	for pattern; do [[ $word != $pattern ]] || return 0; done
	return 1
}
fits() { # PATTERN WORD...
	local pattern=$1 word
	shift
	for word; do [[ $word != $pattern ]] || return 0; done
	return 1
}
ok "the map of the code names modules" [ "${#mapped[@]}" -ge 100 ]
is "every module is on the map" "$(for one in "${modules[@]}"; do any "$one" "${named[@]}" || echo "$one"; done)" ''
is "and nothing that is none" "$(for one in "${mapped[@]}"; do fits "$one" "${modules[@]}" || echo "$one"; done)" ''

# pictures of what aggregate prints: docs/images/draw makes them anew
aggregate list --project-dir aggregate/marts >"$work/nodes"
ok "there are nodes" [ "$(wc -l <"$work/nodes")" -ge 50 ]
is "the picture of a build has every model and test" "$(jq -r 'select(.type == "model" or .type == "test") | .node' "$work/nodes" | sort)" \
	"$(sed -n 's/^<text [^>]*>\([a-z_]*\)  *\(model\|test\) .*/\1/p' docs/images/build.svg | sort)"
is "that of the lineage every model and source" "$(jq -r 'select(.type == "model" or .type == "source") | .node' "$work/nodes" | sort)" \
	"$(sed -n 's/.*<text [^>]*>\([a-z_.]*\)<.*/\1/p' docs/images/lineage.svg | sort)"

drawn() { docs/images/draw "$1" | grep -c "$2"; }
is "draw: a line of a build, its status in colour, < as text" "$(printf 'node type status\na<b  test  fail  1\n' | drawn build '>a&lt;b  test  <tspan class="bad">fail</tspan>  1<')" 1
is "draw: the lineage of a page of aggregate docs, without its links" "$(printf '%s\n' '<p>' '<svg role="img" aria-label="lineage" width="9">' \
	'<a href="#model.x"><g class="model"><text>x</text></g></a>' '</svg>' | drawn lineage '^<g class="model"><text>x</text></g>$')" 1

# what finds nothing in good pages finds what is wrong in bad ones
mkdir "$work/bad"
cat >"$work/bad/a.md" <<'END'
# One heading

[good](b.md#two-of-them) [no file](c.md) [no heading](b.md#three) [none here](#two)
`docs/no-such-page.md`, `make no-such-target`

```sh
pgload --no-such-option FILE | jq --not-ours
```
END
printf '# Two, of `them`\n' >"$work/bad/b.md"
mkdir "$work/bad/docs" && cp Makefile "$work/bad/"
cd "$work/bad" || exit 1
is "bad links are found" "$(pages links a.md | cut -d: -f2-3 | paste -sd ' ')" '3: c.md 3: b.md#three 3: #two'
is "files that are not there, too" "$(pages files a.md | cut -d: -f2-3 | paste -sd ' ')" '4: docs/no-such-page.md 4: make no-such-target'
is "and options" "$(pages options a.md | cut -d: -f2-3)" '7: pgload --no-such-option'
finish

#!/bin/bash
# The page in a real browser, in short: what scripts/check has time for. Debian's chromium is driven by its own driver, which speaks HTTP: no package from
# elsewhere is needed. page.t does the whole of it.
source "$(dirname "$0")/../tap.sh"

source "$root/tests/browser/driver.sh"
open_browser "$work" 1300 900 || { echo "Bail out! chromium does not start"; exit 1; }
at_exit close_browser
sees() { # DESCRIPTION EXPRESSION: it comes true
	ok "$1" wait_for 15 shows "$2"
	shows "$2" || note "$(page 'return document.body.innerText' | head -40)"
}

# --- something to look at ----------------------------------------------------------------------------------------------------------
start_postgres
pgload -q --init >/dev/null && "$root/scripts/seed-dims" --customers 300 --merchants 60 || exit 1
sql "update dim_merchant set merchant_name = '<img src=x onerror=alert(1)> & sons'" >/dev/null
txgen -q -n 3000 --customers 300 --merchants 60 --from "$(date -u -d '-2 days' +%FT00:00:00Z)" --malformed 0.01 2>/dev/null | fraudcheck -q | pgload -q >/dev/null
aggregate -q build --project-dir "$root/aggregate/marts" >/dev/null || exit 1
kmock -t transactions:2 >"$work/broker" 2>"$work/kmock.err" &
at_exit kill "$!"
wait_for 10 test -s "$work/broker"
txdash -l 127.0.0.1:0 -b "$(cat "$work/broker")" 2>"$work/txdash" &
at_exit kill "$!"
wait_for 10 grep -q 'notice: http' "$work/txdash" || { cat "$work/txdash"; echo "Bail out! txdash does not start"; exit 1; }
url=$(sed -n 's/^txdash: notice: \(http:.*\)$/\1/p' "$work/txdash")
tile() { printf '[...document.querySelectorAll(".tile")].find(t => t.querySelector("dt").textContent === "%s")' "$1"; }
note_says() { printf '%s?.querySelector(".note").textContent.replace(/,/g, "").startsWith("%s ")' "$(tile "$1")" "$2"; }

# --- now ---------------------------------------------------------------------------------------------------------------------------
go "$url"
sees "the page is live" 'document.getElementById("status").textContent === "live"'
sees "what was flagged is shown" 'document.querySelectorAll("section[aria-label=\"Last flagged transactions\"] tbody tr").length === 50'
is "the newest is SQL's" "$(page 'return document.querySelector("tr[data-id]").dataset.id')" \
	"$(sql 'select transaction_id from fact_transaction where is_fraud order by loaded_at desc, transaction_ts desc limit 1')"
sees "dead letters that came from a file are counted" "$(tile 'Dead letters')?.querySelector('.value').textContent === '$(sql 'select count(*) from dead_letter')'"
sees "a name that is markup is shown as text" 'document.querySelector("main").innerText.includes("<img src=x onerror=alert(1)> & sons") && !document.querySelector("main img")'
id=$(txgen -q -n 1 -s 4242 --customers 300 --merchants 60 --from "$(date -u +%FT%TZ)" | jq -c '.amount = 99999 | .currency = "USD"' | tee "$work/one" | jq -r .transaction_id)
fraudcheck -q <"$work/one" | pgload -q >/dev/null
sees "what is flagged now appears by itself" "document.querySelector('tr[data-id=\"$id\"]')"
page "document.querySelector('tr[data-id=\"$id\"] td:nth-child(2)').click()" >/dev/null
sees "a click shows the record and its reasons" "document.querySelector('#record[open]')?.innerText.includes('$id') && document.querySelector('#record .chip').textContent === 'high_amount'"

# --- business ----------------------------------------------------------------------------------------------------------------------
go "$url?view=business"
sees "transactions are SQL's" "$(note_says Revenue "$(sql 'select count(*) from fact_transaction')")"
sees "flagged ones are SQL's" "$(note_says 'Share flagged' "$(sql 'select count(*) from fact_transaction where is_fraud')")"
sees "there are charts" 'document.querySelectorAll("main canvas").length >= 7'
go "$url?view=business&currency=USD"
sees "a filter in the address is heeded" "$(note_says Revenue "$(sql "select count(*) from fact_transaction where currency = 'USD'")")"
sees "… and shown" 'document.querySelector("[name=currency]").value === "USD"'
choose() { page "const f = document.getElementById('filters').elements.currency; f.value = '$1'; f.dispatchEvent(new Event('change', {bubbles: true}))" >/dev/null; }
page 'const ask = fetch; fetch = async (url, how) => {
	const late = url.includes("cards") && url.includes("EUR");
	if (late) await new Promise(go => { letGo = go; });
	const answer = await ask(url, how);
	if (late) answer.clone().text().then(() => setTimeout(() => { came = true; }, 100));
	return answer;
}; came = false; letGo = null' >/dev/null
choose EUR
sees "figures of before are marked until there are others" 'letGo && document.querySelector("main[aria-busy]") && getComputedStyle(document.querySelector(".tile .value")).opacity < 1'
choose ''
sees "other filters bring their own" "$(note_says Revenue "$(sql 'select count(*) from fact_transaction')")"
page 'letGo()' >/dev/null
sees "an answer to what is no longer asked comes, late" came
is "… and is nobody's" "$(page "return Boolean($(note_says Revenue "$(sql 'select count(*) from fact_transaction')"))")" true
sees "… nor is anything marked" '!document.querySelector("main[aria-busy]")'

from=$(date -u -d '-2 days' +%FT00:00) to=$(date -u -d '-1 days' +%FT06:30)
go "$url?view=business&range=own&from=$from&to=$to"
sees "a time of one's own" "$(note_says Revenue "$(sql "select count(*) from fact_transaction where transaction_ts >= '$from' and transaction_ts < '$to'")")"
is "… is in the fields" "$(page 'return [...document.querySelectorAll("label.own input")].filter(i => i.offsetParent).map(i => i.value).join(" ")')" "$from $to"

# --- operation, and addresses that mean nothing -------------------------------------------------------------------------------------
go "$url?view=operation"
sees "runs are shown" 'document.querySelector("section[aria-label=\"Runs of aggregate\"]")?.innerText.includes("published")'
is "only filters that it heeds are offered" "$(page 'return [...document.querySelectorAll("#filters label")].filter(l => l.offsetParent).length')" 1
go "$url?view=constructor&range=constructor"
sees "a view and a time that there are not are the usual ones" \
	'document.querySelector(".tile dt")?.textContent === "Stored" && document.querySelector("[name=range]").value === "30d" && document.querySelector("tr[data-id]")'

# --- a phone, and a database that goes -----------------------------------------------------------------------------------------------
resize 390 844 true
go "$url?view=business"
sees "on a phone" "$(note_says Revenue "$(sql 'select count(*) from fact_transaction')")"
sees "… all of it" '!document.querySelector("main[aria-busy], .outdated") && !document.querySelector("main").innerText.includes("Asking…") && document.querySelector("section[aria-label=\"By category\"] canvas")'
is "… nothing sticks out" "$(page 'return document.documentElement.scrollWidth > innerWidth')" false
# (an interface of the machine that comes or goes, for whatever reason, ends requests: that is no fault of the page)
is "the browser has nothing to complain of" "$(drive POST "/$browser/se/log" '{"type": "browser"}' | jq -r '.[] | select(.level == "SEVERE") | .message | select(contains("ERR_NETWORK_CHANGED") | not)')" ''
"$root/scripts/postgres" stop -D "$work/postgres" >/dev/null 2>&1
sees "a database that is gone is told" 'document.getElementById("banner").innerText.includes("PostgreSQL cannot be asked since")'
choose USD
sees "figures of before do not pass for those of another filter" 'document.querySelector(".tile .value").textContent === "–" &&
	document.querySelector("section[aria-label=\"By category\"] .outdated")?.textContent.includes("What is shown is older")'
finish

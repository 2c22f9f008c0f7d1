// What people do with the page, and what they must see. Prints TAP. Waits for conditions, never for a time.
"use strict";
const {execFileSync, execSync, spawn} = require("child_process");
const fs = require("fs");
const {chromium} = require("playwright-core");
const axe = require.resolve("axe-core/axe.min.js");

const PATIENCE = 60000, work = process.env.WORK, root = process.env.ROOT;
let count = 0, failed = 0;
const tell = (good, name, why) => {
	count++;
	failed += good ? 0 : 1;
	console.log((good ? "ok " : "not ok ") + count + " - " + name);
	if (!good && why)
		console.log(String(why).split("\n").slice(0, 25).map(l => "# " + l).join("\n"));
};
const is = (name, got, want) => tell(String(got) === String(want), name, "got:  " + got + "\nwant: " + want);
const sql = text => execFileSync("psql", ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", text], {encoding: "utf8"}).trim();
const number = text => Number(String(text).replace(/[^0-9.-]/g, ""));

// --- the server --------------------------------------------------------------------------------------------------------
let server = null, port = 0;
const start = async () => {
	const log = work + "/txdash.err";
	fs.writeFileSync(log, "");
	server = spawn("txdash", ["-l", "127.0.0.1:" + port, "--metrics-dir", work + "/prom"], {stdio: ["ignore", "ignore", fs.openSync(log, "w")]});
	for (const until = Date.now() + PATIENCE; Date.now() < until; await new Promise(r => setTimeout(r, 50))) {
		const address = /http:\/\/127\.0\.0\.1:(\d+)/.exec(fs.readFileSync(log, "utf8"));
		if (address) {
			port = Number(address[1]);
			return;
		}
	}
	throw new Error("txdash does not start: " + fs.readFileSync(log, "utf8"));
};
const stop = () => new Promise(resolve => { server.on("exit", resolve); server.kill("SIGTERM"); });
const url = query => "http://127.0.0.1:" + port + "/" + (query || "");

// --- the browser -------------------------------------------------------------------------------------------------------
let browser = null, complaints = [], strangers = [], away = false;
const inVain = new WeakSet();
const open = async (query, options = {}) => {
	const context = await browser.newContext({viewport: {width: 1300, height: 900}, ...options});
	const page = await context.newPage();
	page.setDefaultTimeout(PATIENCE);
	page.on("console", m => { if (m.type() === "error" && !away && !/Failed to load resource: (the server responded|net::ERR_NETWORK_CHANGED)/.test(m.text())) complaints.push(m.text()); });
	page.on("request", r => { if (away) inVain.add(r); }); // its answer may come when nothing is away any more
	page.on("response", r => { if (r.status() >= 400 && !inVain.has(r.request())) complaints.push(r.status() + " " + r.url()); });
	page.on("pageerror", e => complaints.push(e.message));
	page.on("dialog", d => { complaints.push("a dialog: " + d.message()); d.dismiss(); });
	page.on("request", r => { if (!r.url().startsWith("http://127.0.0.1:" + port + "/") && !/^(data|blob|file):/.test(r.url())) strangers.push(r.url()); });
	if (query !== null)
		await page.goto(url(query));
	return page;
};
const until = async (name, page, condition, argument) => {
	try {
		await page.waitForFunction(condition, argument, {timeout: PATIENCE});
		tell(true, name);
	} catch (e) {
		tell(false, name, e.message + "\n" + (await page.evaluate(() => document.body.innerText)).slice(0, 1500));
	}
};
const tile = (page, title) => page.locator(".tile", {has: page.locator("dt", {hasText: new RegExp("^" + title + "$")})});
const filled = () => { const v = document.querySelector(".tile .value"); return v && v.textContent !== "–" && document.querySelector("main table tbody tr"); };
const settled = () => !document.querySelector("main").innerText.includes("Asking…") && !document.querySelector("main[aria-busy]");
const accessible = async (name, page) => {
	// axe is put in by the driver: the page's own policy lets no other script in
	await page.evaluate(fs.readFileSync(axe, "utf8") + ";0");
	const found = await page.evaluate(async () => (await window.axe.run(document, {resultTypes: ["violations"]})).violations.filter(v => ["serious", "critical"].includes(v.impact))
		.map(v => v.id + ": " + v.help + "\n" + v.nodes.slice(0, 4).map(n => "  " + n.html.slice(0, 150) + " " + (n.any[0] ? n.any[0].message : "")).join("\n")));
	tell(found.length === 0, name + ": nothing serious by axe", found.join("\n"));
};
// What takes less than a second takes more on a machine that is busy; what cannot be done in a second is not in twenty times either.
const soon = async (name, attempt) => {
	const took = [];
	while (took.length < 20 && !(took[took.length - 1] < 1000))
		took.push(await attempt(took.length));
	tell(took[took.length - 1] < 1000, name, took.join(" ms, ") + " ms");
	console.log("# " + took.map(Math.round).join(" ms, ") + " ms");
};
const fits = async (name, page) => is(name + ": nothing sticks out", await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);

// --- what people do ----------------------------------------------------------------------------------------------------
const now = async () => {
	const page = await open("");
	await until("the page has data", page, filled);
	await soon("… within a second", async () => {
		await page.goto(url("")); // the page notes itself when its first table was there
		await page.waitForFunction(() => performance.getEntriesByName("figures").length && performance.getEntriesByName("table").length);
		return page.evaluate(() => Math.max(...["figures", "table"].map(n => performance.getEntriesByName(n)[0].startTime)));
	});
	await until("… and is live", page, () => document.getElementById("status").textContent === "live");
	is("dead letters are SQL's", number(await tile(page, "Dead letters").locator(".value").innerText()), sql("select sum(dead_letters) from stream_position"));
	await until("the books add up", page, () => [...document.querySelectorAll(".tile .value")].some(v => v.textContent === "adds up"));
	is("the newest flagged is SQL's", await page.locator("section[aria-label='Last flagged transactions'] tbody tr").first().getAttribute("data-id"),
		sql("select transaction_id from fact_transaction where is_fraud order by loaded_at desc, transaction_ts desc limit 1"));
	is("the partitions are there", await page.locator("section[aria-label='Partitions'] tbody tr").count(), 2);
	tell((await page.locator("section[aria-label='Last flagged transactions']").innerText()).includes("<img src=x onerror=alert(1)> & sons"), "a name that is markup is shown as text");

	let id = "";
	await soon("what is flagged now appears by itself, within a second", async n => {
		id = execSync(`txgen -q -n 1 -s ${4242 + n} --customers 300 --merchants 60 --from "$(date -u +%FT%TZ)" | jq -c '.amount = 99999 | .currency = "USD"' | tee ${work}/one | jq -r .transaction_id`, {encoding: "utf8", shell: "/bin/bash"}).trim();
		const stored = Date.now(); // pgload's start and end are in it
		execSync(`fraudcheck -q <${work}/one | pgload -q >/dev/null`, {shell: "/bin/bash"});
		await page.waitForFunction(x => document.querySelector("tr[data-id='" + x + "']"), id);
		return Date.now() - stored;
	});

	await page.locator("tr[data-id='" + id + "'] td").nth(1).click();
	await until("a click shows the record", page, x => document.querySelector("#record[open] .facts") && document.getElementById("record").innerText.includes(x), id);
	tell((await page.locator("#record").innerText()).includes("high_amount"), "… with its reasons");
	tell(await page.locator("#record tbody tr").count() > 0, "… and what the customer did");
	tell(page.url().includes(id), "… and is in the address");
	await accessible("the record", page);
	await page.keyboard.press("Escape");
	await until("Escape closes it", page, () => !document.querySelector("#record[open]") && !location.search.includes("id="));
	const first = page.locator("section[aria-label='Last flagged transactions'] tbody a").first();
	await first.focus();
	await page.keyboard.press("Enter");
	await until("so does a key open one", page, () => document.querySelector("#record[open] .facts"));
	await page.goBack();
	await until("and the browser's button closes it", page, () => !document.querySelector("#record[open]"));

	const peak = await page.evaluate(() => {
		const canvas = document.querySelector("section[aria-label='Records a second'] canvas"), chart = Chart.getChart(canvas);
		chart.data.datasets[0].data = Array.from({length: 100}, (_, i) => ({x: i, y: i === 3 ? 5000 : 10}));
		tx.scale(chart);
		chart.update("none");
		return chart.scales.y.max + " " + canvas.closest("section").querySelector(".peak").textContent;
	});
	is("one peak does not press the rest flat", peak, "20 a peak of 5,000 is beyond the scale");
	is("each table has its CSV", await page.evaluate(() => [...document.querySelectorAll("main section")].filter(s => ![...s.querySelectorAll(".tools a[download]")].some(a => a.getAttribute("href"))).map(s => s.getAttribute("aria-label")).join(", ")), "");
	const figure = page.locator("section[aria-label='Records a second']");
	await figure.getByRole("button", {name: "Table"}).click();
	tell(await figure.locator("tbody tr").count() > 0, "behind a chart there is a table");
	await accessible("now", page);
	await page.context().close();
};

const business = async () => {
	const page = await open("?view=business");
	await until("business has data", page, filled);
	await until("… all of it", page, settled);
	const asked = () => sql("select count(*) || '|' || count(*) filter (where is_fraud) from fact_transaction").split("|");
	is("transactions are SQL's", number((await tile(page, "Revenue").locator(".note").innerText()).split(" ")[0]), asked()[0]);
	is("flagged are SQL's", number((await tile(page, "Share flagged").locator(".note").innerText()).split(" ")[0]), asked()[1]);
	const bare = await page.evaluate(() => [...document.querySelectorAll("canvas")].filter(c => !c.getAttribute("aria-label") || ![...c.closest("section").querySelectorAll("button")].some(b => b.textContent === "Table")).length);
	is("each picture has words and a table", bare, 0);
	is("each table has its CSV", await page.evaluate(() => [...document.querySelectorAll("main section")].filter(s => ![...s.querySelectorAll(".tools a[download]")].some(a => a.getAttribute("href"))).map(s => s.getAttribute("aria-label")).join(", ")), "");
	tell(await page.locator("canvas").count() >= 7, "there are pictures");
	const rules = page.locator("section[aria-label='Hits by rule']");
	await rules.getByRole("button", {name: "Table"}).click();
	tell(/never_fired\s+0/.test(await rules.locator("table").innerText()), "a rule that never fired is there with zero", await rules.innerText());
	const [download] = await Promise.all([page.waitForEvent("download"), rules.getByRole("link", {name: "CSV"}).click()]);
	tell(fs.readFileSync(await download.path(), "utf8").startsWith('"rule","hits"'), "a table comes as CSV");
	await accessible("business", page);

	await page.selectOption("select[name=currency]", "USD");
	const dollars = sql("select count(*) from fact_transaction where currency = 'USD'");
	const shows = n => { const t = [...document.querySelectorAll(".tile .note")].find(x => x.textContent.includes("transactions")); return t && t.textContent.replace(/,/g, "").startsWith(n + " "); };
	await until("a filter narrows the figures down", page, shows, dollars);
	tell(page.url().includes("currency=USD"), "… and is in the address");
	await page.reload();
	await until("… and survives loading the page again", page, shows, dollars);
	is("… as the field shows", await page.locator("select[name=currency]").inputValue(), "USD");
	await page.selectOption("select[name=currency]", "");
	await page.selectOption("select[name=range]", "own");
	await until("a time of one's own begins with what was shown", page, () => document.querySelector("[name=from]").value.endsWith("T00:00"));
	const day = sql("select (now() - interval '1 day')::date");
	await page.fill("input[name=from]", day + "T06:00");
	await page.fill("input[name=to]", day + "T18:00");
	await page.keyboard.press("Tab");
	await until("… and is heeded", page, shows, sql("select count(*) from fact_transaction where transaction_ts >= '" + day + " 06:00Z' and transaction_ts < '" + day + " 18:00Z'"));
	await page.reload();
	await until("… also after loading the page again", page, shows, sql("select count(*) from fact_transaction where transaction_ts >= '" + day + " 06:00Z' and transaction_ts < '" + day + " 18:00Z'"));
	await page.fill("input[name=to]", day + "T05:00");
	await page.keyboard.press("Tab");
	await until("… and told where it makes no sense", page, () => document.getElementById("wrong").textContent.includes("ends before it begins"));
	await page.selectOption("select[name=range]", "30d");
	await page.selectOption("select[name=currency]", "USD");
	await page.fill("input[name=customer]", "nobody");
	await page.keyboard.press("Tab");
	await until("what is no UUID is told", page, () => document.getElementById("wrong").textContent.includes("UUID"));
	await page.getByRole("button", {name: "Clear filters"}).click();
	await until("filters are cleared", page, shows, asked()[0]);
	await page.context().close();
};

const operation = async () => {
	const page = await open("?view=operation");
	await until("operation has data", page, () => document.querySelector("section[aria-label='Runs of aggregate'] tbody tr"));
	await until("… all of it", page, settled);
	tell((await page.locator("section[aria-label='Runs of aggregate']").innerText()).includes("published"), "a run was published");
	tell(await page.locator(".lineage rect").count() >= 8, "the lineage is drawn");
	tell((await page.locator("section[aria-label='Latest messages']").innerText()).includes("transaction_id"), "messages are shown");
	tell((await page.locator("section[aria-label='Dead letters'] code.command").first().innerText()).includes("kproduce"), "a dead letter has its command");
	await page.fill("input[type=search]", "zzz-nothing");
	await page.keyboard.press("Enter");
	await until("dead letters are searched", page, () => document.querySelector("section[aria-label='Dead letters']").innerText.includes("None that fits"));
	execSync("aggregate -q build --project-dir " + root + "/aggregate/marts >/dev/null");
	await until("a run that ends appears", page, () => document.querySelectorAll("section[aria-label='Runs of aggregate'] tbody tr").length === 2);
	await accessible("operation", page);
	await page.context().close();
};

const shapes = async () => {
	for (const view of ["now", "business", "operation"]) {
		const phone = await open("?view=" + view, {viewport: {width: 390, height: 844}, hasTouch: true, isMobile: true, colorScheme: "dark"});
		await until(view + " on a phone has data", phone, () => document.querySelector("main table tbody tr"));
		await until("… all of it", phone, settled);
		await fits(view + " on a phone", phone);
		await accessible(view + ", dark, on a phone", phone);
		await phone.context().close();
	}
	const page = await open("", {colorScheme: "dark"});
	const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number).reduce((a, b) => a + b));
	tell(await ground() < 150, "dark where the system is dark");
	await page.locator("#theme").click();
	tell(await ground() > 600, "light where one chooses so");
	await page.reload();
	tell(await ground() > 600, "… also the next time");
	await page.context().close();
};

const troubles = async () => {
	const page = await open("");
	await until("live before the trouble", page, () => document.getElementById("status").textContent === "live");
	away = true;
	await stop();
	await until("a server that is gone is told", page, () => document.getElementById("status").textContent === "no connection");
	await start();
	await until("… and found again when it is back", page, () => document.getElementById("status").textContent === "live");
	execSync(root + "/scripts/postgres stop -D " + work + "/postgres >/dev/null 2>&1");
	await until("a database that is gone is told", page, () => document.getElementById("banner").innerText.includes("PostgreSQL cannot be asked since"));
	execSync(root + "/scripts/postgres start -D " + work + "/postgres --fast >/dev/null 2>&1");
	await until("… and found again", page, () => document.getElementById("status").textContent === "live" && !document.getElementById("banner").innerText);
	away = false;
	await until("… with all there is", page, () => !document.querySelector(".outdated") && document.querySelector("tr[data-id]"));
	await page.context().close();
};

const report = async () => {
	const page = await open(null);
	await page.goto("file://" + work + "/report.html");
	await until("a report has its figures", page, filled);
	tell(await page.locator("canvas").count() >= 3, "… and charts");
	await page.getByRole("link", {name: "Business"}).click();
	await until("… of business, too", page, () => document.querySelectorAll("canvas").length >= 7);
	tell((await page.locator("#status").innerText()).startsWith("report of"), "… and says that it is one");
	await page.context().close();
};

(async () => {
	await start();
	browser = await chromium.launch({executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]});
	for (const part of [now, business, operation, shapes, troubles, report]) {
		try {
			await part();
		} catch (e) {
			tell(false, part.name + " came to its end", e.stack);
		}
	}
	is("nothing was asked of anybody else", strangers.join(" "), "");
	is("the browser has nothing to complain of", complaints.join("\n"), "");
	console.log("1.." + count);
	await browser.close();
	await stop();
	process.exit(failed ? 1 : 0);
})().catch(e => {
	console.log("Bail out! " + e.stack);
	if (server)
		server.kill();
	process.exit(1);
});

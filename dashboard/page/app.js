// What holds it together: the URL, the filters, the live connection, colours.
"use strict";
(() => {
	const h = tx.h, f = tx.format, main = document.getElementById("main"), form = document.getElementById("filters");
	const status = document.getElementById("status"), banner = document.getElementById("banner"), wrong = document.getElementById("wrong");
	let live = null, heard = 0, lost = !tx.report, view = null, asked = "", rules = new Set();
	const fields = ["range", "from", "to", "currency", "rule", "customer", "merchant"];
	const every = {now: 15000, business: 10000, operation: 5000};

	// --- state in words -----------------------------------------------------------------------------------------------
	const notices = () => {
		const all = [];
		if (lost && live)
			all.push(["bad", "The server of this page does not answer. Trying again; the figures are of " + f.time(live.as_of) + "."]);
		if (live && live.lacks_tables)
			all.push(["bad", "The database is not set up yet: run pgload --init."]);
		else if (live && live.postgres.known && !live.postgres.up)
			all.push(["bad", "PostgreSQL cannot be asked since " + f.time(live.postgres.since) + ": " + live.postgres.words + ". What is shown is what was known then; the page goes on by itself when it is back."]);
		if (live && live.kafka.known && !live.kafka.up)
			all.push(["", "Kafka cannot be asked since " + f.time(live.kafka.since) + ": " + live.kafka.words + ". Ends of logs, lag and messages are not known."]);
		return all;
	};
	const showStatus = () => {
		const quiet = !tx.report && !lost && live && Date.now() - heard > 5000;
		let text = "live", kind = "live";
		if (tx.report)
			[text, kind] = ["report of " + live.as_of.slice(0, 16).replace("T", " "), ""];
		else if (!live)
			[text, kind] = [lost && heard === 0 ? "connecting" : "no connection", heard ? "lost" : ""];
		else if (lost)
			[text, kind] = ["no connection", "lost"];
		else if (!live.postgres.up)
			[text, kind] = [live.lacks_tables ? "not set up" : "no database", "lost"];
		else if (quiet)
			[text, kind] = ["stale since " + f.time(heard / 1000), "stale"];
		if (status.textContent !== text)
			status.textContent = text;
		status.className = "status " + kind;
		const all = notices(), key = JSON.stringify(all);
		if (banner.dataset.key !== key) {
			banner.dataset.key = key;
			banner.replaceChildren(...all.map(([kind, text]) => h("div", {class: "notice " + kind}, text)));
		}
		document.getElementById("as-of").textContent = live ? "As of " + live.as_of.slice(0, 10) + " " + f.clock(live.as_of) + "." : "";
	};

	// --- the view and its filters -------------------------------------------------------------------------------------
	const fill = s => {
		for (const name of fields) {
			const field = form.elements[name];
			if (field.tagName === "SELECT" && s[name] && ![...field.options].some(o => o.value === s[name]))
				field.append(h("option", {value: s[name]}, s[name]));
			if (document.activeElement !== field || field.tagName === "SELECT")
				field.value = s[name];
		}
		document.getElementById("reset").hidden = s.view === "operation" || !(s.currency || s.rule || s.customer || s.merchant);
		const bad = ["customer", "merchant"].filter(n => s[n] && !tx.uuid(s[n]));
		wrong.textContent = bad.length && s.view !== "operation" ? "The " + bad.join(" and the ") + " must be given by the whole UUID." :
			s.from && s.to && s.from >= s.to ? "This time ends before it begins." : "";
		form.hidden = Boolean(tx.report);
		for (const label of form.querySelectorAll("label")) // operation is asked about a time only
			label.hidden = label.className === "own" ? s.range !== "own" : s.view === "operation" && !label.querySelector("[name=range]");
	};
	const refresh = async () => { if (view) await tx.views[view].refresh(); };
	tx.show = () => {
		const s = tx.state.read(), key = JSON.stringify([s.view, s.range, s.from, s.to, s.currency, s.rule, s.customer, s.merchant, s.search, s.topic]);
		const name = s.view;
		fill(s);
		for (const a of document.querySelectorAll("nav a")) {
			a.href = tx.state.url({view: a.dataset.view, id: ""});
			if (a.dataset.view === name)
				a.setAttribute("aria-current", "page");
			else
				a.removeAttribute("aria-current");
		}
		if (name !== view) {
			view = name;
			main.replaceChildren(tx.views[name].element);
			document.title = "txpipe: " + {now: "now", business: "business", operation: "operation"}[name];
			tx.uncharted();
			if (live)
				tx.views[name].show(live);
			tx.views[name].redraw();
		}
		if (key !== asked) {
			asked = key;
			main.setAttribute("aria-busy", "true"); // what is shown is of other filters, until there are answers
			refresh().finally(() => { if (asked === key) main.removeAttribute("aria-busy"); });
		}
		tx.record(tx.report ? "" : s.id);
	};
	form.addEventListener("submit", e => e.preventDefault());
	form.addEventListener("change", () => {
		const before = tx.state.read(), wanted = Object.fromEntries(fields.map(n => [n, form.elements[n].value.trim()]));
		if (wanted.range === "own" && before.range !== "own") // begin with what is shown
			wanted.from = before.range === "all" ? "" : tx.data.from(before.range).slice(0, 16);
		tx.state.go(wanted);
	});
	form.addEventListener("reset", e => { e.preventDefault(); tx.state.go({currency: "", rule: "", customer: "", merchant: ""}); });
	document.addEventListener("click", e => {
		if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey)
			return;
		const a = e.target.closest("nav a, a[data-go]"), row = e.target.closest("tr[data-id]");
		if (a) {
			e.preventDefault();
			const to = new URLSearchParams(a.getAttribute("href").replace(/^[^?#]*[?#]?/, "")), names = Object.keys(tx.state.read());
			tx.state.go(Object.fromEntries(names.map(n => [n, to.get(n) || ""])));
			if (!a.closest("nav") && !to.get("id"))
				scrollTo(0, 0);
		} else if (row && !tx.report && !String(getSelection())) {
			tx.state.go({id: row.dataset.id});
		}
	});
	addEventListener("popstate", tx.show);
	addEventListener("hashchange", tx.show);
	const choices = async () => {
		const field = form.elements.currency, have = new Set([...field.options].map(o => o.value));
		const found = tx.objects(await tx.data.get("currencies").catch(() => ({columns: [], rows: []})));
		field.append(...found.filter(c => !have.has(c.currency)).map(c => h("option", {value: c.currency}, c.currency)));
		const named = tx.objects(await tx.data.get("rules", tx.data.times(tx.state.read())).catch(() => ({columns: [], rows: []}))).map(r => r.rule).sort();
		for (const rule of named)
			if (!rules.has(rule) && ![...form.elements.rule.options].some(o => o.value === rule)) {
				rules.add(rule);
				form.elements.rule.append(h("option", {value: rule}, rule));
			}
	};

	// --- colours ------------------------------------------------------------------------------------------------------
	const theme = document.getElementById("theme"), dark = matchMedia("(prefers-color-scheme: dark)");
	const kept = () => { try { return localStorage.getItem("theme") || "system"; } catch (e) { return "system"; } };
	let chosen = kept();
	const paint = () => {
		const now = chosen === "system" ? dark.matches ? "dark" : "light" : chosen;
		document.documentElement.dataset.theme = now;
		theme.textContent = {system: "◐", light: "○", dark: "●"}[chosen];
		theme.setAttribute("aria-label", "Colours: " + {system: "as the system has them", light: "light", dark: "dark"}[chosen]);
		theme.title = theme.getAttribute("aria-label");
		if (view)
			tx.views[view].redraw();
	};
	theme.addEventListener("click", () => {
		chosen = {system: "light", light: "dark", dark: "system"}[chosen];
		try { localStorage.setItem("theme", chosen); } catch (e) { /* then for this visit only */ }
		paint();
	});
	dark.addEventListener("change", paint);

	// --- begin --------------------------------------------------------------------------------------------------------
	const take = s => {
		const back = heard > 0 && lost || (live && !live.postgres.up && s.postgres.up);
		live = s;
		heard = Date.now();
		lost = false;
		for (const name of Object.keys(tx.views))
			tx.views[name].show(s);
		showStatus();
		if (back) {
			refresh();
			choices();
		}
	};
	paint();
	tx.show();
	if (tx.report) {
		take({...tx.report.live});
		choices();
		tx.views.now.redraw();
		return;
	}
	tx.live({
		live: take, tick: take, built: refresh, missed: refresh,
		flagged: r => tx.views.now.flagged(r),
		lost: () => { lost = true; showStatus(); },
	});
	choices();
	setInterval(showStatus, 1000);
	let since = Date.now();
	setInterval(() => {
		if (document.visibilityState === "hidden" || lost || Date.now() - since < every[view])
			return;
		since = Date.now();
		refresh();
	}, 1000);
})();

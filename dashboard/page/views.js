// The three views. Each is {element, show(live), refresh()}: `live` is the latest state of the pipeline, refresh() asks for the rest.
"use strict";
tx.views = {};

tx.tiles = names => {
	const h = tx.h, parts = {}, e = h("dl", {class: "tiles"});
	for (const [name, title, about] of names) {
		const value = h("div", {class: "value"}, tx.format.none), note = h("div", {class: "note"});
		const tile = h("div", {class: "tile"}, h("dt", {title: about || null}, title), h("dd", {}, value, note));
		parts[name] = {tile, value, note};
		e.append(tile);
	}
	const set = (name, value, unit, note, kind) => {
		const p = parts[name];
		p.value.replaceChildren(value, unit ? tx.h("span", {class: "unit"}, unit) : "");
		p.note.textContent = note || "";
		p.tile.className = "tile " + (kind || "");
	};
	return {element: e, set};
};

// Several answers at once; what cannot be had says so in its own place. An answer to what is no longer asked (other filters were chosen meanwhile) is nobody's.
tx.ask = (() => {
	const last = new Map();
	return wanted => Promise.all(wanted.map(async ([place, name, params]) => {
		const key = JSON.stringify(params), stale = () => last.get(name) !== key;
		last.set(name, key);
		try {
			const r = await tx.data.get(name, params);
			if (!stale())
				place.set(r, params);
		} catch (e) {
			if (!stale())
				place.fail("This cannot be shown now: " + e.message + ".");
		}
	}));
})();

// --- now ---------------------------------------------------------------------------------------------------------------
tx.views.now = (() => {
	const h = tx.h, f = tx.format;
	const tiles = tx.tiles([["stored", "Stored", "Offsets that were accounted for, each second"], ["flagged", "Flagged"], ["delay", "Delay", "From a transaction's own time to its row, median"],
		["lag", "Lag", "Records between the end of the log and what is stored"], ["age", "Last record"], ["dead", "Dead letters"], ["books", "Reconciliation"]]);
	const points = {columns: ["at", "stored", "in", "flagged_rate", "p50", "p95", "lag"].map(name => ({name, type: "number"})), rows: []};
	const xy = i => points.rows.map(r => ({x: r[0], y: r[i]}));
	const live = (series, format) => ({
		draw: canvas => tx.lines(canvas, series.map(s => ({...s, data: xy(s.at)})), format),
		update: chart => { series.forEach((s, i) => { chart.data.datasets[i].data = xy(s.at); }); tx.scale(chart); chart.update("none"); },
	});
	const through = tx.figure("Records a second", {width: "w4", name: "series", height: "low", legend: [["accent", "stored"], ["in", "came in"]], table: {only: ["at", "stored", "in", "lag"]},
		label: () => "Records a second over the last five minutes, stored and coming in",
		...live([{label: "stored", at: 1, colour: "accent", fill: true}, {label: "came in", at: 2, colour: "in", dash: [4, 3]}], f.rate)});
	const flags = tx.figure("Flagged a second", {width: "w4", name: "series", height: "low", legend: [["fraud", "flagged"]], table: {only: ["at", "flagged_rate"]},
		label: () => "Flagged transactions a second over the last five minutes", ...live([{label: "flagged", at: 3, colour: "fraud", fill: true}], f.rate)});
	const delays = tx.figure("Delay, transaction to row", {width: "w4", name: "series", height: "low", legend: [["accent", "median"], ["gold", "95 % within"]], table: {only: ["at", "p50", "p95"]},
		label: () => "Delay of transactions over the last five minutes, median and 95th percentile",
		...live([{label: "median", at: 4, colour: "accent", gaps: true}, {label: "95 % within", at: 5, colour: "gold", gaps: true}], f.duration)});
	const shownColumns = ["transaction_ts", "amount", "amount_usd", "customer_name", "merchant_name", "fraud_score", "fraud_reasons"];
	const fresh = h("span", {class: "about", role: "status"});
	const last = tx.listing("Last flagged transactions", {width: "w8 tall", name: "flagged", controls: fresh, table: {only: shownColumns, row: o => o.transaction_id, empty: "Nothing was flagged in this time and with these filters."}, about: "New ones appear by themselves. Choose one to see the record and what its customer did before."});
	const partitions = tx.listing("Partitions", {width: "w4", name: "partitions", table: {only: ["topic", "partition", "lag", "next_offset", "updated_at"], empty: "No stream has stored anything yet."}});
	const dead = tx.listing("Dead letters of the last day", {width: "w6", name: "dead_by_reason", table: {titles: {by: "By", dead_letters: "Count"}, empty: "None: everything that came could be stored."}});
	const books = tx.listing("Reconciliation", {width: "w6", name: "books", table: {empty: "No stream has stored anything yet."}, about: "Is every row and every dead letter that was counted there? Is every offset accounted for?"});
	const side = h("div", {class: "w4 grid-side"});
	side.append(partitions.element, dead.element);
	partitions.element.className = dead.element.className = "card";
	const element = h("div", {}, h("h1", {}, "Now"), tiles.element,
		h("div", {class: "grid"}, through.element, flags.element, delays.element, last.element, side, books.element));
	books.element.className = "card w12";
	let flagged = null, flaggedFor = "", waiting = [], shownAt = 0, later = 0;

	const showTiles = s => {
		const recent = points.rows.slice(-10).map(r => r[1]).filter(f.known), mean = recent.length ? recent.reduce((a, b) => a + b, 0) / recent.length : null;
		const inn = points.rows.slice(-10).map(r => r[2]).filter(f.known), meanIn = inn.length ? inn.reduce((a, b) => a + b, 0) / inn.length : null;
		tiles.set("stored", f.rate(mean), "/s", f.known(meanIn) ? f.rate(meanIn) + "/s come in" : "what comes in is not known");
		tiles.set("flagged", f.rate(s.flagged_minute / 60), "/s", s.records_minute > 0 ? f.share(s.flagged_minute / s.records_minute) + " this minute" : "nothing in the last minute");
		const delay = [...points.rows].reverse().find(r => f.known(r[4]));
		tiles.set("delay", delay ? f.duration(delay[4]) : f.none, "", delay ? "95 % within " + f.duration(delay[5]) : "nothing stored lately", delay && delay[5] > 60 ? "warn" : "");
		tiles.set("lag", f.compact(s.lag), f.known(s.lag) ? "records" : "", f.known(s.lag) ? s.partitions.rows.length + " partitions" : "Kafka does not tell", s.lag > 10000 ? "warn" : "");
		// by the server's clock: the browser's may be another
		const age = f.known(s.last_at) ? Math.max(0, Date.parse(s.as_of) / 1000 - s.last_at) : null;
		tiles.set("age", age === null ? f.none : age < 1.5 ? "1 s" : f.duration(Math.round(age)), age === null ? "" : "ago", age === null ? "no record was stored yet" : age > 60 ? "nothing new for over a minute" : s.records_minute > 0 ? "records keep coming" : "", age > 60 ? "warn" : "");
		const total = s.rows + s.duplicates + s.dead_letters + s.labels;
		if (s.partitions.rows.length)
			tiles.set("dead", f.compact(s.dead_letters), "", total > 0 ? f.share(s.dead_letters / total) + " of all records" : "");
		else // from files only: nobody counts those by stream
			tiles.set("dead", s.dead_by_reason ? f.compact(tx.objects(s.dead_by_reason).reduce((n, r) => n + r.dead_letters, 0)) : f.none, "", "of the last day");
		const wrong = s.books ? tx.objects(s.books).filter(r => r.wrong) : null;
		tiles.set("books", wrong === null ? f.none : wrong.length ? "wrong" : s.books.rows.length ? "adds up" : f.none, "", wrong === null ? (s.books_words || "not counted yet") : wrong.length ? wrong[0].wrong : "as of " + f.time(s.books_at), wrong === null ? "" : wrong.length ? "bad" : s.books.rows.length ? "good" : "");
	};
	const fits = o => {
		const s = tx.state.read(), p = tx.data.times(s), at = Date.parse(o.transaction_ts);
		return at >= Date.parse(p.from) && !(at >= Date.parse(p.to)) && (!s.currency || o.currency === s.currency) && (!s.rule || o.fraud_reasons.includes(s.rule)) &&
			(!tx.uuid(s.customer) || o.customer_id === s.customer.toLowerCase()) && (!tx.uuid(s.merchant) || o.merchant_id === s.merchant.toLowerCase());
	};
	// Rows must not move under a pointer or a key: while somebody is in the table, new ones wait.
	const held = () => {
		const scroll = last.element.querySelector(".scroll");
		return Boolean(scroll) && (scroll.matches(":hover") || scroll.contains(document.activeElement));
	};
	const showNew = () => {
		const hold = held();
		fresh.textContent = hold && waiting.length ? waiting.length + " new" + (waiting.length === 50 ? " or more" : "") + ", shown when you leave the table" : "";
		const wait = shownAt + 400 - Date.now(); // not more often than one can read
		clearTimeout(later);
		if (hold || waiting.length === 0 || !element.isConnected)
			return;
		if (wait > 0) {
			later = setTimeout(showNew, wait);
			return;
		}
		const rows = waiting;
		shownAt = Date.now();
		waiting = [];
		flagged = {...flagged, rows: [...rows, ...flagged.rows].slice(0, 50)};
		last.set(flagged, tx.data.filters());
		for (const row of rows) {
			const tr = last.element.querySelector('tr[data-id="' + CSS.escape(row[0]) + '"]');
			if (tr)
				tr.classList.add("new");
		}
	};
	return {
		element,
		show: s => {
			if (s.series)
				points.rows = s.series;
			else if (s.point) // what lies behind it was before the clock was set back
				points.rows = [...points.rows.filter(r => r[0] < s.point[0]), s.point];
			points.rows = points.rows.slice(-300);
			if (!element.isConnected)
				return;
			showTiles(s);
			tx.mark("figures");
			showNew();
			for (const figure of [through, flags, delays])
				figure.set(points);
			partitions.set(s.partitions);
			if (s.dead_by_reason)
				dead.set(s.dead_by_reason);
			else
				dead.fail("Not known yet.");
			if (s.books)
				books.set(s.books);
			else
				books.fail(s.books_words || "Not counted yet.");
		},
		// What was just flagged, newest first, in front of what is there.
		flagged: r => {
			if (!flagged)
				return;
			const known = new Set([...flagged.rows, ...waiting].map(row => row[0])), objects = tx.objects(r);
			waiting = [...r.rows.filter((row, i) => !known.has(row[0]) && fits(objects[i])).reverse(), ...waiting].slice(0, 50);
			showNew();
		},
		refresh: () => tx.ask([[{set: (r, p) => {
			if (flagged && flaggedFor === JSON.stringify(p) && held())
				return; // what comes is kept meanwhile
			flagged = r;
			flaggedFor = JSON.stringify(p);
			waiting = [];
			last.set(r, p);
			tx.mark("table");
		}, fail: last.fail}, "flagged", tx.data.filters()]]),
		redraw: () => [through, flags, delays].forEach(x => x.redraw()),
	};
})();

// --- business ----------------------------------------------------------------------------------------------------------
tx.views.business = (() => {
	const h = tx.h, f = tx.format;
	const tiles = tx.tiles([["revenue", "Revenue"], ["share", "Share flagged"], ["value", "Flagged value"], ["customers", "Customers"], ["merchants", "Merchants"]]);
	const daily = tx.figure("Revenue by day", {name: "daily", legend: [["accent", "revenue"], ["gold", "transactions"]], table: {only: ["day", "revenue_usd", "transactions"]},
		label: r => "Revenue and number of transactions of " + r.rows.length + " days",
		draw: (canvas, r) => { const o = tx.objects(r); return tx.bars(canvas, o.map(d => f.day(d.day).slice(5)), [{label: "revenue", data: o.map(d => d.revenue_usd), colour: "accent", format: v => "$" + f.compact(v)}], {label: "transactions", data: o.map(d => d.transactions), colour: "gold", format: f.compact}); }});
	const fraud = tx.figure("Fraud by day", {name: "daily", legend: [["fraud", "flagged"], ["text", "share of all"]], table: {only: ["day", "frauds", "fraud_ratio", "fraud_usd", "fraud_value_ratio"]},
		label: r => "Flagged transactions of " + r.rows.length + " days, and their share",
		draw: (canvas, r) => { const o = tx.objects(r); return tx.bars(canvas, o.map(d => f.day(d.day).slice(5)), [{label: "flagged", data: o.map(d => d.frauds), colour: "fraud", format: f.compact}], {label: "share of all", data: o.map(d => d.fraud_ratio), colour: "text", format: f.share}); }});
	const risk = (title, name, columns, least) => tx.listing(title, {name, about: "Of those with at least " + least + " transactions. Ranked by what the share is at least, so that few transactions weigh less than many.", table: {only: columns}});
	const customers = risk("High-risk customers", "customers_at_risk", ["customer_name", "home_country", "transactions", "frauds", "fraud_ratio", "fraud_ratio_at_least", "fraud_usd"], 5);
	const merchants = risk("High-risk merchants", "merchants_at_risk", ["merchant_name", "transactions", "frauds", "fraud_ratio", "fraud_ratio_at_least"], 20);
	const shares = (title, name, column) => tx.figure(title, {width: "w4", name, height: "high", legend: [["fraud", "of transactions"], ["gold", "of value"]], about: "Share that was flagged.",
		table: {only: [column, "transactions", "revenue_usd", "frauds", "fraud_ratio", "fraud_usd", "fraud_value_ratio"]},
		label: () => title + ": share flagged, by number and by value",
		draw: (canvas, r) => { const o = tx.objects(r).slice(0, 14); return tx.ranks(canvas, o.map(x => x[column]), [{label: "of transactions", data: o.map(x => x.fraud_ratio), colour: "fraud", format: f.share}, {label: "of value", data: o.map(x => x.fraud_value_ratio), colour: "gold", format: f.share}]); }});
	const category = shares("By category", "by_category", "merchant_category"), country = shares("By country", "by_country", "country"), method = shares("By payment method", "by_method", "payment_method");
	let background = {columns: [], rows: []};
	const map = tx.figure("Where flagged transactions took place", {width: "w8", name: "map", height: "high", legend: [["fraud", "flagged"], ["in", "merchants"]], table: {only: ["transaction_ts", "latitude", "longitude", "amount_usd"], row: o => o.transaction_id},
		about: "The newest 1,500; the merchants of all the world behind them.", label: r => "A map of " + r.rows.length + " flagged transactions",
		draw: (canvas, r) => tx.worldMap(canvas, tx.objects(r).map(o => ({x: Number(o.longitude), y: Number(o.latitude), ...o})), tx.objects(background).map(o => ({x: Number(o.longitude), y: Number(o.latitude)})))});
	const rules = tx.figure("Hits by rule", {width: "w4", name: "rules", height: "high", legend: [["fraud", "of flagged"], ["in", "all hits"]], about: "Also rules that never fired, where fraudcheck's metrics name them.", table: {only: ["rule", "hits", "flagged", "alone", "usd"], empty: "No rule has fired, and none is known from fraudcheck's metrics."},
		label: r => "How often each of " + r.rows.length + " rules fired",
		draw: (canvas, r) => { const o = tx.objects(r).slice(0, 20); return tx.ranks(canvas, o.map(x => x.rule), [{label: "of flagged", data: o.map(x => x.flagged), colour: "fraud", format: f.compact}, {label: "all hits", data: o.map(x => x.hits), colour: "in", format: f.compact}]); }});
	const verdicts = tx.listing("Verdicts against labels", {width: "w12", name: "verdicts", about: "Of the transactions for which a charge-back or an all-clear has come in.", table: {empty: "No label has come in for these transactions yet."}});
	const element = h("div", {}, h("h1", {}, "Business"), tiles.element, h("div", {class: "grid"}, daily.element, fraud.element, customers.element, merchants.element,
		category.element, country.element, method.element, map.element, rules.element, verdicts.element));
	const top = {
		set: r => {
			const c = tx.objects(r)[0];
			if (!c)
				return;
			tiles.set("revenue", "$" + f.compact(Number(c.revenue_usd)), "", f.count(c.transactions) + " transactions" + (c.unknown_currency ? ", " + f.count(c.unknown_currency) + " in an unknown currency" : ""));
			tiles.set("share", f.share(c.fraud_ratio), "", f.count(c.frauds) + " transactions flagged");
			tiles.set("value", "$" + f.compact(Number(c.fraud_usd)), "", f.share(c.fraud_value_ratio) + " of revenue");
		},
		fail: text => {
			for (const name of ["share", "value"])
				tiles.set(name, f.none, "", "");
			tiles.set("revenue", f.none, "", text, "warn");
		},
	};
	const reach = {
		set: r => {
			const c = tx.objects(r)[0];
			for (const name of c ? ["customers", "merchants"] : [])
				tiles.set(name, f.compact(c[name]), "", "with a transaction in this time");
		},
		fail: text => {
			tiles.set("customers", f.none, "", text, "warn");
			tiles.set("merchants", f.none, "", "");
		},
	};
	return {
		element,
		show: () => {},
		refresh: async () => {
			const p = tx.data.filters();
			const behind = background.rows.length ? null : tx.data.get("merchants_map").then(r => { background = r; map.redraw(); }, () => null);
			await tx.ask([[top, "cards", p], [{set: (r, q) => { daily.set(r, q); fraud.set(r, q); }, fail: t => { daily.fail(t); fraud.fail(t); }}, "daily", p],
				[rules, "rules", p], [reach, "reach", p], [customers, "customers_at_risk", p], [merchants, "merchants_at_risk", p], [category, "by_category", p], [country, "by_country", p], [method, "by_method", p],
				[map, "map", p], [verdicts, "verdicts", p]]);
			await behind;
		},
		redraw: () => [daily, fraud, category, country, method, map, rules].forEach(x => x.redraw()),
	};
})();

// --- operation ---------------------------------------------------------------------------------------------------------
// Boxes by level, from left to right, and what goes into what.
tx.lineage = result => {
	const h = (tag, attributes, ...children) => {
		const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
		for (const [k, v] of Object.entries(attributes))
			e.setAttribute(k, v);
		e.append(...children);
		return e;
	};
	const made = tx.objects(result), level = new Map(made.map(m => [m.relation, m.level]));
	const sources = new Set(made.flatMap(m => m.built_from).filter(s => !level.has(s)));
	for (const s of sources) // right before the first that needs it
		level.set(s, Math.min(...made.filter(m => m.built_from.includes(s)).map(m => m.level)) - 1);
	const columns = [];
	for (const [name, l] of level)
		(columns[l] = columns[l] || []).push(name);
	const at = new Map(), width = 190, step = 250, row = 44;
	columns.forEach((names, l) => names.sort().forEach((name, i) => at.set(name, {x: 6 + l * step, y: 8 + i * row})));
	const height = 8 + Math.max(1, ...columns.map(c => (c || []).length)) * row;
	const svg = h("svg", {width: 12 + (columns.length - 1) * step + width, height, role: "img", "aria-label": "What is built from what: " + made.map(m => m.relation + " from " + m.built_from.join(" and ")).join("; ")});
	for (const m of made)
		for (const s of m.built_from) {
			const a = at.get(s), b = at.get(m.relation), x = a.x + width, y = a.y + 15, mid = (x + b.x) / 2;
			svg.append(h("path", {d: `M${x} ${y}C${mid} ${y} ${mid} ${b.y + 15} ${b.x} ${b.y + 15}`}));
		}
	for (const [name, p] of at) {
		const of = made.find(m => m.relation === name);
		svg.append(h("g", {class: of ? "made" : "source"}, h("rect", {x: p.x, y: p.y, width, height: 30, rx: 7}), h("text", {x: p.x + 11, y: p.y + 19.5}, name.length > 25 ? name.slice(0, 24) + "…" : name),
			h("title", {}, of ? name + ", a " + of.materialised + (of.rows !== null ? ", " + tx.format.count(of.rows) + " rows" : "") : name + ", a source")));
	}
	return tx.h("div", {class: "lineage", tabindex: "0", role: "region", "aria-label": "Lineage"}, svg);
};

tx.views.operation = (() => {
	const h = tx.h, f = tx.format, none = "aggregate has not run in this database yet.";
	const runs = tx.listing("Runs of aggregate", {width: "w8", name: "runs", missing: none, table: {only: ["run_id", "started_at", "command", "status", "seconds", "models", "rows_inserted", "rows_updated", "tests_passed", "tests_failed", "message"], empty: none}});
	const took = tx.figure("How long runs took", {width: "w4", name: "runs", legend: [["accent", "published or checked"], ["fraud", "not"]], table: {only: ["run_id", "started_at", "seconds"], empty: none},
		label: r => "Duration of the last " + r.rows.length + " runs",
		draw: (canvas, r) => { const o = tx.objects(r).reverse(), fine = x => x.status === "published" || x.status === "checked"; const chart = tx.bars(canvas, o.map(x => String(x.run_id)), [{label: "took", data: o.map(x => x.seconds), colour: "accent", format: f.duration}]); chart.data.datasets[0].backgroundColor = o.map(x => tx.colour(fine(x) ? "accent" : "fraud") + "cc"); chart.update("none"); return chart; }});
	const nodes = tx.listing("What the last run did", {width: "w8", name: "run_nodes", missing: none, table: {only: ["node", "type", "status", "rows", "failures", "ms", "message"], empty: none}});
	const failing = tx.listing("Rows that tests found wrong", {width: "w4", name: "failing_rows", missing: none, table: {only: ["run_id", "test", "row"], empty: "None: no test of the runs that are remembered has kept a failing row."}});
	const lineage = tx.figure("Lineage", {width: "w12", name: "lineage", table: {empty: none}, draw: (canvas, r) => { const place = canvas.parentElement; place.className = ""; place.replaceChildren(tx.lineage(r)); return null; }});
	const partitions = tx.listing("Positions", {width: "w12", name: "partitions", about: "Where each stream stands in each partition, and what became of every offset before.", table: {empty: "No stream has stored anything yet."}});
	const select = h("select", {"aria-label": "Topic", onchange: e => tx.state.go({topic: e.target.value}, true)});
	const messages = tx.listing("Latest messages", {width: "w12", name: "messages", controls: h("span", {class: "controls"}, select), table: {only: ["partition", "offset", "time", "bytes", "content"], empty: "This topic is empty."}});
	const search = h("input", {type: "search", "aria-label": "Search in dead letters", placeholder: "reason, detail, content", onchange: e => tx.state.go({search: e.target.value}, true)});
	const letters = tx.listing("Dead letters", {width: "w12", name: "dead_letters", controls: h("span", {class: "controls"}, search), about: "This page changes nothing. The command sends one again, byte for byte.",
		table: {only: ["id", "received_at", "reason", "detail", "partition", "offset", "content", "replay"], empty: "None that fits."}});
	const element = h("div", {}, h("h1", {}, "Operation"), h("div", {class: "grid"}, runs.element, took.element, nodes.element, failing.element, lineage.element, partitions.element, ...(tx.report ? [] : [messages.element]), letters.element));
	const topics = async () => {
		const found = tx.objects(await tx.data.get("topics")).map(t => t.topic), wanted = tx.state.read().topic;
		const chosen = wanted || (found.includes("transactions") ? "transactions" : found[0] || "");
		if (chosen && !found.includes(chosen))
			found.unshift(chosen);
		if ([...select.options].map(o => o.value).join() !== found.join())
			select.replaceChildren(...found.map(t => h("option", {value: t}, t)));
		select.value = chosen;
		return chosen;
	};
	const showMessages = async () => {
		try {
			const topic = await topics();
			if (topic)
				await tx.ask([[messages, "messages", {topic}]]);
			else
				messages.fail("There is no topic.");
		} catch (e) {
			messages.fail("This cannot be shown now: " + e.message + ".");
		}
	};
	return {
		element,
		show: s => { if (element.isConnected) partitions.set(s.partitions); },
		refresh: async () => {
			const s = tx.state.read(), p = tx.data.times(s);
			if (s.search)
				p.search = s.search;
			if (document.activeElement !== search)
				search.value = s.search;
			await Promise.all([tx.ask([[{set: (r, q) => { runs.set(r, q); took.set(r, q); }, fail: t => { runs.fail(t); took.fail(t); }}, "runs"], [nodes, "run_nodes"], [failing, "failing_rows"], [lineage, "lineage"], [letters, "dead_letters", p]]),
				...(tx.report ? [] : [showMessages()])]);
		},
		redraw: () => [took, lineage].forEach(x => x.redraw()),
	};
})();

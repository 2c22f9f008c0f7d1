// Tables: of a result {columns, rows}, with names and formats of columns in one place.
"use strict";
tx.columns = (() => {
	const f = tx.format, h = tx.h;
	const most = 5; // the record has them all
	const chips = (list, kind) => h("span", {class: "chips"}, ...(list || []).slice(0, most).map(r => h("span", {class: "chip" + (kind || ""), title: r}, r)),
		(list || []).length > most ? h("span", {class: "about", title: list.slice(most).join(", ")}, "and " + (list.length - most) + " more") : null);
	const filter = (name, id, text) => tx.report ? text : h("a", {href: tx.state.url({[name]: id, view: "business", id: ""}), "data-go": ""}, text);
	const usd = {n: 1, show: f.usd}, count = {n: 1, show: f.count}, share = {n: 1, show: f.share}, time = {show: f.time, c: "time"};
	return {
		transaction_id: {t: "Transaction", c: "mono"}, transaction_ts: {...time, t: "Time"}, loaded_at: {...time, t: "Stored"},
		amount: {t: "Amount", n: 1, show: (v, row) => f.amount(v) + (row && row.currency ? " " + row.currency : "")}, currency: {t: "Currency", hide: 1},
		amount_usd: {...usd, t: "In USD"}, usd: {...usd, t: "Value"},
		customer_id: {t: "Customer", c: "mono", hide: 1}, customer_name: {t: "Customer", c: "name", show: (v, row) => row && row.customer_id ? filter("customer", row.customer_id, f.text(v || row.customer_id.slice(0, 8))) : f.text(v)},
		merchant_id: {t: "Merchant", c: "mono", hide: 1}, merchant_name: {t: "Merchant", c: "name", show: (v, row) => row && row.merchant_id ? filter("merchant", row.merchant_id, f.text(v || "unknown")) : f.text(v)},
		merchant_category: {t: "Category"}, country: {t: "Country"}, home_country: {t: "Home"}, payment_method: {t: "Paid by"},
		fraud_score: {t: "Score", n: 1, show: f.score}, fraud_reasons: {t: "Reasons", show: v => chips(v, " fraud")},
		is_fraud: {t: "Flagged", show: f.flag}, transactions: {...count, t: "Transactions"}, revenue_usd: {...usd, t: "Revenue"}, frauds: {...count, t: "Flagged"},
		fraud_ratio: {...share, t: "Share flagged"}, fraud_ratio_at_least: {...share, t: "At least"}, fraud_usd: {...usd, t: "Flagged value"},
		fraud_value_ratio: {...share, t: "Share of value"}, day: {t: "Day", show: f.day, c: "time"},
		rule: {t: "Rule"}, hits: {...count, t: "Hits"}, flagged: {...count, t: "Of flagged"}, alone: {...count, t: "Alone"}, outcome: {t: "Outcome"},
		stream: {t: "Stream"}, target: {t: "Table"}, topic: {t: "Topic"}, partition: {t: "Partition", n: 1, show: f.count}, offset: {t: "Offset", n: 1, show: f.count},
		log_end: {...count, t: "Log end"}, next_offset: {...count, t: "Stored up to"}, lag: {...count, t: "Lag"}, rows: {...count, t: "Rows"},
		duplicates: {...count, t: "Duplicates"}, dead_letters: {...count, t: "Dead letters"}, labels: {...count, t: "Labels"}, holes: {...count, t: "Holes"},
		unaccounted: {...count, t: "Unaccounted"}, updated_at: {...time, t: "Last commit"}, broken_at: {...time, t: "Broken since"},
		by: {t: "Refused by"}, reason: {t: "Reason"}, detail: {t: "Detail", c: "long"}, last_at: {...time, t: "Last"}, received_at: {...time, t: "Received"},
		resolved_at: {...time, t: "Resolved"}, source: {t: "File"}, line: {...count, t: "Line"}, bytes: {...count, t: "Bytes"}, content: {t: "Content", c: "content mono"},
		replay: {t: "To send it again", c: "content", show: v => v ? h("code", {class: "command", title: "select and copy"}, v) : f.none},
		id: {t: "No.", n: 1, show: v => String(v)}, time: {...time, t: "Time"}, key: {t: "Key", c: "mono"}, partitions: {...count, t: "Partitions"},
		run_id: {t: "Run", n: 1, show: v => String(v)}, started_at: {...time, t: "Started"}, project: {t: "Project"}, command: {t: "Command"},
		status: {t: "Status", show: v => h("span", {class: /^(published|checked|success|pass|unchanged)$/.test(v) ? "good" : /^(warn|skipped)$/.test(v) ? "warn" : "bad"}, v)},
		exit_status: {t: "Exit", n: 1, show: f.count}, seconds: {t: "Took", n: 1, show: f.duration}, ms: {t: "Took", n: 1, show: v => f.duration(f.known(v) ? v / 1000 : null)},
		models: {...count, t: "Models"}, rows_inserted: {...count, t: "Inserted"}, rows_updated: {...count, t: "Updated"}, inserted: {...count, t: "Inserted"}, updated: {...count, t: "Updated"}, deleted: {...count, t: "Deleted"},
		tests_passed: {...count, t: "Passed"}, tests_warned: {...count, t: "Warned"}, tests_failed: {t: "Failed", n: 1, show: v => v > 0 ? h("span", {class: "bad"}, f.count(v)) : f.count(v)},
		message: {t: "Message", c: "long"}, node: {t: "Node", c: "name wide"}, type: {t: "Kind"}, failures: {...count, t: "Failures"}, test: {t: "Test"}, number: {...count, t: "No."}, row: {t: "Row", c: "content mono"},
		level: {t: "Level", n: 1, show: f.count}, relation: {t: "Relation"}, materialised: {t: "Made as"}, changed_at: {...time, t: "Changed"}, built_from: {t: "Built from", show: v => (v || []).join(", ")},
		rows_counted: {...count, t: "Rows counted"}, rows_stored: {...count, t: "Rows there"}, dead_letters_counted: {...count, t: "Dead letters counted"},
		dead_letters_stored: {...count, t: "Dead letters there"}, offsets_unaccounted: {...count, t: "Offsets unaccounted"},
		wrong: {t: "Verdict", show: v => v ? h("span", {class: "bad"}, v) : h("span", {class: "good"}, "adds up")},
		latitude: {t: "Latitude", n: 1, show: v => f.known(v) ? Number(v).toFixed(2) : f.none}, longitude: {t: "Longitude", n: 1, show: v => f.known(v) ? Number(v).toFixed(2) : f.none}, merchants: {...count, t: "Merchants"},
		at: {t: "Time", show: f.clock, c: "time"}, stored: {t: "Stored/s", n: 1, show: f.rate}, in: {t: "Came in/s", n: 1, show: f.rate}, flagged_rate: {t: "Flagged/s", n: 1, show: f.rate},
		p50: {t: "Median", n: 1, show: f.duration}, p95: {t: "95 % within", n: 1, show: f.duration},
	};
})();

// options: caption, only (names of columns, in order), hide (names), titles (of columns, where the usual one is too long), empty (words), row (called with an object; its result, an id, opens the record)
tx.table = (result, options = {}) => {
	const h = tx.h, order = options.only || result.columns.map(c => c.name);
	const shown = order.map(name => ({name, at: result.columns.findIndex(c => c.name === name), of: tx.columns[name] || {t: name}}))
		.filter(c => c.at >= 0 && (options.only || !c.of.hide) && !(options.hide || []).includes(c.name));
	if (result.rows.length === 0)
		return h("p", {class: "empty"}, options.empty || "Nothing in this time and with these filters.");
	const head = h("tr", {}, ...shown.map(c => h("th", {scope: "col", class: c.of.n ? "number" : null}, (options.titles || {})[c.name] || c.of.t)));
	const body = h("tbody");
	const table = h("table", {}, h("caption", {}, options.caption || "Figures"), h("thead", {}, head), body);
	const objects = tx.objects(result);
	objects.forEach((object, i) => {
		const id = options.row ? options.row(object) : null;
		const tr = h("tr", {class: id ? "link" : null, "data-id": id});
		shown.forEach((c, k) => {
			const value = result.rows[i][c.at];
			let cell = c.of.show ? c.of.show(value, object) : tx.format.text(value);
			if (id && k === 0)
				cell = h("a", {href: tx.state.url({id}), "data-go": ""}, cell);
			tr.append(h("td", {class: [c.of.n ? "number" : "", c.of.c || ""].join(" ").trim() || null}, cell));
		});
		body.append(tr);
	});
	return h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": options.caption || "Figures"}, table);
};

// Where figures come from: the server, or the report that this page is.
"use strict";
tx.report = (() => {
	const e = document.getElementById("report");
	return e ? JSON.parse(e.textContent) : null;
})();

// What the URL says. Everything that can be chosen on the page is in it.
tx.state = (() => {
	const names = ["view", "range", "from", "to", "currency", "rule", "customer", "merchant", "search", "topic", "id"];
	const usual = {view: "now", range: "30d"}, views = ["now", "business", "operation"], ranges = ["1h", "24h", "7d", "30d", "90d", "all", "own"];
	const time = text => /^\d{4}-\d\d-\d\d$/.test(text) ? text + "T00:00" : text;
	const isTime = text => /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(text) && !Number.isNaN(Date.parse(text + "Z"));
	const read = () => {
		const given = new URLSearchParams(tx.report ? location.hash.slice(1) : location.search);
		const s = Object.fromEntries(names.map(n => [n, given.get(n) || usual[n] || ""]));
		if (!views.includes(s.view)) // an address may say anything
			s.view = usual.view;
		if (!ranges.includes(s.range))
			s.range = usual.range;
		for (const n of ["from", "to"])
			s[n] = s.range === "own" && isTime(time(s[n])) ? time(s[n]) : "";
		return s;
	};
	const url = change => {
		const wanted = {...read(), ...change}, query = new URLSearchParams();
		for (const n of names)
			if (wanted[n] && wanted[n] !== usual[n])
				query.set(n, wanted[n]);
		const text = query.toString();
		return tx.report ? "#" + text : text ? "?" + text : location.pathname;
	};
	return {
		read, url,
		go: (change, replace) => {
			history[replace ? "replaceState" : "pushState"](null, "", url(change));
			tx.show();
		},
	};
})();

tx.uuid = text => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

tx.data = (() => {
	const seconds = {"1h": 3600, "24h": 86400, "7d": 604800, "30d": 2592000, "90d": 7776000};
	const text = ms => new Date(ms).toISOString().replace(".000", "");
	// Days are whole ones (UTC), so that a day is a day in every chart and can be read from the marts; shorter times are to the minute, so that browsers
	// that ask at the same time ask the same.
	const from = range => {
		const since = Date.now() - seconds[range] * 1000, step = seconds[range] > 86400 ? 86400000 : 60000;
		return range === "all" ? "1970-01-01T00:00:00Z" : text(Math.floor(since / step) * step);
	};
	const times = s => {
		if (s.range !== "own")
			return {from: from(s.range)};
		const p = {from: s.from ? text(Date.parse(s.from + "Z")) : from("all")};
		if (s.to)
			p.to = text(Date.parse(s.to + "Z"));
		return p;
	};
	const filters = () => {
		const s = tx.state.read(), p = times(s);
		for (const n of ["currency", "rule"])
			if (s[n])
				p[n] = s[n];
		for (const n of ["customer", "merchant"])
			if (tx.uuid(s[n]))
				p[n] = s[n];
		return p;
	};
	const path = (name, params = {}, end = "") => {
		const query = new URLSearchParams(params).toString();
		return "api/" + name + end + (query ? "?" + query : "");
	};
	return {
		filters, times, from,
		csv: (name, params) => tx.report ? null : path(name, params, ".csv"),
		get: async (name, params) => {
			if (tx.report) {
				if (!tx.report[name] || tx.report[name].error)
					throw new Error(tx.report[name] ? tx.report[name].error : "not part of the report");
				return tx.report[name];
			}
			let answer, body;
			try {
				answer = await fetch(path(name, params), {cache: "no-store"});
				body = await answer.json();
			} catch (e) {
				throw new Error("the server does not answer");
			}
			if (!answer.ok)
				throw new Error(body.error || "the server answers " + answer.status);
			return body;
		},
	};
})();

// Live: calls `on.live`, `on.tick`, `on.flagged`, `on.built`, and `on.lost` when the server is away. Only while somebody looks.
tx.live = on => {
	let source = null, again = null;
	const open = () => {
		clearTimeout(again);
		if (source || document.visibilityState === "hidden")
			return;
		source = new EventSource("events");
		for (const name of ["live", "tick", "flagged", "built", "missed"])
			source.addEventListener(name, e => on[name](JSON.parse(e.data)));
		source.onerror = () => {
			on.lost();
			if (source && source.readyState === EventSource.CLOSED) { // refused: the browser does not try again by itself
				source = null;
				again = setTimeout(open, 2000);
			}
		};
	};
	document.addEventListener("visibilitychange", () => {
		if (document.visibilityState === "hidden" && source) {
			source.close();
			source = null;
		}
		open();
	});
	open();
};

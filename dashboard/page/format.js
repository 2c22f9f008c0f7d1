// How values are shown. Whatever comes from outside goes into the page as text, never as markup.
"use strict";
const tx = {};

tx.number = (digits = 0) => new Intl.NumberFormat("en-US", {maximumFractionDigits: digits, minimumFractionDigits: digits});
tx.format = (() => {
	const whole = tx.number(0), two = tx.number(2), one = tx.number(1);
	const compact = new Intl.NumberFormat("en-US", {notation: "compact", maximumFractionDigits: 2, minimumFractionDigits: 0});
	const pad = (n, width = 2) => String(n).padStart(width, "0");
	const none = "–";
	const known = value => value !== null && value !== undefined && value !== "" && !Number.isNaN(value);
	const date = value => typeof value === "number" ? new Date(value * 1000) : new Date(value);
	const f = {
		none, known,
		count: v => known(v) ? whole.format(v) : none,
		rate: v => !known(v) ? none : v >= 100 ? whole.format(v) : one.format(v),
		amount: v => known(v) ? two.format(v) : none,
		usd: v => known(v) ? "$" + two.format(v) : none,
		compact: v => known(v) ? (Math.abs(v) < 10000 ? whole.format(v) : compact.format(v)) : none,
		axis: v => compact.format(v), // round numbers, as on axes
		shareAxis: v => compact.format(v * 100) + " %",
		share: v => known(v) ? (v * 100).toFixed(v !== 0 && v < 0.1 ? 2 : 1) + " %" : none,
		score: v => known(v) ? one.format(v) : none,
		day: v => known(v) ? String(v).slice(0, 10) : none,
		clock: v => {
			const d = date(v);
			return known(v) ? pad(d.getUTCHours()) + ":" + pad(d.getUTCMinutes()) + ":" + pad(d.getUTCSeconds()) : none;
		},
		time: v => {
			if (!known(v) || Number.isNaN(date(v).getTime()))
				return known(v) ? String(v) : none;
			const today = new Date().toISOString().slice(0, 10), text = date(v).toISOString();
			const day = text.slice(0, 10) === today ? "" : text.slice(0, 5) === today.slice(0, 5) ? text.slice(5, 10) + " " : text.slice(0, 10) + " ";
			return day + text.slice(11, 19);
		},
		duration: s => {
			if (!known(s))
				return none;
			if (s < 0)
				return "−" + f.duration(-s);
			if (s < 0.9995)
				return Math.round(s * 1000) + " ms";
			if (s < 90)
				return (s < 10 && !Number.isInteger(s) ? s.toFixed(1) : Math.round(s)) + " s";
			if (s < 5400)
				return Math.round(s / 60) + " min";
			if (s < 129600)
				return Math.round(s / 3600) + " h";
			return Math.round(s / 86400) + " d";
		},
		flag: v => v === null || v === undefined ? none : v ? "yes" : "no",
		text: v => known(v) ? typeof v === "object" ? JSON.stringify(v) : String(v) : none,
	};
	return f;
})();

// When something was first there, for whoever measures (tests/bench/dash).
tx.mark = name => {
	if (performance.getEntriesByName(name).length === 0)
		performance.mark(name);
};

// An element: tx.h("td", {class: "number"}, "text", other)
tx.h = (tag, attributes = {}, ...children) => {
	const e = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (value === null || value === undefined || value === false)
			continue;
		if (name.startsWith("on"))
			e.addEventListener(name.slice(2), value);
		else
			e.setAttribute(name, value === true ? "" : value);
	}
	e.append(...children.filter(c => c !== null && c !== undefined));
	return e;
};

// The rows of a result as objects.
tx.objects = result => result.rows.map(row => Object.fromEntries(result.columns.map((c, i) => [c.name, row[i]])));

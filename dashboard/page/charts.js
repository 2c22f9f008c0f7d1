// Charts by Chart.js, in the page's colours, each with its figures as a table behind it.
"use strict";
tx.colour = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
tx.charts = new Set();

tx.chart = (canvas, config) => {
	const soft = tx.colour("soft"), line = tx.colour("line");
	Chart.defaults.color = soft;
	Chart.defaults.borderColor = line;
	Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
	Chart.defaults.font.size = 11.5;
	const still = {animation: false, responsive: true, maintainAspectRatio: false, interaction: {mode: "index", intersect: false}};
	const plugins = {legend: {display: false}, tooltip: {backgroundColor: tx.colour("text"), titleColor: tx.colour("card"), bodyColor: tx.colour("card"), padding: 9, boxPadding: 4, cornerRadius: 6}};
	config.options = {...still, ...config.options, plugins: {...plugins, ...(config.options || {}).plugins}};
	const chart = new Chart(canvas, config);
	tx.charts.add(chart);
	return chart;
};
tx.uncharted = () => {
	for (const chart of tx.charts)
		if (!chart.canvas.isConnected) {
			tx.charts.delete(chart);
			chart.destroy();
		}
};

// What cannot be had is said above what was shown before; `place` says where, the words go when there is an answer again.
tx.outdated = place => {
	const words = tx.h("p", {class: "outdated", role: "status"});
	return {
		say: text => {
			words.textContent = text + " What is shown is older, and may be of other filters.";
			if (!words.isConnected)
				place.before(words);
		},
		clear: () => words.remove(),
	};
};

// A card: title, words, tools, and a place for what it shows.
tx.card = (title, options = {}) => {
	const h = tx.h, tools = h("span", {class: "tools"});
	const e = h("section", {class: "card " + (options.width || "w6"), "aria-label": title}, h("header", {}, h("h2", {}, title), tools));
	if (options.about)
		e.append(h("p", {class: "about"}, options.about));
	const body = h("div");
	e.append(body);
	return {element: e, body, tools};
};

// A card with a chart: `draw(place, result)` makes it, and a button shows the figures instead.
// options: width, about, name and params (of the CSV), label (what the picture shows, in words), height, legend [[colour, text]…], table (options of tx.table)
tx.figure = (title, options) => {
	const h = tx.h, card = tx.card(title, options);
	const outdated = tx.outdated(card.body);
	let result = null, chart = null, asTable = false;
	const button = h("button", {type: "button", "aria-pressed": "false"}, "Table");
	const link = options.name && tx.data.csv(options.name, {}) ? h("a", {download: options.name + ".csv"}, "CSV") : null;
	const words = h("p", {class: "empty", role: "status"}, "Asking…");
	const draw = () => {
		if (!result)
			return;
		if (chart && !asTable && options.update && chart.canvas.isConnected && result.rows.length > 0)
			return options.update(chart, result);
		card.body.replaceChildren();
		tx.uncharted();
		if (asTable || result.rows.length === 0)
			return card.body.append(tx.table(result, {caption: title, ...options.table}));
		const canvas = h("canvas", {role: "img", "aria-label": options.label ? options.label(result) : title + ": the figures are in the table"});
		if (options.legend)
			card.body.append(h("ul", {class: "legend"}, ...options.legend.map(([colour, text]) => {
				const i = h("i");
				i.style.background = tx.colour(colour);
				return h("li", {}, i, text);
			})));
		card.body.append(h("div", {class: "canvas " + (options.height || "")}, canvas));
		chart = options.draw(canvas, result);
	};
	button.addEventListener("click", () => {
		asTable = !asTable;
		button.setAttribute("aria-pressed", String(asTable));
		button.textContent = asTable ? "Chart" : "Table";
		chart = null;
		draw();
	});
	card.tools.append(button, ...(link ? [link] : []));
	card.body.append(words);
	return {
		element: card.element,
		set: (r, params) => {
			result = r;
			outdated.clear();
			if (link)
				link.href = tx.data.csv(options.name, params || {});
			draw();
		},
		fail: text => {
			if (result)
				outdated.say(text);
			else
				words.textContent = text;
		},
		redraw: () => { chart = null; draw(); },
	};
};

// A card with a table only.
tx.listing = (title, options) => {
	const h = tx.h, card = tx.card(title, options);
	const link = options.name && tx.data.csv(options.name, {}) ? h("a", {download: options.name + ".csv"}, "CSV") : null;
	if (options.controls)
		card.tools.append(options.controls);
	if (link)
		card.tools.append(link);
	card.body.append(h("p", {class: "empty", role: "status"}, "Asking…"));
	const outdated = tx.outdated(card.body);
	let before = null;
	return {
		element: card.element,
		set: (r, params) => {
			outdated.clear();
			if (link)
				link.href = tx.data.csv(options.name, params || {});
			const now = JSON.stringify([r.rows, r.missing]);
			if (now === before)
				return; // whoever reads or has scrolled is not disturbed
			before = now;
			card.body.replaceChildren(tx.table(r, {caption: title, ...options.table, empty: r.missing ? options.missing : (options.table || {}).empty}));
		},
		fail: text => {
			if (before !== null)
				outdated.say(text);
			else
				card.body.firstChild.textContent = text;
		},
		redraw: () => {},
	};
};

// The end of the data has a tick of its own, which would lie over the one before it.
tx.apart = axis => {
	const t = axis.ticks.map(x => x.value), n = t.length;
	if (n > 2 && t[n - 1] - t[n - 2] < (t[1] - t[0]) * 0.8)
		axis.ticks.pop();
};

// One peak (a backlog that was worked off) must not press all the rest flat: it may leave the picture, which then says so. The table has it all.
tx.scale = chart => {
	const values = chart.data.datasets.flatMap(s => s.data.map(p => p.y)).filter(v => v !== null && v > 0).sort((a, b) => a - b);
	const usual = values[Math.floor(values.length * 0.95)], most = values[values.length - 1], beyond = usual > 0 && most > 8 * usual;
	const step = 10 ** Math.floor(Math.log10(usual * 2)), round = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map(n => n * step).find(n => n >= usual * 2);
	chart.options.scales.y.max = beyond ? round : undefined;
	const legend = chart.canvas.closest("section").querySelector(".legend");
	let note = legend.querySelector(".peak");
	if (!note && beyond)
		legend.append(note = tx.h("li", {class: "peak"}));
	if (note)
		note.textContent = beyond ? "a peak of " + chart.peak(most) + " is beyond the scale" : "";
};

tx.lines = (canvas, series, format) => {
	const chart = tx.timeChart(canvas, series, format);
	chart.peak = format;
	tx.scale(chart);
	chart.update("none");
	return chart;
};

tx.timeChart = (canvas, series, format) => tx.chart(canvas, {
	type: "line",
	data: {datasets: series.map(s => ({
		label: s.label, data: s.data, borderColor: tx.colour(s.colour), backgroundColor: tx.colour(s.colour) + "22", borderWidth: 1.6, pointRadius: 0,
		pointHitRadius: 6, fill: s.fill || false, tension: .25, spanGaps: s.gaps || false, borderDash: s.dash || [],
	}))},
	options: {
		parsing: false, normalized: true, clip: true,
		scales: {
			x: {type: "linear", bounds: "data", grid: {display: false}, afterBuildTicks: tx.apart, ticks: {maxTicksLimit: 5, maxRotation: 0, callback: v => tx.format.clock(v)}},
			y: {beginAtZero: true, grid: {drawBorder: false}, ticks: {maxTicksLimit: 5, callback: format === tx.format.rate ? tx.format.axis : format}},
		},
		plugins: {tooltip: {callbacks: {title: items => items.length ? tx.format.clock(items[0].parsed.x) : "", label: i => " " + i.dataset.label + ": " + format(i.parsed.y)}}},
	},
});

// Bars, and perhaps a line on an axis of its own.
tx.bars = (canvas, labels, bars, line) => tx.chart(canvas, {
	data: {labels, datasets: [
		...(line ? [{type: "line", label: line.label, data: line.data, borderColor: tx.colour(line.colour), backgroundColor: tx.colour(line.colour), borderWidth: 1.8, pointRadius: labels.length > 40 ? 0 : 2.5, tension: .25, yAxisID: "y1"}] : []),
		...bars.map(b => ({type: "bar", label: b.label, data: b.data, backgroundColor: tx.colour(b.colour) + (b.weak ? "99" : "cc"), borderRadius: 3, maxBarThickness: 42, yAxisID: "y", format: b.format})),
	]},
	options: {
		scales: {
			x: {grid: {display: false}, ticks: {maxRotation: 0, autoSkipPadding: 12}},
			y: {beginAtZero: true, grid: {drawBorder: false}, ticks: {maxTicksLimit: 5, callback: bars[0].format}},
			...(line ? {y1: {beginAtZero: true, position: "right", grid: {display: false, drawBorder: false}, ticks: {maxTicksLimit: 5, callback: line.format === tx.format.share ? tx.format.shareAxis : line.format}}} : {}),
		},
		plugins: {tooltip: {callbacks: {label: i => " " + i.dataset.label + ": " + (i.dataset.yAxisID === "y1" ? line.format : i.dataset.format)(i.parsed.y)}}},
	},
});

// Bars that lie, for names.
tx.ranks = (canvas, labels, bars) => tx.chart(canvas, {
	type: "bar",
	data: {labels, datasets: bars.map(b => ({label: b.label, data: b.data, backgroundColor: tx.colour(b.colour) + (b.weak ? "88" : "cc"), borderRadius: 2, maxBarThickness: 13, format: b.format}))},
	options: {
		indexAxis: "y",
		scales: {x: {beginAtZero: true, grid: {drawBorder: false}, ticks: {maxTicksLimit: 5, callback: bars[0].format === tx.format.share ? tx.format.shareAxis : bars[0].format}}, y: {grid: {display: false}, ticks: {autoSkip: false}}},
		plugins: {tooltip: {callbacks: {label: i => " " + i.dataset.label + ": " + i.dataset.format(i.parsed.x)}}},
	},
});

tx.worldMap = (canvas, flagged, merchants) => tx.chart(canvas, {
	type: "scatter",
	data: {datasets: [
		{label: "flagged", data: flagged, backgroundColor: tx.colour("fraud") + "aa", pointRadius: 3, pointHoverRadius: 5},
		{label: "merchants", data: merchants, backgroundColor: tx.colour("in") + "55", pointRadius: 1.6, pointHoverRadius: 1.6, pointHitRadius: 0},
	]},
	options: {
		interaction: {mode: "nearest", intersect: true},
		scales: {
			x: {min: -180, max: 180, grid: {drawBorder: false}, ticks: {stepSize: 60, callback: v => v === 0 ? "0°" : Math.abs(v) + "° " + (v < 0 ? "W" : "E")}},
			y: {min: -60, max: 80, grid: {drawBorder: false}, ticks: {stepSize: 20, callback: v => v === 0 ? "0°" : Math.abs(v) + "° " + (v < 0 ? "S" : "N")}},
		},
		plugins: {tooltip: {callbacks: {label: i => i.raw.amount_usd === undefined ? "" : " " + tx.format.usd(i.raw.amount_usd) + ", " + tx.format.time(i.raw.transaction_ts)}}},
		onClick: (event, items, chart) => {
			const point = items.map(i => chart.data.datasets[i.datasetIndex].data[i.index]).find(p => p.transaction_id);
			if (point && !tx.report)
				tx.state.go({id: point.transaction_id});
		},
	},
});

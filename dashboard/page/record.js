// One transaction: what it is, why it was flagged, what its customer did before.
"use strict";
tx.record = (() => {
	const f = tx.format, h = tx.h, dialog = document.getElementById("record");
	let shown = "", closed = "";
	const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
	const close = () => { if (tx.state.read().id) tx.state.go({id: ""}); };
	const head = title => h("header", {}, h("h2", {id: "record-title"}, title), h("button", {type: "button", class: "quiet", onclick: close}, "Close"));
	const place = r => f.known(r.latitude) && f.known(r.longitude) ? Number(r.latitude).toFixed(4) + ", " + Number(r.longitude).toFixed(4) : f.none;
	const label = r => r.label_is_fraud === null ? "none yet" : (r.label_is_fraud ? "fraud" : "no fraud") + ", " + f.time(r.label_ts);
	const draw = (r, history) => {
		const reasons = r.fraud_reasons.length ? h("span", {class: "chips"}, ...r.fraud_reasons.map(x => h("span", {class: "chip fraud"}, x))) : "none";
		dialog.replaceChildren(
			head(f.amount(r.amount) + " " + r.currency + (r.is_fraud ? ", flagged" : ", not flagged") + (f.known(r.fraud_score) ? " with score " + f.score(r.fraud_score) : "")),
			h("dl", {class: "facts"},
				fact("Reasons", reasons), fact("In US dollars", f.usd(r.amount_usd)), fact("Time", f.time(r.transaction_ts)), fact("Stored", f.time(r.loaded_at)),
				fact("Customer", f.text(r.customer_name) + (r.home_country ? ", at home in " + r.home_country : "")),
				fact("Merchant", f.text(r.merchant_name) + (r.merchant_category ? ", " + r.merchant_category : "") + (r.country ? ", " + r.country : "")),
				fact("Paid by", f.text(r.payment_method)), fact("Device", f.text(r.device_id)), fact("Place", place(r)), fact("Abroad", f.flag(r.is_foreign)),
				fact("Label (charge-back)", label(r)), fact("Rule set", h("code", {}, f.text(r.ruleset))),
				fact("Transaction", h("code", {}, r.transaction_id)), fact("Customer's number", h("code", {}, r.customer_id)), fact("Merchant's number", h("code", {}, r.merchant_id)),
				r.extra ? fact("Other members", h("code", {}, JSON.stringify(r.extra))) : ""),
			h("h3", {}, "What the customer did lately", tx.report ? null : h("span", {class: "tools"}, h("a", {href: tx.data.csv("history", {customer: r.customer_id}), download: "history.csv"}, "CSV"))),
			tx.table(history, {caption: "The customer's latest transactions", only: ["transaction_ts", "amount", "amount_usd", "merchant_name", "merchant_category", "payment_method", "fraud_score", "fraud_reasons"], row: o => o.transaction_id === r.transaction_id ? null : o.transaction_id}));
	};
	const load = async id => {
		dialog.replaceChildren(head("Transaction"), h("p", {class: "muted"}, "Asking…"));
		if (!dialog.open)
			dialog.showModal();
		try {
			const found = tx.objects(await tx.data.get("record", {id}));
			if (shown !== id)
				return;
			if (found.length === 0)
				throw new Error("There is no transaction " + id + ".");
			const history = await tx.data.get("history", {customer: found[0].customer_id});
			if (shown === id)
				draw(found[0], history);
		} catch (e) {
			dialog.replaceChildren(head("Transaction"), h("p", {class: "bad"}, e.message));
		}
	};
	// Back to where one came from: that line may have been drawn anew meanwhile.
	const focusLine = id => {
		const link = document.activeElement === document.body && document.querySelector('tr[data-id="' + CSS.escape(id) + '"] a');
		if (link)
			link.focus({preventScroll: true});
	};
	dialog.addEventListener("close", () => {
		const id = shown || closed;
		close();
		setTimeout(() => focusLine(id), 0);
	});
	dialog.addEventListener("click", e => { if (e.target === dialog) close(); });
	return id => {
		if (id === shown)
			return;
		closed = shown;
		shown = id;
		if (id)
			load(id);
		else if (dialog.open)
			dialog.close();
	};
})();

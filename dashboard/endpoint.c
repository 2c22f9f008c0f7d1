#include "endpoint.h"

#include <pthread.h>

#include "buf.h"

#include "embed/dashboard/sql/books.sql.h"
#include "embed/dashboard/sql/by_category.sql.h"
#include "embed/dashboard/sql/by_country.sql.h"
#include "embed/dashboard/sql/by_method.sql.h"
#include "embed/dashboard/sql/cards.sql.h"
#include "embed/dashboard/sql/currencies.sql.h"
#include "embed/dashboard/sql/customers_at_risk.sql.h"
#include "embed/dashboard/sql/daily.sql.h"
#include "embed/dashboard/sql/dead_by_reason.sql.h"
#include "embed/dashboard/sql/dead_letters.sql.h"
#include "embed/dashboard/sql/facts.sql.h"
#include "embed/dashboard/sql/failing_rows.sql.h"
#include "embed/dashboard/sql/flagged.sql.h"
#include "embed/dashboard/sql/history.sql.h"
#include "embed/dashboard/sql/lineage.sql.h"
#include "embed/dashboard/sql/map.sql.h"
#include "embed/dashboard/sql/merchants_at_risk.sql.h"
#include "embed/dashboard/sql/merchants_map.sql.h"
#include "embed/dashboard/sql/reach.sql.h"
#include "embed/dashboard/sql/record.sql.h"
#include "embed/dashboard/sql/risks.sql.h"
#include "embed/dashboard/sql/rules.sql.h"
#include "embed/dashboard/sql/run_nodes.sql.h"
#include "embed/dashboard/sql/runs.sql.h"
#include "embed/dashboard/sql/sums_by_party.sql.h"
#include "embed/dashboard/sql/sums_of_facts.sql.h"
#include "embed/dashboard/sql/sums_of_marts.sql.h"
#include "embed/dashboard/sql/verdicts.sql.h"

static const struct endpoint all[] = {
	{"cards", cards_sql, ENDPOINT_SUMS, NULL, true},
	{"reach", reach_sql, ENDPOINT_FACTS, NULL, true},
	{"daily", daily_sql, ENDPOINT_SUMS, NULL, true},
	{"customers_at_risk", customers_at_risk_sql, ENDPOINT_RISKS, "customer_id as party, 5 as least", true},
	{"merchants_at_risk", merchants_at_risk_sql, ENDPOINT_RISKS, "merchant_id as party, 20 as least", true},
	{"by_category", by_category_sql, ENDPOINT_PARTIES, "merchant_id as party", true},
	{"by_country", by_country_sql, ENDPOINT_PARTIES, "merchant_id as party", true},
	{"by_method", by_method_sql, ENDPOINT_PARTIES, "payment_method as party", true},
	{"rules", rules_sql, ENDPOINT_SUMS, NULL, true},
	{"verdicts", verdicts_sql, ENDPOINT_FACTS, NULL, true},
	{"map", map_sql, ENDPOINT_FACTS, NULL, true},
	{"merchants_map", merchants_map_sql, ENDPOINT_ITSELF, NULL, true},
	{"flagged", flagged_sql, ENDPOINT_FACTS, NULL, false},
	{"record", record_sql, ENDPOINT_ITSELF, NULL, false},
	{"history", history_sql, ENDPOINT_ITSELF, NULL, false},
	{"currencies", currencies_sql, ENDPOINT_ITSELF, NULL, false},
	{"runs", runs_sql, ENDPOINT_ITSELF, NULL, false},
	{"run_nodes", run_nodes_sql, ENDPOINT_ITSELF, NULL, false},
	{"failing_rows", failing_rows_sql, ENDPOINT_ITSELF, NULL, false},
	{"lineage", lineage_sql, ENDPOINT_ITSELF, NULL, false},
	{"dead_letters", dead_letters_sql, ENDPOINT_ITSELF, NULL, true},
	{"dead_by_reason", dead_by_reason_sql, ENDPOINT_ITSELF, NULL, false},
	{"books", books_sql, ENDPOINT_ITSELF, NULL, true},
};

enum { COUNT = sizeof all / sizeof all[0] };

static char *whole[COUNT][2];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static char *from_facts(const struct endpoint *e)
{
	struct buf text = {0};

	if (e->of != ENDPOINT_ITSELF)
		buf_add_text(&text, facts_sql);
	if (e->of == ENDPOINT_SUMS)
		buf_add_text(&text, sums_of_facts_sql);
	if (e->parties != NULL) {
		buf_addf(&text, ", parties as not materialized (select %s, * from facts)\n", e->parties);
		buf_add_text(&text, e->of == ENDPOINT_RISKS ? risks_sql : sums_by_party_sql);
	}
	buf_add_text(&text, e->sql);
	buf_text(&text);
	return text.p;
}

static char *from_marts(const struct endpoint *e)
{
	struct buf text = {0};

	if (e->of != ENDPOINT_SUMS)
		return NULL;
	buf_add_text(&text, sums_of_marts_sql);
	buf_add_text(&text, e->sql);
	buf_text(&text);
	return text.p;
}

static void put_together(void)
{
	for (size_t i = 0; i < COUNT; i++) {
		whole[i][0] = from_facts(&all[i]);
		whole[i][1] = from_marts(&all[i]);
	}
}

const struct endpoint *endpoint_find(struct span name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (span_eq(span_of(all[i].name), name))
			return &all[i];
	return NULL;
}

const struct endpoint *endpoint_at(size_t i)
{
	return i < COUNT ? &all[i] : NULL;
}

const char *endpoint_sql(const struct endpoint *e, bool marts)
{
	pthread_once(&once, put_together);
	return whole[e - all][marts];
}

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
#include "embed/dashboard/sql/rules.sql.h"
#include "embed/dashboard/sql/run_nodes.sql.h"
#include "embed/dashboard/sql/runs.sql.h"
#include "embed/dashboard/sql/sums_of_facts.sql.h"
#include "embed/dashboard/sql/sums_of_marts.sql.h"
#include "embed/dashboard/sql/verdicts.sql.h"

static const struct endpoint all[] = {
	{"cards", cards_sql, ENDPOINT_SUMS, true},
	{"reach", reach_sql, ENDPOINT_FACTS, true},
	{"daily", daily_sql, ENDPOINT_SUMS, true},
	{"customers_at_risk", customers_at_risk_sql, ENDPOINT_FACTS, true},
	{"merchants_at_risk", merchants_at_risk_sql, ENDPOINT_FACTS, true},
	{"by_category", by_category_sql, ENDPOINT_FACTS, true},
	{"by_country", by_country_sql, ENDPOINT_FACTS, true},
	{"by_method", by_method_sql, ENDPOINT_FACTS, true},
	{"rules", rules_sql, ENDPOINT_SUMS, true},
	{"verdicts", verdicts_sql, ENDPOINT_FACTS, true},
	{"map", map_sql, ENDPOINT_FACTS, true},
	{"merchants_map", merchants_map_sql, ENDPOINT_ITSELF, true},
	{"flagged", flagged_sql, ENDPOINT_FACTS, false},
	{"record", record_sql, ENDPOINT_ITSELF, false},
	{"history", history_sql, ENDPOINT_ITSELF, false},
	{"currencies", currencies_sql, ENDPOINT_ITSELF, false},
	{"runs", runs_sql, ENDPOINT_ITSELF, false},
	{"run_nodes", run_nodes_sql, ENDPOINT_ITSELF, false},
	{"failing_rows", failing_rows_sql, ENDPOINT_ITSELF, false},
	{"lineage", lineage_sql, ENDPOINT_ITSELF, false},
	{"dead_letters", dead_letters_sql, ENDPOINT_ITSELF, true},
	{"dead_by_reason", dead_by_reason_sql, ENDPOINT_ITSELF, false},
	{"books", books_sql, ENDPOINT_ITSELF, true},
};

enum { COUNT = sizeof all / sizeof all[0] };

static char *whole[COUNT][2];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static char *in_front(const char *first, const char *second, const char *sql)
{
	struct buf text = {0};

	buf_add_text(&text, first);
	buf_add_text(&text, second);
	buf_add_text(&text, sql);
	buf_text(&text);
	return text.p;
}

static void put_together(void)
{
	for (size_t i = 0; i < COUNT; i++) {
		bool sums = all[i].of == ENDPOINT_SUMS;

		whole[i][0] = in_front(all[i].of == ENDPOINT_ITSELF ? "" : facts_sql, sums ? sums_of_facts_sql : "", all[i].sql);
		whole[i][1] = sums ? in_front(sums_of_marts_sql, "", all[i].sql) : NULL;
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

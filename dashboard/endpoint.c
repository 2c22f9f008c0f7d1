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
#include "embed/dashboard/sql/record.sql.h"
#include "embed/dashboard/sql/rules.sql.h"
#include "embed/dashboard/sql/run_nodes.sql.h"
#include "embed/dashboard/sql/runs.sql.h"
#include "embed/dashboard/sql/verdicts.sql.h"

static const struct endpoint all[] = {
	{"cards", cards_sql, true},
	{"daily", daily_sql, true},
	{"customers_at_risk", customers_at_risk_sql, true},
	{"merchants_at_risk", merchants_at_risk_sql, true},
	{"by_category", by_category_sql, true},
	{"by_country", by_country_sql, true},
	{"by_method", by_method_sql, true},
	{"rules", rules_sql, true},
	{"verdicts", verdicts_sql, true},
	{"map", map_sql, true},
	{"merchants_map", merchants_map_sql, false},
	{"flagged", flagged_sql, true},
	{"record", record_sql, false},
	{"history", history_sql, false},
	{"currencies", currencies_sql, false},
	{"runs", runs_sql, false},
	{"run_nodes", run_nodes_sql, false},
	{"failing_rows", failing_rows_sql, false},
	{"lineage", lineage_sql, false},
	{"dead_letters", dead_letters_sql, false},
	{"dead_by_reason", dead_by_reason_sql, false},
	{"books", books_sql, false},
};

enum { COUNT = sizeof all / sizeof all[0] };

static char *whole[COUNT];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void put_together(void)
{
	for (size_t i = 0; i < COUNT; i++) {
		struct buf sql = {0};

		if (all[i].facts)
			buf_add_text(&sql, facts_sql);
		buf_add_text(&sql, all[i].sql);
		buf_text(&sql);
		whole[i] = sql.p;
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

const char *endpoint_sql(const struct endpoint *e)
{
	pthread_once(&once, put_together);
	return whole[e - all];
}

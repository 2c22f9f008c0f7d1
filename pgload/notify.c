#include "notify.h"

#include "clock.h"
#include "log.h"
#include "pg.h"

#include "embed/pgload/sql/notify.sql.h"

enum { PAUSE_US = 500000 };

void notify_stored(struct notify *n, PGconn *c)
{
	int64_t now = clock_monotonic(), not_before = atomic_load(&n->not_before);

	if (now < not_before || c == NULL || PQstatus(c) != CONNECTION_OK || PQtransactionStatus(c) != PQTRANS_IDLE ||
	    !atomic_compare_exchange_strong(&n->not_before, &not_before, now + PAUSE_US))
		return;
	if (!PQsendQuery(c, notify_sql))
		return; /* the connection is lost: the next batch sees to it */
	for (PGresult *r; (r = pg_result(c)) != NULL; PQclear(r))
		if (PQresultStatus(r) != PGRES_TUPLES_OK)
			log_debug("nobody could be told: %s", PQresultErrorMessage(r));
}

#include "once.h"

#include <unistd.h>

#include "asker.h"
#include "broker.h"
#include "database.h"
#include "exit.h"
#include "out.h"
#include "page.h"
#include "watch.h"

/* Every question without a filter, as `"name":answer`. Those about one record or one customer are not for a report. */
static void ask_all(struct buf *to, const char *conninfo)
{
	struct database d = {.conninfo = conninfo};
	const struct endpoint *e;

	for (size_t i = 0; (e = endpoint_at(i)) != NULL; i++) {
		struct params none = {0};
		struct answer *a;

		if (strcmp(e->name, "record") == 0 || strcmp(e->name, "history") == 0)
			continue;
		a = asker_now(&d, e, &none, false);
		buf_addf(to, ",\"%s\":", e->name);
		buf_add(to, a->body.p, a->body.n - 1); /* without its line end */
		answer_drop(a);
	}
	database_close(&d);
}

static int print(struct span text)
{
	struct out out;
	int status = EXIT_DONE;

	out_init(&out, STDOUT_FILENO, 0);
	if (out_add_span(&out, text) < 0 || out_flush(&out) < 0)
		status = out_failed(&out, "stdout");
	out_free(&out);
	return status;
}

int once(const char *conninfo, const struct kafka_options *kafka)
{
	struct broker *b = broker_start(kafka);
	struct answer *live = watch_once(conninfo, b);
	struct buf data = {0}, html = {0};
	int status = EXIT_RETRY;

	if (live != NULL) {
		buf_add_text(&data, "{\"live\":");
		buf_add_span(&data, buf_span(&live->body));
		ask_all(&data, conninfo);
		buf_add_char(&data, '}');
		page_report(&html, buf_span(&data));
		status = print(buf_span(&html));
	}
	answer_drop(live);
	broker_stop(b);
	broker_free(b);
	buf_free(&data);
	buf_free(&html);
	return status;
}

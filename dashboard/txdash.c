/* txdash: the pipeline, live: a page, its figures as JSON and CSV, and metrics for Prometheus. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "address.h"
#include "asker.h"
#include "auth.h"
#include "broker.h"
#include "exit.h"
#include "hub.h"
#include "log.h"
#include "metrics.h"
#include "once.h"
#include "pg.h"
#include "scrape.h"
#include "sig.h"
#include "tool.h"
#include "watch.h"
#include "web.h"

enum { SWEEP_MS = 1000, CONNECT_PATIENCE_US = 10000000 };

static struct options {
	const char *listen, *conninfo, *auth_file, *metrics_dir;
	struct kafka_options kafka;
	bool once;
} o = {.listen = "127.0.0.1:8080"};

static const struct opt table[] = {
	{OPT_STRING, 'l', "listen", &o.listen, "HOST:PORT", "where pages are served (127.0.0.1:8080); elsewhere only with --auth-file", .min = 0},
	{OPT_STRING, 'd', "dbname", &o.conninfo, "CONNINFO", "database: connection string or URI (the PG* variables); it is only read", .min = 0},
	KAFKA_OPTIONS(&o.kafka),
	{OPT_FLAG, 0, "once", &o.once, NULL, "print a report, one file of HTML with everything in it, and exit", .min = 0},
	{OPT_STRING, 0, "auth-file", &o.auth_file, "FILE", "who may look: lines NAME:HASH, with a hash as `openssl passwd -6` prints it", .min = 0},
	{OPT_STRING, 0, "metrics-dir", &o.metrics_dir, "DIR", "take the other tools' *.prom in DIR and its folders into /metrics", .min = 0},
	{.type = OPT_END},
};

static const struct opt_spec spec = {
	.tool = "txdash",
	.synopsis = "[OPTION ...]",
	.summary = "Show the pipeline live: what comes in, what is flagged and why, how far behind it is, what it means for the\n"
	           "business, and how the daily runs went. Nothing is ever changed. Also /metrics, /healthz, /readyz.",
	.options = table,
	.examples = "  txdash &  # then open http://127.0.0.1:8080/\n"
	            "  txdash --once > report.html\n"
	            "  printf 'ann:%s\\n' \"$(openssl passwd -6)\" > auth && txdash -l 0.0.0.0:8080 --auth-file auth\n",
	.max_operands = 0,
};

/* The server's life, once everything that it needs is there. */
static void stay(struct web *w)
{
	struct pollfd signal = {.fd = sig_fd(), .events = POLLIN};

	log_notice("http://%s/", web_address(w));
	while (sig_asked() == 0) {
		poll(&signal, 1, SWEEP_MS);
		web_sweep(w);
		metrics_tick();
	}
}

static int serve(struct auth *auth, bool loopback)
{
	struct hub *hub = hub_new();
	struct broker *broker = broker_start(&o.kafka);
	struct asker *asker = asker_start(o.conninfo);
	struct watch *watch = watch_start(o.conninfo, broker, hub, asker);
	struct web_parts parts = {watch, asker, broker, hub, auth, loopback};
	struct web *web = web_start(o.listen, &parts);

	if (web != NULL) {
		stay(web);
		web_close(web);
	}
	/*
	 * First every thread ends that asks another one, and whoever still waits gets an answer; connections that are open may go on asking until
	 * web_free(). Only then there is nobody who could still look at what is given back.
	 */
	watch_stop(watch);
	asker_stop(asker);
	broker_stop(broker);
	if (web != NULL)
		web_free(web);
	watch_free(watch);
	asker_free(asker);
	broker_free(broker);
	hub_free(hub);
	return web != NULL ? EXIT_DONE : EXIT_USAGE;
}

/* A malformed connection string is told at once, a server that is away is waited for by the page. */
static int check_database(void)
{
	int status;
	PGconn *c = pg_connect(o.conninfo, 0, &status);

	PQfinish(c);
	return c != NULL || status == EXIT_RETRY ? EXIT_DONE : status;
}

static int work(void)
{
	int loopback = address_is_loopback(o.listen), status;
	struct auth *auth = NULL;

	if (loopback < 0)
		return EXIT_USAGE;
	if (!loopback && o.auth_file == NULL && !o.once) {
		log_error("--listen %s can be reached from other machines: say who may look with --auth-file", o.listen);
		return EXIT_USAGE;
	}
	if (o.auth_file != NULL && (auth = auth_read(o.auth_file)) == NULL)
		return EXIT_USAGE;
	status = check_database();
	if (status == EXIT_DONE)
		status = o.once ? once(o.conninfo, &o.kafka) : serve(auth, loopback);
	auth_free(auth);
	return status;
}

int main(int argc, char **argv)
{
	struct common common;

	log_init("txdash");
	opt_parse(&spec, &common, argc, argv);
	tool_start(&common);
	return tool_finish(&common, scrape_init(o.metrics_dir) < 0 ? EXIT_USAGE : work(), 0);
}

#include "exit.h"
#include "log.h"
#include "metrics.h"
#include "tool.h"
#include "unit.h"

static char directory[] = "/tmp/txpipe-metrics-XXXXXX";

static void slurp(const char *path, struct buf *to)
{
	int fd = open(path, O_RDONLY);

	buf_clear(to);
	assert_true(fd >= 0);
	drain(fd, to);
}

static void test_labels(void **state)
{
	struct buf labels = {0};

	(void)state;
	metric_label(&labels, "rule", SPAN("a \"b\"\\\n"));
	metric_label(&labels, "partition", SPAN("3"));
	assert_string_equal(buf_text(&labels), "rule=\"a \\\"b\\\"\\\\\\n\",partition=\"3\"");
	buf_free(&labels);
}

/* The text format wants the series of one name together, below one HELP and one TYPE. */
static void test_file(void **state)
{
	struct metric *a = metric_new(METRIC_COUNTER, "txpipe_test_a_total", "Things of kind A", "kind=\"1\"");
	struct metric *b = metric_new(METRIC_GAUGE, "txpipe_test_b_seconds", "Seconds of B", NULL);
	struct metric *c = metric_new(METRIC_COUNTER, "txpipe_test_a_total", "Things of kind A", "kind=\"2\"");
	struct buf path = {0}, text = {0};

	(void)state;
	assert_ptr_equal(metric_new(METRIC_COUNTER, "txpipe_test_a_total", "Things of kind A", "kind=\"1\""), a);
	assert_ptr_equal(metric_new(METRIC_GAUGE, "txpipe_test_b_seconds", "Seconds of B", NULL), b);
	metric_add(a, 1);
	metric_add(a, 2);
	metric_add(c, 9007199254740991.0);
	metric_set(b, 0.25);
	buf_addf(&path, "%s/x.prom", directory);
	assert_int_equal(metrics_start(buf_text(&path)), EXIT_DONE);
	slurp(path.p, &text);
	assert_non_null(strstr(buf_text(&text), "# HELP txpipe_test_a_total Things of kind A\n# TYPE txpipe_test_a_total counter\n"
	                                        "txpipe_test_a_total{kind=\"1\"} 3\ntxpipe_test_a_total{kind=\"2\"} 9007199254740991\n"
	                                        "# HELP txpipe_test_b_seconds Seconds of B\n# TYPE txpipe_test_b_seconds gauge\n"
	                                        "txpipe_test_b_seconds 0.25\n"));
	metric_add(a, 1);
	metrics_tick(); /* too early */
	slurp(path.p, &text);
	assert_non_null(strstr(buf_text(&text), "{kind=\"1\"} 3\n"));
	metrics_finish();
	slurp(path.p, &text);
	assert_non_null(strstr(buf_text(&text), "{kind=\"1\"} 4\n"));
	metrics_start(NULL);
	assert_int_equal(metrics_health(path.p), EXIT_DONE);
	unlink(path.p);
	buf_free(&path);
	buf_free(&text);
}

static int start_badly(void *arg)
{
	log_init("tester");
	return metrics_start(arg);
}

static void test_bad_path(void **state)
{
	char path[] = "/nonexistent/x.prom";
	struct child c = run_child(start_badly, path);

	(void)state;
	assert_int_equal(c.status, EXIT_IO);
	assert_string_equal(buf_text(&c.err), "tester: error: cannot write metrics to /nonexistent/x.prom: No such file or directory\n");
	child_free(&c);
}

/* What a tool's end makes of its rejects. */
struct ending {
	int64_t max_rejects;
	int status;
	uint64_t rejects;
};

static int finish(void *arg)
{
	const struct ending *e = arg;
	const struct common common = {.max_rejects = e->max_rejects};

	log_init("tester");
	return tool_finish(&common, e->status, e->rejects);
}

static void test_finish(void **state)
{
	static const struct {
		struct ending ending;
		int status;
		const char *message;
	} cases[] = {
		{{INT64_MAX, EXIT_DONE, UINT64_MAX}, EXIT_DONE, ""},
		{{5, EXIT_DONE, 5}, EXIT_DONE, ""},
		{{5, EXIT_DONE, 6}, EXIT_DATA, "tester: error: 6 rejects, more than the 5 that --max-rejects allows\n"},
		{{0, EXIT_DONE, 1}, EXIT_DATA, "tester: error: 1 rejects, more than the 0 that --max-rejects allows\n"},
		{{0, EXIT_IO, 1}, EXIT_IO, ""},
		{{0, EXIT_RETRY, 0}, EXIT_RETRY, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ending e = cases[i].ending;
		struct child c = run_child(finish, &e);

		assert_int_equal(c.status, cases[i].status);
		assert_string_equal(buf_text(&c.err), cases[i].message);
		child_free(&c);
	}
}

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) == NULL;
}

static int remove_directory(void **state)
{
	(void)state;
	return rmdir(directory); /* fails if a temporary file was left behind */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_bad_path),
		cmocka_unit_test(test_finish),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}

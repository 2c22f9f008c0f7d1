/* The option table, driven in child processes: opt_parse() ends the process itself. */
#include "exit.h"
#include "opt.h"
#include "unit.h"

struct values {
	bool flag;
	int count;
	const char *text, *choice, *maybe, *from_env;
	struct opt_list list;
	int64_t number, at_least_one, size, duration;
	double real;
};

struct run {
	const char *args[20];
	const char *env; /* value of TXPIPE_TEST_ENV, or NULL */
};

/* Parses the arguments of the run and prints what came of it. */
static int parse(void *arg)
{
	struct run *run = arg;
	struct values v = {.text = "default", .choice = "a", .from_env = "unset", .number = 7, .at_least_one = 1, .real = 0.5};
	const struct opt options[] = {
		{OPT_HEADING, .help = "Things:"},
		{OPT_FLAG, 'f', "flag", &v.flag, .help = "a flag"},
		{OPT_COUNT, 'c', "count", &v.count, .help = "a count"},
		{OPT_STRING, 't', "text", &v.text, "TEXT", "a text (default)", .min = 0},
		{OPT_LIST, 'l', "list", &v.list, "ITEM", "a list", .min = 0},
		{OPT_INT, 'n', "number", &v.number, "N", "a number (7)", .min = -5, .max = 10},
		{OPT_INT, 'N', NULL, &v.number, "N", "another spelling of it", .min = -5, .max = 10},
		{OPT_INT, 0, "at-least-one", &v.at_least_one, "N", "a number from 1 (1)", .min = 1},
		{OPT_SIZE, 0, "size", &v.size, "SIZE", "a size", .max = 1 << 20},
		{OPT_DURATION, 0, "duration", &v.duration, "DURATION", "a duration", .min = 1000, .max = 60000000},
		{OPT_REAL, 'r', "real", &v.real, "X", "a real (0.5)", .min = 0, .max = 1},
		{OPT_CHOICE, 0, "choice", &v.choice, "a|bc", "a choice (a)", .choices = "a|bc"},
		{OPT_STRING, 0, "maybe", &v.maybe, "CMD", "may have an argument", .optional = true},
		{OPT_STRING, 'e', "from-env", &v.from_env, "X", "from the environment", .env = "TXPIPE_TEST_ENV"},
		{OPT_END, .help = NULL},
	};
	const struct opt_spec spec = {.tool = "tester",
	                              .synopsis = "[OPTION ...] [FILE ...]",
	                              .summary = "Tests options.",
	                              .options = options,
	                              .examples = "  tester -f\n",
	                              .max_operands = 2};
	struct common common;
	char *argv[22] = {(char *)"tester"};
	int argc = 1, first;

	for (; run->args[argc - 1] != NULL; argc++)
		argv[argc] = (char *)run->args[argc - 1];
	unsetenv("TXPIPE_TEST_ENV");
	if (run->env != NULL)
		setenv("TXPIPE_TEST_ENV", run->env, 1);
	first = opt_parse(&spec, &common, argc, argv);
	printf("f%d c%d t=%s n%lld o%lld s%lld d%lld r%g h=%s m=%s e=%s l", v.flag, v.count, v.text, (long long)v.number,
	       (long long)v.at_least_one, (long long)v.size, (long long)v.duration, v.real, v.choice,
	       	v.maybe == NULL ? "none" : v.maybe,
	       v.from_env);
	for (size_t i = 0; i < v.list.count; i++)
		printf("[%s]", v.list.item[i]);
	printf(" q%d v%d log=%s metrics=%s rejects=%lld grace=%lld:", common.quiet, common.verbose, common.log,
	       common.metrics == NULL ? "none" : common.metrics, (long long)common.max_rejects, (long long)common.grace);
	for (int i = first; i < argc; i++)
		printf(" %s", argv[i]);
	free(v.list.item);
	return 0;
}

#define DEFAULTS "q0 v0 log=text metrics=none rejects=9223372036854775807 grace=5000000:"

static void check(struct run run, int status, const char *out, const char *err)
{
	struct child c = run_child(parse, &run);

	if (c.status != status || strstr(buf_text(&c.out), out) == NULL || strstr(buf_text(&c.err), err) == NULL) {
		print_error("status %d\nout: %s\nerr: %s\nwanted %d, '%s', '%s'\n", c.status, c.out.p, c.err.p, status, out, err);
		fail();
	}
	if (err[0] == '\0')
		assert_string_equal(buf_text(&c.err), "");
	else
		assert_ptr_equal(strchr(c.err.p, '\n'), c.err.p + c.err.n - 1); /* one line */
	child_free(&c);
}
#define GOOD(out, ...) check((struct run){.args = {__VA_ARGS__}}, 0, out, "")
#define BAD(err, ...) check((struct run){.args = {__VA_ARGS__}}, EXIT_USAGE, "", err)

static void test_good(void **state)
{
	(void)state;
	check((struct run){.args = {NULL}}, 0, "f0 c0 t=default n7 o1 s0 d0 r0.5 h=a m=none e=unset l " DEFAULTS, "");
	GOOD("f1 c2 t=x n-5 o9223372036854775807 s65536 d1500000 r0.25 h=bc m= e=unset l[1][2] " DEFAULTS " a b", "-f", "a",
		"-cc", "--text", "x",
	     "-n-5", "--at-least-one=9223372036854775807", "--size", "64k", "--duration=1500ms", "-r", ".25", "--choice",
	     "bc", "--maybe", "-l1",
	     "b", "--list=2");
	GOOD("m=x y ", "--maybe=x y");
	GOOD("m= e=unset l " DEFAULTS " x", "--maybe", "x"); /* an argument that may be left out never is the next word */
	GOOD("n3 ", "-N", "3");
	GOOD(DEFAULTS " -f", "--", "-f");
	GOOD("q1 v2 log=json metrics=m.prom rejects=0 grace=0:", "-q", "-vv", "--log=json", "--metrics", "m.prom",
		"--max-rejects", "0", "--grace",
	     "0");
	GOOD("t= ", "--text=");
}

static void test_bad(void **state)
{
	(void)state;
	BAD("tester: error: -f is given twice (see tester --help)", "-f", "-f");
	BAD("--number is given twice", "-n", "1", "--number", "2");
	BAD("-N is given twice", "-n", "1", "-N", "2");
	BAD("--text is given twice", "-t", "x", "--text=y");
	BAD("-n: 'abc' is not a whole number", "-n", "abc");
	BAD("-n: '1.5' is not a whole number", "-n", "1.5");
	BAD("-n: '' is not a whole number", "-n", "");
	BAD("-n: '99999999999999999999' is not a whole number", "-n", "99999999999999999999");
	BAD("-n: 11 is out of range -5..10", "-n", "11");
	BAD("--number: -6 is out of range -5..10", "--number=-6");
	BAD("--at-least-one: 0 is out of range, it must be at least 1", "--at-least-one", "0");
	BAD("--size: 2M is out of range", "--size", "2M");
	BAD("--size: '5x' is not a size", "--size", "5x");
	BAD("--duration: 1us is out of range", "--duration", "1us");
	BAD("--duration: '5 s' is not a duration", "--duration", "5 s");
	BAD("-r: 1.5 is out of range 0..1", "-r", "1.5");
	BAD("-r: 'nan' is not a number", "-r", "nan");
	BAD("--choice: 'b' is not one of a|bc", "--choice", "b");
	BAD("--choice: '' is not one of a|bc", "--choice=");
	BAD("--log: 'xml' is not one of text|json", "--log", "xml");
	BAD("unknown option -x", "-x");
	BAD("unknown option -x", "-fx");
	BAD("--nonsense", "--nonsense");
	BAD("unknown option --dur; is --duration meant?", "--dur", "1s");
	BAD("unknown option --dur; is --duration meant?", "--dur=1s");
	BAD("unknown option --fla; is --flag meant?", "a", "--fla");
	BAD("--flag=1", "--flag=1");
	BAD("-t needs an argument", "-t");
	BAD("--text needs an argument", "--text");
	BAD("unexpected argument 'c'", "a", "b", "c");
	BAD("--max-rejects: -1 is out of range", "--max-rejects", "-1");
	BAD("--grace: '-1s' is not a duration", "--grace", "-1s");
}

static void test_environment(void **state)
{
	(void)state;
	check((struct run){.env = "env"}, 0, "e=env ", "");
	check((struct run){.env = "env", .args = {"-e", "flag"}}, 0, "e=flag ", "");
	check((struct run){.env = ""}, 0, "e=unset ", "");
}

static void test_help(void **state)
{
	struct run run = {.args = {"--help"}};
	struct child c = run_child(parse, &run);

	(void)state;
	assert_int_equal(c.status, EXIT_DONE);
	assert_string_equal(buf_text(&c.err), "");
	assert_int_equal(strncmp(buf_text(&c.out), "Usage: tester [OPTION ...] [FILE ...]\nTests options.\n\nThings:\n",
		62), 0);
	assert_non_null(strstr(c.out.p, "  -n, --number N"));
	assert_non_null(strstr(c.out.p, "      --maybe[=CMD]"));
	assert_non_null(strstr(c.out.p, "[$TXPIPE_TEST_ENV]"));
	assert_non_null(strstr(c.out.p, "In every tool:\n  -h, --help"));
	assert_non_null(strstr(c.out.p, "\nExamples:\n  tester -f\n"));
	assert_non_null(strstr(c.out.p, "\nExit status: 0 done;"));
	child_free(&c);
	run.args[0] = "-V";
	c = run_child(parse, &run);
	assert_int_equal(c.status, EXIT_DONE);
	assert_int_equal(strncmp(buf_text(&c.out), "tester (txpipe) ", 16), 0);
	child_free(&c);
}

static void test_health(void **state)
{
	char path[] = "/tmp/txpipe-health-XXXXXX";
	struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	GOOD("", "--health", path);
	assert_int_equal(futimens(fd, old), 0);
	check((struct run){.args = {"--health", path}}, EXIT_DATA, "", "hangs or is gone");
	close(fd);
	unlink(path);
	check((struct run){.args = {"--health", path}}, EXIT_DATA, "", "No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good), cmocka_unit_test(test_bad),    cmocka_unit_test(test_environment),
		cmocka_unit_test(test_help), cmocka_unit_test(test_health),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "exit.h"
#include "intake.h"
#include "log.h"
#include "unit.h"

#define ENVELOPE                                                                                                               \
	"{\"_kafka\":{\"stream\":\"fraud\",\"topic\":\"transactions\",\"partition\":3,\"of\":4,\"run\":\"9f3c1a-2\",\"origin\":\"resume\","    \
	"\"begin\":40,\"offset\":42,\"ts\":5}"
#define CONTROL                                                                                                                \
	"{\"_kafka\":{\"stream\":\"fraud\",\"topic\":\"transactions\",\"partition\":3,\"of\":4,\"run\":\"9f3c1a-2\",\"origin\":\"resume\","    \
	"\"begin\":40,\"event\":\"end\",\"next\":50}}"
#define REJECT "\"_reject\":{\"by\":\"x\",\"reason\":\"y\",\"raw\":\"z\"}"

/*
 * Run in a child, so that messages can be seen: every line's kind, and what belongs to it; then the status. Kinds are
 * letters: r record, c control, p pass, R refuse.
 */
static int judge_all(void *arg)
{
	const struct span *input = arg;
	const struct line_hooks none = {0};
	struct line_reader *r;
	struct intake in = {0};
	struct buf out = {0};
	enum intake_kind kind;
	bool idle;
	int fd = file_with(*input);

	log_init("tester");
	r = line_reader_new(fd, "-", 1000, -1, none);
	while ((kind = intake_next(&in, r, &idle)) < INTAKE_STOP) {
		buf_add_char(&out, "rcpR"[kind]);
		if (kind == INTAKE_RECORD && in.has_envelope)
			buf_addf(&out, "%lld", (long long)in.envelope.offset);
		if (kind == INTAKE_RECORD)
			buf_addf(&out, "<%.*s>", SPAN_ARG(in.payload));
		if (kind == INTAKE_REFUSE)
			buf_addf(&out, "(%s)", in.reason);
		if (kind == INTAKE_REFUSE && in.detail[0] == '\0')
			return 99;
	}
	buf_addf(&out, "%s%d", kind == INTAKE_STOP ? "!" : ".", in.status);
	printf("%s", buf_text(&out));
	intake_free(&in);
	line_reader_free(r);
	buf_free(&out);
	return 0;
}

static void check_span(struct span input, const char *want, const char *message)
{
	struct child c = run_child(judge_all, &input);

	assert_int_equal(c.status, 0);
	assert_string_equal(buf_text(&c.out), want);
	if (message == NULL) {
		assert_string_equal(buf_text(&c.err), "");
	} else if (strstr(buf_text(&c.err), message) == NULL) {
		print_error("'%s' is not in: %s\n", message, c.err.p);
		fail();
	}
	child_free(&c);
}
#define CHECK(input, want, message) check_span(SPAN(input), want, message)

static void test_records(void **state)
{
	(void)state;
	CHECK("", ".0", NULL);
	CHECK("{\"a\":1}\n {} \n", "r<{\"a\":1}>r< {} >.0", NULL);
	CHECK("{\"a\":1}", "r<{\"a\":1}>.0", NULL);
	CHECK(ENVELOPE ",\"a\":1}\n" ENVELOPE "}\n" ENVELOPE " , \"b\" : 2 } \n", "r42<\"a\":1}>r42<}>r42< \"b\" : 2 }>.0",
		NULL);
	CHECK(ENVELOPE ",\"a\":1}", "r42<\"a\":1}>.0", NULL);
	CHECK(CONTROL "\n" ENVELOPE ",\"a\":1}\n", "cr42<\"a\":1}>.0", NULL);
	CHECK(ENVELOPE "," REJECT "}\n{" "\"_kafka\"", "p!74", "a torn write");
	CHECK("{" REJECT "}\n{\"a\":1}\n", "pr<{\"a\":1}>.0", NULL);
	CHECK(ENVELOPE "," REJECT ",\"amount\":5}\n", "p.0", NULL); /* a jq that sets a member everywhere */
	CHECK("{\"a\":1}\n" ENVELOPE "}\n", "r<{\"a\":1}>r42<}>.0", NULL);
	CHECK("{\"a\":{\"_kafka\":1,\"b\":1,\"b\":2}}\n", "r<{\"a\":{\"_kafka\":1,\"b\":1,\"b\":2}}>.0",
		NULL); /* nested names pass */
	CHECK("{\"_kafk\":1,\"_kafkaa\":2,\"kafka\":3,\"_Kafka\":4,\"_rejects\":5}\n", "r<{\"_kafk\":1,\"_kafkaa\":2,"
		"\"kafka\":3,\"_Kafka\":4,\"_rejects\":5}>.0", NULL);
}

static void test_refusals(void **state)
{
	(void)state;
	CHECK("nope\n[1]\n{\"a\":\"\xff\"}\n{\"a\":\"\\u0000\"}\n{\"a\":1,\"a\":2}\n",
	      "R(not_json)R(not_object)R(not_utf8)R(nul)R(duplicate_name).0", NULL);
	CHECK("{\"a\":1,\"_kafka\":1}\n{\"\\u005fkafka\":{}}\n {\"_kafka\":{}}\n{\"_reject\":1}\n{\"a\":1,"
		"" REJECT "}\n{\"_re\\u006aect\":{}}\n",
	      "R(reserved_name)R(reserved_name)R(reserved_name)R(reserved_name)R(reserved_name)R(reserved_name).0", NULL);
	CHECK("{\"a\":1,\"\\u0061\":2}\n", "R(duplicate_name).0", NULL);
	CHECK("{" REJECT "," REJECT "}\n", "p.0", NULL);
}

static void test_too_long(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add_text(&b, "{\"a\":\"");
	while (b.n < 5000)
		buf_add_char(&b, 'x');
	buf_add_text(&b, "\"}");
	check_span(buf_span(&b), "!74", "-:1: the last line has no end and is not whole (longer than the limit");
	buf_add_text(&b, "\n{}\n");
	check_span(buf_span(&b), "R(too_long)r<{}>.0", NULL);
	b.n = 0;
	buf_add_text(&b, ENVELOPE ",\"a\":\"");
	while (b.n < 5000)
		buf_add_char(&b, 'x');
	buf_add_text(&b, "\"}\n");
	check_span(buf_span(&b), "!74", "damaged line, at byte 5002: the line is longer than the limit");
	b.n = 0;
	buf_add_text(&b, ENVELOPE "}\n");
	while (b.n < 5000)
		buf_add_char(&b, 'x');
	buf_add_text(&b, "\n");
	check_span(buf_span(&b), "r42<}>!65", "-:2: no _kafka at the beginning");
	buf_free(&b);
}

static void test_stops(void **state)
{
	(void)state;
	CHECK("{\"a\":1}\n\n{\"a\":", "r<{\"a\":1}>!74", "-:3: the last line has no end and is not whole (not JSON,"
		" at byte 5): a torn write");
	CHECK("12", "!74", "JSON, but not an object");
	CHECK(ENVELOPE ",\"a\":\n{}\n", "!74", "-:1: damaged line, at byte 142: not JSON");
	CHECK(ENVELOPE ",\"a\":\"\xff\"}\n", "!74", "not UTF-8");
	CHECK(ENVELOPE ",\"a\":\"\\u0000\"}\n", "!74", "U+0000");
	CHECK(ENVELOPE ",\"a\":1,\"a\":2}\n", "!74", "a name occurs twice");
	CHECK(ENVELOPE ",\"_kafka\":1}\n", "!74", "that no tool of the suite puts there");
	CHECK(ENVELOPE ",\"\\u005fkafka\":1}\n", "!74", "that no tool of the suite puts there");
	CHECK(ENVELOPE ",\"_reject\":1}\n", "!74", "that no tool of the suite puts there");
	CHECK(ENVELOPE ",\"a\":1," REJECT "}\n", "!74", "that no tool of the suite puts there");
	CHECK(ENVELOPE "," REJECT "," REJECT "}\n", "!74", "that no tool of the suite puts there");
	CHECK("{\"_kafka\":{\"offset\":1}}\n", "!74", "stream, topic, partition, of, run, origin or begin is missing");
	CHECK("{\"_kafka\":1}\n", "!74", "_kafka is not an object");
	CHECK(ENVELOPE "}\n{\"a\":1}\n", "r42<}>!65", "-:2: no _kafka at the beginning of this line");
	CHECK(CONTROL "\nnope\n", "c!65", "-:2: no _kafka at the beginning of this line");
	CHECK(CONTROL "\n{\"a\":1," "\"_kafka\":1}\n", "c!65", "no _kafka at the beginning of this line");
	CHECK(CONTROL "\n{" REJECT "}\n", "c!65", "no _kafka at the beginning of this line");
}

static int read_directory(void *arg)
{
	const struct line_hooks none = {0};
	struct intake in = {0};
	bool idle;
	int fd = open("/", O_RDONLY), status = 99;
	struct line_reader *r = line_reader_new(fd, "some/place", 1000, -1, none);

	(void)arg;
	log_init("tester");
	if (intake_next(&in, r, &idle) == INTAKE_END && !idle)
		status = in.status;
	intake_free(&in);
	line_reader_free(r);
	close(fd);
	return status;
}

static void test_read_error(void **state)
{
	struct child c = run_child(read_directory, NULL);

	(void)state;
	assert_int_equal(c.status, EXIT_IO);
	assert_string_equal(buf_text(&c.err), "tester: error: some/place: cannot read: Is a directory\n");
	child_free(&c);
}

static int always(void *arg)
{
	(void)arg;
	return 1;
}

static void test_idle(void **state)
{
	const struct line_hooks hooks = {.idle = always};
	struct intake in = {0};
	struct line_reader *r;
	bool idle = false;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	r = line_reader_new(ends[0], "-", 1000, -1, hooks);
	assert_int_equal(intake_next(&in, r, &idle), INTAKE_END);
	assert_true(idle);
	assert_int_equal(in.status, EXIT_DONE);
	assert_int_equal(write(ends[1], "{}\n", 3), 3);
	assert_int_equal(intake_next(&in, r, &idle), INTAKE_RECORD);
	assert_false(idle);
	close(ends[1]);
	assert_int_equal(intake_next(&in, r, &idle), INTAKE_END);
	assert_false(idle);
	intake_free(&in);
	line_reader_free(r);
	close(ends[0]);
}

static void test_judge(void **state)
{
	static const struct {
		const char *message, *reason; /* NULL: a record */
	} cases[] = {
		{"{\"a\":1}", NULL},          {" {\"a\":1}\n", NULL},         {"", "not_json"},
		{"x", "not_json"},            {"[]", "not_object"},           {"{\"a\":1,\"a\":1}", "duplicate_name"},
		{ENVELOPE "}", "reserved_name"}, {"{" REJECT "}", "reserved_name"}, {"{\"a\":1,\"\\u005fkafka\":1}", "reserved_name"},
		{"{\"a\":\"\\u0000\"}", "nul"}, {"{\"a\":\"\xff\"}", "not_utf8"},
	};
	struct intake in = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum intake_kind kind = intake_judge(&in, span_of(cases[i].message));

		assert_int_equal(kind, cases[i].reason == NULL ? INTAKE_RECORD : INTAKE_REFUSE);
		if (cases[i].reason != NULL)
			assert_string_equal(in.reason, cases[i].reason);
	}
	intake_free(&in);
}

/* The rejects that come of it. */
static void test_reject(void **state)
{
	const struct line_hooks none = {0};
	struct intake in = {0};
	struct line_reader *r;
	struct buf b = {0}, input = {0};
	bool idle;
	int fd;

	(void)state;
	log_init("tester");
	buf_add_text(&input, "\nnope\n{\"a\":\"");
	for (int i = 0; i < 300000; i++)
		buf_add_char(&input, 'x');
	buf_add_text(&input, "\"}\n" ENVELOPE ",\"a\" : 1 }\n" ENVELOPE "}\n");
	fd = file_with(buf_span(&input));
	r = line_reader_new(fd, "in.ndjson", 1000, -1, none);
	assert_int_equal(intake_next(&in, r, &idle), INTAKE_REFUSE);
	intake_reject(&b, &in, r, NULL, NULL);
	assert_string_equal(buf_text(&b), "{\"_reject\":{\"by\":\"tester\",\"reason\":\"not_json\",\"detail\":\"not JSON,"
		" at byte 1\",\"source\":\"in.ndjson\","
	                                  "\"line\":2,\"raw\":\"nope\"}}\n");
	assert_int_equal(intake_next(&in, r, &idle), INTAKE_REFUSE);
	buf_clear(&b);
	intake_reject(&b, &in, r, NULL, NULL);
	assert_non_null(strstr(buf_text(&b), "\"reason\":\"too_long\",\"detail\":\"the line has 300008 bytes,"
		" more than the limit\""));
	assert_non_null(strstr(buf_text(&b), "\"raw_bytes\":300008,\"raw_sha256\":\""));
	/* a later check of the caller's: the producer's bytes are the raw ones */
	assert_int_equal(intake_next(&in, r, &idle), INTAKE_RECORD);
	buf_clear(&b);
	intake_reject(&b, &in, r, "bad_type", "a is not a string");
	assert_string_equal(buf_text(&b), ENVELOPE ",\"_reject\":{\"by\":\"tester\",\"reason\":\"bad_type\","
		"\"detail\":\"a is not a string\","
	                                           "\"raw\":\"{\\\"a\\\" : 1 }\"}}\n");
	assert_int_equal(intake_next(&in, r, &idle), INTAKE_RECORD);
	buf_clear(&b);
	intake_reject(&b, &in, r, "empty", "x");
	assert_non_null(strstr(buf_text(&b), "\"raw\":\"{}\"}}\n"));
	/* a message that never was a line */
	assert_int_equal(intake_judge(&in, SPAN("[1]")), INTAKE_REFUSE);
	buf_clear(&b);
	intake_reject(&b, &in, NULL, NULL, NULL);
	assert_string_equal(buf_text(&b), "{\"_reject\":{\"by\":\"tester\",\"reason\":\"not_object\",\"detail\":\"JSON,"
		" but not an object, at byte 0\","
	                                  "\"raw\":\"[1]\"}}\n");
	intake_free(&in);
	line_reader_free(r);
	close(fd);
	buf_free(&b);
	buf_free(&input);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),    cmocka_unit_test(test_refusals), cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_stops),      cmocka_unit_test(test_read_error), cmocka_unit_test(test_idle),
		cmocka_unit_test(test_judge),      cmocka_unit_test(test_reject),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

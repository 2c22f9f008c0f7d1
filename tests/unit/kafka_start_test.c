/* Where a partition begins: each refusal, and what -o speaks for. */
#include "../../kcat-like/start.h"
#include "exit.h"
#include "unit.h"

static struct position row(int64_t next, int64_t last, int64_t ts)
{
	return (struct position){
		.topic = (char *)(uintptr_t)"t",
		.partition = 1,
		.next_offset = next,
		.last_offset = last,
		.last_ts = ts,
		.partitions = 3,
		.cluster_id = (char *)(uintptr_t)"c1",
	};
}

static struct start_facts facts(int64_t low, int64_t high, const struct position *p)
{
	return (struct start_facts){.topic = "t", .partition = 1, .low = low, .high = high, .at_time = -1, .position = p, .siblings = -1,
	                            .cluster = "c1"};
}

static const struct start_spec beginning = {.kind = START_BEGINNING};

static void expect(const struct start_spec *spec, const struct start_facts *f, const char *origin, int64_t begin, int64_t probe)
{
	struct start s;
	char why[512] = "";

	assert_int_equal(start_decide(spec, f, &s, why, sizeof why), EXIT_DONE);
	assert_string_equal(s.origin, origin);
	assert_int_equal(s.begin, begin);
	assert_int_equal(s.from, begin); /* --rewind is decided later */
	assert_int_equal(s.probe, probe);
}

static void refuses(const struct start_spec *spec, const struct start_facts *f, const char *one, const char *two)
{
	struct start s;
	char why[512] = "";

	assert_int_equal(start_decide(spec, f, &s, why, sizeof why), EXIT_CONFLICT);
	assert_non_null(strstr(why, one));
	assert_non_null(strstr(why, two));
}

static void resumes_with_a_probe(void **state)
{
	struct position p = row(50, 49, 1000);
	struct start_facts f = facts(0, 60, &p);

	(void)state;
	expect(&beginning, &f, "resume", 50, 49);
	p.last_ts = -1; /* nothing to compare */
	expect(&beginning, &f, "resume", 50, -1);
	p = row(50, -1, -1);
	expect(&beginning, &f, "resume", 50, -1);
	p = row(50, 20, 1000); /* `end` lines moved the position on */
	expect(&beginning, &f, "resume", 50, 20);
	f.low = 30; /* the last record is gone, the position is not */
	expect(&beginning, &f, "resume", 50, -1);
	f.low = f.high = 50; /* everything was read, and has been deleted */
	expect(&beginning, &f, "resume", 50, -1);
}

static void refuses_a_contradiction(void **state)
{
	struct position p = row(50, 49, 1000);
	struct start_facts f = facts(51, 60, &p);

	(void)state;
	refuses(&beginning, &f, "begins at 51", "--accept-gap t/1:50-51"); /* retention */
	f = facts(0, 49, &p);
	refuses(&beginning, &f, "49", "50"); /* the log is shorter */
	f = facts(0, 60, &p);
	f.cluster = "c2";
	refuses(&beginning, &f, "c1", "c2");
	f = facts(0, 60, &p);
	p.last_offset = 50;
	refuses(&beginning, &f, "last_offset", "50");
}

static void option_speaks_for_new_partitions_only(void **state)
{
	const struct start_spec end = {.kind = START_END}, at = {START_OFFSET, 40}, tail = {START_TAIL, 15}, time = {START_TIME, 7};
	struct position p = row(50, 49, 1000);
	struct start_facts f = facts(10, 60, &p);

	(void)state;
	expect(&end, &f, "resume", 50, 49);
	f.position = NULL;
	expect(&end, &f, "end", 60, -1);
	expect(&beginning, &f, "beginning", 10, -1);
	expect(&at, &f, "offset", 40, -1);
	expect(&tail, &f, "offset", 45, -1);
	expect(&time, &f, "time", 60, -1);
	f.at_time = 33;
	expect(&time, &f, "time", 33, -1);
	f.siblings = 1; /* the stream began with one partition: number 1 was added later */
	expect(&end, &f, "beginning", 10, -1);
	f.siblings = 2; /* it was there, but nothing of it was stored: -o */
	expect(&end, &f, "end", 60, -1);
	f.siblings = -1;
	f.high = 39;
	refuses(&at, &f, "40", "39");
	f = facts(41, 60, NULL);
	refuses(&at, &f, "40", "41");
	f = facts(55, 60, NULL); /* fewer records than asked for */
	expect(&tail, &f, "offset", 55, -1);
}

static void parses_offsets(void **state)
{
	struct start_spec s;

	(void)state;
	assert_int_equal(start_parse(&s, "-5"), 0);
	assert_int_equal(s.kind, START_TAIL);
	assert_int_equal(s.value, 5);
	assert_int_equal(start_parse(&s, "12"), 0);
	assert_int_equal(s.kind, START_OFFSET);
	assert_int_equal(start_parse(&s, "s@1970-01-01T00:00:01.5Z"), 0);
	assert_int_equal(s.kind, START_TIME);
	assert_int_equal(s.value, 1500);
	assert_int_equal(start_parse(&s, "stored"), -1);
	assert_int_equal(start_parse(&s, "1x"), -1);
	assert_int_equal(start_parse(&s, "s@yesterday"), -1);
	assert_int_equal(start_parse(&s, ""), -1);
}

static int read_rows(struct positions *p, const char *text)
{
	struct position_job job = {.option = "--resume"};
	int status;

	buf_add_text(&job.text, text);
	status = positions_read(p, &job, "s");
	buf_free(&job.text);
	return status;
}

static void reads_positions(void **state)
{
	struct positions p = {0};
	const struct position *at;

	(void)state;
	assert_int_equal(read_rows(&p, "{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"next_offset\":7,\"last_offset\":6,"
	                               "\"last_ts\":1500,\"cluster_id\":\"c\",\"partitions\":4,\"broken_at\":null,\"target\":\"x\"}\n"
	                               "{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"next_offset\":5,\"last_offset\":null,"
	                               "\"last_ts\":null,\"cluster_id\":null,\"partitions\":3}\n"
	                               "{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"next_offset\":9,\"last_offset\":null}\n"),
	                 EXIT_DONE);
	at = positions_find(&p, "t", 0);
	assert_non_null(at);
	assert_int_equal(at->next_offset, 5); /* the smallest over the targets */
	assert_int_equal(at->last_offset, -1);
	assert_int_equal(positions_siblings(&p, "t"), 3);
	assert_int_equal(positions_siblings(&p, "u"), -1);
	assert_null(positions_find(&p, "t", 1));
	positions_free(&p);
	assert_int_equal(read_rows(&p, ""), EXIT_DONE);
	assert_int_equal(p.count, 0);
}

static void refuses_positions(void **state)
{
	struct positions p = {0};

	(void)state;
	assert_int_equal(read_rows(&p, "{\"stream\":\"other\",\"topic\":\"t\",\"partition\":0,\"next_offset\":7}\n"), EXIT_USAGE);
	assert_int_equal(read_rows(&p, "{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"next_offset\":7,\"broken_at\":8}\n"), EXIT_CONFLICT);
	assert_int_equal(read_rows(&p, "{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"next_offset\":7}"), EXIT_RETRY); /* torn */
	assert_int_equal(read_rows(&p, "{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0}\n"), EXIT_RETRY);
	assert_int_equal(read_rows(&p, "{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"next_offset\":-7}\n"), EXIT_RETRY);
	assert_int_equal(read_rows(&p, "{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"next_offset\":7.5}\n"), EXIT_RETRY);
	assert_int_equal(read_rows(&p, "psql: error\n"), EXIT_RETRY);
	positions_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resumes_with_a_probe),
		cmocka_unit_test(refuses_a_contradiction),
		cmocka_unit_test(option_speaks_for_new_partitions_only),
		cmocka_unit_test(parses_offsets),
		cmocka_unit_test(reads_positions),
		cmocka_unit_test(refuses_positions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

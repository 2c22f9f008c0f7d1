/* The line reader: what a stage sees of its input, good and bad. */
#include "digest.h"
#include "line.h"
#include "random.h"
#include "unit.h"

static const struct line_hooks no_hooks = {0};

/* All lines of the input as status, number, length, text and, of long ones, their whole length. */
static void read_all(int fd, size_t max, struct buf *to)
{
	struct line_reader *r = line_reader_new(fd, "input", max, -1, no_hooks);
	enum line_status status;
	struct span line;

	buf_clear(to);
	while ((status = line_next(r, &line)) <= LINE_TOO_LONG) {
		buf_addf(to, "%d:%llu:", status, (unsigned long long)line_number(r));
		buf_add_span(to, line.n <= 30 ? line : (struct span){line.p, 30});
		if (line_long_bytes(r) > 0)
			buf_addf(to, "(%llu of %llu)", (unsigned long long)line.n, (unsigned long long)line_long_bytes(r));
		buf_add_char(to, '|');
	}
	assert_int_equal(status, LINE_EOF);
	assert_int_equal(line_next(r, &line), LINE_EOF);
	line_reader_free(r);
	buf_text(to);
}

/* The same from a file, from a pipe at once, and byte by byte. */
static void check(struct span input, size_t max, const char *want)
{
	struct buf got = {0};
	pid_t writer;
	int fd = file_with(input);

	read_all(fd, max, &got);
	close(fd);
	assert_string_equal(buf_text(&got), want);
	for (size_t step = 0; step <= 1; step++) {
		fd = pipe_with(input, step, &writer);
		read_all(fd, max, &got);
		close(fd);
		assert_int_equal(child_status(writer), 0);
		assert_string_equal(buf_text(&got), want);
	}
	buf_free(&got);
}

static void test_lines(void **state)
{
	(void)state;
	check(SPAN(""), 10, "");
	check(SPAN("\n"), 10, "");
	check(SPAN("a\nbb\nccc\n"), 10, "0:1:a|0:2:bb|0:3:ccc|");
	check(SPAN("a\n\n\r\n\nb\n"), 10, "0:1:a|0:5:b|");
	check(SPAN("a\r\nb\r\n"), 10, "0:1:a|0:2:b|");
	check(SPAN("a\r\r\nb\rc\n\rd\n"), 10, "0:1:a\r|0:2:b\rc|0:3:\rd|");
	check(SPAN("a\nb"), 10, "0:1:a|1:2:b|");
	check(SPAN("a\nb\r"), 10, "0:1:a|1:2:b|");
	check(SPAN("\r"), 10, "");
	check(SPAN("b"), 10, "1:1:b|");
}

static void test_too_long(void **state)
{
	(void)state;
	check(SPAN("0123456789\nabc\n"), 10, "0:1:0123456789|0:2:abc|");
	check(SPAN("0123456789\r\nabc\n"), 10, "0:1:0123456789|0:2:abc|");
	check(SPAN("0123456789X\nabc\n"), 10, "2:1:0123456789X(11 of 11)|0:2:abc|");
	check(SPAN("0123456789X\r\nabc\n"), 10, "2:1:0123456789X(11 of 11)|0:2:abc|");
	check(SPAN("0123456789\rX\r\nabc\n"), 10, "2:1:0123456789\rX(12 of 12)|0:2:abc|");
	check(SPAN("0123456789\r\r\nabc\n"), 10, "2:1:0123456789\r(11 of 11)|0:2:abc|");
	check(SPAN("0123456789\r\r\r\r\r\nabc\n"), 10, "2:1:0123456789\r\r\r\r(14 of 14)|0:2:abc|");
	check(SPAN("0123456789"), 10, "1:1:0123456789|");
	check(SPAN("0123456789X"), 10, "1:1:0123456789X(11 of 11)|");
	check(SPAN("0123456789XY\r"), 10, "1:1:0123456789XY(12 of 12)|");
	check(SPAN("a\n0123456789XYZ\n\nb\n"), 10, "0:1:a|2:2:0123456789XYZ(13 of 13)|0:4:b|");
}

/* A line of 40 MB through a limit of 1 MiB: length, hash and head are right, and the lines around it are not touched. */
static void test_very_long(void **state)
{
	static const size_t sizes[] = {(1 << 20) + 1, (1 << 20) + 2, (1 << 20) + 3, 40 << 20};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct buf input = {0};
		char hex[DIGEST_HEX + 1];
		struct line_reader *r;
		struct span line;
		pid_t writer;
		int fd;

		buf_add_text(&input, "before\n");
		for (size_t k = 0; k < sizes[i]; k++)
			buf_room(&input, 1)[0] = (char)('a' + k % 23), input.n++;
		digest_of((struct span){input.p + 7, sizes[i]}, hex);
		buf_add_text(&input, "\r\nbehind\n");
		fd = pipe_with(buf_span(&input), 0, &writer);
		r = line_reader_new(fd, "input", 1 << 20, -1, no_hooks);
		assert_int_equal(line_next(r, &line), LINE_OK);
		assert_span(line, "before");
		assert_int_equal(line_next(r, &line), LINE_TOO_LONG);
		assert_int_equal(line.n, LINE_HEAD);
		assert_memory_equal(line.p, input.p + 7, LINE_HEAD);
		assert_int_equal(line_long_bytes(r), sizes[i]);
		assert_string_equal(line_long_sha256(r), hex);
		assert_int_equal(line_number(r), 2);
		assert_int_equal(line_next(r, &line), LINE_OK);
		assert_span(line, "behind");
		assert_int_equal(line_long_bytes(r), 0);
		assert_int_equal(line_next(r, &line), LINE_EOF);
		line_reader_free(r);
		close(fd);
		assert_int_equal(child_status(writer), 0);
		buf_free(&input);
	}
}

/* Lines of all lengths around the sizes of the blocks come back whole and in order. */
static void test_any_lengths(void **state)
{
	struct buf input = {0};
	struct random r;
	struct line_reader *reader;
	struct span line;
	pid_t writer;
	size_t at = 0;
	int fd;

	(void)state;
	random_seed(&r, 8, 8);
	for (int i = 0; i < 400; i++) {
		size_t n = (size_t)(i % 10 == 0 ? (256 << 10) - 3 + random_below(&r, 6) : 1 + random_below(&r, 3000));

		for (size_t k = 0; k < n; k++)
			buf_add_char(&input, (char)('0' + (k + n) % 10));
		buf_add_char(&input, '\n');
	}
	fd = pipe_with(buf_span(&input), 100000, &writer);
	reader = line_reader_new(fd, "input", 1 << 20, -1, no_hooks);
	while (line_next(reader, &line) == LINE_OK) {
		assert_true(at + line.n < input.n);
		assert_memory_equal(line.p, input.p + at, line.n);
		assert_int_equal(input.p[at + line.n], '\n');
		at += line.n + 1;
	}
	assert_int_equal(at, input.n);
	line_reader_free(reader);
	close(fd);
	assert_int_equal(child_status(writer), 0);
	buf_free(&input);
}

static void test_read_error(void **state)
{
	struct line_reader *r;
	struct span line;
	int fd = open("/", O_RDONLY);

	(void)state;
	r = line_reader_new(fd, "directory", 100, -1, no_hooks);
	assert_int_equal(line_next(r, &line), LINE_ERROR);
	assert_string_equal(line_fault(r), "Is a directory");
	assert_string_equal(line_source(r), "directory");
	line_reader_free(r);
	close(fd);
	r = line_reader_new(fd, "closed", 100, -1, no_hooks);
	assert_int_equal(line_next(r, &line), LINE_ERROR);
	assert_string_equal(line_fault(r), "Bad file descriptor");
	line_reader_free(r);
}

/* --- unfolding ---------------------------------------------------------------------------------------------------- */

static void check_unfolded(struct span input, const char *want)
{
	for (size_t step = 0; step <= 1; step++) {
		struct buf got = {0};
		struct line_reader *r;
		enum line_status status;
		struct span line;
		pid_t writer;
		int fd = pipe_with(input, step, &writer);

		r = line_reader_new(fd, "input", 60, -1, no_hooks);
		line_reader_unfold(r);
		while ((status = line_next(r, &line)) <= LINE_TOO_LONG)
			buf_addf(&got, "%d:%llu:%.*s|", status, (unsigned long long)line_number(r), SPAN_ARG(line));
		if (status == LINE_ERROR)
			buf_addf(&got, "%s", line_fault(r));
		assert_int_equal(line_next(r, &line), status);
		assert_string_equal(buf_text(&got), want);
		line_reader_free(r);
		close(fd);
		child_status(writer);
		buf_free(&got);
	}
}

static void test_unfold(void **state)
{
	(void)state;
	check_unfolded(SPAN("{\"a\":1}\n[2]\nx"), "0:1:{\"a\":1}|0:2:[2]|1:3:x|");
	check_unfolded(SPAN("[ {\"a\": 1},\n\n {\"b\" :2} ]\n"), "0:1:{\"a\":1}|0:2:{\"b\":2}|");
	check_unfolded(SPAN("{\n \"a\": 1\n}\n{\n \"b\": 2\n}"), "0:1:{\"a\":1}|0:2:{\"b\":2}|");
	check_unfolded(SPAN("[{\"a\":1},\n{\"b\":2}"), "0:1:{\"a\":1}|line 2: the array is not closed at the end of the input (torn)");
	check_unfolded(SPAN("[{\"a\":1}]\n\nx"), "0:1:{\"a\":1}|line 3: text behind the array");
	check_unfolded(SPAN("{\"a\":1"), "1:1:{\"a\":1|");
	check_unfolded(SPAN(""), "");
	check_unfolded(SPAN("0123456789012345678901234567890123456789012345678901234567890123456789\nx\n"),
	               "2:1:0123456789012345678901234567890123456789012345678901234567890123456789|0:2:x|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),      cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_very_long),  cmocka_unit_test(test_any_lengths),
		cmocka_unit_test(test_read_error), cmocka_unit_test(test_unfold),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* stdout of a consumer: every byte leaves once and in order, and a slow reader does not make the buffer grow. */
#include "../../kcat-like/sink.h"
#include "unit.h"

enum { PENDING = 256 << 10, TOTAL = 16 << 20, READ = 24 << 10 };

static char byte_at(size_t i)
{
	return (char)(i * 131 + (i >> 13));
}

static void add_up_to(struct sink *s, size_t *added, size_t pending)
{
	while (sink_pending(s) < pending && *added < TOTAL) {
		buf_add_char(&s->buf, byte_at(*added));
		(*added)++;
	}
}

static void read_some(int fd, size_t *seen)
{
	static char bytes[READ];
	ssize_t n = read(fd, bytes, sizeof bytes);

	assert_true(n > 0);
	for (ssize_t i = 0; i < n; i++)
		if (bytes[i] != byte_at(*seen + (size_t)i))
			fail_msg("byte %zu is another one", *seen + (size_t)i);
	*seen += (size_t)n;
}

/* The reader takes a little at a time, and the buffer is filled up again before it was ever empty. */
static void slow_reader_does_not_make_it_grow(void **state)
{
	struct sink s;
	int ends[2];
	size_t added = 0, seen = 0;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	sink_open(&s, ends[1]);
	while (seen < TOTAL) {
		add_up_to(&s, &added, PENDING);
		assert_int_equal(sink_push(&s), 0);
		assert_true(s.buf.cap <= 4 * PENDING);
		read_some(ends[0], &seen);
	}
	assert_int_equal(sink_pending(&s), 0);
	sink_close(&s);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow_reader_does_not_make_it_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

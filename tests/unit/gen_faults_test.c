/* The suite's own scanner must agree on what is wrong with each kind of malformed line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../producer/gen_faults.h"
#include "json.h"

static const int64_t NOON = 1767268800000000;

struct fixture {
	struct world world;
	struct shares shares;
	struct stream stream;
	struct faults faults;
	struct json_object object;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	const struct opt_list none = {0};
	char line[EMIT_MAX];

	assert_non_null(f);
	shares_set(&f->shares, .1, &none);
	world_init(&f->world, 1, 500, 200);
	stream_init(&f->stream, &f->world, &f->shares, 0, false, 0, NOON);
	faults_init(&f->faults, &f->world, &f->shares, .1, 5000);
	for (int i = 0; i < 2000; i++) {
		struct record r;

		stream_next(&f->stream, 0, &r);
		faults_see(&f->faults, line, emit_record(line, &r));
	}
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	faults_free(&f->faults);
	stream_free(&f->stream);
	json_object_free(&f->object);
	free(f);
	return 0;
}

static enum json_fault scan(struct fixture *f, struct span line)
{
	size_t at;

	assert_true(line.n > 1 && line.p[line.n - 1] == '\n');
	assert_null(memchr(line.p, '\n', line.n - 1));
	return json_scan(&f->object, (struct span){line.p, line.n - 1}, &at);
}

static void kinds_that_are_no_records_at_all(void **state)
{
	static const struct {
		enum share_kind kind;
		enum json_fault fault;
	} expected[] = {
		{SHARE_TORN, JSON_NOT_JSON},          {SHARE_TRAILING_TEXT, JSON_NOT_JSON},
		{SHARE_NOT_A_NUMBER, JSON_NOT_JSON},  {SHARE_NOT_OBJECT, JSON_NOT_OBJECT},
		{SHARE_NOT_UTF8, JSON_NOT_UTF8},      {SHARE_NUL_ESCAPED, JSON_NUL},
	};
	struct fixture *f = *state;

	for (size_t k = 0; k < sizeof expected / sizeof expected[0]; k++)
		for (int i = 0; i < 500; i++)
			assert_int_equal(scan(f, faults_make(&f->faults, &f->stream, NOON, expected[k].kind)),
			                 expected[k].fault);
	for (int i = 0; i < 500; i++) { /* a raw NUL breaks the grammar outside a string */
		enum json_fault fault = scan(f, faults_make(&f->faults, &f->stream, NOON, SHARE_NUL_RAW));

		assert_true(fault == JSON_NUL || fault == JSON_NOT_JSON);
	}
}

static bool has_reserved(const struct json_object *o)
{
	return json_find(o, SPAN("_kafka")) != NULL || json_find(o, SPAN("_reject")) != NULL;
}

static void kinds_that_are_objects(void **state)
{
	struct fixture *f = *state;

	for (int kind = SHARE_WRONG_TYPE; kind <= SHARE_LAST_MALFORMED; kind++) {
		bool forged = kind >= SHARE_FORGED_KAFKA && kind <= SHARE_FORGED_REJECT;

		for (int i = 0; i < 500; i++) {
			struct span line = faults_make(&f->faults, &f->stream, NOON, (enum share_kind)kind);

			assert_int_equal(scan(f, line), JSON_OK);
			assert_int_equal(has_reserved(&f->object), forged);
			assert_int_equal(json_duplicate(&f->object) != NULL, kind == SHARE_DUPLICATE_NAME);
			assert_false(span_starts(line, SPAN("{\"_kafka\":")));
			if (kind == SHARE_OVER_LONG)
				assert_int_equal(line.n, 5000 + 1);
		}
	}
}

static void duplicates_are_kept_lines(void **state)
{
	struct fixture *f = *state;
	int made = 0;

	for (int i = 0; i < 10000; i++) {
		struct span line = faults_duplicate(&f->faults);

		if (line.n == 0)
			continue;
		made++;
		assert_int_equal(scan(f, line), JSON_OK);
		assert_int_equal(f->object.count, 11);
	}
	assert_in_range(made, 900, 1100);
}

static void originals_are_well_formed_and_in_order(void **state)
{
	struct fixture *f = *state;
	int64_t last = 0;
	char line[EMIT_MAX];

	for (int i = 0; i < 20000; i++) {
		struct record r;
		size_t n;

		stream_next(&f->stream, 0, &r);
		assert_true(r.time >= last);
		last = r.time;
		n = emit_record(line, &r);
		assert_in_range(n, 300, EMIT_MAX - 40);
		assert_int_equal(scan(f, (struct span){line, n}), JSON_OK);
		assert_int_equal(f->object.count, 11);
		assert_in_range(emit_label(line, &r, r.time), 200, EMIT_MAX - 40);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(kinds_that_are_no_records_at_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(kinds_that_are_objects, set_up, tear_down),
		cmocka_unit_test_setup_teardown(duplicates_are_kept_lines, set_up, tear_down),
		cmocka_unit_test_setup_teardown(originals_are_well_formed_and_in_order, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

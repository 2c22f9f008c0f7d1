#include "digest.h"
#include "unit.h"

static void test_vectors(void **state)
{
	char hex[DIGEST_HEX + 1];

	(void)state;
	digest_of(SPAN(""), hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	digest_of(SPAN("abc"), hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* FIPS 180-2, B.3: a million times the letter a, in pieces of changing size. */
static void test_stream(void **state)
{
	struct digest *d = digest_new();
	char hex[DIGEST_HEX + 1], piece[1000];
	size_t left = 1000000;

	(void)state;
	memset(piece, 'a', sizeof piece);
	for (size_t n = 0; left > 0; n = (n * 7 + 1) % sizeof piece) {
		size_t now = n < left ? n : left;

		digest_add(d, (struct span){piece, now});
		left -= now;
	}
	digest_finish(d, hex);
	assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "random.h"
#include "unit.h"
#include "uuid.h"

static void test_round_trip(void **state)
{
	struct random r;

	(void)state;
	random_seed(&r, 3, 1);
	for (int i = 0; i < 20000; i++) {
		uint8_t uuid[16], back[16];
		char text[36];

		for (int k = 0; k < 16; k++)
			uuid[k] = (uint8_t)random_bits(&r);
		uuid_write(text, uuid);
		assert_int_equal(uuid_read((struct span){text, 36}, back), 0);
		assert_memory_equal(uuid, back, 16);
		for (int k = 0; k < 36; k++)
			if (text[k] >= 'a' && text[k] <= 'f' && random_below(&r, 2) == 0)
				text[k] = (char)(text[k] - 'a' + 'A');
		assert_int_equal(uuid_read((struct span){text, 36}, back), 0);
		assert_memory_equal(uuid, back, 16);
	}
}

/* Any other byte in any place is refused. */
static void test_bad(void **state)
{
	static const char good[] = "019b76da-a800-7cc5-b4a5-0f6a5a4f2d11";
	uint8_t to[16] = {1}, before[16] = {1};

	(void)state;
	for (size_t at = 0; at < 36; at++)
		for (int c = 0; c < 256; c++) {
			bool dash = good[at] == '-';
			bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
			char text[37];

			memcpy(text, good, sizeof text);
			text[at] = (char)c;
			memcpy(to, before, 16);
			assert_int_equal(uuid_read((struct span){text, 36}, to), (dash ? c == '-' : hex) ? 0 : -1);
			if (dash ? c != '-' : !hex)
				assert_memory_equal(to, before, 16);
		}
	assert_int_equal(uuid_read((struct span){good, 35}, to), -1);
	assert_int_equal(uuid_read(SPAN("019b76da-a800-7cc5-b4a5-0f6a5a4f2d111"), to), -1);
	assert_int_equal(uuid_read(SPAN("{019b76da-a800-7cc5-b4a5-0f6a5a4f2d1}"), to), -1);
	assert_int_equal(uuid_read(SPAN("019b76daa8007cc5b4a50f6a5a4f2d11"), to), -1);
	assert_int_equal(uuid_read(SPAN(""), to), -1);
}

/* The example of RFC 9562, appendix A.6. */
static void test_version_7(void **state)
{
	uint8_t uuid[16];
	char text[36];

	(void)state;
	uuid_v7(uuid, INT64_C(0x017F22E279B0), 0xCC3, UINT64_C(0x18C4DC0C0C07398F));
	uuid_write(text, uuid);
	assert_memory_equal(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", 36);
	uuid_v7(uuid, INT64_C(0xFFFFFFFFFFFF), UINT64_MAX, UINT64_MAX);
	uuid_write(text, uuid);
	assert_memory_equal(text, "ffffffff-ffff-7fff-bfff-ffffffffffff", 36);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_version_7),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "uuid.h"

#include "hex.h"

enum { UUID_TEXT = 36 };

/* Where the 16 pairs of digits stand in the text. */
static const uint8_t place[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

int uuid_read(struct span s, uint8_t to[16])
{
	uint8_t bytes[16];
	int bad = 0;

	if (s.n != UUID_TEXT || s.p[8] != '-' || s.p[13] != '-' || s.p[18] != '-' || s.p[23] != '-')
		return -1;
	for (size_t i = 0; i < 16; i++) {
		int high = hex_digit(s.p[place[i]]), low = hex_digit(s.p[place[i] + 1]);

		bad |= high | low;
		bytes[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
	}
	if (bad < 0)
		return -1;
	memcpy(to, bytes, 16);
	return 0;
}

void uuid_write(char to[36], const uint8_t uuid[16])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < 16; i++) {
		to[place[i]] = digits[uuid[i] >> 4];
		to[place[i] + 1] = digits[uuid[i] & 15];
	}
	to[8] = to[13] = to[18] = to[23] = '-';
}

void uuid_v7(uint8_t to[16], int64_t unix_ms, uint64_t random_a, uint64_t random_b)
{
	for (int i = 0; i < 6; i++)
		to[i] = (uint8_t)((uint64_t)unix_ms >> (40 - 8 * i));
	to[6] = (uint8_t)(0x70 | (random_a >> 8 & 0x0f));
	to[7] = (uint8_t)random_a;
	for (int i = 0; i < 8; i++)
		to[8 + i] = (uint8_t)(random_b >> (56 - 8 * i));
	to[8] = (uint8_t)(0x80 | (to[8] & 0x3f)); /* the variant of RFC 9562 */
}

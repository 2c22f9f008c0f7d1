#include "uuid.h"

#include <endian.h>
#include <string.h>

enum { UUID_TEXT = 36 };

/* Where the 16 pairs of digits stand in the text. */
static const uint8_t place[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

/* The same in each byte of a word. */
#define ALL(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight hex digits at once, a byte of the word for each: no carry from one to the next. Returns 0 if all of them are. */
static uint64_t read_digits(const char *p, uint8_t to[4])
{
	uint64_t text, letter, value, bad, pairs;
	uint32_t bytes;

	memcpy(&text, p, sizeof text);
	text = le64toh(text); /* the first digit is the lowest byte */
	letter = text >> 6 & ALL(0x01);
	value = (text & ALL(0x0f)) + letter * 9;
	bad = (text | letter * 0x20) ^ (ALL('0') + value + letter * ('a' - '0' - 10)); /* is this what a digit of that value looks like? */
	bad |= value & ALL(0x10);
	bad |= (((value + ALL(6)) >> 4) ^ letter) & ALL(0x01); /* letters, and only they, are 10 or more */
	pairs = (value << 4 | value >> 8) & UINT64_C(0x00ff00ff00ff00ff);
	pairs = (pairs | pairs >> 8) & UINT64_C(0x0000ffff0000ffff);
	bytes = htole32((uint32_t)(pairs | pairs >> 16));
	memcpy(to, &bytes, sizeof bytes);
	return bad;
}

int uuid_read(struct span s, uint8_t to[16])
{
	char digits[32];
	uint8_t bytes[16];
	uint64_t bad = 0;

	if (s.n != UUID_TEXT || s.p[8] != '-' || s.p[13] != '-' || s.p[18] != '-' || s.p[23] != '-')
		return -1;
	memcpy(digits, s.p, 8);
	memcpy(digits + 8, s.p + 9, 4);
	memcpy(digits + 12, s.p + 14, 4);
	memcpy(digits + 16, s.p + 19, 4);
	memcpy(digits + 20, s.p + 24, 12);
	for (size_t i = 0; i < 4; i++)
		bad |= read_digits(digits + 8 * i, bytes + 4 * i);
	if (bad != 0)
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

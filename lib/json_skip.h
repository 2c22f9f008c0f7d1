/*
 * The inner loops of the scanner, apart from its grammar, so that wider vectors can take their place: skip the bytes of
 * a string that mean nothing special, the digits of a number, and white space. Private to lib/json_*.c and its tests.
 */
#ifndef TXPIPE_JSON_SKIP_H
#define TXPIPE_JSON_SKIP_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* A byte inside a string that has to be looked at: quote, backslash, control character, part of a non-ASCII
 * character. */
static inline bool json_is_special(char c)
{
	return c == '"' || c == '\\' || (signed char)c < 0x20;
}

static inline const char *json_skip_plain_bytewise(const char *p, const char *end)
{
	while (p < end && !json_is_special(*p))
		p++;
	return p;
}

/*
 * Eight bytes at a time. Each term sets the top bit of the bytes sought; a borrow may set it wrongly, but only in
 * bytes above a right one, and only the lowest is used (so bytes must be numbered from the low end).
 */
static inline const char *json_skip_plain_swar(const char *p, const char *end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;

	while (end - p >= 8) {
		uint64_t word, quote, backslash, found;

		memcpy(&word, p, 8);
		quote = word ^ ones * '"';
		backslash = word ^ ones * '\\';
		found = ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) | ((word - ones * 0x20) & ~word) | word;
		found &= tops;
		if (found != 0)
			return p + (__builtin_ctzll(found) >> 3);
		p += 8;
	}
#endif
	return json_skip_plain_bytewise(p, end);
}

#ifdef __SSE2__
/* Sixteen at a time: as signed numbers, control characters and non-ASCII bytes are those that are not above 0x1f. */
static inline const char *json_skip_plain_sse2(const char *p, const char *end)
{
	const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);

	while (end - p >= 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
		unsigned mask = 0xffff ^ (unsigned)_mm_movemask_epi8(_mm_andnot_si128(ends, _mm_cmpgt_epi8(bytes, control)));

		if (mask != 0)
			return p + __builtin_ctz(mask);
		p += 16;
	}
	return json_skip_plain_swar(p, end);
}
#endif

/* The first special byte at or behind p, or end. There is nothing to find out when the program runs: every amd64 has SSE2. JSON_PORTABLE
 * takes what others get (tests/fuzz/json_portable.c). */
static inline const char *json_skip_plain(const char *p, const char *end)
{
#if defined(__SSE2__) && !defined(JSON_PORTABLE)
	return json_skip_plain_sse2(p, end);
#else
	return json_skip_plain_swar(p, end);
#endif
}

/*
 * Of what nearly all numbers are, digits with at most one point among them, the end; p is where the digits are to begin. NULL: it may
 * be anything, look at each byte. The digits of sixteen bytes are seen at once.
 */
static inline const char *json_skip_decimal(const char *p, const char *end)
{
#if defined(__SSE2__) && !defined(JSON_PORTABLE)
	__m128i digits;
	unsigned others, whole, all;

	if (end - p < 16)
		return NULL;
	digits = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)p), _mm_set1_epi8('0'));
	others = 0xffff ^ (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits));
	if (others == 0)
		return NULL;
	all = whole = (unsigned)__builtin_ctz(others);
	if (p[whole] == '.') {
		others &= others - 1;
		if (others == 0)
			return NULL;
		all = (unsigned)__builtin_ctz(others);
		if (all == whole + 1)
			return NULL;
	}
	if ((*p == '0' && whole > 1) || whole == 0 || (p[all] | 0x20) == 'e')
		return NULL;
	return p + all;
#else
	(void)p, (void)end;
	return NULL;
#endif
}

static inline bool json_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Compact records have no white space at all: the first test decides. */
static inline const char *json_skip_space(const char *p, const char *end)
{
	if (p < end && (unsigned char)*p > ' ')
		return p;
	while (p < end && json_is_space(*p))
		p++;
	return p;
}

#endif

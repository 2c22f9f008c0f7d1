/* Well-formed UTF-8, one character at a time. */
#ifndef TXPIPE_UTF8_H
#define TXPIPE_UTF8_H

#include <stddef.h>

/* Bytes of the well-formed UTF-8 character at p (p < end), or 0. The bounds are those of Unicode's table 3-7. */
static inline size_t utf8_length(const char *p, const char *end)
{
	const unsigned char *s = (const unsigned char *)p;
	size_t left = (size_t)(end - p);
	unsigned char low = 0x80, high = 0xbf; /* bounds of the second byte */
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0; /* else overlong */
	else if (s[0] == 0xed)
		high = 0x9f; /* else a surrogate */
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f; /* else beyond U+10FFFF */
	if (left < n || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

#endif

#include "base64.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_write(struct buf *to, struct span bytes)
{
	char *out = buf_room(to, (bytes.n + 2) / 3 * 4);

	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t left = bytes.n - i;
		uint32_t three = (uint32_t)(unsigned char)bytes.p[i] << 16;

		if (left > 1)
			three |= (uint32_t)(unsigned char)bytes.p[i + 1] << 8;
		if (left > 2)
			three |= (uint32_t)(unsigned char)bytes.p[i + 2];
		*out++ = letters[three >> 18];
		*out++ = letters[three >> 12 & 63];
		*out++ = left > 1 ? letters[three >> 6 & 63] : '=';
		*out++ = left > 2 ? letters[three & 63] : '=';
	}
	to->n += (bytes.n + 2) / 3 * 4;
}

/* 0..63, or -1. */
static int letter_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int base64_read(struct buf *to, struct span text)
{
	size_t before = to->n, padding = 0;

	if (text.n % 4 != 0)
		return -1;
	if (text.n > 0 && text.p[text.n - 1] == '=')
		padding = text.p[text.n - 2] == '=' ? 2 : 1;
	buf_room(to, text.n / 4 * 3);
	for (size_t i = 0; i < text.n; i += 4) {
		size_t pad = i + 4 == text.n ? padding : 0;
		uint32_t three = 0;

		for (size_t j = 0; j < 4; j++) {
			int value = j < 4 - pad ? letter_value(text.p[i + j]) : 0;

			if (value < 0)
				goto bad;
			three = three << 6 | (uint32_t)value;
		}
		if ((three & (((uint32_t)1 << 8 * pad) - 1)) != 0)
			goto bad; /* bits that no byte holds */
		for (size_t j = 0; j < 3 - pad; j++)
			to->p[to->n++] = (char)(three >> (16 - 8 * j));
	}
	return 0;
bad:
	to->n = before;
	return -1;
}

#include "readable.h"

#include "utf8.h"

static void add_byte(struct buf *to, unsigned char c)
{
	if (c == '\t' || c == '\n')
		buf_add_char(to, (char)c);
	else if (c < 0x20 || c == 0x7f)
		buf_addf(to, "\xe2\x90%c", c == 0x7f ? 0xa1 : 0x80 + c); /* U+2400 + c, U+2421 */
	else
		buf_addf(to, "\\x%02x", c);
}

void readable_add(struct buf *to, struct span bytes, size_t max)
{
	const char *p = bytes.p, *end = bytes.p + bytes.n;

	while (p < end) {
		unsigned char c = (unsigned char)*p;
		size_t n = utf8_length(p, end), taken = n > 0 ? n : 1;

		if ((size_t)(p - bytes.p) + taken > max)
			break;
		if (n > 0 && c >= 0x20 && c != 0x7f)
			buf_add(to, p, n);
		else
			add_byte(to, c);
		p += taken;
	}
	if (p < end)
		buf_add_text(to, "…");
}

static unsigned digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

void readable_add_hex(struct buf *to, const char *hex, size_t max)
{
	struct buf bytes = {0};

	for (hex += 2; hex[0] != '\0' && hex[1] != '\0'; hex += 2)
		buf_add_char(&bytes, (char)(digit(hex[0]) << 4 | digit(hex[1])));
	readable_add(to, buf_span(&bytes), max);
	buf_free(&bytes);
}

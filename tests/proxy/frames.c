#include "frames.h"

#include <endian.h>
#include <string.h>
#include <strings.h>

enum { LOOKED_AT = 64 << 10, ENCRYPTION_TLS = 80877103, ENCRYPTION_GSS = 80877104 };

static uint32_t int32_at(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return be32toh(v);
}

static enum frame whole(struct frames *f, size_t *n)
{
	*n = f->held.n;
	return *n > 0 ? FRAME_PASS : FRAME_WAIT;
}

static enum frame next_startup(struct frames *f, size_t *n)
{
	const char *p = f->held.p;

	if (f->held.n < 8)
		return FRAME_WAIT;
	*n = int32_at(p);
	if (*n < 8 || *n > LOOKED_AT) {
		f->opaque = true;
		return whole(f, n);
	}
	if (f->held.n < *n)
		return FRAME_WAIT;
	if (int32_at(p + 4) == ENCRYPTION_TLS || int32_at(p + 4) == ENCRYPTION_GSS)
		return FRAME_ENCRYPTION;
	f->startup = false;
	return FRAME_PASS;
}

/* "commit", with white space before it and anything but a letter behind. */
static bool says_commit(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\t'))
		p++;
	return end - p >= 6 && strncasecmp(p, "commit", 6) == 0 && (end - p == 6 || p[6] == ' ' || p[6] == ';' || p[6] == '\0');
}

/* A message of type 'Q' (text) or 'P' (name, text) of the client, of type 'C' (tag) of the server. */
static enum frame judge(const struct frames *f, const char *body, const char *end)
{
	if (f->server)
		return says_commit(body, end) ? FRAME_COMMITTED : FRAME_PASS;
	if (f->held.p[0] == 'P') {
		const char *name_end = memchr(body, '\0', (size_t)(end - body));

		if (name_end == NULL)
			return FRAME_PASS;
		body = name_end + 1;
	}
	return says_commit(body, end) ? FRAME_COMMIT : FRAME_PASS;
}

enum frame frames_next(struct frames *f, size_t *n)
{
	const char *p = f->held.p;

	if (f->opaque || f->held.n == 0)
		return whole(f, n);
	if (f->left > 0) {
		*n = f->left < f->held.n ? f->left : f->held.n;
		f->left -= *n;
		return FRAME_PASS;
	}
	if (f->startup)
		return next_startup(f, n);
	if (f->single > 0) {
		f->single--;
		f->opaque = p[0] != 'N'; /* what is encrypted cannot be read; an error ('E') ends the connection anyhow */
		*n = 1;
		return FRAME_PASS;
	}
	if (f->held.n < 5)
		return FRAME_WAIT;
	size_t length = 1 + (size_t)int32_at(p + 1);
	bool looked_at = f->server ? p[0] == 'C' : p[0] == 'Q' || p[0] == 'P';
	if (looked_at && length <= LOOKED_AT) {
		if (f->held.n < length)
			return FRAME_WAIT;
		*n = length;
		return judge(f, p + 5, p + length);
	}
	f->left = length;
	return frames_next(f, n);
}

#define OPENSSL_SUPPRESS_DEPRECATED /* EVP of OpenSSL 3 allocates for every value; these work on a state that is copied */
#include "pseudonym.h"

#include <openssl/sha.h>
#include <stdlib.h>

#include "uuid.h"

enum { BLOCK = 64, SHORT = 32, UUID_TEXT = 36 };

struct state {
	SHA256_CTX inner, outer;
};

static void begin(SHA256_CTX *c, const unsigned char key[BLOCK], unsigned char pad)
{
	unsigned char block[BLOCK];

	for (size_t i = 0; i < BLOCK; i++)
		block[i] = key[i] ^ pad;
	SHA256_Init(c);
	SHA256_Update(c, block, BLOCK);
}

void pseudonym_init(struct pseudonym *p, struct span key)
{
	unsigned char block[BLOCK] = {0};
	struct state *s;

	*p = (struct pseudonym){.keyed = key.p != NULL};
	if (!p->keyed)
		return;
	if (key.n > BLOCK)
		SHA256((const unsigned char *)key.p, key.n, block);
	else
		memcpy(block, key.p, key.n);
	p->state = s = xcalloc(1, sizeof *s);
	begin(&s->inner, block, 0x36);
	begin(&s->outer, block, 0x5c);
}

void pseudonym_free(struct pseudonym *p)
{
	free(p->state);
	*p = (struct pseudonym){0};
}

static void hash(const struct state *s, struct span text, unsigned char to[SHA256_DIGEST_LENGTH])
{
	SHA256_CTX c = s->inner;

	SHA256_Update(&c, text.p, text.n);
	SHA256_Final(to, &c);
	c = s->outer;
	SHA256_Update(&c, to, SHA256_DIGEST_LENGTH);
	SHA256_Final(to, &c);
}

static void write_uuid(const struct state *s, const uint8_t uuid[16], struct buf *to)
{
	unsigned char bytes[SHA256_DIGEST_LENGTH];
	char text[UUID_TEXT];

	uuid_write(text, uuid); /* one spelling of it */
	hash(s, (struct span){text, UUID_TEXT}, bytes);
	bytes[6] = (unsigned char)(0x80 | (bytes[6] & 0x0f)); /* version 8 and variant of RFC 9562 */
	bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3f));
	uuid_write(text, bytes);
	buf_add(to, text, UUID_TEXT);
}

bool pseudonym_hash(const struct pseudonym *p, struct span bytes, char to[PSEUDONYM_HASH])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char hmac[SHA256_DIGEST_LENGTH];

	if (!p->keyed)
		return false;
	hash(p->state, bytes, hmac);
	for (size_t i = 0; i < sizeof hmac; i++) {
		to[2 * i] = digits[hmac[i] >> 4];
		to[2 * i + 1] = digits[hmac[i] & 15];
	}
	return true;
}

void pseudonym_write(const struct pseudonym *p, struct span text, struct buf *to)
{
	char hmac[PSEUDONYM_HASH];
	uint8_t uuid[16];

	if (p->keyed && uuid_read(text, uuid) == 0) {
		write_uuid(p->state, uuid, to);
		return;
	}
	buf_add_text(to, "masked");
	if (pseudonym_hash(p, text, hmac)) {
		buf_add_char(to, '-');
		buf_add(to, hmac, SHORT);
	}
}

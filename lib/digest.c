#include "digest.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "buf.h"
#include "exit.h"
#include "log.h"

/* libcrypto fails here only when memory is short or SHA-256 is configured away. */
static void require(int ok)
{
	if (ok != 1) {
		log_error("SHA-256 is not available from libcrypto");
		exit(EXIT_RETRY);
	}
}

struct digest *digest_new(void)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	require(context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
	return (struct digest *)context;
}

void digest_add(struct digest *d, struct span bytes)
{
	require(bytes.n == 0 || EVP_DigestUpdate((EVP_MD_CTX *)d, bytes.p, bytes.n) == 1);
}

void digest_finish(struct digest *d, char hex[DIGEST_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	require(EVP_DigestFinal_ex((EVP_MD_CTX *)d, bytes, &n) == 1 && n == DIGEST_HEX / 2);
	EVP_MD_CTX_free((EVP_MD_CTX *)d);
	for (unsigned i = 0; i < n; i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	hex[DIGEST_HEX] = '\0';
}

void digest_of(struct span bytes, char hex[DIGEST_HEX + 1])
{
	struct digest *d = digest_new();

	digest_add(d, bytes);
	digest_finish(d, hex);
}

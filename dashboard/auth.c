#include "auth.h"

#include <crypt.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base64.h"
#include "clock.h"
#include "digest.h"
#include "log.h"

enum { PAUSE_US = 500000, REMEMBERED = 32 };

/* Of an account that is not there: it takes as long to be refused. */
static const char nobody[] = "$6$txdashtxdash$rPjzjMzSfTmOuM0bJpoQVmLAA2PCWfy0cVwiPWuEFtxdI0JHYv9yIuEw0ioVmKhuBqTYuAtxTdGt0cvEjVxE6/";

struct account {
	char *name, *hash;
	struct account *next;
};

struct auth {
	struct account *first;
	char right[REMEMBERED][DIGEST_HEX + 1]; /* headers that were right, digested */
	size_t next;
	int64_t not_before;
	struct crypt_data work;
};

static int take_line(struct auth *a, char *line, const char *path, int number)
{
	char *colon = strchr(line, ':');
	struct account *account;

	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	if (colon == NULL || colon == line || colon[1] != '$') {
		log_error("--auth-file %s:%d: expected NAME:HASH with a hash as `openssl passwd -6` prints it", path, number);
		return -1;
	}
	*colon = '\0';
	if (crypt_checksalt(colon + 1) != CRYPT_SALT_OK) {
		log_error("--auth-file %s:%d: the hash is of a kind that is unknown or too weak; make one with `openssl passwd -6`", path, number);
		return -1;
	}
	account = xmalloc(sizeof *account);
	*account = (struct account){xstrdup(line), xstrdup(colon + 1), a->first};
	a->first = account;
	return 0;
}

struct auth *auth_read(const char *path)
{
	struct auth *a = xcalloc(1, sizeof *a);
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	int status = 0, number = 0;

	if (f == NULL) {
		log_error("--auth-file %s: %s", path, strerror(errno));
		auth_free(a);
		return NULL;
	}
	while (status == 0 && getline(&line, &room, f) >= 0)
		status = take_line(a, line, path, ++number);
	if (status == 0 && ferror(f)) {
		log_error("--auth-file %s: %s", path, strerror(errno));
		status = -1;
	}
	if (status == 0 && a->first == NULL) {
		log_error("--auth-file %s: nobody is in it", path);
		status = -1;
	}
	free(line);
	fclose(f);
	if (status == 0)
		return a;
	auth_free(a);
	return NULL;
}

void auth_free(struct auth *a)
{
	if (a == NULL)
		return;
	while (a->first != NULL) {
		struct account *account = a->first;

		a->first = account->next;
		free(account->name);
		free(account->hash);
		free(account);
	}
	free(a);
}

static bool is_right(struct auth *a, char *text)
{
	char *colon = strchr(text, ':');
	const struct account *account = a->first;
	const char *hash, *made;

	if (colon == NULL)
		return false;
	*colon = '\0';
	while (account != NULL && strcmp(account->name, text) != 0)
		account = account->next;
	hash = account != NULL ? account->hash : nobody;
	made = crypt_rn(colon + 1, hash, &a->work, sizeof a->work);
	return account != NULL && made != NULL && strlen(made) == strlen(hash) && CRYPTO_memcmp(made, hash, strlen(hash)) == 0;
}

enum auth_verdict auth_judge(struct auth *a, const char *header)
{
	char digest[DIGEST_HEX + 1];
	struct buf text = {0};
	bool right;

	if (header == NULL || strncasecmp(header, "Basic ", 6) != 0)
		return AUTH_NO;
	digest_of(span_of(header), digest);
	for (size_t i = 0; i < REMEMBERED; i++)
		if (CRYPTO_memcmp(a->right[i], digest, DIGEST_HEX) == 0)
			return AUTH_YES;
	if (clock_monotonic() < a->not_before)
		return AUTH_LATER;
	right = base64_read(&text, span_of(header + 6)) == 0 && memchr(text.p, '\0', text.n) == NULL && is_right(a, (buf_text(&text), text.p));
	buf_free(&text);
	if (!right) {
		a->not_before = clock_monotonic() + PAUSE_US;
		return AUTH_NO;
	}
	memcpy(a->right[a->next++ % REMEMBERED], digest, sizeof digest);
	return AUTH_YES;
}

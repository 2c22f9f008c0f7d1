#include "answer.h"

#include <stdlib.h>

#include "json.h"

struct answer *answer_new(unsigned status, const char *type, struct buf body)
{
	struct answer *a = xmalloc(sizeof *a);

	*a = (struct answer){.status = status, .type = type, .body = body};
	atomic_init(&a->users, 1);
	return a;
}

struct answer *answer_keep(struct answer *a)
{
	if (a != NULL)
		atomic_fetch_add(&a->users, 1);
	return a;
}

void answer_drop(struct answer *a)
{
	if (a == NULL || atomic_fetch_sub(&a->users, 1) > 1)
		return;
	buf_free(&a->body);
	free(a);
}

struct answer *answer_error(unsigned status, const char *words)
{
	struct buf body = {0};

	buf_add_text(&body, "{\"error\":");
	json_quote_any(&body, span_of(words));
	buf_add_text(&body, "}\n");
	return answer_new(status, "application/json", body);
}

#include "start.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "exit.h"
#include "parse.h"
#include "rfc3339.h"

int start_parse_time(const char *text, int64_t *ms)
{
	int64_t us;

	if (parse_int(span_of(text), ms) == 0)
		return *ms >= 0 ? 0 : -1;
	if (rfc3339_read(span_of(text), &us) < 0 || us < 0)
		return -1;
	*ms = us / 1000;
	return 0;
}

int start_parse(struct start_spec *spec, const char *text)
{
	int64_t n;

	*spec = (struct start_spec){.kind = START_BEGINNING};
	if (strcmp(text, "beginning") == 0)
		return 0;
	if (strcmp(text, "end") == 0) {
		spec->kind = START_END;
		return 0;
	}
	if (strncmp(text, "s@", 2) == 0) {
		spec->kind = START_TIME;
		return start_parse_time(text + 2, &spec->value);
	}
	if (parse_int(span_of(text), &n) < 0 || n == INT64_MIN)
		return -1;
	spec->kind = text[0] == '-' ? START_TAIL : START_OFFSET;
	spec->value = n < 0 ? -n : n;
	return 0;
}

static void plain(struct start *s, const char *origin, int64_t begin)
{
	*s = (struct start){.origin = origin, .begin = begin, .from = begin, .probe = -1, .probe_ts = -1};
}

static int conflict(char *why, size_t room, const struct start_facts *f, const char *what, int64_t low, int64_t next)
{
	snprintf(why, room, "%s/%d: %s %" PRId64 ", the stored position is %" PRId64, f->topic, (int)f->partition, what, low, next);
	return EXIT_CONFLICT;
}

static int resume(const struct start_facts *f, struct start *s, char *why, size_t room)
{
	const struct position *p = f->position;

	if (p->cluster_id[0] != '\0' && f->cluster[0] != '\0' && strcmp(p->cluster_id, f->cluster) != 0) {
		snprintf(why, room, "%s/%d: the position belongs to cluster %s, this is cluster %s", f->topic, (int)f->partition,
		         p->cluster_id, f->cluster);
		return EXIT_CONFLICT;
	}
	if (f->low > p->next_offset) {
		snprintf(why, room, "%s/%d: records are gone (retention): the log begins at %" PRId64 ", the stored position is %" PRId64
		         " (in the table that is furthest behind: see pgload --positions). To give them up, once read without --resume into "
		         "pgload --accept-gap %s/%d:%" PRId64 "-%" PRId64, f->topic, (int)f->partition, f->low, p->next_offset, f->topic,
		         (int)f->partition, p->next_offset, f->low);
		return EXIT_CONFLICT;
	}
	if (f->high < p->next_offset)
		return conflict(why, room, f, "records are gone (topic re-created?): the log ends at", f->high, p->next_offset);
	if (p->last_offset >= p->next_offset)
		return conflict(why, room, f, "the stored row contradicts itself: last_offset is", p->last_offset, p->next_offset);
	plain(s, "resume", p->next_offset);
	if (p->last_offset >= f->low && p->last_ts >= 0) {
		s->probe = p->last_offset;
		s->probe_ts = p->last_ts;
	}
	return EXIT_DONE;
}

/* -o N outside of the log: never a silent reset. */
static int at_offset(const struct start_facts *f, int64_t n, struct start *s, char *why, size_t room)
{
	plain(s, "offset", n);
	if (n >= f->low && n <= f->high)
		return EXIT_DONE;
	snprintf(why, room, "%s/%d: -o %" PRId64 " lies outside of the log, which holds %" PRId64 " to %" PRId64, f->topic,
	         (int)f->partition, n, f->low, f->high);
	return EXIT_CONFLICT;
}

int start_decide(const struct start_spec *spec, const struct start_facts *f, struct start *s, char *why, size_t room)
{
	if (f->position != NULL)
		return resume(f, s, why, room);
	if (f->siblings >= 0 && f->partition >= f->siblings) { /* added after the stream began: nothing of it was read yet */
		plain(s, "beginning", f->low);
		return EXIT_DONE;
	}
	switch (spec->kind) {
	case START_BEGINNING:
		plain(s, "beginning", f->low);
		break;
	case START_END:
		plain(s, "end", f->high);
		break;
	case START_OFFSET:
		return at_offset(f, spec->value, s, why, room);
	case START_TAIL:
		plain(s, "offset", f->high - f->low < spec->value ? f->low : f->high - spec->value);
		break;
	case START_TIME:
		plain(s, "time", f->at_time >= 0 ? f->at_time : f->high);
		break;
	}
	return EXIT_DONE;
}

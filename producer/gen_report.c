#include "gen_report.h"

#include "gen_emit.h"

void report_record(struct report *p, const struct record *r)
{
	bool high = record_high_amount(r), bad = record_bad_location(r);

	p->records++;
	p->late += r->late;
	p->stories[r->story]++;
	p->high_amount += high;
	p->foreign += r->foreign;
	p->bad_location += bad;
	p->flagged += high || r->foreign || bad;
	if (r->late)
		return;
	if (p->last == 0)
		p->first = r->time;
	p->last = r->time;
}

static uint64_t malformed(const struct report *p)
{
	uint64_t sum = 0;

	for (int i = SHARE_FIRST_MALFORMED; i <= SHARE_LAST_MALFORMED; i++)
		sum += p->malformed[i];
	return sum;
}

void report_labels(struct report *p, const struct labels *l)
{
	p->labels = true;
	p->reported = l->fraud;
	p->disputed = l->disputed;
	p->missed = l->missed;
}

uint64_t report_lines(const struct report *p)
{
	return p->records + p->duplicates + malformed(p) + p->labels_written;
}

static void add_count(struct buf *to, const char *before, const char *name, uint64_t count)
{
	buf_addf(to, "%s\"%s\":%llu", before, name, (unsigned long long)count);
}

static void add_time(struct buf *to, const char *name, int64_t time)
{
	char text[24];

	emit_time(text, time);
	buf_addf(to, ",\"%s\":\"%.24s\"", name, text);
}

static void add_stories(struct buf *to, const struct report *p, const char *name, int first, int last)
{
	uint64_t sum = 0;

	for (int i = first; i <= last; i++)
		sum += p->stories[i];
	buf_addf(to, ",\"%s\":{\"total\":%llu", name, (unsigned long long)sum);
	for (int i = first; i <= last; i++)
		add_count(to, ",", record_story_name[i], p->stories[i]);
	buf_add_char(to, '}');
}

void report_print(struct buf *to, const struct report *p)
{
	add_count(to, "{", "lines", report_lines(p));
	add_count(to, ",", "bytes", p->bytes);
	add_count(to, ",", "records", p->records);
	add_count(to, ",", "late", p->late);
	add_count(to, ",", "duplicates", p->duplicates);
	add_count(to, ",\"malformed\":{", "total", malformed(p));
	for (int i = SHARE_FIRST_MALFORMED; i <= SHARE_LAST_MALFORMED; i++)
		add_count(to, ",", share_name((enum share_kind)i), p->malformed[i]);
	buf_add_char(to, '}');
	add_stories(to, p, "legitimate", STORY_ORDINARY, STORY_LAST_LEGITIMATE);
	add_stories(to, p, "fraud", STORY_LAST_LEGITIMATE + 1, STORIES - 1);
	add_count(to, ",\"rules\":{", "high_amount", p->high_amount);
	add_count(to, ",", "foreign", p->foreign);
	add_count(to, ",", "bad_location", p->bad_location);
	add_count(to, ",", "any", p->flagged);
	buf_add_char(to, '}');
	if (p->labels) {
		add_count(to, ",\"labels\":{", "written", p->labels_written);
		add_count(to, ",", "fraud", p->reported);
		add_count(to, ",", "disputed", p->disputed);
		add_count(to, ",", "missed", p->missed);
		buf_add_char(to, '}');
	}
	if (p->last != 0) {
		add_time(to, "first_ts", p->first);
		add_time(to, "last_ts", p->last);
	}
	buf_add_text(to, "}\n");
}

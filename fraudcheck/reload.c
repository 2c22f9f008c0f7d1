#include "reload.h"

#include <sys/stat.h>

#include "exit.h"
#include "log.h"

static struct metric *counter(const char *result)
{
	struct buf labels = {0};
	struct metric *m;

	metric_label(&labels, "result", span_of(result));
	m = metric_new(METRIC_COUNTER, "txpipe_fraudcheck_reloads_total", "Times that the rules were read again (SIGHUP)", buf_text(&labels));
	buf_free(&labels);
	return m;
}

void reload_init(struct reload *r, const struct load *load, struct judge *judge, struct judge *spare)
{
	*r = (struct reload){.load = load, .judge = {judge, spare}, .done = counter("ok"), .failed = counter("failed")};
}

/* A pipe gives its bytes only once: the next time it would seem to hold no rules. */
static bool is_file(const char *path)
{
	struct stat st;

	if (path == NULL || stat(path, &st) < 0 || S_ISREG(st.st_mode))
		return true; /* (what is not there is reported when it is read) */
	log_error("%s: not a regular file, it cannot be read twice", path);
	return false;
}

/* The new rules are in `next`: may they judge on? */
static bool may_follow(struct reload *r, struct judge *next)
{
	struct judge *judge = r->judge[0];

	if (next->program.rules == 0) {
		log_error("%s: there are no rules in it", load_name(r->load));
		return false;
	}
	if (judge_take_over(next, judge) < 0) {
		log_error("%s: its features, or what they are computed from (lets, lists, tables, currencies), are not those whose windows are "
		          "in memory: restart to warm the windows", load_name(r->load));
		return false;
	}
	return true;
}

bool reload_now(struct reload *r)
{
	struct judge *judge = r->judge[0], *next = r->judge[1];
	bool fine = is_file(r->load->rules) && is_file(r->load->currencies) && load_judge(r->load, next) == EXIT_DONE;

	if (!fine || !may_follow(r, next)) {
		judge_free(next);
		metric_add(r->failed, 1);
		log_error("SIGHUP: the rules were NOT reloaded; ruleset %s judges on", judge->ruleset);
		return false;
	}
	metric_add(r->done, 1);
	log_notice("SIGHUP: %s reloaded: ruleset %s, before %s", load_name(r->load), next->ruleset, judge->ruleset);
	judge_free(judge);
	r->judge[0] = next;
	r->judge[1] = judge;
	return true;
}

#include "work.h"

#include "exit.h"
#include "line.h"
#include "log.h"
#include "sig.h"

void work_init(struct work *w, int fd, struct judge *judge, struct tally *tally, struct map *map,
               struct progress *progress)
{
	*w = (struct work){.judge = judge, .tally = tally, .map = map, .progress = progress};
	out_init(&w->out, fd, 0);
}

void work_free(struct work *w)
{
	out_free(&w->out);
	intake_free(&w->in);
	buf_free(&w->line);
	buf_free(&w->mapped);
	buf_free(&w->plain);
	json_object_free(&w->object);
}

/* Input is about to block: what was judged leaves now. */
static int flush(void *arg)
{
	struct work *w = arg;

	return out_flush(&w->out);
}

static int tick(void *arg)
{
	struct work *w = arg;

	tally_history(w->tally);
	metrics_tick();
	if (w->progress != NULL)
		progress_tick(w->progress, w->tally->total);
	return 0;
}

/* The line goes on as it came. */
static void pass(struct work *w)
{
	buf_add_span(&w->line, w->in.line);
	buf_add_char(&w->line, '\n');
}

/* The reject of another tool: the record in it may have what is masked. */
static void pass_reject(struct work *w)
{
	metric_add(w->tally->passed, 1);
	if (w->judge->options.mask != NULL)
		mask_reject(w->judge->options.mask, w->in.line, &w->line);
	else
		pass(w);
}

static void reject(struct work *w, const struct line_reader *r, const char *reason, const char *detail)
{
	struct mask *mask = w->judge->options.mask;

	tally_reject(w->tally, reason);
	buf_clear(&w->plain);
	intake_reject(mask != NULL ? &w->plain : &w->line, &w->in, r, reason, detail);
	if (mask != NULL)
		mask_reject(mask, buf_span(&w->plain), &w->line);
}

/* Give the record its new names; then *object and *line are those of the renamed record. */
static int rename_members(struct work *w, const struct json_object **object, struct span *line)
{
	size_t at;

	buf_clear(&w->mapped);
	if (map_apply(w->map, *object, &w->mapped) < 0)
		return -1;
	*line = buf_span(&w->mapped);
	json_scan(&w->object, *line, &at); /* only names were exchanged, and for such as need no escapes */
	*object = &w->object;
	return 0;
}

/* Every line with an envelope says where the next ones belong, also one that is not judged: whether a line continues the run of the one before
 * is told by comparing the two. */
static void enter(struct work *w)
{
	if (!w->in.has_envelope)
		return;
	judge_enter(w->judge, &w->in.envelope, NULL);
	if (w->observer != NULL && w->observer->entered != NULL)
		w->observer->entered(w->observer->arg, &w->in.envelope);
}

/* EXIT_CONFLICT if no verdict from here on would be right. */
static int judge(struct work *w, const struct line_reader *r)
{
	const struct json_object *object = &w->in.object;
	struct span line = w->in.line;
	enum judged as;
	int status = EXIT_DONE;

	enter(w);
	if (w->map != NULL && rename_members(w, &object, &line) < 0) {
		reject(w, r, "mapped_name", w->map->detail);
		return EXIT_DONE;
	}
	if (!w->in.has_envelope)
		judge_enter(w->judge, NULL, object);
	as = judge_record(w->judge, object, line, &w->line);
	if (w->observer != NULL)
		status = w->observer->judged(w->observer->arg, &w->in, object, as, buf_span(&w->line));
	switch (as) {
	case JUDGED_VERDICT:
		tally_verdict(w->tally);
		break;
	case JUDGED_LABEL:
		metric_add(w->tally->labels, 1);
		break;
	case JUDGED_WARM:
		metric_add(w->tally->warm, 1);
		break;
	case JUDGED_REJECT:
		reject(w, r, w->judge->reason, w->judge->detail);
		break;
	case JUDGED_STOP:
		log_error("%s", w->judge->detail);
		return EXIT_CONFLICT;
	}
	w->enough = status == WORK_ENOUGH;
	return w->enough ? EXIT_DONE : status;
}

/* What was judged so far keeps its verdict, what comes gets the new rules'. */
static int reload(void *arg)
{
	struct work *w = arg;

	sig_take_reload();
	if (reload_now(w->reload)) {
		w->judge = w->reload->judge[0];
		tally_switch(w->tally, w->judge);
	}
	return 0;
}

/* EXIT_DONE with *end set at the end of the input. */
static int filter_line(struct work *w, struct line_reader *r, bool *end)
{
	bool idle;
	int status;

	buf_clear(&w->line);
	if (w->reload != NULL && sig_reload_asked())
		reload(w);
	switch (intake_next(&w->in, r, &idle)) {
	case INTAKE_RECORD:
		status = judge(w, r);
		if (status == EXIT_DONE && !w->enough)
			break;
		*end = true;
		return status;
	case INTAKE_PASS:
		enter(w);
		pass_reject(w);
		break;
	case INTAKE_CONTROL:
		enter(w);
		pass(w);
		break;
	case INTAKE_REFUSE:
		enter(w);
		reject(w, r, w->in.reason, w->in.detail);
		break;
	case INTAKE_STOP:
		*end = true;
		return w->in.status;
	case INTAKE_END:
		*end = !idle || w->out.error != 0;
		return w->in.status;
	}
	w->tally->total++;
	if (w->observer == NULL && out_add_span(&w->out, buf_span(&w->line)) < 0)
		*end = true;
	return EXIT_DONE;
}

int work_filter(struct work *w, int fd, const char *name)
{
	const struct line_hooks hooks = {.idle = flush, .tick = tick, .arg = w, .wake = w->reload != NULL ? reload : NULL,
	                                 .wake_fd = sig_reload_fd()};
	struct line_reader *r = line_reader_new(fd, name, LINE_MAX_DEFAULT, w->out.fd, hooks);
	int status = EXIT_DONE;

	line_reader_unfold(r);
	for (bool end = false; !end;)
		status = filter_line(w, r, &end);
	line_reader_free(r);
	tally_history(w->tally);
	if (w->out.error != 0 || out_flush(&w->out) < 0)
		return out_failed(&w->out, "stdout");
	return status;
}

#include "artefact.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "log.h"
#include "report.h"
#include "version.h"

/* dbt knows fewer words: what was looked at and left is a success, what was undone did not happen. */
static const char *status_word(const struct outcome *o)
{
	switch (o->status) {
	case OUTCOME_UNCHANGED: return o->node->kind == NODE_TEST ? "pass" : "success";
	case OUTCOME_ROLLED_BACK: return "skipped";
	case OUTCOME_FAIL: return o->node->kind == NODE_SOURCE ? "error" : "fail";
	case OUTCOME_ERROR: return o->node->kind == NODE_SOURCE ? "runtime error" : "error";
	default: return report_status(o->status);
	}
}

static void text_member(struct buf *to, const char *name, const char *text)
{
	buf_addf(to, ",\"%s\":", name);
	if (text != NULL)
		json_quote_any(to, span_of(text));
	else
		buf_add_text(to, "null");
}

static void seconds_member(struct buf *to, const char *name, int64_t us)
{
	buf_addf(to, ",\"%s\":%lld.%06d", name, (long long)(us / 1000000), (int)(us % 1000000));
}

static void result_json(const struct project *p, const struct outcome *o, struct buf *to)
{
	const struct node *n = o->node;
	int64_t affected = (o->inserted > 0 ? o->inserted : 0) + (o->updated > 0 ? o->updated : 0) +
	                   (o->deleted > 0 ? o->deleted : 0);
	struct buf id = {0};

	buf_addf(&id, "%s.%s.%s", report_kind(n->kind), p->name, n->name);
	buf_addf(to, "{\"status\":\"%s\",\"timing\":[],\"thread_id\":\"main\"", status_word(o));
	seconds_member(to, "execution_time", o->us);
	buf_add_text(to, ",\"adapter_response\":{");
	if (o->inserted >= 0)
		buf_addf(to, "\"_message\":\"MERGE\",\"rows_affected\":%lld", (long long)affected);
	buf_add_char(to, '}');
	text_member(to, "message", o->message);
	if (o->failures >= 0)
		buf_addf(to, ",\"failures\":%lld", (long long)o->failures);
	else
		buf_add_text(to, ",\"failures\":null");
	text_member(to, "unique_id", buf_text(&id));
	buf_addf(to, ",\"compiled\":%s", n->compiled.n > 0 ? "true" : "false");
	text_member(to, "compiled_code", n->compiled.n > 0 ? n->compiled.sql : NULL);
	text_member(to, "relation_name", n->relation);
	buf_add_char(to, '}');
	buf_free(&id);
}

static void document(const struct project *p, const struct outcome *outcome, const struct run_result *run, int64_t us,
                     struct buf *to)
{
	time_t now = time(NULL);
	struct tm utc;
	bool any = false;

	gmtime_r(&now, &utc);
	buf_add_text(to, "{\"metadata\":{\"dbt_schema_version\":\"https://schemas.getdbt.com/dbt/run-results/v6.json\",");
	buf_addf(to, "\"dbt_version\":null,\"txpipe_version\":\"" TXPIPE_VERSION "\",\"generated_at\":\"%04d-%02d-%02dT%02d:%02d:%02dZ\","
	             "\"invocation_id\":\"%lld\",\"env\":{}},\n\"results\":[", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
	         utc.tm_hour, utc.tm_min, utc.tm_sec, (long long)run->run_id);
	for (size_t i = 0; i < p->count; i++) {
		const struct outcome *o = &outcome[p->order[i]];

		if (o->status == OUTCOME_NONE)
			continue;
		buf_add_text(to, any ? ",\n" : "\n");
		result_json(p, o, to);
		any = true;
	}
	buf_addf(to, "\n],\"args\":{\"which\":\"%s\"}", run->command);
	text_member(to, "status", run->status);
	seconds_member(to, "elapsed_time", us);
	buf_add_text(to, "}\n");
}

static int write_file(const char *path, struct span text)
{
	FILE *f = fopen(path, "we");
	bool bad;

	if (f == NULL)
		return -1;
	bad = fwrite(text.p, 1, text.n, f) != text.n;
	return fclose(f) != 0 || bad ? -1 : 0;
}

int artefact_write(const struct project *p, const struct outcome *outcome, const struct run_result *run, int64_t us,
                   const char *folder)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	struct buf text = {0};
	int status = 0;

	snprintf(path, sizeof path, "%s/run_results.json", folder);
	snprintf(fresh, sizeof fresh, "%s/.run_results.json.%ld", folder, (long)getpid());
	document(p, outcome, run, us, &text);
	if ((mkdir(folder, 0777) < 0 && errno != EEXIST) || write_file(fresh, buf_span(&text)) < 0 || rename(fresh, path) < 0) {
		log_error("%s cannot be written: %s", path, strerror(errno));
		unlink(fresh);
		status = -1;
	}
	buf_free(&text);
	return status;
}

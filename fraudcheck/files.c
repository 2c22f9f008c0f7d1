#include "files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"

/* Append the path of `name`, seen from the folder of the rule file. */
static void add_path(struct buf *to, const char *rules, struct span name)
{
	const char *slash = strrchr(rules, '/');

	if (slash != NULL && name.p[0] != '/')
		buf_add(to, rules, (size_t)(slash + 1 - rules));
	buf_add_span(to, name);
}

static int slurp(const char *path, struct buf *to, size_t most)
{
	FILE *f = fopen(path, "re");
	size_t n;
	int error;

	if (f == NULL)
		return -1;
	while (to->n <= most && (n = fread(buf_room(to, 1 << 16), 1, 1 << 16, f)) > 0)
		to->n += n;
	error = ferror(f) ? errno : 0;
	fclose(f);
	errno = error;
	return error != 0 ? -1 : 0;
}

const struct file *files_read(struct files *f, struct rule_source *source, struct span name, struct span at,
                              size_t most)
{
	struct buf path = {0}, text = {0};
	struct file *file = NULL;

	add_path(&path, source->name, name);
	if (memchr(name.p, '\0', name.n) != NULL || slurp(buf_text(&path), &text, most) < 0) {
		rule_error(source, at, "%s: %s", buf_text(&path), strerror(errno));
	} else if (text.n > most) {
		rule_error(source, at, "%s is larger than %zu MiB", buf_text(&path), most >> 20);
	} else if (!utf8_valid(buf_span(&text))) {
		rule_error(source, at, "%s is not UTF-8", buf_text(&path));
	} else {
		f->file = xrealloc(f->file, (f->count + 1) * sizeof *f->file);
		file = &f->file[f->count++];
		*file = (struct file){.name = name, .text = pool_copy(f->pool, buf_span(&text))};
	}
	buf_free(&path);
	buf_free(&text);
	return file;
}

struct list *files_add_list(struct files *f, struct span name)
{
	struct list *list = pool_zero(f->pool, 1, sizeof *list);

	list->name = name;
	f->list = xrealloc(f->list, (f->lists + 1) * sizeof(struct list *));
	f->list[f->lists++] = list;
	return list;
}

void files_fill_list(struct files *f, struct list *list, const struct expr *items)
{
	struct span *item = xcalloc(items->count, sizeof *item);

	for (size_t i = 1; i < items->count; i++)
		item[i - 1] = items->arg[i]->text;
	list_make(list, f->pool, item, items->count - 1);
	free(item);
}

struct list *files_list(struct files *f, struct rule_source *source, const struct statement *s)
{
	const struct file *file = files_read(f, source, s->file, s->file_at, SIZE_MAX);
	struct list *list = files_add_list(f, s->name);

	list_read(list, f->pool, file != NULL ? file->text : SPAN(""));
	return list;
}

struct table *files_table(struct files *f, struct rule_source *source, const struct statement *s)
{
	const struct file *file = files_read(f, source, s->file, s->file_at, SIZE_MAX);
	struct table *table = pool_zero(f->pool, 1, sizeof *table);
	struct buf error = {0};

	table->name = s->name;
	table->by = s->by;
	f->table = xrealloc(f->table, (f->tables + 1) * sizeof(struct table *));
	f->table[f->tables++] = table;
	if (table_read(table, f->pool, file != NULL ? file->text : SPAN(""), &error) < 0)
		rule_error(source, s->file_at, "%.*s: %s", SPAN_ARG(s->file), buf_text(&error));
	buf_free(&error);
	return table;
}

struct model *files_model(struct files *f, struct rule_source *source, const struct statement *s)
{
	const struct file *file =
		f->without_models ? NULL : files_read(f, source, s->file, s->file_at, MODEL_BYTES_MAX);
	struct model *model = NULL;
	struct buf error = {0};

	if (file != NULL) {
		f->file[f->count - 1].model = true;
		model = pool_zero(f->pool, 1, sizeof *model);
		if (model_read(model, s->model, f->pool, file->text, &error) < 0) {
			rule_error(source, s->file_at, "%.*s: %s", SPAN_ARG(s->file), buf_text(&error));
			model = NULL;
		}
	}
	buf_free(&error);
	return model;
}

void files_free(struct files *f)
{
	free(f->file);
	free(f->list);
	free(f->table);
	*f = (struct files){0};
}

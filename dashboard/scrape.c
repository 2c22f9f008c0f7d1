#include "scrape.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "log.h"
#include "metrics.h"

enum { FILES_MAX = 500, FILE_MAX = 1 << 20, FAMILIES_MAX = 2000 };

static const char *folder;

struct family {
	struct span name; /* in the text of a file */
	struct span help, type;
	struct buf samples;
};

struct scrape {
	struct buf text[FILES_MAX]; /* of each file */
	char *source[FILES_MAX];
	time_t written[FILES_MAX];
	size_t files;
	struct family family[FAMILIES_MAX];
	size_t families;
};

int scrape_init(const char *dir)
{
	struct stat st;

	folder = dir;
	if (dir == NULL || (stat(dir, &st) == 0 && S_ISDIR(st.st_mode)))
		return 0;
	log_error("--metrics-dir %s is no folder", dir);
	return -1;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

static bool ends_in_prom(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && strcmp(name + n - 5, ".prom") == 0 && name[0] != '.';
}

static void read_file(struct scrape *s, const char *path, const char *source)
{
	struct buf *text = &s->text[s->files];
	struct stat st;
	ssize_t n = 1;
	int fd;

	if (s->files == FILES_MAX || (fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)) < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= FILE_MAX) {
		while (n > 0 && text->n <= FILE_MAX) {
			n = read(fd, buf_room(text, 65536), 65536);
			text->n += n > 0 ? (size_t)n : 0;
		}
		s->written[s->files] = st.st_mtime;
		s->source[s->files++] = xstrndup(source, strlen(source) - 5);
	}
	close(fd);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* In an order that stays: the folder's own is nobody's. */
static void read_folder(struct scrape *s, const char *dir, const char *prefix, bool deeper)
{
	struct dirent **entry;
	int count = scandir(dir, &entry, NULL, by_name);

	for (int i = 0; i < count; i++) {
		struct buf path = {0}, source = {0};
		const char *name = entry[i]->d_name;
		struct stat st;

		buf_addf(&path, "%s/%s", dir, name);
		buf_addf(&source, "%s%s", prefix, name);
		if (ends_in_prom(name)) {
			read_file(s, buf_text(&path), buf_text(&source));
		} else if (deeper && name[0] != '.' && stat(buf_text(&path), &st) == 0 && S_ISDIR(st.st_mode)) {
			buf_add_char(&source, '/');
			read_folder(s, path.p, buf_text(&source), false);
		}
		buf_free(&path);
		buf_free(&source);
		free(entry[i]);
	}
	if (count >= 0)
		free(entry);
}

/* --- sorting ----------------------------------------------------------------------------------------------------- */

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

static struct span take_name(struct span *line)
{
	struct span name = {line->p, 0};

	while (name.n < line->n && is_name(line->p[name.n]))
		name.n++;
	line->p += name.n;
	line->n -= name.n;
	return name;
}

static bool starts_well(struct span name)
{
	return name.n > 0 && (name.p[0] < '0' || name.p[0] > '9');
}

static struct family *family_of(struct scrape *s, struct span name)
{
	for (size_t i = 0; i < s->families; i++)
		if (span_eq(s->family[i].name, name))
			return &s->family[i];
	if (s->families == FAMILIES_MAX || !starts_well(name))
		return NULL;
	s->family[s->families] = (struct family){.name = name};
	return &s->family[s->families++];
}

static void take_comment(struct scrape *s, struct span line)
{
	struct span *to, kind = {line.p, 7};
	struct family *f;
	bool help = span_eq(kind, SPAN("# HELP ")), type = span_eq(kind, SPAN("# TYPE "));

	if (!help && !type)
		return;
	line.p += 7;
	line.n -= 7;
	f = family_of(s, take_name(&line));
	if (f == NULL || line.n < 2)
		return;
	to = help ? &f->help : &f->type;
	if (to->n == 0)
		*to = (struct span){line.p + 1, line.n - 1};
}

/* The number behind name and labels: what the tools write, and nothing else, goes on. One line that Prometheus refuses would cost it all of them. */
static bool is_value(struct span v)
{
	static const char *const special[] = {" NaN", " +Inf", " -Inf"};
	char text[64], *end;

	for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
		if (span_eq(v, span_of(special[i])))
			return true;
	if (v.n < 2 || v.n >= sizeof text || v.p[0] != ' ')
		return false;
	for (size_t i = 1; i < v.n; i++)
		if (strchr("0123456789+-.eE", v.p[i]) == NULL || v.p[i] == '\0')
			return false;
	memcpy(text, v.p + 1, v.n - 1);
	text[v.n - 1] = '\0';
	strtod(text, &end);
	return end != text && *end == '\0';
}

/* Behind the quote that ends a label's value, or NULL. */
static const char *value_end(const char *p, const char *end)
{
	for (; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\' && (++p == end || strchr("\\\"n", *p) == NULL || *p == '\0'))
			return NULL;
	}
	return NULL;
}

/* Where the labels of a line that begins with `{` end; 0 if they are none as they should be, or one is ours to give. */
static size_t labels_end(struct span line)
{
	struct span rest = {line.p + 1, line.n - 1};
	const char *end = line.p + line.n, *p;

	while (rest.n > 0 && rest.p[0] != '}') {
		struct span name = take_name(&rest);

		if (!starts_well(name) || span_eq(name, SPAN("source")) || memchr(name.p, ':', name.n) != NULL || rest.n < 2 ||
		    rest.p[0] != '=' || rest.p[1] != '"' || (p = value_end(rest.p + 2, end)) == NULL)
			return 0;
		p += p < end && *p == ',';
		rest = (struct span){p, (size_t)(end - p)};
	}
	return rest.n > 0 ? (size_t)(rest.p - line.p) : 0;
}

static void take_sample(struct scrape *s, struct span line, const char *source)
{
	struct span name = take_name(&line), labels = {line.p, 0};
	struct buf with = {0};
	struct family *f;

	if (line.n > 0 && line.p[0] == '{') {
		size_t end = labels_end(line);

		if (end == 0)
			return;
		labels = (struct span){line.p + 1, end - 1};
		line.p += end + 1;
		line.n -= end + 1;
	}
	if (!is_value(line) || (f = family_of(s, name)) == NULL)
		return;
	if (labels.n > 0 && labels.p[labels.n - 1] == ',')
		labels.n--;
	buf_add_span(&with, labels);
	metric_label(&with, "source", span_of(source));
	buf_add_span(&f->samples, name);
	buf_add_char(&f->samples, '{');
	buf_add_span(&f->samples, buf_span(&with));
	buf_add_char(&f->samples, '}');
	buf_add_span(&f->samples, line);
	buf_add_char(&f->samples, '\n');
	buf_free(&with);
}

static void take_file(struct scrape *s, size_t file)
{
	struct span rest = buf_span(&s->text[file]);

	while (rest.n > 0) {
		const char *end = memchr(rest.p, '\n', rest.n);
		struct span line = {rest.p, end != NULL ? (size_t)(end - rest.p) : rest.n};

		rest.p += line.n + (end != NULL);
		rest.n -= line.n + (end != NULL);
		if (!utf8_valid(line))
			continue;
		if (line.n > 7 && line.p[0] == '#')
			take_comment(s, line);
		else if (line.n > 0 && line.p[0] != '#')
			take_sample(s, line, s->source[file]);
	}
}

static struct scrape *scrape(void)
{
	struct scrape *s = xcalloc(1, sizeof *s);

	if (folder != NULL)
		read_folder(s, folder, "", true);
	for (size_t i = 0; i < s->files; i++)
		take_file(s, i);
	return s;
}

static void scrape_free(struct scrape *s)
{
	for (size_t i = 0; i < s->files; i++) {
		buf_free(&s->text[i]);
		free(s->source[i]);
	}
	for (size_t i = 0; i < s->families; i++)
		buf_free(&s->family[i].samples);
	free(s);
}

/* --- what is asked for ------------------------------------------------------------------------------------------- */

static void add_ages(const struct scrape *s, struct buf *to)
{
	if (s->files > 0)
		buf_add_text(to, "# HELP txpipe_metrics_file_age_seconds Time since a tool wrote its metrics\n"
		                 "# TYPE txpipe_metrics_file_age_seconds gauge\n");
	for (size_t i = 0; i < s->files; i++) {
		struct buf label = {0};

		metric_label(&label, "source", span_of(s->source[i]));
		buf_addf(to, "txpipe_metrics_file_age_seconds{%s} %lld\n", buf_text(&label), (long long)(time(NULL) - s->written[i]));
		buf_free(&label);
	}
}

void scrape_add(struct buf *to)
{
	struct scrape *s = scrape();

	for (size_t i = 0; i < s->families; i++) {
		const struct family *f = &s->family[i];

		if (f->samples.n == 0)
			continue;
		if (f->help.n > 0)
			buf_addf(to, "# HELP %.*s %.*s\n", SPAN_ARG(f->name), SPAN_ARG(f->help));
		if (f->type.n > 0)
			buf_addf(to, "# TYPE %.*s %.*s\n", SPAN_ARG(f->name), SPAN_ARG(f->type));
		buf_add_span(to, buf_span(&f->samples));
	}
	add_ages(s, to);
	scrape_free(s);
}

const char *scrape_rules(struct buf *to)
{
	static const char mark[] = "rule=\"";
	struct scrape *s = scrape();
	struct family *f = family_of(s, SPAN("txpipe_fraudcheck_rule_hits_total"));

	buf_add_char(to, '{');
	if (f != NULL) {
		for (const char *p = buf_text(&f->samples); (p = strstr(p, mark)) != NULL;) {
			struct span rest = {p + sizeof mark - 1, strlen(p + sizeof mark - 1)}, name = take_name(&rest);

			p += sizeof mark - 1;
			if (name.n > 0 && rest.n > 0 && rest.p[0] == '"')
				buf_addf(to, "%s\"%.*s\"", to->n > 1 ? "," : "", SPAN_ARG(name)); /* one may be called null */
		}
	}
	buf_add_char(to, '}');
	scrape_free(s);
	return buf_text(to);
}

#include "page.h"

#include <pthread.h>

#include "digest.h"

#include "embed/chart.min.js.h"
#include "embed/dashboard/page/app.js.h"
#include "embed/dashboard/page/charts.js.h"
#include "embed/dashboard/page/data.js.h"
#include "embed/dashboard/page/format.js.h"
#include "embed/dashboard/page/icon.svg.h"
#include "embed/dashboard/page/index.html.h"
#include "embed/dashboard/page/record.js.h"
#include "embed/dashboard/page/style.css.h"
#include "embed/dashboard/page/tables.js.h"
#include "embed/dashboard/page/views.js.h"

#define TEXT(array) {(array), sizeof(array) - 1}

static struct page_file files[] = {
	{"/", "text/html; charset=utf-8", TEXT(index_html), ""},
	{"/style.css", "text/css; charset=utf-8", TEXT(style_css), ""},
	{"/chart.js", "text/javascript; charset=utf-8", TEXT(chart_min_js), ""},
	{"/format.js", "text/javascript; charset=utf-8", TEXT(format_js), ""},
	{"/data.js", "text/javascript; charset=utf-8", TEXT(data_js), ""},
	{"/tables.js", "text/javascript; charset=utf-8", TEXT(tables_js), ""},
	{"/charts.js", "text/javascript; charset=utf-8", TEXT(charts_js), ""},
	{"/record.js", "text/javascript; charset=utf-8", TEXT(record_js), ""},
	{"/views.js", "text/javascript; charset=utf-8", TEXT(views_js), ""},
	{"/app.js", "text/javascript; charset=utf-8", TEXT(app_js), ""},
	{"/icon.svg", "image/svg+xml", TEXT(icon_svg), ""},
};

enum { FILES = sizeof files / sizeof files[0] };

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void digest_all(void)
{
	char hex[DIGEST_HEX + 1];

	for (size_t i = 0; i < FILES; i++) {
		digest_of(files[i].text, hex);
		files[i].etag[0] = '"';
		memcpy(files[i].etag + 1, hex, 32);
		memcpy(files[i].etag + 33, "\"", 2);
	}
}

const struct page_file *page_find(const char *path)
{
	pthread_once(&once, digest_all);
	for (size_t i = 0; i < FILES; i++)
		if (strcmp(files[i].path, path) == 0)
			return &files[i];
	return NULL;
}

/* The file that a tag of the page names: `<script src="app.js"` and the like. */
static const struct page_file *named_in(struct span tag, const char *attribute)
{
	const char *p = memmem(tag.p, tag.n, attribute, strlen(attribute)), *end;
	char path[64] = "/";
	size_t n;

	if (p == NULL)
		return NULL;
	p += strlen(attribute);
	end = memchr(p, '"', (size_t)(tag.p + tag.n - p));
	n = end != NULL ? (size_t)(end - p) : 0;
	if (n == 0 || n + 2 > sizeof path)
		return NULL;
	memcpy(path + 1, p, n);
	path[n + 1] = '\0';
	return page_find(path);
}

/* JSON between tags of HTML: nothing in it may end the element or begin a comment. */
static void add_data(struct buf *to, struct span data)
{
	buf_add_text(to, "<script type=\"application/json\" id=\"report\">");
	for (size_t i = 0; i < data.n; i++) {
		if (data.p[i] == '<')
			buf_add_text(to, "\\u003c");
		else
			buf_add_char(to, data.p[i]);
	}
	buf_add_text(to, "</script>\n");
}

static void add_line(struct buf *to, struct span line, struct span data)
{
	const struct page_file *script = named_in(line, "<script src=\""), *style = named_in(line, "<link rel=\"stylesheet\" href=\"");

	if (style != NULL) {
		buf_add_text(to, "<style>\n");
		buf_add_span(to, style->text);
		buf_add_text(to, "</style>\n");
	} else if (script != NULL) {
		if (data.n > 0)
			add_data(to, data);
		buf_add_text(to, "<script>\n");
		buf_add_span(to, script->text);
		buf_add_text(to, "</script>\n");
	} else if (memmem(line.p, line.n, "<link rel=\"icon\"", 16) == NULL) {
		buf_add_span(to, line);
	}
}

void page_report(struct buf *to, struct span data)
{
	struct span rest = page_find("/")->text;

	while (rest.n > 0) {
		const char *end = memchr(rest.p, '\n', rest.n);
		struct span line = {rest.p, end != NULL ? (size_t)(end - rest.p) + 1 : rest.n};
		bool is_script = memmem(line.p, line.n, "<script src=", 12) != NULL;

		add_line(to, line, data);
		if (is_script)
			data.n = 0; /* once, before the first */
		rest.p += line.n;
		rest.n -= line.n;
	}
}

#include "template.h"

#include <ctype.h>
#include <string.h>

#include "nearest.h"

static const char *const call_names[] = {"ref", "source", "config", "var", "env_var", "this", "changes", NULL};

struct cursor {
	struct arena *arena;
	const char *file;
	const char *begin, *p, *end;
	int first_line; /* of `begin` */
};

static int value_read(struct cursor *c, struct value *to);

static int line_at(const char *begin, const char *p, int first)
{
	int line = first;

	for (; begin < p; begin++)
		line += *begin == '\n';
	return line;
}

static struct place here(const struct cursor *c)
{
	return (struct place){c->file, line_at(c->begin, c->p, c->first_line)};
}

static void skip_blank(struct cursor *c)
{
	while (c->p < c->end && isspace((unsigned char)*c->p))
		c->p++;
}

static bool take(struct cursor *c, char wanted)
{
	skip_blank(c);
	if (c->p == c->end || *c->p != wanted)
		return false;
	c->p++;
	return true;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '+' || c == '-';
}

static struct span word(struct cursor *c)
{
	struct span s;

	skip_blank(c);
	s.p = c->p;
	while (c->p < c->end && is_word(*c->p))
		c->p++;
	s.n = (size_t)(c->p - s.p);
	return s;
}

static int quoted_read(struct cursor *c, char quote, struct value *to)
{
	struct place at = here(c);
	char *text = arena_alloc(c->arena, (size_t)(c->end - c->p) + 1);
	size_t n = 0;

	for (; c->p < c->end && *c->p != quote; c->p++) {
		if (*c->p == '\\' && c->p + 1 < c->end)
			c->p++;
		text[n++] = *c->p;
	}
	if (c->p == c->end)
		return place_error(at, "a text in quotes does not end");
	c->p++;
	*to = (struct value){.kind = VALUE_TEXT, .text = text};
	return 0;
}

static int list_read(struct cursor *c, struct value *to)
{
	*to = (struct value){.kind = VALUE_LIST, .text = ""};
	while (!take(c, ']')) {
		if (to->count > 0 && !take(c, ','))
			return place_error(here(c), "expected ',' or ']' in a list");
		if (to->count > 0 && take(c, ']'))
			return 0;
		to->item = arena_more(c->arena, to->item, to->count, sizeof *to->item);
		if (value_read(c, &to->item[to->count]) < 0)
			return -1;
		if (to->item[to->count++].kind == VALUE_LIST)
			return place_error(here(c), "a list inside a list");
	}
	return 0;
}

static int value_read(struct cursor *c, struct value *to)
{
	struct span s;

	if (take(c, '\''))
		return quoted_read(c, '\'', to);
	if (take(c, '"'))
		return quoted_read(c, '"', to);
	if (take(c, '['))
		return list_read(c, to);
	s = word(c);
	if (s.n > 0) {
		to->text = arena_text(c->arena, s.p, s.n);
		to->kind = value_kind_of(to->text);
		if (to->kind == VALUE_BOOL)
			to->text = s.p[0] == 't' || s.p[0] == 'T' ? "true" : "false";
		if (to->kind != VALUE_TEXT)
			return 0;
	}
	return place_error(here(c), "expected a text in quotes, a number, true, false, none or a list%s%.*s%s",
	                   s.n > 0 ? ", not '" : "", SPAN_ARG(s), s.n > 0 ? "'" : "");
}

/* NAME = in front of a value, or nothing. */
static const char *arg_name(struct cursor *c)
{
	const char *start = c->p;
	struct span s = word(c);

	if (s.n > 0 && take(c, '='))
		return arena_text(c->arena, s.p, s.n);
	c->p = start;
	return NULL;
}

static int args_read(struct cursor *c, struct template_call *to)
{
	while (!take(c, ')')) {
		struct template_arg *arg;

		if (to->count > 0 && !take(c, ','))
			return place_error(here(c), "expected ',' or ')'");
		if (to->count > 0 && take(c, ')'))
			return 0;
		to->arg = arena_more(c->arena, to->arg, to->count, sizeof *to->arg);
		arg = &to->arg[to->count++];
		arg->name = arg_name(c);
		if (value_read(c, &arg->value) < 0)
			return -1;
	}
	return 0;
}

static int args_check(const struct template_call *call)
{
	static const struct {
		size_t least, most;
		const char *form;
	} want[] = {
		[CALL_REF] = {1, 1, "ref('model')"},
		[CALL_SOURCE] = {2, 2, "source('group', 'table')"},
		[CALL_VAR] = {1, 2, "var('name') or var('name', 'default')"},
		[CALL_ENV_VAR] = {1, 2, "env_var('NAME') or env_var('NAME', 'default')"},
		[CALL_CHANGES] = {1, 2, "changes('table') or changes('group', 'table')"},
	};

	if (call->kind == CALL_CONFIG) {
		for (size_t i = 0; i < call->count; i++)
			if (call->arg[i].name == NULL)
				return place_error(call->at, "config() takes name=value");
		return 0;
	}
	if (call->kind == CALL_THIS)
		return 0;
	if (call->count < want[call->kind].least || call->count > want[call->kind].most)
		return place_error(call->at, "write %s", want[call->kind].form);
	for (size_t i = 0; i < call->count; i++)
		if (call->arg[i].name != NULL || call->arg[i].value.kind == VALUE_LIST ||
		    (i == 0 && call->arg[i].value.kind != VALUE_TEXT))
			return place_error(call->at, "write %s", want[call->kind].form);
	return 0;
}

static int call_read(struct cursor *c, struct template_call *to)
{
	struct span name;
	char *text;
	size_t kind = 0;

	skip_blank(c);
	to->at = here(c);
	name = word(c);
	text = arena_text(c->arena, name.p, name.n);
	while (call_names[kind] != NULL && strcmp(call_names[kind], text) != 0)
		kind++;
	if (call_names[kind] == NULL) {
		const char *near = nearest_word(text, call_names);

		return place_error(to->at, "unknown name '%s' in {{ }}%s%s%s (known: ref, source, config, var, env_var, this, changes)",
		                   text, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
		                   near != NULL ? "'?" : "");
	}
	to->kind = (enum template_call_kind)kind;
	if (to->kind != CALL_THIS) {
		if (!take(c, '('))
			return place_error(to->at, "'%s' needs its arguments: %s(…)", text, text);
		if (args_read(c, to) < 0)
			return -1;
	}
	return args_check(to);
}

int template_parse_call(struct arena *arena, struct place at, const char *text, struct template_call *to)
{
	struct cursor c = {arena, at.file, text, text, text + strlen(text), at.line};

	*to = (struct template_call){0};
	if (call_read(&c, to) < 0)
		return -1;
	skip_blank(&c);
	return c.p == c.end ? 0 : place_error(at, "nothing may follow the call: '%s'", c.p);
}

/* Behind `{%`: the one condition that there is. */
static int block_read(struct cursor *c, struct template_call *to)
{
	static const struct {
		const char *words;
		enum template_call_kind kind;
	} known[] = {{"if is_incremental()", CALL_IF}, {"if not is_incremental()", CALL_IF_NOT}, {"else", CALL_ELSE},
	             {"endif", CALL_ENDIF}};
	const char *end = memmem(c->p, (size_t)(c->end - c->p), "%}", 2);
	char text[64] = "";
	size_t n = 0;

	if (end == NULL)
		return place_error(to->at, "{%% does not end");
	for (const char *p = c->p; p < end && n + 2 < sizeof text; p++) {
		bool blank = isspace((unsigned char)*p) || ((p == c->p || p + 1 == end) && *p == '-');

		if (blank && n > 0 && text[n - 1] != ' ' && text[n - 1] != '(')
			text[n++] = ' ';
		else if (!blank)
			text[n++] = *p;
	}
	text[n > 0 && text[n - 1] == ' ' ? n - 1 : n] = '\0';
	c->p = end + 2;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strcmp(text, known[i].words) == 0) {
			to->kind = known[i].kind;
			return 0;
		}
	}
	return place_error(to->at, "{%% %s %%} is not understood: there are no loops, macros or other conditions here, only "
	                           "{%% if is_incremental() %%} … {%% else %%} … {%% endif %%} and {{ ref() source() config() "
	                           "var() env_var() this changes() }}", text);
}

/* At `{{`, `{#` or `{%`: read to the end of it. */
static int brace_read(struct cursor *c, struct template_call *to)
{
	struct place at = here(c);
	const char *start = c->p;
	const char *end;

	*to = (struct template_call){.begin = (size_t)(start - c->begin), .at = at};
	c->p += 2;
	if (start[1] == '%') {
		if (block_read(c, to) < 0)
			return -1;
	} else if (start[1] == '#') {
		end = memmem(c->p, (size_t)(c->end - c->p), "#}", 2);
		if (end == NULL)
			return place_error(at, "the comment {# does not end");
		to->kind = CALL_COMMENT;
		c->p = end + 2;
	} else {
		if (call_read(c, to) < 0)
			return -1;
		skip_blank(c);
		if (c->end - c->p < 2 || memcmp(c->p, "}}", 2) != 0)
			return place_error(here(c), "expected }} after the call that begins in line %d", at.line);
		c->p += 2;
	}
	to->end = (size_t)(c->p - c->begin);
	return 0;
}

/* Every `if` has its `endif`, and nothing is nested. */
static int blocks_check(const struct template *t)
{
	const struct template_call *open = NULL;
	bool otherwise = false;

	for (size_t i = 0; i < t->count; i++) {
		const struct template_call *call = &t->call[i];

		if (call->kind == CALL_IF || call->kind == CALL_IF_NOT) {
			if (open != NULL)
				return place_error(call->at, "an if inside the if of line %d is not understood", open->at.line);
			open = call;
			otherwise = false;
		} else if (call->kind == CALL_ELSE || call->kind == CALL_ENDIF) {
			if (open == NULL || (call->kind == CALL_ELSE && otherwise))
				return place_error(call->at, "%s without its if", call->kind == CALL_ELSE ? "else" : "endif");
			otherwise = true;
			if (call->kind == CALL_ENDIF)
				open = NULL;
		}
	}
	return open == NULL ? 0 : place_error(open->at, "{%% if … %%} has no {%% endif %%}");
}

int template_parse(struct arena *arena, const char *file, struct span source, struct template *to)
{
	struct cursor c = {arena, file, source.p, source.p, source.p + source.n, 1};

	*to = (struct template){.file = file, .source = source};
	if (memchr(source.p, '\0', source.n) != NULL)
		return place_error((struct place){file, 0}, "a NUL byte: this is not SQL text");
	while (c.end - c.p >= 2) {
		const char *brace = memchr(c.p, '{', (size_t)(c.end - c.p) - 1);

		if (brace == NULL)
			break;
		c.p = brace;
		if (brace[1] != '{' && brace[1] != '%' && brace[1] != '#') {
			c.p++;
			continue;
		}
		to->call = arena_more(arena, to->call, to->count, sizeof *to->call);
		if (brace_read(&c, &to->call[to->count]) < 0)
			return -1;
		to->count++;
	}
	return blocks_check(to);
}

static void piece_add(struct arena *arena, struct template_text *to, size_t at, size_t from, bool literal)
{
	to->piece = arena_more(arena, to->piece, to->count, sizeof *to->piece);
	to->piece[to->count++] = (struct template_piece){at, from, literal};
}

static size_t trimmed(const struct buf *b)
{
	size_t n = b->n;

	while (n > 0 && isspace((unsigned char)b->p[n - 1]))
		n--;
	if (n > 0 && b->p[n - 1] == ';')
		n--;
	while (n > 0 && isspace((unsigned char)b->p[n - 1]))
		n--;
	return n;
}

int template_render(struct arena *arena, const struct template *t, bool incremental, template_resolve *resolve,
                    void *arg, struct template_text *to)
{
	struct buf text = {0};
	size_t from = 0;
	bool shown = true;
	int status = 0;

	*to = (struct template_text){0};
	for (size_t i = 0; i < t->count && status == 0; i++) {
		const struct template_call *call = &t->call[i];

		piece_add(arena, to, text.n, from, true);
		if (shown)
			buf_add(&text, t->source.p + from, call->begin - from);
		piece_add(arena, to, text.n, call->begin, false);
		if (call->kind == CALL_IF || call->kind == CALL_IF_NOT)
			shown = (call->kind == CALL_IF) == incremental;
		else if (call->kind == CALL_ELSE)
			shown = !shown;
		else if (call->kind == CALL_ENDIF)
			shown = true;
		else if (shown && call->kind != CALL_COMMENT && call->kind != CALL_CONFIG)
			status = resolve(arg, call, &text);
		from = call->end;
	}
	piece_add(arena, to, text.n, from, true);
	buf_add(&text, t->source.p + from, t->source.n - from);
	to->n = trimmed(&text);
	to->sql = arena_text(arena, text.p, to->n);
	buf_free(&text);
	return status;
}

bool template_range(const struct template *t, const struct template_text *text, size_t i, size_t *begin, size_t *end)
{
	for (size_t k = 0; k + 1 < text->count; k++) {
		if (text->piece[k].literal || text->piece[k].from != t->call[i].begin)
			continue;
		*begin = text->piece[k].to;
		*end = text->piece[k + 1].to;
		return *end > *begin;
	}
	return false;
}

int template_line(const struct template *t, const struct template_text *text, size_t at)
{
	size_t i = 0, from;

	while (i + 1 < text->count && text->piece[i + 1].to <= at)
		i++;
	from = text->piece[i].from + (text->piece[i].literal ? at - text->piece[i].to : 0);
	if (from > t->source.n)
		from = t->source.n;
	return line_at(t->source.p, t->source.p + from, 1);
}

const char *template_arg_text(const struct template_call *call, size_t i)
{
	return i < call->count ? call->arg[i].value.text : NULL;
}

#include "unfold.h"

#include "json_skip.h"

/* --- telling lines, arrays and pretty-printed objects apart ------------------------------------------------------- */

static bool starts_value(char c)
{
	return c == '"' || c == '{' || c == '[' || c == '-' || (c >= '0' && c <= '9') || c == 't' || c == 'f' || c == 'n';
}

/* May `next` follow the token that ended in `last`, inside an object or an array? */
static bool may_follow(char last, bool in_object, char next)
{
	switch (last) {
	case '{':
		return next == '"' || next == '}';
	case '[':
		return starts_value(next) || next == ']';
	case ',':
		return in_object ? next == '"' : starts_value(next);
	case ':':
		return starts_value(next);
	default:
		return next == ',' || next == '}' || next == ']';
	}
}

/* The place of the quote that closes the string at p, of a line's end inside it, or `end`. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"' && *p != '\n'; p++)
		if (*p == '\\' && p + 1 < end && p[1] != '\n')
			p++;
	return p < end ? p : end;
}

/* Behind the first line of an object that is still open: does the next line go on with it? */
static enum unfold_mode decide_next_line(const char *newline, const char *end, char last, bool in_object)
{
	const char *next = json_skip_space(newline, end);

	if (next == end)
		return UNFOLD_UNDECIDED;
	if (*next == '{' && next[-1] == '\n')
		return UNFOLD_LINES;
	return may_follow(last, in_object, *next) ? UNFOLD_OBJECTS : UNFOLD_LINES;
}

/* An object at p. */
static enum unfold_mode decide_object(const char *p, const char *end)
{
	uint64_t is_object = 0; /* a bit for each open bracket, the innermost lowest; 64 levels are enough for one line */
	unsigned depth = 0;
	char last = '\0';

	for (; p < end; p++) {
		switch (*p) {
		case '\n':
			return decide_next_line(p, end, last, (is_object & 1) != 0);
		case '{':
		case '[':
			is_object = is_object << 1 | (*p == '{' ? 1 : 0);
			depth++;
			break;
		case '}':
		case ']':
			is_object >>= 1;
			if (--depth == 0)
				return UNFOLD_LINES; /* closed on its first line */
			break;
		case '"':
			p = skip_string(p, end);
			if (p == end)
				return UNFOLD_UNDECIDED;
			if (*p == '\n')
				return UNFOLD_LINES;
			break;
		default:
			break;
		}
		if (!json_is_space(*p))
			last = *p;
	}
	return UNFOLD_UNDECIDED;
}

static enum unfold_mode decide(struct span bytes)
{
	const char *end = bytes.p + bytes.n, *p = json_skip_space(bytes.p, end);

	if (p == end)
		return UNFOLD_UNDECIDED;
	if (*p == '{')
		return decide_object(p, end);
	if (*p != '[')
		return UNFOLD_LINES;
	p = json_skip_space(p + 1, end);
	if (p == end)
		return UNFOLD_UNDECIDED;
	return *p == '{' || *p == ']' ? UNFOLD_ARRAY : UNFOLD_LINES;
}

/* --- unfolding ---------------------------------------------------------------------------------------------------- */

static int fault(const char **why, const char *text)
{
	*why = text;
	return -1;
}

static void emit(struct unfold *u, struct buf *to)
{
	buf_add_span(to, buf_span(&u->record));
	buf_add_char(to, '\n');
	buf_clear(&u->record);
}

/* Part of a number or a word (or of something that is no JSON at all). */
static bool is_word(char c)
{
	return c != '\0' && strchr("{}[],:\"", c) == NULL;
}

/* A byte that is no white space, inside a record and outside its strings. */
static void add_token(struct unfold *u, char c)
{
	struct buf *r = &u->record;

	if (u->gap && r->n > 0 && is_word(r->p[r->n - 1]) && is_word(c))
		buf_add_char(r, ' '); /* `1 2` must not become 12 */
	u->gap = false;
	buf_add_char(r, c);
	if (c == '"')
		u->in_string = true;
	else if (c == '{' || c == '[')
		u->depth++;
	else if (c == '}' || c == ']')
		u->depth--;
}

static int step_array(struct unfold *u, char c, struct buf *to, const char **why)
{
	bool empty = u->record.n == 0;

	if (u->depth > 0 || (c != ',' && c != ']' && c != '}')) {
		add_token(u, c);
		return 0;
	}
	if (c == '}')
		return fault(why, "a } that closes nothing");
	if (empty && (c == ',' || u->comma))
		return fault(why, "an element of the array is missing");
	if (!empty)
		emit(u, to);
	u->comma = c == ',';
	if (c == ']')
		u->mode = UNFOLD_BEHIND_ARRAY;
	return 0;
}

static int step_objects(struct unfold *u, char c, struct buf *to, const char **why)
{
	if (u->depth == 0 && c != '{')
		return fault(why, "text between pretty-printed objects");
	add_token(u, c);
	if (u->depth == 0)
		emit(u, to);
	return 0;
}

/* Inside a string: everything goes on as it is, up to the closing quote. Returns where to go on. */
static const char *feed_string(struct unfold *u, const char *p, const char *end, const char **why)
{
	while (p < end && u->in_string) {
		const char *special = u->escaped ? p : json_skip_plain(p, end);

		buf_add(&u->record, p, (size_t)(special - p));
		p = special;
		if (p == end)
			break;
		if (*p == '\n') {
			fault(why, "a line ends inside a string");
			return NULL;
		}
		if (u->escaped)
			u->escaped = false;
		else if (*p == '\\')
			u->escaped = true;
		else if (*p == '"')
			u->in_string = false;
		buf_add_char(&u->record, *p++);
	}
	return p;
}

static int step(struct unfold *u, char c, struct buf *to, const char **why)
{
	if (json_is_space(c)) {
		u->gap = true;
		u->line += c == '\n' ? 1 : 0;
		return 0;
	}
	if (u->mode == UNFOLD_ARRAY)
		return step_array(u, c, to, why);
	if (u->mode == UNFOLD_OBJECTS)
		return step_objects(u, c, to, why);
	return fault(why, "text behind the array");
}

static int feed_records(struct unfold *u, struct span bytes, size_t max, struct buf *to, const char **why)
{
	const char *p = bytes.p, *end = bytes.p + bytes.n;

	while (p < end) {
		if (u->in_string) {
			p = feed_string(u, p, end, why);
			if (p == NULL)
				return -1;
		} else if (step(u, *p++, to, why) < 0) {
			return -1;
		}
		if (u->record.n > max)
			return fault(why, "a record is longer than the limit");
	}
	return 0;
}

/* The mode is known: what was held back takes its way. */
static int release(struct unfold *u, size_t max, struct buf *to, const char **why)
{
	struct buf held = u->record;
	struct span bytes = buf_span(&held);
	int status = 0;

	u->record = (struct buf){0};
	if (u->mode == UNFOLD_LINES) {
		buf_add_span(to, bytes);
	} else {
		const char *p = bytes.p;

		if (u->mode == UNFOLD_ARRAY)
			for (bool open = false; !open; p++) {
				open = *p == '[';
				u->line += *p == '\n' ? 1 : 0;
			}
		status = feed_records(u, (struct span){p, bytes.n - (size_t)(p - bytes.p)}, max, to, why);
	}
	buf_free(&held);
	return status;
}

int unfold_feed(struct unfold *u, struct span bytes, size_t max, struct buf *to, const char **why)
{
	size_t held;

	switch (u->mode) {
	case UNFOLD_LINES:
		buf_add_span(to, bytes);
		return 0;
	case UNFOLD_UNDECIDED:
		/* never by more than max + 1 bytes: in what pieces they come must not decide */
		held = bytes.n < max + 1 - u->record.n ? bytes.n : max + 1 - u->record.n;
		buf_add(&u->record, bytes.p, held);
		u->mode = decide(buf_span(&u->record));
		if (u->mode == UNFOLD_UNDECIDED && u->record.n > max)
			u->mode = UNFOLD_LINES; /* where it is judged as a line too long */
		if (u->mode == UNFOLD_UNDECIDED)
			return 0;
		if (release(u, max, to, why) < 0)
			return -1;
		return held < bytes.n ? unfold_feed(u, (struct span){bytes.p + held, bytes.n - held}, max, to, why) : 0;
	default:
		return feed_records(u, bytes, max, to, why);
	}
}

int unfold_finish(struct unfold *u, struct buf *to, const char **why)
{
	if (u->mode == UNFOLD_UNDECIDED) {
		u->mode = UNFOLD_LINES;
		return release(u, 0, to, why);
	}
	if (u->mode == UNFOLD_ARRAY)
		return fault(why, "the array is not closed at the end of the input (torn)");
	if (u->mode == UNFOLD_OBJECTS && u->record.n > 0)
		return fault(why, "the last object is not closed at the end of the input (torn)");
	return 0;
}

void unfold_free(struct unfold *u)
{
	buf_free(&u->record);
	*u = (struct unfold){0};
}

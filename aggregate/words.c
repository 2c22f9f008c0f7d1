#include "words.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool begins(char c)
{
	return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

bool words_goes_on(char c)
{
	return begins(c) || isdigit((unsigned char)c) || c == '$';
}

/* Behind the comment that begins at `at`; they nest. */
static size_t comment_end(const char *s, size_t at)
{
	int depth = 0;

	while (s[at] != '\0') {
		bool opens = s[at] == '/' && s[at + 1] == '*', closes = s[at] == '*' && s[at + 1] == '/';

		depth += opens - closes;
		at += opens || closes ? 2 : 1;
		if (depth == 0)
			break;
	}
	return at;
}

/* Behind blanks and comments. */
static size_t skip_blank(const char *s, size_t at)
{
	for (;;) {
		while (isspace((unsigned char)s[at]))
			at++;
		if (s[at] == '-' && s[at + 1] == '-')
			at += strcspn(s + at, "\n");
		else if (s[at] == '/' && s[at + 1] == '*')
			at = comment_end(s, at);
		else
			return at;
	}
}

/* Behind the text in quotes that begins at `at`; a backslash escapes if `escapes`. */
static size_t quoted_end(const char *s, size_t at, bool escapes)
{
	char quote = s[at++];

	for (; s[at] != '\0'; at++) {
		if (escapes && s[at] == '\\' && s[at + 1] != '\0')
			at++;
		else if (s[at] == quote && s[at + 1] == quote)
			at++;
		else if (s[at] == quote)
			return at + 1;
	}
	return at;
}

static size_t dollar_end(const char *s, size_t at)
{
	size_t tag = 1;
	const char *end;

	while (words_goes_on(s[at + tag]) && s[at + tag] != '$')
		tag++;
	if (s[at + tag] != '$')
		return at + 1;
	tag++;
	end = memmem(s + at + tag, strlen(s + at + tag), s + at, tag);
	return end != NULL ? (size_t)(end - s) + tag : strlen(s);
}

/* Fills kind and end of the word that begins at t->begin. */
static void word_read(const char *s, struct word *t)
{
	size_t at = t->begin;

	if (s[at] == '\0') {
		*t = (struct word){WORD_END, at, at, 0};
	} else if ((s[at] == 'e' || s[at] == 'E') && s[at + 1] == '\'') {
		*t = (struct word){WORD_TEXT, at, quoted_end(s, at + 1, true), 0};
	} else if (begins(s[at])) {
		while (words_goes_on(s[at]))
			at++;
		*t = (struct word){WORD_NAME, t->begin, at, 0};
	} else if (isdigit((unsigned char)s[at])) {
		while (isalnum((unsigned char)s[at]) || s[at] == '.')
			at++;
		*t = (struct word){WORD_NUMBER, t->begin, at, 0};
	} else if (s[at] == '\'' || s[at] == '"') {
		*t = (struct word){s[at] == '"' ? WORD_QUOTED : WORD_TEXT, at, quoted_end(s, at, false), 0};
	} else if (s[at] == '$') {
		*t = (struct word){WORD_TEXT, at, dollar_end(s, at), 0};
	} else {
		*t = (struct word){WORD_SIGN, at, at + (s[at] == ':' && s[at + 1] == ':' ? 2 : 1), 0};
	}
}

bool words_are(const struct words *w, size_t i, const char *text)
{
	const struct word *t = &w->word[i];
	size_t n = strlen(text);

	return (t->kind == WORD_NAME || t->kind == WORD_SIGN) && t->end - t->begin == n &&
	       strncasecmp(w->sql + t->begin, text, n) == 0;
}

void words_read(struct words *w, struct arena *arena, const char *sql, size_t hole_begin, size_t hole_end)
{
	int depth = 0;
	size_t at = 0;

	*w = (struct words){.sql = sql};
	for (;;) {
		struct word *t;

		w->word = arena_more(arena, w->word, w->count, sizeof *w->word);
		t = &w->word[w->count];
		t->begin = skip_blank(sql, at);
		if (t->begin >= hole_begin && t->begin < hole_end)
			*t = (struct word){WORD_HOLE, hole_begin, hole_end, 0};
		else
			word_read(sql, t);
		if (words_are(w, w->count, ")") || words_are(w, w->count, "]") || (words_are(w, w->count, "end") && depth > 0))
			depth--;
		t->depth = depth;
		if (words_are(w, w->count, "(") || words_are(w, w->count, "[") || words_are(w, w->count, "case"))
			depth++;
		at = t->end;
		if (w->word[w->count++].kind == WORD_END)
			return;
	}
}

/* The first word of letters in the text, as the server would read a moment. */
static bool is_moment(const char *text, const char *end)
{
	static const char *const moments[] = {"now", "today", "tomorrow", "yesterday", NULL};
	size_t n = 0;

	while (text < end && !isalpha((unsigned char)*text))
		text++;
	while (text + n < end && isalpha((unsigned char)text[n]))
		n++;
	for (size_t k = 0; moments[k] != NULL; k++)
		if (strlen(moments[k]) == n && strncasecmp(moments[k], text, n) == 0)
			return true;
	return false;
}

size_t words_clock(const struct words *w)
{
	for (size_t i = 0; i < w->count; i++) {
		size_t begin = w->word[i].begin;

		if (w->word[i].kind != WORD_TEXT)
			continue;
		begin += w->sql[begin] == 'e' || w->sql[begin] == 'E'; /* E'…' */
		if (is_moment(w->sql + begin, w->sql + w->word[i].end))
			return i;
	}
	return SIZE_MAX;
}

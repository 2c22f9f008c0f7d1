#include "select.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "nearest.h"

static bool has_tag(const struct node *n, const char *tag)
{
	for (size_t i = 0; i < n->config.tags.count; i++)
		if (fnmatch(tag, n->config.tags.item[i], 0) == 0)
			return true;
	return false;
}

static bool below_path(const struct node *n, const char *path)
{
	size_t length = strlen(path);

	while (length > 0 && path[length - 1] == '/')
		length--;
	if (strncmp(n->path, path, length) == 0 && (n->path[length] == '/' || n->path[length] == '\0'))
		return true;
	return fnmatch(path, n->path, 0) == 0;
}

static bool source_matches(const struct node *n, const char *pattern)
{
	size_t group = strcspn(n->name, ".");

	if (n->kind != NODE_SOURCE)
		return false;
	if (fnmatch(pattern, n->name, 0) == 0)
		return true;
	return strlen(pattern) == group && strncmp(pattern, n->name, group) == 0;
}

static bool matches(const struct node *n, const char *term)
{
	if (n->config.disabled)
		return false;
	if (strncmp(term, "tag:", 4) == 0)
		return n->kind != NODE_TEST && has_tag(n, term + 4);
	if (strncmp(term, "path:", 5) == 0)
		return below_path(n, term + 5);
	if (strncmp(term, "source:", 7) == 0)
		return source_matches(n, term + 7);
	if (strcmp(term, "state:modified") == 0)
		return n->modified;
	if (strchr(term, '/') != NULL)
		return below_path(n, term);
	return n->kind != NODE_SOURCE && fnmatch(term, n->name, 0) == 0;
}

/* One term: a pattern, perhaps with + on either side. Marks `to`; false if it matches nothing. */
static bool mark_term(struct project *p, const char *term, bool *to)
{
	size_t length = strlen(term);
	bool up = term[0] == '+', down = length > 0 && term[length - 1] == '+', any = false;
	bool *more = xcalloc(p->count, sizeof *more);
	char *pattern;

	if (up)
		term++, length--;
	if (down && length > 0)
		length--;
	pattern = xstrndup(term, length);
	for (size_t i = 0; i < p->count; i++)
		any |= to[i] = matches(p->node[i], pattern);
	memcpy(more, to, p->count * sizeof *more);
	if (down)
		graph_descendants(p->needs, p->count, more);
	if (up)
		graph_ancestors(p->needs, p->count, to);
	for (size_t i = 0; i < p->count; i++)
		to[i] |= more[i];
	free(pattern);
	free(more);
	return any;
}

/* A method: in front of a pattern that nobody knows would else be told as a name that matches nothing. */
static int check_method(const char *option, const char *term)
{
	static const char *const known[] = {"tag", "path", "source", "state", NULL};
	const char *name = term + (term[0] == '+');
	size_t n = strcspn(name, ":");

	if (name[n] == '\0')
		return 0;
	for (size_t i = 0; known[i] != NULL; i++) {
		if (strlen(known[i]) != n || strncmp(known[i], name, n) != 0)
			continue;
		if (strcmp(known[i], "state") != 0 || strncmp(name, "state:modified", 14) == 0)
			return 0;
		log_error("%s: '%s': of state: there is state:modified, which is what differs from what was built last or is new", option,
		          term);
		return -1;
	}
	log_error("%s: '%s': nodes are selected by name, tag:T, path:P, source:S or state:modified", option, term);
	return -1;
}

/* dbt selects a folder by its bare name. */
static const char *folder_named(struct project *p, const char *term)
{
	size_t n = strcspn(term += term[0] == '+', "+");

	for (size_t i = 0; i < p->count; i++)
		for (const char *at = strchr(p->node[i]->path, '/'); at != NULL && n > 0; at = strchr(at + 1, '/'))
			if (strncmp(at + 1, term, n) == 0 && at[1 + n] == '/')
				return arena_text(&p->arena, p->node[i]->path, (size_t)(at + 1 + n - p->node[i]->path));
	return NULL;
}

static int no_match(struct project *p, const char *option, const char *term)
{
	const char **words = xcalloc(p->count + 1, sizeof *words);
	const char *near;
	size_t count = 0;

	for (size_t i = 0; i < p->count; i++)
		if (node_is_built(p->node[i]))
			words[count++] = p->node[i]->name;
	near = folder_named(p, term);
	if (near == NULL)
		near = nearest_word(term, words);
	log_error("%s: '%s' matches nothing in %s%s%s%s", option, term, p->folder, near != NULL ? "; did you mean '" : "",
	          near != NULL ? near : "", near != NULL ? "'?" : " (aggregate list shows what there is)");
	free(words);
	return -1;
}

static int nothing_modified(const char *option)
{
	log_error("%s: nothing is modified: all models and seeds are as they were built last", option);
	return -1;
}

/* One word: terms joined by commas, all of which must match a node. */
static int mark_word(struct project *p, const char *option, char *word, bool *marked)
{
	bool *all = xcalloc(p->count, sizeof *all), *one = xcalloc(p->count, sizeof *one);
	char *rest = NULL;
	int status = 0;

	memset(all, true, p->count * sizeof *all);
	for (char *term = strtok_r(word, ",", &rest); term != NULL && status == 0; term = strtok_r(NULL, ",", &rest)) {
		if (check_method(option, term) < 0)
			status = -1;
		else if (!mark_term(p, term, one))
			status = strstr(term, "state:") != NULL ? nothing_modified(option) : no_match(p, option, term);
		for (size_t i = 0; i < p->count; i++)
			all[i] &= one[i];
	}
	for (size_t i = 0; i < p->count; i++)
		marked[i] |= all[i];
	free(all);
	free(one);
	return status;
}

/* Tests come with anything that they read. */
static void mark_tests(const struct project *p, bool *marked)
{
	for (size_t i = 0; i < p->count; i++)
		for (size_t k = 0; p->node[i]->kind == NODE_TEST && k < p->needs[i].count; k++)
			marked[i] |= marked[p->needs[i].item[k]];
}

static int mark_list(struct project *p, const char *option, const struct opt_list *list, bool *marked)
{
	int status = 0;

	for (size_t i = 0; i < list->count && status == 0; i++) {
		char *words = xstrdup(list->item[i]), *rest = NULL;

		for (char *w = strtok_r(words, " \t\n", &rest); w != NULL && status == 0; w = strtok_r(NULL, " \t\n", &rest))
			status = mark_word(p, option, w, marked);
		free(words);
	}
	mark_tests(p, marked);
	return status;
}

static bool mentions_state(const struct opt_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (strstr(list->item[i], "state:") != NULL)
			return true;
	return false;
}

bool select_needs_state(const struct opt_list *select, const struct opt_list *exclude)
{
	return mentions_state(select) || mentions_state(exclude);
}

int select_nodes(struct project *p, const struct opt_list *select, const struct opt_list *exclude)
{
	bool *in = xcalloc(p->count, sizeof *in), *out = xcalloc(p->count, sizeof *out);
	bool any = false;
	int status;

	status = mark_list(p, "--select", select, in);
	if (status == 0)
		status = mark_list(p, "--exclude", exclude, out);
	for (size_t i = 0; i < p->count; i++) {
		struct node *n = p->node[i];

		n->selected = (in[i] || select->count == 0) && !out[i] && !n->config.disabled;
		any |= n->selected;
	}
	if (status == 0 && !any) {
		log_error("nothing is selected: --select and --exclude leave nothing of %s", p->folder);
		status = -1;
	}
	free(in);
	free(out);
	return status;
}

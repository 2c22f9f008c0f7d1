#include "graph.h"

#include <stdlib.h>

#include "buf.h"

static bool ready(const struct indexes *needs, size_t i, const bool *placed)
{
	for (size_t k = 0; k < needs[i].count; k++)
		if (!placed[needs[i].item[k]])
			return false;
	return true;
}

/* Follow unplaced needs from any unplaced node: sooner or later one comes a second time. */
static void find_cycle(const struct indexes *needs, size_t count, const bool *placed, size_t *cycle, size_t *length)
{
	size_t *seen_at = xcalloc(count, sizeof *seen_at);
	size_t at = 0, step = 0, first;

	while (placed[at])
		at++;
	while (seen_at[at] == 0) {
		size_t k = 0;

		cycle[step] = at;
		seen_at[at] = ++step;
		while (placed[needs[at].item[k]])
			k++;
		at = needs[at].item[k];
	}
	first = seen_at[at] - 1;
	*length = step - first;
	for (size_t i = 0; i < *length; i++)
		cycle[i] = cycle[first + i];
	free(seen_at);
}

int graph_order(const struct indexes *needs, size_t count, size_t *order, size_t *cycle, size_t *length)
{
	bool *placed = xcalloc(count, sizeof *placed);
	size_t n = 0;

	while (n < count) {
		size_t i = 0;

		while (i < count && (placed[i] || !ready(needs, i, placed)))
			i++;
		if (i == count)
			break;
		placed[i] = true;
		order[n++] = i;
	}
	if (n < count)
		find_cycle(needs, count, placed, cycle, length);
	free(placed);
	return n < count ? -1 : 0;
}

void graph_ancestors(const struct indexes *needs, size_t count, bool *reached)
{
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < count; i++)
			for (size_t k = 0; reached[i] && k < needs[i].count; k++)
				if (!reached[needs[i].item[k]])
					more = reached[needs[i].item[k]] = true;
	}
}

void graph_descendants(const struct indexes *needs, size_t count, bool *reached)
{
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < count; i++)
			for (size_t k = 0; !reached[i] && k < needs[i].count; k++)
				if (reached[needs[i].item[k]])
					more = reached[i] = true;
	}
}

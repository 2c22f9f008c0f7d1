#include "multiset.h"

#include <stdlib.h>

#include "buf.h"

struct multiset_slot {
	uint64_t value;
	uint32_t count; /* 0: the slot is empty */
};

static uint32_t place(const struct multiset *m, uint64_t value)
{
	uint32_t at = (uint32_t)(value ^ value >> 32) & (m->size - 1);

	while (m->slot[at].count > 0 && m->slot[at].value != value)
		at = (at + 1) & (m->size - 1);
	return at;
}

/* The same values in `size` slots. */
static void resize(struct multiset *m, uint32_t size)
{
	struct multiset old = *m;

	m->size = size;
	m->slot = xcalloc(size, sizeof *m->slot);
	for (uint32_t i = 0; i < old.size; i++)
		if (old.slot[i].count > 0)
			m->slot[place(m, old.slot[i].value)] = old.slot[i];
	free(old.slot);
}

void multiset_add(struct multiset *m, uint64_t value)
{
	struct multiset_slot *s;

	if (4 * (m->distinct + 1) > 3 * m->size)
		resize(m, m->size > 0 ? 2 * m->size : 4);
	s = &m->slot[place(m, value)];
	s->value = value;
	if (s->count++ == 0)
		m->distinct++;
}

/* Close the gap at `at`: what stands behind it and could stand there moves up. */
static void close_gap(struct multiset *m, uint32_t at)
{
	uint32_t mask = m->size - 1;

	for (uint32_t i = (at + 1) & mask; m->slot[i].count > 0; i = (i + 1) & mask) {
		uint64_t value = m->slot[i].value;
		uint32_t home = (uint32_t)(value ^ value >> 32) & mask;

		if (((i - home) & mask) >= ((i - at) & mask)) {
			m->slot[at] = m->slot[i];
			at = i;
		}
	}
	m->slot[at].count = 0;
}

void multiset_remove(struct multiset *m, uint64_t value)
{
	uint32_t at = place(m, value);

	if (--m->slot[at].count > 0)
		return;
	m->distinct--;
	close_gap(m, at);
	if (m->size > 64 && 8 * m->distinct < m->size)
		resize(m, m->size / 4);
}

bool multiset_has(const struct multiset *m, uint64_t value)
{
	return m->size > 0 && m->slot[place(m, value)].count > 0;
}

void multiset_free(struct multiset *m)
{
	free(m->slot);
	*m = (struct multiset){0};
}

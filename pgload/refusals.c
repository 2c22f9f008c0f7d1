#include "refusals.h"

#include <string.h>

void refusals_init(struct refusals *r, double max)
{
	*r = (struct refusals){.max = max};
	pthread_mutex_init(&r->mutex, NULL);
}

void refusals_free(struct refusals *r)
{
	pthread_mutex_destroy(&r->mutex);
}

bool refusals_too_many(struct refusals *r, size_t records, size_t refused)
{
	pthread_mutex_lock(&r->mutex);
	for (size_t i = r->used; i > 0 && records < REFUSED_WINDOW; i--) {
		records += r->batch[i - 1].records;
		refused += r->batch[i - 1].refused;
	}
	pthread_mutex_unlock(&r->mutex);
	return refused > REFUSED_FLOOR && (double)refused > r->max * (double)records;
}

void refusals_add(struct refusals *r, size_t records, size_t refused)
{
	pthread_mutex_lock(&r->mutex);
	if (r->used == REFUSED_BATCHES) {
		memmove(r->batch, r->batch + 1, (REFUSED_BATCHES - 1) * sizeof(r->batch[0]));
		r->used--;
	}
	r->batch[r->used].records = records;
	r->batch[r->used].refused = refused;
	r->used++;
	pthread_mutex_unlock(&r->mutex);
}

/* The stream of well-formed originals, in the order of their event times (late ones excepted). */
#ifndef TXPIPE_GEN_STREAM_H
#define TXPIPE_GEN_STREAM_H

#include "gen_scenarios.h"

struct stream {
	const struct world *world;
	const struct shares *shares;
	struct random random;
	struct rhythm rhythm;
	struct scenarios scenarios;
	double late;  /* share of the originals whose event time lies hours behind */
	bool live;
	double density; /* not live: purchases for each one that the population's own rhythm has */
	int64_t next; /* not live: the next ordinary purchase */
};

/* `per_day`: originals a day, on average; 0: as many as the population buys. `from` is where the stream begins, microseconds. */
void stream_init(struct stream *s, const struct world *w, const struct shares *shares, double late, bool live, double per_day,
                 int64_t from);
void stream_free(struct stream *s);

/* The event time of the next original; live: `now`. Not the record's own time if it comes late. */
int64_t stream_peek(const struct stream *s, int64_t now);

/* The next original; `now` is for live streams, and must not go back. */
void stream_next(struct stream *s, int64_t now, struct record *to);

/* A record of the same kind that is not part of the stream (for malformed lines), at time t, drawn from `r`. */
void stream_extra(struct stream *s, struct random *r, int64_t t, struct record *to);

#endif

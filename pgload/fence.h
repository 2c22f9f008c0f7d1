/*
 * The fence: what makes `kconsume | fraudcheck | pgload` exactly-once (docs/design.md, "Exactly once"). It remembers
 * for each partition of the input which run it reads and how far, judges each line before it is taken, and in each
 * transaction locks, checks and advances the stored positions. Restarts, rebalances, second writers and replays are
 * harmless because records below the locked position are skipped; everything that would skip a record that is not
 * stored is refused.
 */
#ifndef PGLOAD_FENCE_H
#define PGLOAD_FENCE_H

#include "batch.h"
#include "envelope.h"
#include "intake.h"
#include "server.h"

struct gap {
	char *topic;
	int64_t partition, from, to; /* from <= offset < to */
};

/*
 * Reading and writing go on at the same time, in threads of their own (worker.h): the reader's half says what came in, the writer's what is stored.
 * What one has to know of the other travels in the batch, as a claim. All batches with records of a partition go through the same connection, so that
 * each partition has one writer, and writers have nothing in common but what is constant: for them struct fence is const.
 */
struct partition {
	char *stream, *topic;
	int32_t partition;
	size_t number;           /* in the order in which they came, from 0 */

	/* The reader's: the segment, the lines of one run. */
	char *run;
	uint64_t segment;        /* counts them */
	int64_t begin, of;
	bool resume, beginning;  /* its origin */
	int64_t next_line;       /* the least offset that the next line may have; -1: any */
	bool touched;            /* by the batch that is being read, whose claim is claim_at */
	size_t claim_at;

	/* The writer's. */
	uint64_t known;          /* the segment that the next three are about */
	int64_t have;            /* up to here its records are stored, as far as this process knows */
	bool first;              /* no transaction of the segment has committed */
	bool satisfied;          /* the stored position has once reached `have` */
	bool seen;               /* this process has seen the partition's row */
	char *mine;              /* the run that this process stored last */
	struct claim *claim;     /* of the batch that is being written */
};

struct fence {
	const char *target, *stream; /* stream: the only one allowed, or NULL */
	bool off;                    /* --no-fence: only name the partitions; nothing is refused, locked or stored */
	char writer[128];
	struct partition **partition;
	size_t count;
	struct partition *last;      /* of the line before */
	struct gap *gap;
	size_t gaps;
};

enum fence_answer {
	FENCE_TAKE, /* the record belongs to the batch */
	FENCE_SKIP, /* nothing to store: a control line, a warm record */
	FENCE_CUT,  /* hand the batch over first, then ask again: another run of the same partition begins */
	FENCE_STOP, /* refused with EXIT_CONFLICT; the message is printed */
	FENCE_BREAK /* the same, and the stream is to be marked (fence_break()): records came out of order */
};

/* `target` and `stream` must outlive the fence. */
void fence_init(struct fence *f, const char *target, const char *stream);
void fence_free(struct fence *f);

/* --accept-gap TOPIC/PARTITION:FROM-TO. 0, or -1 if it is malformed. */
int fence_accept_gap(struct fence *f, const char *text);

/* --- the reader's --- */

/* The partition that a line with an envelope is about. NULL: refused, as by FENCE_STOP. */
struct partition *fence_find(struct fence *f, const struct intake *in, const struct line_reader *r);

/* Judge that line; what it says of positions goes into the claims of the batch, the one that is being read for the partition's writer. */
enum fence_answer fence_note(struct fence *f, struct batch *b, struct partition *p, const struct intake *in, const struct line_reader *r);

/* The batch is complete: the next line belongs to another one. */
void fence_seal(const struct batch *b);

/* --- the writer's --- */

/* The batch's claims take the place of those before: a segment that the writer has not met begins at its `begin`. */
void fence_take_claims(struct batch *b);

/*
 * In an open transaction: take the claims, make the rows that may be made, lock all that is claimed, check them.
 * EXIT_DONE; EXIT_CONFLICT or EXIT_RETRY with a message: the rule that was broken; -1: a statement failed (s->class).
 */
int fence_lock(const struct fence *f, struct server *s, struct batch *b);

/* Is the record at the offset that was counted last the one that was counted? If not (EXIT_CONFLICT, the message is printed) the topic
 * is another one, and to skip what lies below the position would lose it. */
bool fence_recognises(const struct claim *c, int64_t offset, int64_t ts);

/*
 * Do all lines of a run come here? If the batch brings a record, below the stored position, that its own run had left out, then it was split over
 * several writers, or filtered otherwise before, and others may be lost. And if a run is met in its middle, behind what is stored of it, then what is
 * between was read by another pgload, which has died or has yet to store it. EXIT_DONE, or EXIT_CONFLICT with a message, and the partition in *p.
 */
int fence_check_run(const struct batch *b, const struct partition **p);

/* Count each record by its verdict and work out the new positions. */
void fence_count(struct batch *b);

/* Store the new positions. 0, or -1: a statement failed. */
int fence_advance(const struct fence *f, struct server *s, struct batch *b);

/* All input is read and stored: another pgload may go on with the runs. 0, or -1: not noted. */
int fence_end(const struct fence *f, struct server *s);

/* The transaction committed: the batch is done. */
void fence_committed(const struct batch *b);

/* In a transaction of its own, while nothing is being written: records of the partition came out of order, or were
 * split; refuse the stream until it is reset. 0, or -1: not noted. */
int fence_break(const struct fence *f, struct server *s, const struct partition *p);

#endif

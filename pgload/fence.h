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

struct partition {
	char *stream, *topic;
	int32_t partition;

	/* The segment: the lines of one run. */
	char *run;
	int64_t begin, of;
	bool resume, beginning;  /* its origin */
	int64_t next_line;       /* the least offset that the next line may have; -1: any */
	int64_t have;            /* up to here this segment's records are stored, as far as this process knows */
	bool first;              /* no transaction of the segment has committed */
	bool satisfied;          /* the stored position has once reached `have` */
	bool seen;               /* this process has seen the partition's row */

	/* The batch. */
	bool touched;
	int64_t batch_end;       /* one past its last line, or `next` of an end line; -1: none */
	char cluster[64];        /* from an `assigned` line; "": none */

	/* The transaction. */
	bool locked;
	int64_t position;        /* the stored one */
	int64_t gap;             /* offsets accepted as lost in this transaction */
	int64_t rows, duplicates, dead_letters, labels, skipped;
	int64_t last_offset, last_ts; /* of the last record counted; -1: none */
	int64_t next;            /* the new position */
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
	struct buf stream_names, topics, numbers[9], clusters;
};

enum fence_answer {
	FENCE_TAKE, /* the record belongs to the batch */
	FENCE_SKIP, /* nothing to store: a control line, a warm record */
	FENCE_CUT,  /* commit the batch first, then ask again: another run of the same partition begins */
	FENCE_STOP  /* refused with EXIT_CONFLICT; the message is printed */
};

/* `target` and `stream` must outlive the fence. */
void fence_init(struct fence *f, const char *target, const char *stream);
void fence_free(struct fence *f);

/* --accept-gap TOPIC/PARTITION:FROM-TO. 0, or -1 if it is malformed. */
int fence_accept_gap(struct fence *f, const char *text);

/* Judge a line with an envelope. *p is the record's partition for FENCE_TAKE; for FENCE_STOP the one whose records came
 * out of order (see fence_break()), or NULL. */
enum fence_answer fence_note(struct fence *f, const struct intake *in, const struct line_reader *r,
                             struct partition **p);

/* Does the batch touch any position? A batch without records may: control lines move positions, too. */
bool fence_touched(const struct fence *f);

/*
 * In an open transaction: make the rows that may be made, lock all that the batch touches, check them. EXIT_DONE;
 * EXIT_CONFLICT or EXIT_RETRY with a message: the rule that was broken; -1: a statement failed (s->class).
 */
int fence_lock(struct fence *f, struct server *s);

/* Count each record by its verdict and work out the new positions. */
void fence_count(struct fence *f, const struct batch *b);

/* Store the new positions. 0, or -1: a statement failed. */
int fence_advance(struct fence *f, struct server *s);

/* The transaction committed (or was a dry run): the batch is done. */
void fence_committed(struct fence *f, bool dry_run);

/* In a transaction of its own: records of the partition came out of order; refuse the stream until it is reset. */
void fence_break(struct fence *f, struct server *s, const struct partition *p);

#endif

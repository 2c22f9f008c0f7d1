/*
 * What is committed at once: the records read since the last commit, encoded, with their payloads (in case one becomes
 * a dead letter) and where they came from. It is filled once and may be written several times, until a transaction
 * commits.
 */
#ifndef PGLOAD_BATCH_H
#define PGLOAD_BATCH_H

#include "buf.h"
#include "holes.h"
#include "reject.h"

enum verdict {
	VERDICT_NONE,      /* not judged yet */
	VERDICT_SKIPPED,   /* below the position: stored before */
	VERDICT_ROW,
	VERDICT_DUPLICATE,
	VERDICT_DEAD,
	VERDICT_LABEL
};

enum sink { SINK_TABLE, SINK_LABEL, SINK_DEAD, SINKS };

/* Bytes in one of the batch's buffers, which move when they grow. */
struct piece {
	size_t at, n;
};

struct partition;

/* What the batch wants of a partition that it touches: where its segment began, how far the batch goes. Control lines alone can make one. */
struct claim {
	struct partition *partition;

	/* As it was read. */
	uint64_t segment;            /* which of the partition's segments this is, from 1 */
	int64_t begin, of;
	bool resume, beginning;      /* origin of the segment */
	int64_t end;                 /* one past the last line, or `next` of an end line; -1: none */
	char cluster[64];            /* from an `assigned` line; "": none */
	struct piece run;            /* in batch.text */
	struct holes holes;          /* what its lines left out */
	int64_t entered;             /* where the first line of the segment lies, if it is in this batch; -1: it is not */

	/* As the transaction under way sees it. */
	bool locked;
	bool same_run;               /* the stored run is this one */
	bool open;                   /* and the pgload that stored it last has not come to the end of its input */
	bool counted;                /* it will be */
	int64_t position;            /* the stored one */
	int64_t stored_offset, stored_ts; /* of the last record that was counted before; -1: none */
	int64_t gap;                 /* offsets accepted as lost in this transaction */
	struct holes left_out;       /* by this run when the position moved beyond it; the new ones are added to it */
	int64_t rows, duplicates, dead_letters, labels, skipped;
	int64_t last_offset, last_ts; /* of the last record counted; -1: none */
	int64_t next;                /* the new position */
};

struct record {
	struct partition *partition; /* NULL without an envelope */
	int64_t offset, ts;          /* of Kafka; -1 without */
	const char *source;          /* file name or "-" */
	uint64_t line;
	struct piece raw, row;       /* payload in batch.raw, COPY row in batch.rows[sink] (not for SINK_DEAD) */
	uint8_t sink;                /* as it was read */
	uint8_t verdict;             /* as the transaction under way sees it */
};

struct letter {
	size_t record;
	struct piece by, reason, detail, sha256; /* in batch.text */
	uint64_t raw_bytes;                      /* 0: raw is whole */
	bool no_raw;                             /* there were no bytes: a tombstone */
	bool from_source;                        /* the reject names its own source and line, not the record's */
	struct piece source;
	uint64_t line;
};

struct batch {
	struct record *record;
	size_t count, cap;
	struct claim *claim;
	size_t claims, claims_cap;
	struct letter *letter;
	size_t letters, letters_cap;
	size_t letters_read;       /* those known when the records were read; the rest came from the transaction */
	size_t text_read;
	struct buf rows[SINK_DEAD];
	struct buf raw, text;
	int64_t started;           /* monotonic time of the first record; 0: empty */
};

void batch_free(struct batch *b);
void batch_clear(struct batch *b);

/* What its records take in memory: of small ones and of rejects much of it is what is known of them. */
static inline size_t batch_bytes(const struct batch *b)
{
	return b->rows[SINK_TABLE].n + b->rows[SINK_LABEL].n + b->raw.n + b->text.n + b->count * sizeof(struct record) +
	       b->letters * sizeof(struct letter);
}

static inline bool batch_empty(const struct batch *b)
{
	return b->count == 0 && b->claims == 0;
}

/* A new claim, all zero but `end`; valid until the next call. */
struct claim *batch_claim(struct batch *b);

/* A new record, all zero but sink; valid until the next call. */
struct record *batch_add(struct batch *b, enum sink sink);

/* A dead letter for record `i`, whose verdict becomes VERDICT_DEAD. Bytes that are not UTF-8 in the texts become
 * '?'. Valid until the next call. */
struct letter *batch_letter(struct batch *b, size_t i, struct span by, struct span reason, struct span detail);
struct piece batch_text(struct batch *b, struct span text);

/* The records are all read: what is added from now on is the transaction's, and batch_rewind() forgets it for
 * another try. */
void batch_seal(struct batch *b);
void batch_rewind(struct batch *b);

static inline struct span batch_piece(const struct buf *b, struct piece p)
{
	return (struct span){b->p + p.at, p.n};
}

#endif

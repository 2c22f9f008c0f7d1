/*
 * The fence, small enough to be searched whole (docs/design.md, "Exactly once, through plain pipes").
 *
 * One partition of one topic; two pipelines `kconsume | filter | pgload` of one stream, each of which may own it, both at the same time, too; one
 * server. What the code does stands here under the code's names: assign() is start_decide() of kcat-like/start.c; the reading is open_segment(),
 * note_record() and note_control() of pgload/fence.c; the transaction is fence_lock(), fence_count() and fence_advance() of pgload/fence_sql.c in
 * the order of try_batch() in pgload/writer.c. What may go wrong is bounded by the numbers below and comes at any moment; which of it is
 * searched together, tests/model/cases says.
 *
 * Each rule is there unless its NO_… is defined: tests/faults/model.t wants no error from the whole model, and a counter-example for each
 * rule that is taken away.
 */
#ifndef L
#define L 3          /* offsets of the log; the last one is written when all faults are over */
#endif
#ifndef BATCH
#define BATCH 2      /* records in a batch, at most */
#endif
#ifndef KILLS
#define KILLS 0      /* kill -9 of a pipeline: between batches, in a transaction, behind a COMMIT that goes on */
#endif
#ifndef CRASHES
#define CRASHES 0    /* the server crashes and loses nothing that was committed */
#endif
#ifndef RESTORES
#define RESTORES 0   /* it goes back to an earlier state: a restore, a fail-over, a crash with asynchronous commits */
#endif
#ifndef ANSWERS
#define ANSWERS 0    /* the answer to a COMMIT is lost, and its backend may still be committing */
#endif
#ifndef REBALANCES
#define REBALANCES 0 /* the partition is assigned anew: another run follows behind the lines that are still in the pipe */
#endif
#ifndef RECREATES
#define RECREATES 0  /* the topic is deleted and made again, with other records */
#endif
#ifndef SWAPS
#define SWAPS 0      /* something between the stages exchanges two records */
#endif
#ifndef TAKEOVERS
#define TAKEOVERS 0  /* pgload alone is killed, and another one reads on from the same pipe; with EARLY also before anything of its run was stored */
#endif
#ifndef SPLITS
#define SPLITS 0     /* the records of one run are dealt out to two pgloads */
#endif
#define RUNS (TAKEOVERS || SPLITS) /* whether the stored run matters */
#ifdef EARLY
#define STORED true
#else
#define STORED (db.there && db.of_run == id)
#endif
#ifndef ENDS
#define ENDS 0       /* the second pipeline says `-o end` and no --resume, on a stream that has a position */
#endif

#define NONE 7
#define ZOMBIE 2     /* a backend whose pgload does not hear it any more */
#define ENDED 3
#define BIT(o) (1 << (o))

/* What is committed: the row of stream_position, and of each of the two topics the records that are stored. */
typedef database {
	bool there, broken;
	byte next, last;         /* first_offset is 0 */
	bit last_ts;             /* which topic the record at `last` came from: their times differ */
	byte of_run, holes, writer;     /* the run that moved the position, and the offsets that it had left out */
	byte stored[2]
}
database db, backup;
byte lock = NONE, inserted = NONE; /* who holds the row; whose new row is not committed yet */
bool aborted[2];                   /* the server has ended this pipeline's transaction */
byte z_next, z_last = NONE, z_rows; /* a COMMIT under way whose client has gone */
bit z_topic;

/* The log. An offset is a record, or one without a line: a marker, or a record that a filter drops. */
byte log_end = L - 1, records = BIT(L) - 1;
bit topic;

byte kills = KILLS, crashes = CRASHES, restores = RESTORES, answers = ANSWERS, rebalances = REBALANCES, recreates = RECREATES, swaps = SWAPS,
	takeovers = TAKEOVERS;
byte runs = 1;              /* the last one's number */
byte dealt[2];              /* which records of the first run are whose */
bool dealt_out[2];
bool taken;                 /* the backup */
bool quiet;                 /* no fault comes any more */
bool went_back, row_gone, mistake;
byte kafka_offset;          /* as a consumer group keeps it; for KAFKA_OFFSET only */
bool complete;              /* a pipeline has read everything, and nobody refused it */

/* kconsume's next run, of which pgload has not read a line. */
bool resumes[2], next_run[2], next_resume[2], refused[2];
byte next_begin[2];
bit next_topic[2];

#define lost(t, upto) (records & (BIT(upto) - 1) & ~db.stored[t])

inline copy(to, from)
{
	to.there = from.there; to.broken = from.broken; to.next = from.next; to.last = from.last; to.last_ts = from.last_ts;
	to.of_run = from.of_run; to.holes = from.holes; to.writer = from.writer;
	to.stored[0] = from.stored[0]; to.stored[1] = from.stored[1]
}

/* kconsume gets the partition. */
inline assign(i)
{
	next_run[i] = true; next_begin[i] = 0; next_resume[i] = false; next_topic[i] = topic;
	if
	:: resumes[i] && db.there && (!SPLITS || dealt_out[i]) ->
#ifdef KAFKA_OFFSET
		next_begin[i] = kafka_offset; next_resume[i] = true;
#else
		next_begin[i] = db.next; next_resume[i] = true;
#endif
		if
		:: db.broken || log_end < db.next -> refused[i] = true
#ifndef NO_LAST_TS
		:: !db.broken && db.last != NONE && db.last_ts != topic -> refused[i] = true
#endif
		:: else
		fi
#if ENDS
	:: i == 1 && !resumes[i] && db.there -> next_begin[i] = log_end; mistake = true
#endif
	:: else
	fi
}

inline commit_rows(t, rows, at_last)
{
	assert(!(db.stored[t] & (rows))); /* none twice */
	db.stored[t] = db.stored[t] | (rows);
	if
	:: (rows) != 0 -> db.last = at_last; db.last_ts = t
	:: else
	fi
}

inline commit_position(t, to)
{
	db.there = true;
	if
	:: to > db.next ->
		db.next = to;
#if !SWAPS && !TAKEOVERS && !SPLITS && !defined(POSITION_FIRST)
		assert(!lost(t, db.next)) /* none lost, not even for a moment */
#endif
	:: else
	fi
}

inline rollback(i)
{
	lock = (lock == i -> NONE : lock);
	inserted = (inserted == i -> NONE : inserted)
}

inline forget_zombie()
{
	lock = (lock == ZOMBIE -> NONE : lock);
	inserted = (inserted == ZOMBIE -> NONE : inserted);
	z_next = 0; z_rows = 0; z_last = NONE; z_topic = 0
}

proctype pgload(byte i)
{
	/* struct partition */
	bool segment, resume, first, satisfied, seen, touched;
	byte begin, have, next_line, batch_end, position, upto, rows;
	bit t;                      /* the topic of its lines */
	byte batch, count, last = NONE; /* the records of the batch */
	byte id, entered = NONE, left; /* its run; where its first line in this process lies; what its lines in the batch have left out */
	bool announced, mine;       /* by an `assigned` line; this process has stored it */
	byte at, late = NONE;       /* the pipe: the offset that comes next, and one that was overtaken */
	bool ended, moved;          /* its end was told */

start:
	atomic {
		segment = false; resume = false; first = false; satisfied = false; seen = false; touched = false;
		begin = 0; have = 0; next_line = 0; batch_end = 0; position = 0; upto = 0; rows = 0; batch = 0; count = 0; last = NONE;
		t = 0; at = 0; late = NONE; ended = false;
		assign(i);
		if
		:: refused[i] -> goto conflict
		:: else
		fi
	}

read:
	atomic { /* one batch. Where it ends, and where a run ends for another, is left open */
		if
		:: next_run[i] && refused[i] -> goto conflict
		:: next_run[i] && !refused[i] ->
			at = next_begin[i]; t = next_topic[i]; late = NONE; ended = false; moved = true;
#ifdef NO_RUN
			if
			:: !segment ->
#endif
			begin = at; have = at; next_line = 0; resume = next_resume[i]; first = true; satisfied = false; segment = true;
#if RUNS
			if
			:: SPLITS && dealt[i] != BIT(L) - 1 && !dealt_out[i] -> id = 1; dealt_out[i] = true
			:: else -> runs++; id = runs; dealt[i] = BIT(L) - 1
			fi;
			entered = NONE; left = 0; announced = false; mine = false;
#endif
			if
			:: touched = true; announced = true /* an `assigned` line; or a filter has dropped it */
			:: skip
			fi;
#ifdef NO_RUN
			:: else
			fi;
#endif
			next_run[i] = false; next_begin[i] = 0; next_resume[i] = false; next_topic[i] = 0
		:: segment && (at < log_end || late != NONE || !ended) -> moved = false
		:: kills > 0 -> kills--; goto start
#if RECREATES
		:: segment && t != topic -> goto start /* kconsume is told that its topic is gone: 75 */
#endif
		:: segment && !next_run[i] && at == log_end && late == NONE && quiet && t == topic -> goto done
		fi;
		do
		:: (touched || moved) -> break
		:: at < log_end && count < BATCH && late == NONE && !(records & dealt[i] & BIT(at)) -> at++; moved = true; ended = false
		:: at < log_end && count < BATCH && late == NONE && (records & dealt[i] & BIT(at)) -> last = at; at++; goto record
#if SWAPS
		:: at + 1 < log_end && count < BATCH && late == NONE && (records & BIT(at)) && (records & BIT(at + 1)) && swaps > 0 ->
			swaps--; mistake = true; late = at; last = at + 1; at = at + 2; goto record
		:: late != NONE && count < BATCH -> last = late; late = NONE;
#endif
record:
#ifndef NO_ORDER
			if
			:: last < next_line -> db.broken = (db.there && inserted != i) || db.broken; goto conflict
			:: else
			fi;
#endif
#if RUNS
			entered = (next_line <= begin -> last : entered);
			left = left | (BIT(last) - 1 & ~(BIT((next_line > begin -> next_line : begin)) - 1));
#endif
			next_line = last + 1; batch_end = last + 1; batch = batch | BIT(last); count++; touched = true; moved = true; ended = false
		:: at == log_end && late == NONE && !ended -> /* an `end` line; or a filter has dropped it */
			ended = true; moved = true;
			if
			:: touched = true;
#if RUNS
				entered = (next_line <= begin -> at : entered);
				left = left | (BIT(at) - 1 & ~(BIT((next_line > begin -> next_line : begin)) - 1));
#endif
				batch_end = (at > batch_end -> at : batch_end); next_line = (at > next_line -> at : next_line)
			:: skip
			fi
		od;
		moved = false;
		if
#if TAKEOVERS
		:: takeovers > 0 && STORED && !quiet -> /* what it had read is gone, and the run goes on */
			takeovers--; mistake = true; entered = NONE; left = 0; announced = false; mine = false;
			have = begin; next_line = 0; first = true; satisfied = false; seen = false;
			touched = false; batch_end = 0; batch = 0; count = 0; last = NONE;
			goto read
#endif
		:: !touched -> goto read
		:: else
		fi
	}

try:	/* fence_lock() */
	atomic {
		aborted[i] = false;
#if !defined(NO_FENCE) && !defined(NO_INSERT)
		if
#ifdef NO_MISSING_ROW
		:: true ->
#else
		:: first && !resume ->
#endif
			(inserted == NONE); /* a row that another one has made is waited for */
			if
			:: aborted[i] -> goto try
			:: !aborted[i] && !db.there -> inserted = i
			:: else
			fi
		:: else
		fi
#endif
	}
	atomic {
#ifndef NO_FENCE
#ifdef NO_INSERT /* the row is looked for, and made with the new position if it was not there */
		if
		:: !db.there && first && !resume -> position = begin; goto write
		:: else
		fi;
#endif
		(lock == NONE || aborted[i]);
		if
		:: aborted[i] -> goto try
		:: else
		fi;
		if
		:: !db.there && inserted != i && seen -> goto again     /* check_missing() */
		:: !db.there && inserted != i && !seen -> goto conflict
		:: else
		fi;
		lock = i; seen = true;
		position = (db.there -> db.next : begin);
		if
		:: db.broken -> goto conflict
		:: else
		fi;
#ifndef NO_HAVE
		if
		:: position < have && (resume || satisfied) -> goto again /* check_behind() */
		:: position < have && !(resume || satisfied) -> goto conflict
		:: else
		fi;
#endif
#if RUNS && !defined(NO_ONE_READER)
		if /* check_entered() */
		:: first && db.there && db.of_run == id && !mine && entered != NONE && entered > position && db.writer != ENDED -> db.broken = true; goto conflict
		:: else
		fi;
#endif
#if RUNS && !defined(NO_HOLES)
		if /* fence_check_holes() */
		:: db.there && db.of_run == id && (batch & db.holes & (BIT(position) - 1)) -> db.broken = true; goto conflict
		:: else
		fi;
#endif
#ifndef NO_STORED_TS
		if
		:: db.there && db.last != NONE && (batch & BIT(db.last)) && db.last_ts != t -> goto conflict
		:: else
		fi;
#endif
#endif
		skip
	}

write:
	atomic {
		upto = (batch_end > position -> batch_end : position);
#ifdef POSITION_FIRST
		if
		:: aborted[i] -> goto try
		:: else
		fi;
		commit_position(t, upto);
		rollback(i)
	}
	atomic {
#endif
		rows = batch & ~(BIT(position) - 1); /* judge_positions() */
		if
		:: aborted[i] -> goto try
		:: !aborted[i] -> commit_rows(t, rows, last);
#ifndef POSITION_FIRST
			commit_position(t, upto);
#endif
#if RUNS
			if
			:: upto > position || (announced && db.of_run != id) ->
				db.holes = ((db.of_run == id -> db.holes : 0) | (left & ~(BIT(position) - 1)));
				db.of_run = id; mine = true
			:: else -> mine = mine || db.of_run == id
			fi;
			db.writer = i;
			entered = NONE; left = 0; announced = false;
#endif
			rollback(i) /* the locks are free */
		:: kills > 0 -> kills--; rollback(i); goto start
#if ANSWERS
		:: !aborted[i] && answers > 0 && !quiet -> /* COMMIT was sent */
			answers--;
			z_next = upto; z_rows = rows; z_last = last; z_topic = t;
			lock = ZOMBIE; inserted = (inserted == i -> ZOMBIE : inserted);
			if
			:: goto try
			:: kills > 0 -> kills--; goto start
			fi
#endif
		fi;
		/* fence_committed() */
#ifdef KAFKA_OFFSET
		kafka_offset = (upto > kafka_offset -> upto : kafka_offset);
#endif
		first = false; satisfied = true; seen = true; touched = false;
		have = (batch_end > have -> batch_end : have);
		batch = 0; count = 0; batch_end = 0; position = 0; upto = 0; rows = 0; last = NONE;
		goto read
	}

again:	/* 75: a supervisor starts the pipeline again. Only a server that went back ends so. */
	atomic {
		rollback(i);
		assert(went_back);
		goto start
	}

conflict: /* 65: somebody must act. Never without a mistake of somebody's. */
	atomic {
		rollback(i);
		assert(mistake || row_gone);
		refused[i] = true;
		goto out
	}

done:	complete = true;
#if RUNS
	db.writer = (db.writer == i -> ENDED : db.writer); /* fence_end() */
#endif
out:	skip
}

proctype world()
{
	do
#if RESTORES
	:: atomic { !taken && db.there -> taken = true; copy(backup, db) } /* else it is the empty one */
	:: atomic { restores > 0 ->
		restores--; went_back = true; row_gone = row_gone || (db.there && !backup.there);
		copy(db, backup);
		inserted = NONE; lock = NONE; forget_zombie(); aborted[0] = true; aborted[1] = true }
#endif
#if CRASHES
	:: atomic { crashes > 0 -> crashes--; inserted = NONE; lock = NONE; forget_zombie(); aborted[0] = true; aborted[1] = true }
#endif
#if ANSWERS
	:: atomic { lock == ZOMBIE -> commit_rows(z_topic, z_rows, z_last); commit_position(z_topic, z_next); forget_zombie() }
	:: atomic { lock == ZOMBIE -> forget_zombie() }
#endif
#if REBALANCES
	:: atomic { rebalances > 0 && !(refused[0] && refused[1]) -> rebalances--;
		if
		:: !refused[0] -> assign(0)
		:: !refused[1] -> assign(1)
		fi }
#endif
#if RECREATES
	:: atomic { recreates > 0 -> recreates--; topic = 1; mistake = true }
#endif
	:: atomic { lock != ZOMBIE -> quiet = true; log_end = L; break }
	od
}

init {
	atomic {
		db.last = NONE; backup.last = NONE;
		if /* at most one offset without a line; never the last, which shows what happened meanwhile */
		:: skip
#ifdef WIDE
		:: records = records & ~BIT(0)
#endif
		:: records = records & ~BIT(L - 2)
		fi;
		resumes[0] = true;
#ifdef WIDE
		if
		:: resumes[1] = true
		:: resumes[0] = false
		:: skip
		fi;
#endif
		dealt[0] = BIT(L) - 1; dealt[1] = dealt[0];
#if SPLITS
		mistake = true;
		if
		:: dealt[0] = 1
		:: dealt[0] = 2
		:: dealt[0] = 3
		:: dealt[0] = 5
		:: dealt[0] = 6
		:: dealt[0] = 4
		fi;
		dealt[1] = dealt[1] & ~dealt[0];
#endif
		run pgload(0);
#ifndef ALONE
		run pgload(1);
#endif
		run world()
	}
	(_nr_pr == 1);
	assert(!complete || db.broken || !lost(topic, L)) /* then everything is stored */
}

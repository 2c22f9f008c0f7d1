/*
 * Judges one record: rules in, verdict out. The verdict goes into the original bytes of the record (splice.h).
 */
#ifndef FRAUDCHECK_JUDGE_H
#define FRAUDCHECK_JUDGE_H

#include "bind.h"
#include "currency.h"
#include "history.h"
#include "mask.h"
#include "program.h"
#include "vm.h"

enum { RULESET_HEX = 12 };

enum judged {
	JUDGED_VERDICT, /* appended: the record with its verdict */
	JUDGED_LABEL,   /* appended: the record as it came; a label gets no verdict */
	JUDGED_WARM,    /* appended: the record as it came; it was only learned from */
	JUDGED_REJECT,  /* nothing appended: reason and detail say why it cannot be judged */
	JUDGED_STOP     /* nothing appended: no verdict from here on would be right; detail says why */
};

struct judge_options {
	bool explain;      /* verdicts come with an `explain` member */
	bool features;     /* what features, lets and models compute with goes out, instead of a verdict; models are not read */
	const char *label; /* the member that holds the truth, or NULL */
	struct mask *mask; /* what goes out masked, or NULL; the caller's, one for all judges */
	struct history_options history;
};

#define JUDGE_DEFAULTS ((struct judge_options){.history = HISTORY_DEFAULTS})

struct judge {
	struct program program;
	struct currency_table currencies;
	struct vm vm;
	struct binder binder;
	struct history history;
	char ruleset[RULESET_HEX + 1]; /* hash of the rule file and of the currency table */
	char remembers[DIGEST_HEX + 1]; /* hash of what its features remember */
	struct judge_options options;
	bool *fired;         /* per rule: did it fire for the record judged last */
	struct buf innocent; /* the verdict of a record for which nothing fired, the commonest one */
	struct buf tail, text;

	/* NULL, or called for each record that has values, before it is learned; `fine`: no check failed. */
	void (*looked_at)(void *arg, const struct json_object *record, bool fine);
	void *looked_at_arg;

	/* about the record judged last: */
	bool anything; /* something fired */
	bool is_fraud, allowed;
	bool flagged; /* by a flag, and not allowed */
	double score;
	const char *reason;
	const char *detail;
	struct buf detail_text;
};

/*
 * Compile the rules and read the currencies. The names are for messages. 0, or -1 with what is wrong in `errors`.
 */
int judge_init(struct judge *j, const char *rules_name, struct span rules, const char *currencies_name, struct span currencies,
               const struct judge_options *options, struct buf *errors);
void judge_free(struct judge *j);

/*
 * `j` has new rules, and goes on with the memory of `from`, between two records. 0; or -1 if what the rules remember is not the same:
 * nothing has changed then.
 */
int judge_take_over(struct judge *j, struct judge *from);

/* Where the record at hand comes from: its envelope, or NULL. Also for control lines. */
void judge_enter(struct judge *j, const struct envelope *envelope, const struct json_object *record);

/* `line` is what a label goes out as (without \n). What is appended to `to` ends with \n. */
enum judged judge_record(struct judge *j, const struct json_object *record, struct span line, struct buf *to);

/* The band that a score falls into, or NULL below the first one. */
const struct band *judge_band(const struct judge *j, double score);

#endif

/*
 * From the members of a record to the slots of a program. Producers write their members in the same order record after
 * record, so the names are looked up only where they are others than in the record before.
 */
#ifndef FRAUDCHECK_BIND_H
#define FRAUDCHECK_BIND_H

#include "json.h"
#include "path.h"
#include "program.h"
#include "vm.h"

enum truth { TRUTH_UNKNOWN, TRUTH_FINE, TRUTH_FRAUD };

struct binder {
	const struct program *program;
	struct pool pool;
	struct path_node *names; /* top level */
	struct path_node **node; /* of the name at this place in the record before, or NULL: it means nothing */
	size_t places;
	struct bind_place {
		size_t at;
		struct path_node *node;
	} *known; /* the places of names that mean something */
	size_t knowns;
	uint64_t shape;          /* of the record before */
	struct buf unescaped;
	const struct json_member **member; /* per field: the member it came from, or NULL */
	bool *seen;                        /* per field: was it there (not null) in any record */
	bool renames_truth; /* --label names a member of the verdict: the truth goes out as `label` */

	/* about the record bound last: */
	bool is_label;      /* it has label_for, and not null */
	bool has_verdict;   /* it has members that the verdict replaces */
	enum truth truth;   /* what the member named by --label says */
	const char *reason; /* why it cannot be judged: "wrong_type", "out_of_range" */
	char detail[256];
};

/* `explain`: a member of that name belongs to the verdict too. `label`: the member that holds the truth, or NULL. */
void bind_init(struct binder *b, const struct program *program, bool explain, const char *label);
void bind_free(struct binder *b);

/*
 * Fill the slots of `vm` from the record. 0, or -1 with b->reason and b->detail set. A label record is not looked into
 * further (0, is_label). What the slots point to lives as long as the record and the scratch memory of `vm`.
 */
int bind_record(struct binder *b, const struct json_object *record, struct vm *vm);

/* Is this member one that the verdict replaces? */
bool bind_is_verdict(const struct binder *b, const struct json_member *m);

#endif

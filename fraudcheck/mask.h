/*
 * --mask: members whose values do not leave fraudcheck. The rules read them, so verdicts are the same; what goes out has a stand-in in their
 * place (pseudonym.h), in records, labels, warm records, in the bytes that rejects carry, and where messages of rules show them.
 */
#ifndef FRAUDCHECK_MASK_H
#define FRAUDCHECK_MASK_H

#include "json.h"
#include "map.h"
#include "path.h"
#include "pool.h"
#include "pseudonym.h"
#include "splice.h"

struct mask {
	struct pool pool;
	struct path_node *names; /* top level */
	struct pseudonym pseudonym;
	struct splice_edit *edit;
	size_t edits, room;
	struct buf text, plain;
	struct json_object object, inside; /* of rejects: the line, and the record that it is about */
	struct buf envelope, raw, store;
};

/*
 * `fields`: names separated by commas, as the rules know them (a.b: b in the object a). What --map (NULL: none) takes them from is masked as
 * well, and so are key and headers of the envelope, which may hold the same. `key`: see pseudonym_init(). 0, or -1 with what is
 * wrong in `error`.
 */
int mask_init(struct mask *m, const char *fields, struct span key, const struct map *map, struct buf *error);
void mask_free(struct mask *m);

/*
 * What is to be exchanged in a scanned record: strings for their stand-in, numbers and booleans for null, arrays and objects for empty ones; null
 * stays. Valid until the next call, and as long as the record.
 */
struct splice_edits mask_record(struct mask *m, const struct json_object *record);

/*
 * Append a reject in the suite's own form (without \n), with the record in it masked, and a \n. A record that is no JSON, or was cut, is left
 * out: nobody can tell what is in it. Its length stays; by the coordinates it can be found where it came from. In the place of its hash, by which one
 * could make sure of a guess, is a keyed one, or none.
 */
void mask_reject(struct mask *m, struct span line, struct buf *to);

/* Would a member or path that rules read show anything that is masked? */
bool mask_hides(const struct mask *m, struct span path);

/* Append what people are shown in the place of a text, of a member: without quotes. */
void mask_show(const struct mask *m, struct span text, struct buf *to);
void mask_show_member(struct mask *m, const struct json_member *member, struct buf *to);

#endif

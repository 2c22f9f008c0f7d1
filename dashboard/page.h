/* The page: its files, and the whole of it as one file for a report. All of it is inside the binary. */
#ifndef TXDASH_PAGE_H
#define TXDASH_PAGE_H

#include "buf.h"

struct page_file {
	const char *path; /* of the URL */
	const char *type;
	struct span text;
	char etag[68]; /* quoted */
};

/* NULL: there is none at this path. */
const struct page_file *page_find(const char *path);

/* The page with everything in it, and `data` (an object of JSON) as what it shows. */
void page_report(struct buf *to, struct span data);

#endif

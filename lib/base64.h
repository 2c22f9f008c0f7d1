/* RFC 4648 base64 with padding, read strictly: no white space, nothing behind the padding, unused bits zero. */
#ifndef TXPIPE_BASE64_H
#define TXPIPE_BASE64_H

#include "buf.h"

void base64_write(struct buf *to, struct span bytes);

/* 0, or -1 if `text` is not base64 (buffer then as before). */
int base64_read(struct buf *to, struct span text);

#endif

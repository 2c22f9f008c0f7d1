/* Numbers in network order, as PostgreSQL's binary COPY wants them. */
#ifndef PGLOAD_WIRE_H
#define PGLOAD_WIRE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "buf.h"

static inline void wire_int16(struct buf *to, int16_t value)
{
	uint16_t v = htobe16((uint16_t)value);

	memcpy(buf_room(to, 2), &v, 2);
	to->n += 2;
}

static inline void wire_int32(struct buf *to, int32_t value)
{
	uint32_t v = htobe32((uint32_t)value);

	memcpy(buf_room(to, 4), &v, 4);
	to->n += 4;
}

static inline void wire_int64(struct buf *to, int64_t value)
{
	uint64_t v = htobe64((uint64_t)value);

	memcpy(buf_room(to, 8), &v, 8);
	to->n += 8;
}

/* A field: its length, then its bytes. */
static inline void wire_bytes(struct buf *to, struct span bytes)
{
	wire_int32(to, (int32_t)bytes.n);
	buf_add_span(to, bytes);
}

static inline void wire_null(struct buf *to)
{
	wire_int32(to, -1);
}

/* A field whose length is known only afterwards: `at` = wire_open(); add the bytes; wire_close(at). */
static inline size_t wire_open(struct buf *to)
{
	wire_int32(to, 0);
	return to->n;
}

static inline void wire_close(struct buf *to, size_t at)
{
	uint32_t v = htobe32((uint32_t)(to->n - at));

	memcpy(to->p + at - 4, &v, 4);
}

#endif

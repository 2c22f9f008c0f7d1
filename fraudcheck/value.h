/* What a rule computes with. */
#ifndef FRAUDCHECK_VALUE_H
#define FRAUDCHECK_VALUE_H

#include <stdint.h>

#include "span.h"

enum value_type {
	TYPE_ANY, /* only looked at as a whole: is null, coalesce, placeholders */
	TYPE_NUMBER,
	TYPE_STRING,
	TYPE_BOOL,
	TYPE_TIME
};

struct value {
	union {
		double number; /* always finite */
		int64_t time;  /* microseconds since 1970 */
		bool truth;
		struct span string; /* TYPE_ANY: the raw JSON */
	};
	bool null;
};

#endif

#include "params.h"

#include <stdlib.h>

#include "json.h"
#include "rfc3339.h"
#include "uuid.h"

enum { TEXT_MAX = 200 };
enum { TEXT_OID = 25, UUID_OID = 2950, TIMESTAMPTZ_OID = 1184, TEXT_ARRAY_OID = 1009, XID8_OID = 5069, XID8_ARRAY_OID = 271,
       PG_SNAPSHOT_OID = 5038 };

const Oid params_types[PARAMS] = {TIMESTAMPTZ_OID, TIMESTAMPTZ_OID, UUID_OID, UUID_OID, TEXT_OID, TEXT_OID, TEXT_OID, TEXT_OID, TEXT_ARRAY_OID,
                                 XID8_OID, XID8_ARRAY_OID, PG_SNAPSHOT_OID};

static const struct {
	const char *name;
	const char *wrong;
} known[PARAMS] = {
	[PARAM_FROM] = {"from", "from: give a time such as 2026-01-31T00:00:00Z"},
	[PARAM_TO] = {"to", "to: give a time such as 2026-01-31T00:00:00Z"},
	[PARAM_CUSTOMER] = {"customer", "customer: give a UUID"},
	[PARAM_MERCHANT] = {"merchant", "merchant: give a UUID"},
	[PARAM_RULE] = {"rule", "rule: at most 200 bytes of UTF-8"},
	[PARAM_CURRENCY] = {"currency", "currency: give three capital letters"},
	[PARAM_SEARCH] = {"search", "search: at most 200 bytes of UTF-8"},
	[PARAM_ID] = {"id", "id: give a UUID or a number"},
};

static bool is_currency(struct span v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < 'A' || v.p[i] > 'Z')
			return false;
	return v.n == 3;
}

static bool is_number(struct span v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
	return v.n > 0 && v.n <= 18;
}

static bool fits(enum param which, struct span v)
{
	uint8_t uuid[16];
	int64_t time;

	if (v.n > TEXT_MAX || !utf8_valid(v))
		return false;
	switch (which) {
	case PARAM_FROM: case PARAM_TO: return rfc3339_read(v, &time) == 0;
	case PARAM_CUSTOMER: case PARAM_MERCHANT: return uuid_read(v, uuid) == 0;
	case PARAM_CURRENCY: return is_currency(v);
	case PARAM_ID: return uuid_read(v, uuid) == 0 || is_number(v);
	default: return true;
	}
}

const char *params_set(struct params *p, const char *name, const char *value)
{
	for (size_t i = 0; i < PARAM_RULES; i++) {
		if (strcmp(known[i].name, name) != 0)
			continue;
		if (p->value[i] != NULL)
			return "a parameter is given twice";
		if (value == NULL || value[0] == '\0')
			return NULL; /* a field of the form that was left empty */
		if (!fits((enum param)i, span_of(value)))
			return known[i].wrong;
		p->value[i] = xstrdup(value);
		return NULL;
	}
	return "unknown parameter: from, to, customer, merchant, rule, currency, search and id are known";
}

static bool is_midnight(const char *text)
{
	enum { DAY = 86400 };
	int64_t time;

	return text == NULL || (rfc3339_read(span_of(text), &time) == 0 && time % (DAY * INT64_C(1000000)) == 0);
}

bool params_whole_days(const struct params *p)
{
	return p->value[PARAM_CUSTOMER] == NULL && p->value[PARAM_MERCHANT] == NULL && is_midnight(p->value[PARAM_FROM]) &&
	       is_midnight(p->value[PARAM_TO]);
}

void params_key(const struct params *p, struct buf *to)
{
	for (size_t i = 0; i < PARAM_RULES; i++) {
		if (p->value[i] != NULL)
			json_quote(to, span_of(p->value[i]));
		buf_add_char(to, ',');
	}
}

void params_free(struct params *p)
{
	for (size_t i = 0; i < PARAMS; i++)
		free(p->value[i]);
}

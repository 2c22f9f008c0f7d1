#include "grid.h"

#include "json.h"
#include "readable.h"

enum { BOOL = 16, BYTEA = 17, INT8 = 20, INT2 = 21, INT4 = 23, JSON_TYPE = 114, FLOAT4 = 700, FLOAT8 = 701, TIMESTAMPTZ = 1184,
       NUMERIC = 1700, JSONB = 3802, DATE = 1082 };

enum { BYTES_MAX = 2000 }; /* of a bytea that is shown */

static const char *type_name(Oid type)
{
	switch (type) {
	case BOOL: return "boolean";
	case INT2: case INT4: case INT8: case FLOAT4: case FLOAT8: case NUMERIC: return "number";
	case TIMESTAMPTZ: return "time";
	case DATE: return "date";
	case JSON_TYPE: case JSONB: return "json";
	default: return "text";
	}
}

bool grid_finite(const char *text)
{
	return text[0] != '\0' && text[strcspn(text, "NI")] == '\0'; /* NaN, Infinity, -Infinity */
}

void grid_json_time(struct buf *to, const char *value)
{
	size_t n = strlen(value);

	if (n < 22 || value[10] != ' ' || strcmp(value + n - 3, "+00") != 0) {
		json_quote_any(to, span_of(value));
		return;
	}
	buf_addf(to, "\"%.10sT%.*sZ\"", value, (int)(n - 14), value + 11);
}

/* The text of a value that is no number. The caller frees `own`, where a bytea is made readable. */
static struct span text_of(struct buf *own, const PGresult *r, int row, int column)
{
	if (PQftype(r, column) != BYTEA)
		return span_of(PQgetvalue(r, row, column));
	readable_add_hex(own, PQgetvalue(r, row, column), BYTES_MAX);
	return buf_span(own);
}

static void add_value(struct buf *to, const PGresult *r, int row, int column)
{
	const char *value = PQgetvalue(r, row, column);
	const char *type = type_name(PQftype(r, column));
	struct buf own = {0};

	if (PQgetisnull(r, row, column) || (type[0] == 'n' && !grid_finite(value)))
		buf_add_text(to, "null");
	else if (type[0] == 'n' || type[0] == 'j')
		buf_add_text(to, value);
	else if (type[0] == 'b')
		buf_add_text(to, value[0] == 't' ? "true" : "false");
	else if (type[0] == 't' && type[1] == 'i')
		grid_json_time(to, value);
	else
		json_quote_any(to, text_of(&own, r, row, column));
	buf_free(&own);
}

void grid_row(struct buf *to, const PGresult *r, int row)
{
	buf_add_char(to, '[');
	for (int c = 0; c < PQnfields(r); c++) {
		if (c > 0)
			buf_add_char(to, ',');
		add_value(to, r, row, c);
	}
	buf_add_char(to, ']');
}

void grid_json(struct buf *to, const PGresult *r)
{
	buf_add_text(to, "\"columns\":[");
	for (int c = 0; c < PQnfields(r); c++) {
		buf_add_text(to, c > 0 ? ",{\"name\":" : "{\"name\":");
		json_quote_any(to, span_of(PQfname(r, c)));
		buf_addf(to, ",\"type\":\"%s\"}", type_name(PQftype(r, c)));
	}
	buf_add_text(to, "],\"rows\":[");
	for (int row = 0; row < PQntuples(r); row++) {
		if (row > 0)
			buf_add_char(to, ',');
		grid_row(to, r, row);
	}
	buf_add_char(to, ']');
}

void grid_csv_text(struct buf *to, struct span text)
{
	bool formula = text.n > 0 && strchr("=+-@\t\r", text.p[0]) != NULL && text.p[0] != '\0';

	buf_add_char(to, '"');
	if (formula)
		buf_add_char(to, '\'');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			buf_add_char(to, '"');
		buf_add_char(to, text.p[i]);
	}
	buf_add_char(to, '"');
}

void grid_csv(struct buf *to, const PGresult *r)
{
	for (int c = 0; c < PQnfields(r); c++) {
		if (c > 0)
			buf_add_char(to, ',');
		grid_csv_text(to, span_of(PQfname(r, c)));
	}
	buf_add_text(to, "\r\n");
	for (int row = 0; row < PQntuples(r); row++) {
		for (int c = 0; c < PQnfields(r); c++) {
			struct buf own = {0};

			if (c > 0)
				buf_add_char(to, ',');
			if (PQgetisnull(r, row, c))
				continue;
			if (type_name(PQftype(r, c))[0] == 'n')
				buf_add_text(to, PQgetvalue(r, row, c));
			else
				grid_csv_text(to, text_of(&own, r, row, c));
			buf_free(&own);
		}
		buf_add_text(to, "\r\n");
	}
}

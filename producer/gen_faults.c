#include "gen_faults.h"

#include <stdlib.h>

#include "exit.h"
#include "log.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define PICK(r, array) (array)[random_below(r, COUNT(array))]

/* What a kind does to a good line without its newline. */
typedef void break_line(struct faults *f, struct buf *line);

/* --- surgery: the lines are our own, without blanks or nested values ----------------------------------------- */

/* Where the member `name` begins (its opening quote) and its value begins and ends. */
static void find_member(const struct buf *line, const char *name, size_t *start, size_t *value, size_t *end)
{
	char key[40];
	size_t n = strlen(name);
	const char *at;

	key[0] = '"';
	memcpy(key + 1, name, n);
	memcpy(key + 1 + n, "\":", 2);
	at = memmem(line->p, line->n, key, n + 3);
	if (at == NULL) {
		log_error("a line lacks %s", name);
		exit(EXIT_BUG);
	}
	*start = (size_t)(at - line->p);
	*value = *end = *start + n + 3;
	while (line->p[*end] != ',' && line->p[*end] != '}')
		++*end;
}

/* Put other text in place of bytes from .. to-1. */
static void splice(struct buf *line, size_t from, size_t to, struct span text)
{
	size_t rest = line->n - to;

	buf_room(line, text.n);
	memmove(line->p + from + text.n, line->p + to, rest);
	memcpy(line->p + from, text.p, text.n);
	line->n = from + text.n + rest;
}

static void set_value(struct buf *line, const char *name, struct span text)
{
	size_t start, value, end;

	find_member(line, name, &start, &value, &end);
	splice(line, value, end, text);
}

static void add_first(struct buf *line, const char *member)
{
	splice(line, 1, 1, span_of(member));
	splice(line, 1 + strlen(member), 1 + strlen(member), SPAN(","));
}

static void add_last(struct buf *line, const char *member)
{
	line->n--;
	buf_add_char(line, ',');
	buf_add_text(line, member);
	buf_add_char(line, '}');
}

/* --- the kinds ------------------------------------------------------------------------------------------------ */

static void torn(struct faults *f, struct buf *line)
{
	line->n = 2 + random_below(&f->random, line->n - 2);
}

static void trailing_text(struct faults *f, struct buf *line)
{
	static const char *const tails[] = {"}", ",", "x", " 1", "{\"transaction_id\":null}", "]"};

	buf_add_text(line, PICK(&f->random, tails));
}

static void not_a_number(struct faults *f, struct buf *line)
{
	static const char *const members[] = {"amount", "latitude", "longitude"};
	static const char *const values[] = {"NaN", "Infinity", "-Infinity", "nan", "1e", ".5", "+1", "01", "0x10"};
	const char *member = PICK(&f->random, members);

	set_value(line, member, span_of(PICK(&f->random, values)));
}

static void not_object(struct faults *f, struct buf *line)
{
	static const char *const values[] = {"null", "true", "42", "\"transaction\"", "[]", "[1,2,3]"};

	if (random_below(&f->random, 3) == 0) {
		splice(line, 0, 0, SPAN("["));
		buf_add_char(line, ']');
	} else {
		buf_clear(line);
		buf_add_text(line, PICK(&f->random, values));
	}
}

static void not_utf8(struct faults *f, struct buf *line)
{
	/* a byte that never occurs, an overlong form, a surrogate, one beyond U+10FFFF, one that breaks off, Latin-1 */
	static const char *const values[] = {
		"\"dev-\xff\"",         "\"dev-\xc0\xaf\"", "\"dev-\xed\xa0\x80\"",
		"\"dev-\xf4\x90\x80\x80\"", "\"dev-\xe2\x82\"", "\"caf\xe9\"",
	};

	set_value(line, "device_id", span_of(PICK(&f->random, values)));
}

static void nul_escaped(struct faults *f, struct buf *line)
{
	if (random_below(&f->random, 2) == 0)
		set_value(line, "device_id", SPAN("\"dev-\\u0000\""));
	else
		add_last(line, "\"note\\u0000\":1");
}

static void nul_raw(struct faults *f, struct buf *line)
{
	size_t at = 1 + random_below(&f->random, line->n - 1);

	splice(line, at, at, (struct span){"", 1});
}

static void wrong_type(struct faults *f, struct buf *line)
{
	static const struct {
		const char *member, *value;
	} wrong[] = {
		{"amount", "\"12.50\""},        {"amount", "true"},
		{"amount", "[12.50]"},          {"amount", "{\"value\":12.50}"},
		{"is_foreign", "\"true\""},     {"is_foreign", "1"},
		{"is_foreign", "\"no\""},       {"latitude", "\"37.56650\""},
		{"longitude", "[126.97800]"},   {"transaction_ts", "1767225600"},
		{"transaction_ts", "[2026,1]"}, {"customer_id", "42"},
		{"merchant_id", "{\"id\":7}"},  {"transaction_id", "true"},
	};
	size_t i = random_below(&f->random, COUNT(wrong));

	set_value(line, wrong[i].member, span_of(wrong[i].value));
}

static void missing_member(struct faults *f, struct buf *line)
{
	static const char *const needed[] = {
		"transaction_id", "transaction_ts", "customer_id", "merchant_id", "amount", "currency", "is_foreign",
	};
	const char *member = PICK(&f->random, needed);
	size_t start, value, end;

	find_member(line, member, &start, &value, &end);
	if (random_below(&f->random, 4) == 0)
		splice(line, value, end, SPAN("null"));
	else if (line->p[end] == ',')
		splice(line, start, end + 1, SPAN(""));
	else
		splice(line, start - 1, end, SPAN(""));
}

static void bad_uuid(struct faults *f, struct buf *line)
{
	static const char *const members[] = {"transaction_id", "customer_id", "merchant_id"};
	const char *member = PICK(&f->random, members);
	size_t start, value, end;

	find_member(line, member, &start, &value, &end);
	switch (random_below(&f->random, 5)) {
	case 0: /* a digit short */
		splice(line, end - 2, end - 1, SPAN(""));
		break;
	case 1: /* a digit too many */
		splice(line, end - 1, end - 1, SPAN("0"));
		break;
	case 2: /* a letter that is no digit */
		line->p[value + 1 + random_below(&f->random, 8)] = 'g';
		break;
	case 3: /* the hyphen in another place */
		memcpy(line->p + value + 8, "-0", 2);
		break;
	default:
		splice(line, value, end, SPAN("\"unknown\""));
	}
}

static void bad_time(struct faults *f, struct buf *line)
{
	static const char *const values[] = {
		"\"2026-02-30T12:00:00Z\"", "\"2026-13-01T00:00:00Z\"", "\"2026-01-01T25:00:00Z\"",
		"\"2026-01-01T12:60:00Z\"", "\"2026-01-01T12:00:00\"",  "\"2026-01-01\"",
		"\"01/02/2026 10:00\"",     "\"yesterday\"",            "\"\"",
	};

	set_value(line, "transaction_ts", span_of(PICK(&f->random, values)));
}

/* numeric(18,4) holds 14 digits before the point. */
static void amount_too_large(struct faults *f, struct buf *line)
{
	static const char *const values[] = {
		"100000000000000", "99999999999999.99995", "1e30", "-123456789012345678.90", "1E+400",
	};

	set_value(line, "amount", span_of(PICK(&f->random, values)));
}

static void duplicate_name(struct faults *f, struct buf *line)
{
	static const char *const members[] = {
		"\"amount\":1.00", "\"\\u0061mount\":1.00", "\"is_foreign\":false", "\"currency\":\"USD\"",
		"\"merchant\\u005fid\":null",
	};

	add_last(line, PICK(&f->random, members));
}

#define ENVELOPE "{\"stream\":\"fraud\",\"topic\":\"transactions\",\"partition\":0,\"of\":1,\"run\":\"forged\"," \
	"\"origin\":\"resume\",\"begin\":0,\"offset\":1,\"ts\":1767225600000}"

/* Never as the first member by its plain name: that is what a true envelope looks like. */
static void forged_kafka(struct faults *f, struct buf *line)
{
	size_t start, value, end;

	if (random_below(&f->random, 2) == 0) {
		add_last(line, "\"_kafka\":" ENVELOPE);
	} else {
		find_member(line, "transaction_ts", &start, &value, &end);
		splice(line, start, start, SPAN("\"_kafka\":" ENVELOPE ","));
	}
}

static void forged_kafka_escaped(struct faults *f, struct buf *line)
{
	if (random_below(&f->random, 2) == 0)
		add_first(line, "\"\\u005fkafka\":" ENVELOPE);
	else
		add_last(line, "\"_k\\u0061fka\":" ENVELOPE);
}

static void forged_reject(struct faults *f, struct buf *line)
{
	static const char *const members[] = {
		"\"_reject\":true", "\"_reject\":\"not_json\"",
		"\"\\u005freject\":{\"reason\":\"none\"}", "\"_rejec\\u0074\":null",
	};

	add_last(line, PICK(&f->random, members));
}

static void over_long(struct faults *f, struct buf *line)
{
	const struct span name = SPAN("\"note\":\"\"");
	size_t fill;

	add_last(line, name.p);
	fill = (size_t)f->long_bytes - line->n;
	line->n -= 2; /* the closing quote and brace */
	memset(buf_room(line, fill), 'x', fill);
	line->n += fill;
	buf_add_text(line, "\"}");
}

static void conflicting_duplicate(struct faults *f, struct buf *line)
{
	size_t i = random_below(&f->random, f->count), start, value, end;

	buf_clear(line);
	buf_add(line, f->kept[i], f->kept_length[i] - 1);
	find_member(line, "amount", &start, &value, &end);
	splice(line, value, value, SPAN("1"));
}

static break_line *const breakers[SHARES] = {
	[SHARE_TORN] = torn,
	[SHARE_TRAILING_TEXT] = trailing_text,
	[SHARE_NOT_A_NUMBER] = not_a_number,
	[SHARE_NOT_OBJECT] = not_object,
	[SHARE_NOT_UTF8] = not_utf8,
	[SHARE_NUL_ESCAPED] = nul_escaped,
	[SHARE_NUL_RAW] = nul_raw,
	[SHARE_WRONG_TYPE] = wrong_type,
	[SHARE_MISSING_MEMBER] = missing_member,
	[SHARE_BAD_UUID] = bad_uuid,
	[SHARE_BAD_TIME] = bad_time,
	[SHARE_AMOUNT_TOO_LARGE] = amount_too_large,
	[SHARE_DUPLICATE_NAME] = duplicate_name,
	[SHARE_FORGED_KAFKA] = forged_kafka,
	[SHARE_FORGED_KAFKA_ESCAPED] = forged_kafka_escaped,
	[SHARE_FORGED_REJECT] = forged_reject,
	[SHARE_CONFLICTING_DUPLICATE] = conflicting_duplicate,
	[SHARE_OVER_LONG] = over_long,
};

/* --- life ----------------------------------------------------------------------------------------------------- */

void faults_init(struct faults *f, const struct world *w, const struct shares *shares, double duplicates,
                 int64_t long_bytes)
{
	*f = (struct faults){.shares = shares, .duplicates = duplicates, .long_bytes = long_bytes};
	world_stream(w, &f->random, STREAM_FAULTS, 0, 0);
	if (duplicates > 0 || shares->of[SHARE_CONFLICTING_DUPLICATE] > 0)
		f->kept = xmalloc(FAULTS_KEPT * sizeof *f->kept);
}

void faults_free(struct faults *f)
{
	free(f->kept);
	buf_free(&f->line);
}

void faults_see(struct faults *f, const char *line, size_t n)
{
	size_t i = f->count;

	if (f->kept == NULL)
		return;
	if (f->count < FAULTS_KEPT)
		f->count++;
	else if (random_below(&f->random, 4) == 0)
		i = random_below(&f->random, FAULTS_KEPT);
	else
		return;
	memcpy(f->kept[i], line, n);
	f->kept_length[i] = n;
}

struct span faults_duplicate(struct faults *f)
{
	size_t i;

	if (f->duplicates <= 0 || f->count == 0 || random_unit(&f->random) >= f->duplicates)
		return (struct span){NULL, 0};
	i = random_below(&f->random, f->count);
	return (struct span){f->kept[i], f->kept_length[i]};
}

struct span faults_make(struct faults *f, struct stream *s, int64_t t, enum share_kind kind)
{
	struct record r;

	stream_extra(s, &f->random, t, &r);
	buf_clear(&f->line);
	f->line.n = emit_record(buf_room(&f->line, EMIT_MAX), &r) - 1;
	breakers[kind](f, &f->line);
	buf_add_char(&f->line, '\n');
	return buf_span(&f->line);
}

struct span faults_malformed(struct faults *f, struct stream *s, int64_t t, enum share_kind *kind)
{
	double dice;
	int i = SHARE_FIRST_MALFORMED;

	if (f->shares->malformed <= 0 || (dice = random_unit(&f->random)) >= f->shares->malformed)
		return (struct span){NULL, 0};
	while (i < SHARE_LAST_MALFORMED && dice >= f->shares->of[i])
		dice -= f->shares->of[i++];
	while (f->shares->of[i] <= 0)
		i--; /* rounding carried the dice past the last kind in use */
	*kind = (enum share_kind)i;
	return faults_make(f, s, t, *kind);
}

#include "gen_emit.h"

#include <string.h>

#include "gen_world.h"
#include "rfc3339.h"
#include "uuid.h"

static const char *const payment_name[] = {
	[PAY_CREDIT] = "credit_card", [PAY_DEBIT] = "debit_card",      [PAY_APPLE] = "apple_pay",
	[PAY_GOOGLE] = "google_pay",  [PAY_TRANSFER] = "bank_transfer",
};

#define PUT(to, literal) (memcpy(to, literal, sizeof(literal) - 1), (to) + sizeof(literal) - 1)

static char *put_text(char *to, const char *text)
{
	size_t n = strlen(text);

	memcpy(to, text, n);
	return to + n;
}

static char *put_uuid(char *to, const uint8_t id[16])
{
	uuid_write(to, id);
	return to + 36;
}

static char *put_digits(char *to, uint64_t value, unsigned digits)
{
	for (unsigned i = digits; i-- > 0; value /= 10)
		to[i] = (char)('0' + value % 10);
	return to + digits;
}

/* `value` / 10^decimals, with exactly that many decimals. */
static char *put_decimal(char *to, int64_t value, unsigned decimals)
{
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, scale = 1, whole;
	unsigned digits = 1;

	for (unsigned i = 0; i < decimals; i++)
		scale *= 10;
	whole = rest / scale;
	if (value < 0)
		*to++ = '-';
	for (uint64_t limit = 10; digits < 19 && whole >= limit; limit *= 10)
		digits++;
	to = put_digits(to, whole, digits);
	if (decimals > 0) {
		*to++ = '.';
		to = put_digits(to, rest % scale, decimals);
	}
	return to;
}

void emit_time(char to[24], int64_t microseconds)
{
	int64_t ms = microseconds / 1000, day = ms / 86400000, year;
	uint64_t rest = (uint64_t)(ms % 86400000);
	unsigned month, date;

	civil_from_days(day, &year, &month, &date);
	put_digits(to, (uint64_t)year, 4);
	to[4] = to[7] = '-';
	put_digits(to + 5, month, 2);
	put_digits(to + 8, date, 2);
	to[10] = 'T';
	put_digits(to + 11, rest / 3600000, 2);
	to[13] = to[16] = ':';
	put_digits(to + 14, rest / 60000 % 60, 2);
	put_digits(to + 17, rest / 1000 % 60, 2);
	to[19] = '.';
	put_digits(to + 20, rest % 1000, 3);
	to[23] = 'Z';
}

static char *put_time(char *to, int64_t microseconds)
{
	emit_time(to, microseconds);
	return to + 24;
}

static char *put_device(char *to, uint64_t device)
{
	static const char digits[] = "0123456789abcdef";

	to = PUT(to, "dev-");
	for (int i = 0; i < 16; i++)
		to[i] = digits[device >> (60 - 4 * i) & 15];
	return to + 16;
}

size_t emit_record(char *to, const struct record *r)
{
	char *p = PUT(to, "{\"transaction_id\":\"");

	p = put_uuid(p, r->id);
	p = PUT(p, "\",\"transaction_ts\":\"");
	p = put_time(p, r->time);
	p = PUT(p, "\",\"customer_id\":\"");
	p = put_uuid(p, r->customer);
	p = PUT(p, "\",\"merchant_id\":\"");
	p = put_uuid(p, r->merchant);
	p = PUT(p, "\",\"amount\":");
	p = put_decimal(p, r->amount, r->currency->decimals);
	p = PUT(p, ",\"currency\":\"");
	memcpy(p, r->currency->code, 3);
	p = PUT(p + 3, "\",\"latitude\":");
	p = put_decimal(p, r->latitude, 5);
	p = PUT(p, ",\"longitude\":");
	p = put_decimal(p, r->longitude, 5);
	p = PUT(p, ",\"device_id\":\"");
	p = put_device(p, r->device);
	p = PUT(p, "\",\"payment_method\":\"");
	p = put_text(p, payment_name[r->payment]);
	p = PUT(p, "\",\"is_foreign\":");
	p = put_text(p, r->foreign ? "true}\n" : "false}\n");
	return (size_t)(p - to);
}

/* The record's customer, merchant and time, which every label has: the end of the line. */
static char *put_record(char *to, const struct record *r)
{
	to = PUT(to, ",\"customer_id\":\"");
	to = put_uuid(to, r->customer);
	to = PUT(to, "\",\"merchant_id\":\"");
	to = put_uuid(to, r->merchant);
	to = PUT(to, "\",\"transaction_ts\":\"");
	to = put_time(to, r->time);
	return PUT(to, "\"}\n");
}

static char *put_label(char *to, const struct record *r, int64_t known, bool fraud)
{
	to = PUT(to, "{\"label_for\":\"");
	to = put_uuid(to, r->id);
	to = PUT(to, "\",\"label_ts\":\"");
	to = put_time(to, known);
	to = PUT(to, "\",\"is_fraud\":");
	return put_text(to, fraud ? "true" : "false");
}

size_t emit_label(char *to, const struct record *r, int64_t known)
{
	char *p = put_label(to, r, known, record_is_fraud(r->story));

	p = PUT(p, ",\"scenario\":");
	if (r->story == STORY_ORDINARY) {
		p = PUT(p, "null");
	} else {
		*p++ = '"';
		p = put_text(p, record_story_name[r->story]);
		*p++ = '"';
	}
	return (size_t)(put_record(p, r) - to);
}

size_t emit_chargeback(char *to, const struct record *r, int64_t known)
{
	return (size_t)(put_record(put_label(to, r, known, true), r) - to);
}

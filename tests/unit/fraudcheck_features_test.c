/*
 * Features against an oracle that keeps every record and looks at all of them each time: random records in random order, late and far
 * ahead, repeated, with ties, in times and amounts that need narrow and wide columns. And what a restart, an eviction or a control
 * line does to them.
 */
#include "unit.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "../../fraudcheck/defaults.h"
#include "../../fraudcheck/judge.h"
#include "../../fraudcheck/murmur2.h"
#include "random.h"
#include "rfc3339.h"

static const int64_t SECOND = 1000000, HOUR = 3600 * INT64_C(1000000);
static const int64_t START = INT64_C(1767225600) * 1000000;

/* --- the oracle ------------------------------------------------------------------------------------------------------ */

struct record {
	int id, customer, device; /* customer or device -1: missing */
	int64_t time;
	int64_t amount; /* millionths; INT64_MIN: missing */
	bool foreign, fraud;
	double latitude, longitude;
};

struct oracle {
	struct record *seen; /* learned, in the order in which they came */
	size_t count;
	bool any;
	int64_t newest;
};

struct window_spec {
	const char *text;
	bool by_device; /* else by customer */
	int64_t over, delay;
	bool before, foreign_only;
	int64_t min;
};

/* (x nothing: the record at hand is not among the learned ones; a copy of it is passed over) */
static bool in_window(const struct window_spec *w, const struct oracle *o, const struct record *r, const struct record *now, int64_t lateness)
{
	int64_t high = now->time - w->delay, low = high - w->over;
	int64_t keep = w->over + w->delay;
	int key = w->by_device ? r->device : r->customer, own = w->by_device ? now->device : now->customer;

	if (o->any && low < o->newest - lateness - keep)
		low = o->newest - lateness - keep;
	return r->id != now->id && key == own && r->time > low && r->time <= high && (!w->foreign_only || r->foreign);
}

struct figures {
	int64_t n, values, sum, least, most, distinct, shared, frauds;
	double deviation, age, since, last, speed; /* NAN: none */
};

static int compare_ids(const void *a, const void *b)
{
	const struct record *const *x = a, *const *y = b;

	return ((*x)->device > (*y)->device) - ((*x)->device < (*y)->device);
}

static bool placed(const struct record *r)
{
	return fabs(r->latitude) <= 90;
}

static struct figures look(const struct window_spec *w, const struct oracle *o, const struct record *now, int64_t lateness)
{
	struct figures f = {.least = INT64_MAX, .most = INT64_MIN, .deviation = NAN, .age = NAN, .since = NAN, .last = NAN, .speed = NAN};
	const struct record **in = malloc((o->count + 1) * sizeof(struct record *));
	const struct record *place = NULL, *latest = NULL, *paid = NULL, *oldest = NULL;
	double squares = 0;
	size_t n = 0;

	for (size_t i = 0; i < o->count; i++) {
		const struct record *r = &o->seen[i];

		if (!in_window(w, o, r, now, lateness))
			continue;
		in[n++] = r;
		if (latest == NULL || r->time >= latest->time)
			latest = r;
		if (placed(r) && (place == NULL || r->time >= place->time))
			place = r;
		if (r->amount != INT64_MIN && (paid == NULL || r->time >= paid->time))
			paid = r;
		if (oldest == NULL || r->time < oldest->time)
			oldest = r;
	}
	if (latest != NULL)
		f.since = (double)(now->time - latest->time) / 1e6;
	if (paid != NULL)
		f.last = (double)paid->amount / 1e6;
	if (place != NULL && placed(now) && (!w->foreign_only || now->foreign)) {
		int64_t took = now->time - place->time;

		f.speed = haversine_km(place->latitude, place->longitude, now->latitude, now->longitude) * 3600e6 /
			(double)(took < SECOND ? SECOND : took);
	}
	if (!w->before && w->delay == 0 && (!w->foreign_only || now->foreign))
		in[n++] = now;
	if (oldest != NULL)
		f.age = (double)(now->time - oldest->time) / 1e6;
	else if (n > 0)
		f.age = 0;
	for (size_t i = 0; i < n; i++) {
		f.shared += in[i]->foreign;
		f.frauds += in[i]->fraud;
		if (in[i]->amount == INT64_MIN)
			continue;
		f.values++;
		f.sum += in[i]->amount;
		f.least = in[i]->amount < f.least ? in[i]->amount : f.least;
		f.most = in[i]->amount > f.most ? in[i]->amount : f.most;
	}
	for (size_t i = 0; i < n; i++)
		if (in[i]->amount != INT64_MIN)
			squares += pow((double)in[i]->amount - (double)f.sum / (double)f.values, 2);
	if (f.values > 1)
		f.deviation = sqrt(squares / (double)(f.values - 1)) / 1e6;
	f.n = (int64_t)n;
	qsort(in, n, sizeof(struct record *), compare_ids);
	for (size_t i = 0; i < n; i++)
		f.distinct += in[i]->device >= 0 && (i == 0 || in[i]->device != in[i - 1]->device);
	free(in);
	return f;
}

static double at_least(const struct window_spec *w, int64_t n, double value)
{
	return n < w->min ? NAN : value;
}

static const char *const aggregates[] = {"count()", "sum(amount)", "avg(amount)", "min(amount)", "max(amount)", "stddev(amount)",
                                         "distinct(device_id)", "share(is_foreign)", "age()", "since_last()", "last(amount)",
                                         "geo_speed()", "share(label)"};

enum { AGGREGATES = 13, FIRST_WITHOUT_MIN = 8, LABEL = 12 };

static double figure(const struct window_spec *w, const struct figures *f, size_t aggregate)
{
	switch (aggregate) {
	case 0:
		return at_least(w, f->n, (double)f->n);
	case 1:
		return at_least(w, f->values, (double)f->sum / 1e6);
	case 2:
		return at_least(w, f->values, f->values > 0 ? (double)f->sum / (1e6 * (double)f->values) : NAN);
	case 3:
		return at_least(w, f->n, f->values > 0 ? (double)f->least / 1e6 : NAN);
	case 4:
		return at_least(w, f->n, f->values > 0 ? (double)f->most / 1e6 : NAN);
	case 5:
		return at_least(w, f->values, f->deviation);
	case 6:
		return at_least(w, f->n, (double)f->distinct);
	case 7:
		return at_least(w, f->n, f->n > 0 ? (double)f->shared / (double)f->n : NAN);
	case 8:
		return f->age;
	case 9:
		return f->since;
	case 10:
		return f->last;
	case 11:
		return f->speed;
	default:
		return at_least(w, f->n, f->n > 0 ? (double)f->frauds / (double)f->n : NAN);
	}
}

/* --- the two side by side -------------------------------------------------------------------------------------------- */

static const struct window_spec windows[] = {
	{"by customer_id over 10m", false, 600 * 1000000LL, 0, false, false, 0},
	{"by customer_id over 12h", false, 12 * 3600 * 1000000LL, 0, false, false, 0},
	{"by customer_id over 2d before", false, 48 * 3600 * 1000000LL, 0, true, false, 0},
	{"by customer_id over 2d min 3", false, 48 * 3600 * 1000000LL, 0, false, false, 3},
	{"by customer_id over 1d when is_foreign", false, 24 * 3600 * 1000000LL, 0, false, true, 0},
	{"by customer_id over 1d when is_foreign before min 2", false, 24 * 3600 * 1000000LL, 0, true, true, 2},
	{"by customer_id over 12h delay 6h", false, 12 * 3600 * 1000000LL, 6 * 3600 * 1000000LL, false, false, 0},
	{"by device_id over 3h", true, 3 * 3600 * 1000000LL, 0, false, false, 0},
	{"by device_id over 1d delay 30m min 2", true, 24 * 3600 * 1000000LL, 1800 * 1000000LL, false, false, 2},
};

enum { WINDOWS = sizeof windows / sizeof windows[0] };

struct trial {
	struct judge judge;
	struct oracle oracle;
	struct plan_feature *feature[WINDOWS][AGGREGATES];
	int64_t unit;      /* of times, in microseconds */
	int64_t cent;      /* of amounts, in millionths */
	int64_t lateness;
	int labels;
	struct buf line, out;
	struct json_object object;
};

static bool makes_sense(size_t window, size_t aggregate)
{
	const struct window_spec *w = &windows[window];

	if (aggregate >= FIRST_WITHOUT_MIN && aggregate < LABEL)
		return w->min == 0 && w->delay == 0;
	return aggregate != LABEL || w->delay > 0;
}

static void begin_trial(struct trial *t, int64_t unit, int64_t cent, struct judge_options *options)
{
	struct buf rules = {0}, errors = {0};

	*t = (struct trial){.unit = unit, .cent = cent, .lateness = 6 * HOUR};
	options->history.lateness = t->lateness;
	for (size_t w = 0; w < WINDOWS; w++)
		for (size_t a = 0; a < AGGREGATES; a++)
			if (makes_sense(w, a))
				buf_addf(&rules, "feature f_%zu_%zu = %s %s\n", w, a, aggregates[a], windows[w].text);
	if (judge_init(&t->judge, "test.rules", buf_span(&rules), "currencies", default_currencies(), options, &errors) < 0)
		fail_msg("%s", buf_text(&errors));
	for (size_t i = 0; i < t->judge.program.plan.features; i++) {
		struct plan_feature *f = &t->judge.program.plan.feature[i];

		t->feature[f->name.p[2] - '0'][atoi(f->name.p + 4)] = f;
	}
	buf_free(&rules);
	buf_free(&errors);
}

static void end_trial(struct trial *t)
{
	judge_free(&t->judge);
	free(t->oracle.seen);
	buf_free(&t->line);
	buf_free(&t->out);
	json_object_free(&t->object);
}

static void write_record(struct buf *to, const struct record *r)
{
	buf_clear(to);
	buf_addf(to, "{\"transaction_id\":\"t%d\",\"transaction_ts\":\"", r->id);
	rfc3339_write(to, r->time);
	buf_addf(to, "\",\"is_foreign\":%s,\"is_fraud\":%s,\"longitude\":%.7f,\"latitude\":%.7f", r->foreign ? "true" : "false",
	         r->fraud ? "true" : "false", r->longitude, r->latitude);
	if (r->customer >= 0)
		buf_addf(to, ",\"customer_id\":\"c%d\"", r->customer);
	if (r->device >= 0)
		buf_addf(to, ",\"device_id\":\"d%d\"", r->device);
	if (r->amount != INT64_MIN)
		buf_addf(to, ",\"amount\":%s%" PRId64 ".%06" PRId64, r->amount < 0 ? "-" : "", (int64_t)llabs(r->amount) / 1000000,
		         (int64_t)llabs(r->amount) % 1000000);
	buf_add_char(to, '}');
}

static void compare_features(struct trial *t, const struct record *now)
{
	for (size_t w = 0; w < WINDOWS; w++) {
		for (size_t a = 0; a < AGGREGATES; a++) {
			const struct plan_feature *feature = t->feature[w][a];
			struct figures f;
			double want, got;

			if (feature == NULL)
				continue;
			f = look(&windows[w], &t->oracle, now, t->lateness);
			want = figure(&windows[w], &f, a);
			if ((windows[w].by_device ? now->device : now->customer) < 0)
				want = NAN;
			got = t->judge.vm.reg[feature->to].null ? NAN : t->judge.vm.reg[feature->to].number;
			if (!(isnan(want) && isnan(got)) && !(fabs(want - got) <= (a == 5 || a == 11 ? 1e-9 * fabs(want) + 1e-7 : 0)))
				fail_msg("record %d: %s %s: got %.17g, want %.17g", now->id, aggregates[a], windows[w].text, got, want);
		}
	}
}

static void judge_line(struct trial *t, int id)
{
	size_t at;

	assert_int_equal(json_scan(&t->object, buf_span(&t->line), &at), JSON_OK);
	judge_enter(&t->judge, NULL, &t->object);
	buf_clear(&t->out);
	if (judge_record(&t->judge, &t->object, buf_span(&t->line), &t->out) == JUDGED_REJECT)
		fail_msg("record %d: %s: %s", id, t->judge.reason, t->judge.detail);
}

static void learn(struct oracle *o, const struct record *r, int64_t lateness)
{
	if (o->any && r->time < o->newest - lateness)
		return;
	for (size_t i = 0; i < o->count; i++)
		if (o->seen[i].id == r->id)
			return;
	o->seen = xrealloc(o->seen, (o->count + 1) * sizeof *o->seen);
	o->seen[o->count++] = *r;
	o->newest = !o->any || r->time > o->newest ? r->time : o->newest;
	o->any = true;
}

static struct record make_record(struct trial *t, struct random *r, int id, int64_t *clock)
{
	struct record x = {.id = id};
	int64_t late = 0;

	*clock += (int64_t)(random_below(r, 4) == 0 ? 0 : random_below(r, random_below(r, 50) == 0 ? 30000 : 600)) * SECOND;
	if (random_below(r, 8) == 0)
		late = (int64_t)random_below(r, 8 * 3600) * SECOND; /* now and then more than the lateness */
	x.time = *clock - late;
	x.time += (int64_t)random_below(r, 5) * t->unit;
	x.customer = random_below(r, 30) == 0 ? -1 : (int)random_below(r, 4);
	x.device = random_below(r, 10) == 0 ? -1 : (int)random_below(r, 6);
	x.amount = random_below(r, 12) == 0 ? INT64_MIN : (int64_t)(random_below(r, 200000)) * t->cent;
	x.foreign = random_below(r, 3) == 0;
	x.fraud = random_below(r, 5) == 0;
	x.latitude = (double)random_below(r, 200) - 95; /* some lie beyond the pole */
	x.longitude = (double)random_below(r, 360) - 180;
	return x;
}

static void run_trial(uint64_t seed, int64_t unit, int64_t cent, int count)
{
	struct judge_options options = JUDGE_DEFAULTS;
	struct trial t;
	struct random r;
	int64_t clock = START;

	options.label = "is_fraud";
	begin_trial(&t, unit, cent, &options);
	random_seed(&r, seed, 0);
	for (int id = 0; id < count; id++) {
		struct record x = make_record(&t, &r, id, &clock);

		if (t.oracle.count > 0 && random_below(&r, 10) == 0)
			x = t.oracle.seen[t.oracle.count - 1 - random_below(&r, t.oracle.count > 40 ? 40 : (uint32_t)t.oracle.count)]; /* again */
		write_record(&t.line, &x);
		judge_line(&t, x.id);
		compare_features(&t, &x);
		learn(&t.oracle, &x, t.lateness);
	}
	assert_true(t.judge.history.counts.late > 0 && t.judge.history.counts.repeated > 0);
	end_trial(&t);
}

static void narrow_columns(void **state)
{
	(void)state;
	run_trial(1, 1000000, 10000, 3000);
	run_trial(2, 1000, 10000, 2000);
}

static void wide_columns(void **state)
{
	(void)state;
	run_trial(3, 1, 10000, 2000);           /* microseconds */
	run_trial(4, 1000, 1, 2000);            /* six decimals */
	run_trial(5, 1000, 10000 * 2000, 2000); /* large amounts */
}

/* --- partitions ------------------------------------------------------------------------------------------------------ */

/* The figures of Kafka's own tests of its hash. */
static void kafka_s_hash(void **state)
{
	static const struct {
		const char *key;
		int32_t hash;
	} known[] = {
		{"21", -973932308}, {"foobar", -790332482}, {"a-little-bit-long-string", -985981536},
		{"a-little-bit-longer-string", -1486304829},
		{"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971}, {"abc", 479470107},
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		assert_int_equal((int32_t)murmur2(span_of(known[i].key)), known[i].hash);
}

static double count_of(struct judge *j, const char *customer, int id)
{
	struct json_object object = {0};
	struct buf line = {0}, out = {0};
	double count;
	size_t at;

	buf_addf(&line, "{\"transaction_id\":\"t%d\",\"transaction_ts\":\"2026-01-01T00:%02d:00Z\",\"customer_id\":\"%s\",\"merchant_id\":\"m\"}", id,
	         id % 60, customer);
	assert_int_equal(json_scan(&object, buf_span(&line), &at), JSON_OK);
	judge_enter(j, NULL, &object);
	assert_int_equal(judge_record(j, &object, buf_span(&line), &out), JUDGED_VERDICT);
	count = j->vm.reg[j->program.plan.feature[0].to].number;
	json_object_free(&object);
	buf_free(&line);
	buf_free(&out);
	return count;
}

/* A merchant's count in files judged as a topic of three partitions: of the records whose customers share a partition. */
static void files_as_a_topic(void **state)
{
	static const char *const rules = "feature n = count() by merchant_id over 1d";
	struct judge_options options = JUDGE_DEFAULTS;
	struct buf errors = {0};
	struct judge j;
	double seen[3] = {0};

	(void)state;
	options.history.partitions = 3;
	assert_int_equal(judge_init(&j, "test.rules", span_of(rules), "currencies", default_currencies(), &options, &errors), 0);
	for (int id = 0; id < 60; id++) {
		char customer[20];
		size_t partition;

		snprintf(customer, sizeof customer, "c%d", id * 7 % 13);
		partition = (murmur2(span_of(customer)) & INT32_MAX) % 3;
		assert_true(count_of(&j, customer, id) == ++seen[partition]);
	}
	assert_true(seen[0] > 0 && seen[1] > 0 && seen[2] > 0);
	judge_free(&j);
	buf_free(&errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(narrow_columns), cmocka_unit_test(wide_columns), cmocka_unit_test(kafka_s_hash),
		cmocka_unit_test(files_as_a_topic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

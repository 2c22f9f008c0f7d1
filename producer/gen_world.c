#include "gen_world.h"

#include <stdlib.h>
#include <string.h>

#include "embed/lib/currencies.ndjson.h"
#include "exit.h"
#include "json.h"
#include "log.h"
#include "parse.h"

const char *const world_currency_text = currencies_ndjson;

const struct country world_countries[WORLD_COUNTRIES] = {
	{"US", "USD"}, {"KR", "KRW"}, {"DE", "EUR"}, {"GB", "GBP"}, {"FR", "EUR"}, {"JP", "JPY"}, {"IN", "INR"},
	{"BR", "BRL"}, {"CA", "CAD"}, {"CN", "CNY"}, {"AU", "AUD"}, {"MX", "MXN"}, {"CH", "CHF"}, {"SG", "SGD"},
};

/* The cities of a country stand together, in the order of the countries. */
const struct city world_cities[WORLD_CITIES] = {
	{"New York", 0, 4071280, -7400600, -300, 90},
	{"Chicago", 0, 4187810, -8762980, -360, 50},
	{"Los Angeles", 0, 3405220, -11824370, -480, 70},
	{"Houston", 0, 2976040, -9536980, -360, 40},
	{"Seattle", 0, 4760620, -12233210, -480, 30},
	{"Miami", 0, 2576170, -8019180, -300, 30},
	{"Seoul", 1, 3756650, 12697800, 540, 80},
	{"Busan", 1, 3517960, 12907560, 540, 30},
	{"Daegu", 1, 3587140, 12860140, 540, 16},
	{"Incheon", 1, 3745630, 12670520, 540, 20},
	{"Berlin", 2, 5252000, 1340500, 60, 36},
	{"Hamburg", 2, 5355110, 999370, 60, 24},
	{"Munich", 2, 4813510, 1158200, 60, 26},
	{"Cologne", 2, 5093750, 696030, 60, 20},
	{"London", 3, 5150740, -12780, 0, 70},
	{"Manchester", 3, 5348080, -224260, 0, 24},
	{"Edinburgh", 3, 5595330, -318830, 0, 14},
	{"Paris", 4, 4885660, 235220, 60, 60},
	{"Lyon", 4, 4576400, 483570, 60, 20},
	{"Marseille", 4, 4329650, 536980, 60, 18},
	{"Tokyo", 5, 3568950, 13969170, 540, 50},
	{"Osaka", 5, 3469370, 13550230, 540, 24},
	{"Sapporo", 5, 4306180, 14135450, 540, 10},
	{"Mumbai", 6, 1907600, 7287770, 330, 24},
	{"Delhi", 6, 2861390, 7720900, 330, 22},
	{"Bengaluru", 6, 1297160, 7759460, 330, 18},
	{"Chennai", 6, 1308270, 8027070, 330, 10},
	{"Sao Paulo", 7, -2355050, -4663330, -180, 34},
	{"Rio de Janeiro", 7, -2290680, -4317290, -180, 20},
	{"Recife", 7, -804760, -3487700, -180, 10},
	{"Toronto", 8, 4365320, -7938320, -300, 24},
	{"Montreal", 8, 4550170, -7356730, -300, 14},
	{"Vancouver", 8, 4928270, -12312070, -480, 12},
	{"Shanghai", 9, 3123040, 12147370, 480, 22},
	{"Beijing", 9, 3990420, 11640740, 480, 20},
	{"Shenzhen", 9, 2254310, 11405790, 480, 14},
	{"Sydney", 10, -3386880, 15120930, 600, 22},
	{"Melbourne", 10, -3781360, 14496310, 600, 20},
	{"Perth", 10, -3195050, 11586050, 480, 8},
	{"Mexico City", 11, 1943260, -9913320, -360, 24},
	{"Guadalajara", 11, 2065970, -10334960, -360, 10},
	{"Monterrey", 11, 2568660, -10031610, -360, 10},
	{"Zurich", 12, 4737690, 854170, 60, 16},
	{"Geneva", 12, 4620440, 614320, 60, 8},
	{"Singapore", 13, 135210, 10381980, 480, 20},
	{"Jurong", 13, 133290, 10373680, 480, 8},
};

const struct profile world_profiles[WORLD_PROFILES] = {
	{"worker", 38, 2.4, 1.0, .22, .12, 1.3,
	 {2, 1, 1, 1, 2, 6, 16, 34, 36, 22, 20, 30, 60, 48, 26, 24, 30, 50, 64, 58, 44, 32, 18, 7}},
	{"family", 22, 3.0, 1.3, .26, .10, 1.5,
	 {1, 1, 1, 1, 1, 4, 12, 26, 40, 48, 50, 52, 46, 40, 40, 46, 54, 58, 50, 40, 34, 26, 12, 4}},
	{"student", 14, 2.2, .55, .34, .14, 1.2,
	 {16, 10, 6, 3, 2, 2, 4, 10, 18, 24, 28, 34, 46, 44, 38, 36, 40, 46, 52, 54, 52, 46, 38, 26}},
	{"retired", 12, 1.6, .9, .12, .14, .8,
	 {1, 1, 1, 1, 1, 3, 8, 18, 40, 60, 64, 58, 44, 36, 38, 40, 36, 28, 20, 14, 10, 6, 3, 1}},
	{"business", 8, 3.6, 2.2, .30, .55, .6,
	 {3, 2, 2, 2, 3, 10, 26, 40, 34, 24, 22, 30, 54, 46, 26, 24, 26, 34, 48, 60, 56, 40, 22, 9}},
	{"night", 6, 2.0, .8, .40, .08, 1.1,
	 {44, 38, 32, 26, 20, 14, 10, 8, 6, 6, 8, 10, 14, 20, 26, 30, 32, 34, 36, 40, 44, 48, 50, 48}},
};

/* Merchants take these in turn, so that any eight neighbours hold at least one remote and one durable category. */
const struct category world_categories[WORLD_CATEGORIES] = {
	{"grocery", 32, .70, false, false, false},        {"online_retail", 42, .90, true, true, false},
	{"restaurant", 26, .60, false, false, false},     {"fuel", 45, .35, false, false, false},
	{"cafe", 6, .40, false, false, false},            {"pharmacy", 18, .70, false, false, false},
	{"digital_goods", 9, .70, true, false, false},    {"electronics", 160, .90, false, true, false},
	{"grocery", 32, .70, false, false, false},        {"clothing", 55, .70, false, false, false},
	{"travel", 240, .80, true, true, false},          {"restaurant", 26, .60, false, false, false},
	{"transit", 4, .60, false, false, false},         {"home", 80, .90, false, true, false},
	{"online_retail", 42, .90, true, true, false},    {"entertainment", 30, .60, false, false, false},
	{"grocery", 32, .70, false, false, false},        {"lodging", 170, .60, false, true, false},
	{"cafe", 6, .40, false, false, false},            {"utilities", 85, .50, true, false, true},
	{"restaurant", 26, .60, false, false, false},     {"jewellery", 220, .95, false, true, false},
	{"digital_goods", 9, .70, true, false, false},    {"fuel", 45, .35, false, false, false},
};

static const struct { const char *code; int64_t step; } whole_currencies[] = {{"KRW", 10}, {"JPY", 1}};

/* The table is our own file: a fault in it is a bug, found by the first test that runs. */
static void add_currency(struct world *w, struct span line)
{
	struct json_object o = {0};
	struct currency *c = &w->currency[w->currencies];
	const struct json_member *code, *units;
	size_t at;

	if (w->currencies == WORLD_CURRENCIES || json_scan(&o, line, &at) != JSON_OK ||
	    (code = json_find(&o, SPAN("currency"))) == NULL || code->value.n != 3 ||
	    (units = json_find(&o, SPAN("units_per_base"))) == NULL || parse_real(units->value, &c->units) < 0 ||
	    c->units <= 0) {
		log_error("the built-in currency table is broken: %.*s", SPAN_ARG(line));
		exit(EXIT_BUG);
	}
	memcpy(c->code, code->value.p, 3);
	c->decimals = 2;
	c->scale = 100;
	c->step = 1;
	for (size_t i = 0; i < sizeof whole_currencies / sizeof whole_currencies[0]; i++) {
		if (memcmp(c->code, whole_currencies[i].code, 3) == 0) {
			c->decimals = 0;
			c->scale = 1;
			c->step = whole_currencies[i].step;
		}
	}
	w->currencies++;
	json_object_free(&o);
}

static void load_currencies(struct world *w)
{
	for (const char *p = world_currency_text; *p != '\0';) {
		size_t n = strcspn(p, "\n");

		add_currency(w, (struct span){p, n});
		p += n + (p[n] == '\n');
	}
	for (unsigned i = 0; i < WORLD_COUNTRIES; i++) {
		unsigned k = 0;

		while (k < w->currencies && memcmp(w->currency[k].code, world_countries[i].currency, 3) != 0)
			k++;
		if (k == w->currencies) {
			log_error("the built-in currency table lacks %s", world_countries[i].currency);
			exit(EXIT_BUG);
		}
		w->money[i] = (uint8_t)k;
	}
}

/* floor(total * part / whole) without overflow. */
static uint64_t portion(uint64_t total, uint64_t part, uint64_t whole)
{
	return total / whole * part + total % whole * part / whole;
}

static void spread(struct world *w)
{
	uint64_t cities = 0, profiles = 0, part = 0;

	for (unsigned i = 0; i < w->cities; i++)
		cities += world_cities[i].weight;
	for (unsigned i = 0; i < WORLD_PROFILES; i++)
		profiles += world_profiles[i].weight;
	for (unsigned i = 0; i < w->cities; i++) {
		uint64_t within = 0;

		w->merchant_start[i] = portion(w->merchants, part, cities);
		for (unsigned k = 0; k < WORLD_PROFILES; k++) {
			w->customer_start[i * WORLD_PROFILES + k] = portion(
				w->customers, part * profiles + world_cities[i].weight * within, cities * profiles);
			within += world_profiles[k].weight;
		}
		part += world_cities[i].weight;
	}
	w->merchant_start[w->cities] = w->merchants;
	w->customer_start[w->cities * WORLD_PROFILES] = w->customers;
}

void world_init(struct world *w, uint64_t seed, uint64_t customers, uint64_t merchants)
{
	uint64_t countries = merchants / 8;

	*w = (struct world){.seed = seed, .customers = customers, .merchants = merchants};
	w->countries = countries < 2 ? 2 : countries > WORLD_COUNTRIES ? WORLD_COUNTRIES : (unsigned)countries;
	while (w->cities < WORLD_CITIES && world_cities[w->cities].country < w->countries)
		w->cities++;
	load_currencies(w);
	spread(w);
}

void world_stream(const struct world *w, struct random *r, enum world_stream kind, uint64_t index, uint64_t number)
{
	random_seed(r, w->seed, (uint64_t)kind << 58 | (number & 0x3fffff) << 36 | index);
}

void world_cities_of(const struct world *w, unsigned country, unsigned *first, unsigned *end)
{
	unsigned i = 0;

	while (i < w->cities && world_cities[i].country != country)
		i++;
	*first = i;
	while (i < w->cities && world_cities[i].country == country)
		i++;
	*end = i;
}

unsigned world_draw_city(const struct world *w, struct random *r, unsigned abroad_of)
{
	uint64_t total = 0, at;

	for (unsigned i = 0; i < w->cities; i++)
		total += world_cities[i].country != abroad_of ? world_cities[i].weight : 0;
	at = random_below(r, total);
	for (unsigned i = 0;; i++) {
		if (world_cities[i].country == abroad_of)
			continue;
		if (at < world_cities[i].weight)
			return i;
		at -= world_cities[i].weight;
	}
}

void world_merchants_in(const struct world *w, unsigned country, uint64_t *first, uint64_t *end)
{
	unsigned from, to;

	world_cities_of(w, country, &from, &to);
	*first = w->merchant_start[from];
	*end = w->merchant_start[to];
}

void world_merchants_near(const struct world *w, unsigned city, uint64_t *first, uint64_t *end)
{
	*first = w->merchant_start[city];
	*end = w->merchant_start[city + 1];
	if (*first == *end)
		world_merchants_in(w, world_cities[city].country, first, end);
}

/* The last i < n with start[i] <= index. */
static unsigned find(const uint64_t *start, unsigned n, uint64_t index)
{
	unsigned low = 0, high = n;

	while (high - low > 1) {
		unsigned middle = (low + high) / 2;

		if (start[middle] <= index)
			low = middle;
		else
			high = middle;
	}
	return low;
}

unsigned world_segment_of(const struct world *w, uint64_t customer)
{
	return find(w->customer_start, w->cities * WORLD_PROFILES, customer);
}

unsigned world_city_of(const struct world *w, uint64_t merchant)
{
	return find(w->merchant_start, w->cities, merchant);
}

unsigned world_local(const struct city *c, int64_t microseconds, bool *weekend)
{
	int64_t minutes = microseconds / 60000000 + c->utc_offset;
	int64_t day = minutes / 1440;

	if (minutes < 0) {
		day = 0; /* the first hours of 1970, west of Greenwich */
		minutes += 1440;
	}
	*weekend = (day + 4) % 7 == 0 || (day + 4) % 7 == 6; /* 1970-01-01 was a Thursday */
	return (unsigned)(minutes % 1440 / 60);
}

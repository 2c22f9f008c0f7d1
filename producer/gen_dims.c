#include "gen_dims.h"

#include "gen_emit.h"
#include "gen_shops.h"
#include "rfc3339.h"
#include "uuid.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const given_names[] = {
	"Ada", "Amir", "Anna", "Bruno", "Carla", "Chen", "Clara", "Dario", "Elif", "Emil", "Fatima",
	"Felix", "Grace", "Hana", "Hugo", "Ines", "Ivan", "Jihoon", "Julia", "Kenji", "Lara", "Leo",
	"Lucia", "Mateo", "Maya", "Mina", "Noah", "Nora", "Oscar", "Priya", "Rafael", "Rosa", "Samir",
	"Sofia", "Soyeon", "Theo", "Uma", "Victor", "Wei", "Yuki",
};

static const char *const family_names[] = {
	"Abe", "Almeida", "Bauer", "Becker", "Brown", "Castro", "Chang", "Cole", "Costa", "Dubois",
	"Fischer", "Garcia", "Gupta", "Hansen", "Hill", "Huang", "Ito", "Jones", "Kang", "Khan", "Kim",
	"Lambert", "Lee", "Lopez", "Martin", "Meyer", "Moreau", "Mueller", "Nair", "Novak", "Park", "Patel",
	"Reyes", "Rossi", "Sato", "Schmidt", "Silva", "Smith", "Tanaka", "Walker",
};

static const char *const domains[] = {"example.com", "example.net", "example.org"};

static const char *const first_words[] = {
	"Amber", "Blue", "Bright", "Cedar", "Copper", "Crystal", "East", "Golden", "Granite", "Green",
	"Harbor", "Hill", "Ivory", "Lake", "Maple", "Meadow", "North", "Oak", "Old", "Pearl", "Pine", "Red",
	"River", "Silver", "South", "Stone", "Summer", "Sunny", "Urban", "Valley", "West", "White",
};

static const char *const second_words[] = {
	"Anchor", "Arch", "Bear", "Bell", "Bridge", "Crane", "Crown", "Door", "Feather", "Fox", "Garden",
	"Gate", "Key", "Lantern", "Leaf", "Lion", "Mill", "Moon", "Owl", "Rose", "Sparrow", "Spring",
	"Star", "Wheel",
};

static const char *pick(struct random *r, const char *const *list, size_t n)
{
	return list[random_below(r, n)];
}

static void add_uuid(struct buf *to, const char *member, const uint8_t id[16])
{
	buf_add_text(to, member);
	uuid_write(buf_room(to, 36), id);
	to->n += 36;
}

static void add_degrees(struct buf *to, const char *member, int32_t degrees)
{
	int64_t size = degrees < 0 ? -(int64_t)degrees : degrees;

	buf_addf(to, "%s%s%d.%05d", member, degrees < 0 ? "-" : "", (int)(size / DEGREE), (int)(size % DEGREE));
}

/* Lower-case, as addresses are; unique by the customer's number. */
static void add_address(struct buf *to, struct random *r, const char *given, const char *family, uint64_t index)
{
	size_t start = to->n;

	buf_addf(to, "%s.%s.%llu@", given, family, (unsigned long long)index + 1);
	for (size_t i = start; i < to->n; i++)
		if (to->p[i] >= 'A' && to->p[i] <= 'Z')
			to->p[i] = (char)(to->p[i] + ('a' - 'A'));
	buf_add_text(to, pick(r, domains, COUNT(domains)));
}

void dims_customer(struct buf *to, const struct world *w, uint64_t index)
{
	const int64_t from = 1388534400, until = 1767225600; /* the years 2014 to 2025 */
	struct person p;
	struct random r;
	const char *given, *family;

	people_get(w, index, &p);
	world_stream(w, &r, STREAM_NAME, index, 0);
	given = pick(&r, given_names, COUNT(given_names));
	family = pick(&r, family_names, COUNT(family_names));
	add_uuid(to, "{\"customer_id\":\"", p.id);
	buf_addf(to, "\",\"customer_name\":\"%s %s\",\"customer_email\":\"", given, family);
	add_address(to, &r, given, family, index);
	buf_addf(to, "\",\"home_country\":\"%s\"", world_countries[people_country(&p)].code);
	add_degrees(to, ",\"home_latitude\":", p.latitude);
	add_degrees(to, ",\"home_longitude\":", p.longitude);
	buf_add_text(to, ",\"registered_at\":\"");
	rfc3339_write(to, (from + (int64_t)random_below(&r, (uint64_t)(until - from))) * 1000000);
	buf_add_text(to, "\"}\n");
}

void dims_merchant(struct buf *to, const struct world *w, uint64_t index)
{
	struct shop s;
	struct random r;

	shops_get(w, index, &s);
	world_stream(w, &r, STREAM_NAME, index, 1);
	add_uuid(to, "{\"merchant_id\":\"", s.id);
	buf_addf(to, "\",\"merchant_name\":\"%s ", pick(&r, first_words, COUNT(first_words)));
	buf_addf(to, "%s %s %llu\"", pick(&r, second_words, COUNT(second_words)), world_cities[s.city].name,
	         (unsigned long long)index + 1);
	buf_addf(to, ",\"merchant_category\":\"%s\",\"country\":\"%s\"", s.category->name,
	         world_countries[shops_country(&s)].code);
	add_degrees(to, ",\"latitude\":", s.latitude);
	add_degrees(to, ",\"longitude\":", s.longitude);
	buf_add_text(to, "}\n");
}

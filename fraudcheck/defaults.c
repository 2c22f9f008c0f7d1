#include "defaults.h"

#include "embed/fraudcheck/rules/seed.rules.h"
#include "embed/lib/currencies.ndjson.h"

struct span default_rules(void)
{
	return (struct span){seed_rules, sizeof seed_rules - 1};
}

struct span default_currencies(void)
{
	return (struct span){currencies_ndjson, sizeof currencies_ndjson - 1};
}

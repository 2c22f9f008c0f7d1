/* The texts that fraudcheck carries inside: the rules of the original, and the exchange rates of `txgen currencies`. */
#ifndef FRAUDCHECK_DEFAULTS_H
#define FRAUDCHECK_DEFAULTS_H

#include "span.h"

struct span default_rules(void);
struct span default_currencies(void);

#endif

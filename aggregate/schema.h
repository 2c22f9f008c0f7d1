/* The .yml files below models/: sources, properties of models, generic tests. Faults are told and counted in the
 * project. */
#ifndef AGGREGATE_SCHEMA_H
#define AGGREGATE_SCHEMA_H

#include "project.h"

/* The keys of the document, and its sources as nodes. */
void schema_sources(struct project *p, const struct yaml *document);

/* Entries of models: find their nodes. */
void schema_models(struct project *p, const struct yaml *document);

/* The tests of sources and models, once all of those are nodes. */
void schema_tests(struct project *p, const struct yaml *document);

#endif

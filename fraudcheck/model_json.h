/* A model file that is JSON, read by jansson. Each returns NULL or -1 after model_fail(). */
#ifndef FRAUDCHECK_MODEL_JSON_H
#define FRAUDCHECK_MODEL_JSON_H

#include <jansson.h>

#include "model_parts.h"

/* The whole text is to be one object, without names that occur twice. The caller's to json_decref(). */
json_t *model_json_load(struct model_reader *r);

/* What is there under that name; `where` is how messages call the object. */
json_t *model_json_member(struct model_reader *r, const json_t *object, const char *where, const char *name);
json_t *model_json_object(struct model_reader *r, const json_t *object, const char *where, const char *name);
json_t *model_json_array(struct model_reader *r, const json_t *object, const char *where, const char *name);
const char *model_json_text(struct model_reader *r, const json_t *object, const char *where, const char *name);

/* Names of the inputs: m->inputs strings, or none at all. */
int model_json_names(struct model_reader *r, const json_t *array, const char *where);

#endif

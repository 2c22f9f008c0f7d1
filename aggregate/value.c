#include "value.h"

#include <string.h>
#include <strings.h>

#include "parse.h"

enum value_kind value_kind_of(const char *word)
{
	double number;

	if (strcasecmp(word, "true") == 0 || strcasecmp(word, "false") == 0)
		return VALUE_BOOL;
	if (word[0] == '\0' || strcmp(word, "~") == 0 || strcasecmp(word, "null") == 0 || strcasecmp(word, "none") == 0)
		return VALUE_NULL;
	return parse_real(span_of(word), &number) == 0 ? VALUE_NUMBER : VALUE_TEXT;
}

#include "nearest.h"

#include <ctype.h>
#include <string.h>

enum { LONGEST = 96 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int lower(char c)
{
	return tolower((unsigned char)c);
}

size_t nearest_distance(const char *a, const char *b)
{
	size_t rows[3][LONGEST + 1];
	size_t n = strlen(a), m = strlen(b);

	if (n > LONGEST || m > LONGEST)
		return strcmp(a, b) == 0 ? 0 : n + m;
	for (size_t j = 0; j <= m; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;

			row[j] = least(least(above[j] + 1, row[j - 1] + 1), above[j - 1] + change);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
				row[j] = least(row[j], above2[j - 2] + 1);
		}
	}
	return rows[n % 3][m];
}

const char *nearest_word(const char *wrong, const char *const *words)
{
	const char *best = NULL;
	size_t best_distance = strlen(wrong) / 3 + 2; /* further away it is another word, not a slip */

	for (; *words != NULL; words++) {
		size_t distance = nearest_distance(wrong, *words);

		if (distance < best_distance) {
			best = *words;
			best_distance = distance;
		}
	}
	return best;
}

#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"

enum { MAX_DEPTH = 32, MAX_BYTES = 16 << 20 };

int files_is(const char *path, const char *ending)
{
	size_t n = strlen(path), m = strlen(ending);

	return n >= m && strcmp(path + n - m, ending) == 0;
}

int files_read(struct arena *arena, const char *path, struct span *text)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	char *bytes;

	if (f == NULL) {
		log_error("%s: %s", path, strerror(errno));
		return -1;
	}
	if (fstat(fileno(f), &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > MAX_BYTES) {
		log_error("%s: not a regular file of at most 16 MiB", path);
		fclose(f);
		return -1;
	}
	bytes = arena_alloc(arena, (size_t)st.st_size + 1);
	*text = (struct span){bytes, fread(bytes, 1, (size_t)st.st_size, f)};
	if (ferror(f)) {
		log_error("%s: cannot be read: %s", path, strerror(errno));
		fclose(f);
		return -1;
	}
	fclose(f);
	if (text->n >= 3 && memcmp(text->p, "\xef\xbb\xbf", 3) == 0) /* what editors of another system put in front */
		*text = (struct span){text->p + 3, text->n - 3};
	return 0;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int walk(struct arena *arena, const char *folder, const char *below, int depth, struct files *to)
{
	const char *full = arena_format(arena, "%s/%s", folder, below);
	struct dirent **entry;
	int count = scandir(full, &entry, visible, alphasort), status = 0;

	if (count < 0 && errno == ENOENT && depth == 0)
		return 0;
	if (count < 0 || depth > MAX_DEPTH) {
		log_error("%s: %s", full, count < 0 ? strerror(errno) : "folders nested too deeply");
		return -1;
	}
	for (int i = 0; i < count; i++) {
		const char *path = arena_format(arena, "%s/%s", below, entry[i]->d_name);
		struct stat st;

		if (status == 0 && stat(arena_format(arena, "%s/%s", folder, path), &st) == 0) {
			if (S_ISDIR(st.st_mode)) {
				status = walk(arena, folder, path, depth + 1, to);
			} else if (S_ISREG(st.st_mode)) {
				to->path = arena_more(arena, to->path, to->count, sizeof *to->path);
				to->path[to->count++] = path;
			}
		}
		free(entry[i]);
	}
	free(entry);
	return status;
}

int files_walk(struct arena *arena, const char *folder, const char *below, struct files *to)
{
	return walk(arena, folder, below, 0, to);
}

/* The entry of libFuzzer, which drive.c uses too. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

_Noreturn void fuzz_fail(struct span input, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("fuzz: ", stderr);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\ninput: %.*s\n", SPAN_ARG(input));
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *exact;

	if (size == 0)
		return 0;
	if ((exact = malloc(size)) == NULL)
		return 0;
	memcpy(exact, data, size);
	fuzz_one((struct span){exact, size});
	free(exact);
	return 0;
}

static void write_file(const char *folder, const char *name, size_t number, const char *text)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s-%zu", folder, name, number);
	if ((f = fopen(path, "w")) == NULL || fputs(text, f) == EOF || fclose(f) != 0) {
		perror(path);
		exit(2);
	}
}

/* FUZZ_SEEDS=DIR: only write the seeds and the words there, as files of a corpus. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *folder = getenv("FUZZ_SEEDS");

	(void)argc;
	(void)argv;
	if (folder == NULL)
		return 0;
	for (size_t i = 0; fuzz_seeds[i] != NULL; i++)
		write_file(folder, "seed", i, fuzz_seeds[i]);
	for (size_t i = 0; fuzz_words[i] != NULL; i++)
		write_file(folder, "word", i, fuzz_words[i]);
	exit(0);
}

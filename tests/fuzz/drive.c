/*
 * The portable driver: mutates the seeds for a time, in a child process; the input at hand lies in a shared mapping, so that whatever ends
 * the child (a signal, a sanitizer, ten seconds for one input) leaves it to be written to a file.
 *
 *     TARGET [-t SECONDS] [-s SEED] [-o FOLDER]     mutate; a fault is kept as FOLDER/crash-TARGET
 *     TARGET FILE...                                 run these inputs
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"
#include "random.h"

enum { INPUT_MAX = 1 << 14, INPUT_SECONDS = 10, POOL = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

struct shared {
	volatile uint64_t runs;
	volatile size_t size;
	char input[INPUT_MAX];
};

static struct random r;
static struct buf pool[POOL]; /* seeds, later also what became of them: mutations pile up */
static size_t pooled;

static size_t below(size_t n)
{
	return (size_t)random_below(&r, n);
}

/* --- mutating ----------------------------------------------------------------------------------------------------- */

static void insert(struct buf *b, size_t at, struct span text)
{
	if (text.n == 0 || b->n + text.n > INPUT_MAX)
		return;
	buf_room(b, text.n);
	memmove(b->p + at + text.n, b->p + at, b->n - at);
	memcpy(b->p + at, text.p, text.n);
	b->n += text.n;
}

static void cut(struct buf *b, size_t at, size_t n)
{
	memmove(b->p + at, b->p + at + n, b->n - at - n);
	b->n -= n;
}

static struct span piece_of(const struct buf *b)
{
	size_t at = below(b->n + 1);

	return (struct span){b->p + at, below((b->n - at < 64 ? b->n - at : 64) + 1)};
}

static void insert_word(struct buf *b)
{
	static const char bytes[] = "{}[]()\",:\\/ \t\n\r0123456789+-.eE#_\x01\x1f\x7f\x80\xbf\xc3\xe2\xed\xf0\xff";
	size_t words = 0;

	while (fuzz_words[words] != NULL)
		words++;
	if (words > 0 && below(3) > 0)
		insert(b, below(b->n + 1), span_of(fuzz_words[below(words)]));
	else
		insert(b, below(b->n + 1), (struct span){bytes + below(sizeof bytes), 1}); /* the NUL at the end too */
}

/* Numbers are where limits hide. */
static void change_number(struct buf *b)
{
	static const char *const numbers[] = {"0", "-0", "1", "-1", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
		"4294967296", "2147483648", "65536", "1e308", "1e309", "1e-400", "0.1", "99999999999999999999999999999999", "1e99999999999"};
	size_t at = below(b->n), end;

	while (at < b->n && (b->p[at] < '0' || b->p[at] > '9'))
		at++;
	for (end = at; end < b->n && b->p[end] >= '0' && b->p[end] <= '9';)
		end++;
	if (at == b->n)
		return;
	cut(b, at, end - at);
	insert(b, at, span_of(numbers[below(sizeof numbers / sizeof numbers[0])]));
}

static void mutate(struct buf *b)
{
	struct buf copy = {0};
	size_t at;

	for (size_t n = 1 + below(below(4) == 0 ? 8 : 2); n > 0; n--) {
		at = b->n > 0 ? below(b->n) : 0;
		switch (b->n == 0 ? 0 : below(9)) {
		case 0: insert_word(b); break;
		case 1: b->p[at] = (char)(b->p[at] ^ (char)(1 << below(8))); break;
		case 2: cut(b, at, 1 + below(b->n - at < 24 ? b->n - at : 24)); break;
		case 3: b->n = at; break;
		case 4: change_number(b); break;
		case 5: /* a piece of itself once more, or of another */
		case 6:
			buf_clear(&copy);
			buf_add_span(&copy, piece_of(below(2) == 0 ? b : &pool[below(pooled)]));
			insert(b, at, buf_span(&copy));
			break;
		case 7: b->p[at] = (char)below(256); break;
		default: insert_word(b); break;
		}
	}
	buf_free(&copy);
}

/* --- running ------------------------------------------------------------------------------------------------------ */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run_one(struct shared *s, struct span input)
{
	memcpy(s->input, input.p, input.n);
	s->size = input.n;
	s->runs++;
	alarm(INPUT_SECONDS);
	LLVMFuzzerTestOneInput((const uint8_t *)input.p, input.n);
}

static void run_all(struct shared *s, double seconds)
{
	double until = now() + seconds;
	struct buf b = {0};

	for (size_t i = 0; i < pooled; i++)
		run_one(s, buf_span(&pool[i]));
	while (now() < until) {
		for (int i = 0; i < 64; i++) {
			const struct buf *from = &pool[below(pooled)];

			buf_clear(&b);
			buf_add_span(&b, buf_span(from));
			mutate(&b);
			run_one(s, buf_span(&b));
			/* one in fifty stays, so that others begin with it; the seeds stay always */
			if (below(50) == 0) {
				size_t at = pooled < POOL ? pooled++ : POOL / 2 + below(POOL / 2);

				buf_clear(&pool[at]);
				buf_add_span(&pool[at], buf_span(&b));
			}
		}
	}
	alarm(0);
	buf_free(&b);
}

static int keep(const struct shared *s, const char *folder, const char *name, int status)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s/crash-%s", folder, name);
	f = fopen(path, "w");
	if (f == NULL || fwrite(s->input, 1, s->size, f) != s->size || fclose(f) != 0)
		perror(path);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		fprintf(stderr, "fuzz: %s: one input took more than %d s; it is %s\n", name, INPUT_SECONDS, path);
	else
		fprintf(stderr, "fuzz: %s: ended by %s %d; the input is %s\n", name, WIFSIGNALED(status) ? "signal" : "status",
		        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), path);
	return 1;
}

static int fuzz(const char *name, double seconds, uint64_t seed, const char *folder)
{
	struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	if (s == MAP_FAILED || (pid = fork()) < 0) {
		perror("fuzz");
		return 75;
	}
	if (pid == 0) {
		random_seed(&r, seed, 1);
		run_all(s, seconds);
		exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	printf("%-10s %9llu inputs, seed %llu\n", name, (unsigned long long)s->runs, (unsigned long long)seed);
	return status == 0 ? 0 : keep(s, folder, name, status);
}

static int replay(char **files)
{
	for (; *files != NULL; files++) {
		FILE *f = fopen(*files, "r");
		struct buf b = {0};
		size_t n;

		if (f == NULL) {
			perror(*files);
			return 2;
		}
		while ((n = fread(buf_room(&b, 4096), 1, 4096, f)) > 0)
			b.n += n;
		fclose(f);
		LLVMFuzzerTestOneInput((const uint8_t *)b.p, b.n);
		buf_free(&b);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/') != NULL ? strrchr(argv[0], '/') + 1 : argv[0], *folder = ".";
	uint64_t seed = (uint64_t)time(NULL);
	double seconds = 10;
	int option;

	LLVMFuzzerInitialize(&argc, &argv);
	while ((option = getopt(argc, argv, "t:s:o:")) != -1) {
		switch (option) {
		case 't': seconds = strtod(optarg, NULL); break;
		case 's': seed = strtoull(optarg, NULL, 10); break;
		case 'o': folder = optarg; break;
		default: return 2;
		}
	}
	if (optind < argc)
		return replay(argv + optind);
	for (; fuzz_seeds[pooled] != NULL && pooled < POOL / 2; pooled++)
		buf_add_text(&pool[pooled], fuzz_seeds[pooled]);
	return fuzz(name, seconds, seed, folder);
}

/*
 * Run a pipeline and tell what it cost: `measure -o FILE kconsume -e '|' fraudcheck '|' pgload`. An argument that is just | separates the
 * stages. One line per stage goes to FILE (appended, tab-separated):
 *
 *     stage  wall ms  user ms  system ms  peak kB  bytes written  status
 *
 * as the kernel counted them (a stage with its waited-for children; bytes are those of write(2), whatever they went to), and a line `all`:
 * wall time until the last stage ended, sums of the times (of orphans too: Spark's virtual machine outlives the Python that started it), and as peak what all processes of the pipeline, children included, had resident at once. That one
 * is sampled, so it can only be too low; the stages' own are exact.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <dirent.h>

enum { STAGES_MAX = 16, SAMPLE_MS = 200, ORPHANS_MS = 30000 };

struct stage {
	char **argv;
	pid_t pid;
	int status; /* of wait(2); -1 while it runs */
	double wall;
	struct rusage used;
	unsigned long long wrote;
};

static struct stage stages[STAGES_MAX];
static int count;
static double began;
static double orphan_user, orphan_sys;
static sigset_t ended; /* SIGCHLD */

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double ms(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static void die(const char *what)
{
	fprintf(stderr, "measure: error: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* --- starting ----------------------------------------------------------------------------------------------------- */

static void split(char **argv)
{
	stages[count++].argv = argv;
	for (; *argv != NULL; argv++) {
		if (strcmp(*argv, "|") != 0)
			continue;
		*argv = NULL;
		if (count == STAGES_MAX || argv[1] == NULL || stages[count - 1].argv == argv) {
			fprintf(stderr, "measure: error: an empty stage, or more than %d\n", STAGES_MAX);
			exit(2);
		}
		stages[count++].argv = argv + 1;
	}
}

static int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0666);

	if (fd < 0)
		die(path);
	return fd;
}

/* All stages share a process group, by which their children are found. */
static void start(int in, int out)
{
	for (int i = 0; i < count; i++) {
		int ends[2] = {-1, out};

		if (i + 1 < count && pipe2(ends, O_CLOEXEC) != 0)
			die("pipe");
		stages[i].status = -1;
		stages[i].pid = fork();
		if (stages[i].pid < 0)
			die("fork");
		if (stages[i].pid == 0) {
			sigprocmask(SIG_UNBLOCK, &ended, NULL);
			setpgid(0, i == 0 ? 0 : stages[0].pid);
			dup2(in, STDIN_FILENO);
			dup2(ends[1], STDOUT_FILENO);
			execvp(stages[i].argv[0], stages[i].argv);
			fprintf(stderr, "measure: error: %s: %s\n", stages[i].argv[0], strerror(errno));
			_exit(127);
		}
		setpgid(stages[i].pid, stages[0].pid);
		close(in);
		close(ends[1]);
		in = ends[0];
	}
}

/* --- looking ------------------------------------------------------------------------------------------------------ */

/* Resident kB of a process of our group, 0 for any other. */
static unsigned long resident(const char *pid)
{
	char path[64], text[1024], *at;
	unsigned long pages = 0;
	long group = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	/* pid (name) state ppid pgrp …; the name may hold anything, the 22nd field behind it is rss */
	if (fgets(text, sizeof text, f) != NULL && (at = strrchr(text, ')')) != NULL &&
	    sscanf(at + 1, " %*c %*d %ld %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %*u %*u %lu", &group, &pages) < 2)
		pages = 0;
	fclose(f);
	return group == stages[0].pid ? pages * (unsigned long)(sysconf(_SC_PAGESIZE) / 1024) : 0;
}

static unsigned long resident_together(void)
{
	DIR *proc = opendir("/proc");
	const struct dirent *e;
	unsigned long sum = 0;

	while (proc != NULL && (e = readdir(proc)) != NULL)
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			sum += resident(e->d_name);
	if (proc != NULL)
		closedir(proc);
	return sum;
}

/* One line of the curve: seconds, then the kB of each stage. */
static void draw(FILE *curve)
{
	char pid[24];

	fprintf(curve, "%.0f", (now_ms() - began) / 1e3);
	for (int i = 0; i < count; i++) {
		snprintf(pid, sizeof pid, "%ld", (long)stages[i].pid);
		fprintf(curve, "\t%lu", stages[i].status < 0 ? resident(pid) : 0);
	}
	fputc('\n', curve);
	fflush(curve);
}

static unsigned long long bytes_written(pid_t pid)
{
	char path[64], line[128];
	unsigned long long bytes = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%ld/io", (long)pid);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	while (fgets(line, sizeof line, f) != NULL)
		sscanf(line, "wchar: %llu", &bytes);
	fclose(f);
	return bytes;
}

/* The next one that has ended; what only an unreaped process tells is read first. 1 for a stage, -1 for an orphan, 0 for nobody. */
static int reap(void)
{
	struct rusage used;
	siginfo_t info = {0};

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
		return 0;
	for (int i = 0; i < count; i++)
		if (stages[i].pid == info.si_pid) {
			stages[i].wrote = bytes_written(info.si_pid);
			stages[i].wall = now_ms() - began;
			wait4(info.si_pid, &stages[i].status, 0, &stages[i].used);
			return 1;
		}
	if (wait4(info.si_pid, NULL, 0, &used) > 0) {
		orphan_user += ms(used.ru_utime);
		orphan_sys += ms(used.ru_stime);
	}
	return -1;
}

static unsigned long watch(FILE *curve, double every)
{
	struct timespec pause = {.tv_nsec = SAMPLE_MS * 1000000L};
	unsigned long peak = 0;
	double next = 0;
	int left = count;

	while (left > 0) {
		unsigned long sum = resident_together();

		peak = sum > peak ? sum : peak;
		if (curve != NULL && now_ms() - began >= next) {
			draw(curve);
			next += every * 1e3;
		}
		sigtimedwait(&ended, NULL, &pause);
		for (int n; (n = reap()) != 0;)
			left -= n > 0;
	}
	return peak;
}

/* Whom the stages left behind. */
static void wait_for_orphans(void)
{
	struct timespec pause = {.tv_nsec = 10000000};
	double until = now_ms() + ORPHANS_MS;
	siginfo_t info;

	/* waitid() fails once there is nobody left */
	while (now_ms() < until && waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		if (reap() == 0)
			nanosleep(&pause, NULL);
}

/* --- telling ------------------------------------------------------------------------------------------------------ */

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int tell(FILE *to, double wall, unsigned long peak)
{
	double user = orphan_user, sys = orphan_sys;
	int worst = 0;

	for (int i = 0; i < count; i++) {
		const struct stage *s = &stages[i];
		const char *name = strrchr(s->argv[0], '/');

		fprintf(to, "%s\t%.1f\t%.1f\t%.1f\t%ld\t%llu\t%d\n", name != NULL ? name + 1 : s->argv[0], s->wall, ms(s->used.ru_utime),
		        ms(s->used.ru_stime), s->used.ru_maxrss, s->wrote, exit_status(s->status));
		user += ms(s->used.ru_utime);
		sys += ms(s->used.ru_stime);
		if (worst == 0)
			worst = exit_status(s->status);
	}
	fprintf(to, "all\t%.1f\t%.1f\t%.1f\t%lu\t0\t%d\n", wall, user, sys, peak, worst);
	return fclose(to) != 0 ? 2 : worst;
}

static void usage(FILE *to)
{
	fputs("usage: measure -o FILE [-i INPUT] [-O OUTPUT] [-c CURVE -s SECONDS] [-p PIDS] COMMAND ARG... ['|' COMMAND ARG...]...\n"
	      "  -i, -O  stdin of the first stage, stdout of the last (/dev/null)\n"
	      "  -c, -s  every SECONDS, append a line to CURVE: seconds since the start, resident kB of each stage\n"
	      "  -p      write the stages' process ids there once they run\n"
	      "Exit status: the first one of a stage that is not 0.\n", to);
}

int main(int argc, char **argv)
{
	const char *result = NULL, *input = "/dev/null", *output = "/dev/null", *curve_name = NULL, *pids = NULL;
	double every = 10, wall;
	FILE *to, *curve = NULL;
	unsigned long peak;
	int option;

	while ((option = getopt(argc, argv, "+o:i:O:c:s:p:h")) != -1) {
		switch (option) {
		case 'o': result = optarg; break;
		case 'i': input = optarg; break;
		case 'O': output = optarg; break;
		case 'c': curve_name = optarg; break;
		case 's': every = strtod(optarg, NULL); break;
		case 'p': pids = optarg; break;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return 2;
		}
	}
	if (result == NULL || optind == argc || every <= 0) {
		usage(stderr);
		return 2;
	}
	split(argv + optind);
	if ((to = fopen(result, "ae")) == NULL || (curve_name != NULL && (curve = fopen(curve_name, "ae")) == NULL))
		die(result);
	/* blocked, so that none is lost between the look and the wait */
	sigemptyset(&ended);
	sigaddset(&ended, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ended, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	began = now_ms();
	start(open_or_die(input, O_RDONLY), open_or_die(output, O_WRONLY | O_CREAT | O_TRUNC));
	if (pids != NULL) {
		FILE *f = fopen(pids, "we");

		for (int i = 0; f != NULL && i < count; i++)
			fprintf(f, "%ld\n", (long)stages[i].pid);
		if (f == NULL || fclose(f) != 0)
			die(pids);
	}
	peak = watch(curve, every);
	if (curve != NULL && fclose(curve) != 0)
		die(curve_name);
	wall = now_ms() - began;
	wait_for_orphans();
	return tell(to, wall, peak);
}

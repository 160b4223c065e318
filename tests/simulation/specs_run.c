/* tests/simulation/specs_run.c: plays many lives, and prints those that fail, with the shortest scenario of each. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "kube/api/yaml.h"
#include "tests/simulation/shrink.h"
#include "tests/simulation/specs.h"

#define SHRUNK_MAX 2 /* lives that are shortened in one run */
#define SHRINK_TRIES 2000
#define PROCESSES_MAX 64

/* The state of a child process, for its parent. */
struct progress {
	uint64_t seed; /* that is played; 0: none */
	unsigned failed;
};

/* A document as a file: one line a part. */
static void
specs_print_document(const json_t *doc)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const char *const lists[] = { "given", "when", "expect" };

	printf("story: %s\nrollout: %s\n", json_str(doc, "story"), json_str(doc, "rollout"));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		json_t *one;
		size_t k;

		printf("%s:%s\n", lists[i], json_array_size(json_object_get(doc, lists[i])) == 0 ? " []" : "");
		json_array_foreach (json_object_get(doc, lists[i]), k, one)
			printf("- %s\n", json_text(a, one));
	}
}

void
specs_print(uint64_t seed)
{
	_cleanup_(json_decrefp) json_t *doc = spec_life(seed);

	specs_print_document(doc);
}

bool
specs_shrink(uint64_t seed)
{
	_cleanup_(json_decrefp) json_t *doc = spec_life(seed), *least = NULL;
	char text[FAILURE_MAX];

	if (!life_fails(doc, text)) {
		printf("ok life %" PRIu64 " does not fail\n", seed);
		return false;
	}
	least = shrink(doc, text, SHRINK_TRIES);
	life_fails(least, text);
	printf("# %s\n", text);
	specs_print_document(least);
	fflush(stdout);
	return true;
}

bool
specs_play(uint64_t seed)
{
	_cleanup_(json_decrefp) json_t *doc = spec_life(seed);
	char wrong[FAILURE_MAX];

	if (scenario_judge(doc, true, wrong, sizeof(wrong))) {
		printf("ok life %" PRIu64 "\n", seed);
		return true;
	}
	printf("not ok life %" PRIu64 " (%s): %s\n", seed, spec_families[spec_family(seed)], wrong);
	return false;
}

static void
specs_report(uint64_t seed, const char *wrong)
{
	printf("not ok life %" PRIu64 " (%s): %s\n  replay: build/simulation --spec %" PRIu64
	       "   shorten: build/simulation --shrink %" PRIu64 "\n",
	    seed, spec_families[spec_family(seed)], wrong, seed, seed);
	fflush(stdout);
}

static void
specs_play_some(uint64_t first, uint64_t end, uint64_t step, struct progress *p)
{
	char wrong[FAILURE_MAX];

	for (p->seed = first; p->seed < end; p->seed += step) {
		_cleanup_(json_decrefp) json_t *doc = spec_life(p->seed);

		life_limit(LIFE_SECONDS);
		if (!scenario_judge(doc, false, wrong, sizeof(wrong))) {
			specs_report(p->seed, wrong);
			if (p->failed++ < SHRUNK_MAX) {
				life_limit(0);
				specs_shrink(p->seed);
			}
		}
	}
	p->seed = 0;
}

/* Plays every `step`-th life in a child process. A life that crashes is reported, and the next child continues after
 * it. */
static void
specs_run_some(uint64_t first, uint64_t end, uint64_t step, struct progress *p)
{
	int status;
	pid_t child;

	while (first < end) {
		fflush(stdout);
		if ((child = fork()) == 0) {
			specs_play_some(first, end, step, p);
			fflush(stdout);
			_exit(0);
		}
		waitpid(child, &status, 0);
		if (p->seed == 0)
			return;
		specs_report(p->seed, WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF ? "the life does not end"
				      : WIFSIGNALED(status)				 ? strsignal(WTERMSIG(status))
											 : "the process ended");
		if (p->failed++ < SHRUNK_MAX)
			specs_shrink(p->seed);
		first = p->seed + step;
	}
}

bool
specs_run(uint64_t first, uint64_t n)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t parts = processors < 2 || n < 2      ? 1
			 : processors < PROCESSES_MAX ? (uint64_t)processors
						      : PROCESSES_MAX;
	struct progress *all =
	    mmap(NULL, PROCESSES_MAX * sizeof(*all), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned failed = 0;

	if (all == MAP_FAILED) {
		perror("memory shared with child processes");
		return false;
	}
	fflush(stdout);
	for (uint64_t i = 0; i < parts; i++)
		if (fork() == 0) {
			specs_run_some(first + i, first + n, parts, &all[i]);
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	for (uint64_t i = 0; i < parts; i++)
		failed += all[i].failed;
	munmap(all, PROCESSES_MAX * sizeof(*all));
	if (failed == 0)
		printf("ok %" PRIu64 " random specs\n", n);
	return failed == 0;
}

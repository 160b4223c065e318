/* tests/bench/bench.h: declarations that the counting programs share. */
#pragma once
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "io/child_process.h"
#include "io/file.h"
#include "tests/simulation/cluster.h"

/* Returns the counts of a .want file, without the lines that give their reasons, in the arena; "" if there is no
 * such file. */
static inline const char *
bench_want(struct arena *a, const char *file)
{
	struct bytes text = { "", 0 };

	file_read(a, file, 1u << 16, &text);
	while (text.at[0] == '#')
		text.at += strcspn(text.at, "\n") + 1;
	return text.at;
}

/* Brings a canary with a background analysis to its first pause, and lets it stand there. */
static inline bool
bench_pause_canary(struct cluster *c)
{
	bool ok;

	c->metric = 0.01;
	cluster_apply(c, "tests/data/traces/analysis.yaml");
	ok = cluster_wait(c, "Healthy", 4, 60000);
	cluster_set_image(c, "myregistry/myapp:v2");
	cluster_run(c, 100);
	ok &= cluster_wait(c, "Paused", 1, 60000);
	cluster_run(c, 20000);
	return ok;
}

static inline void
bench_stop(void *arg, int status)
{
	(void)status;
	loop_stop(arg);
}

/* The instructions of a function when this program runs with `--count WHAT`, as valgrind counts them; -1 when it
 * does not. */
static inline int64_t
bench_instructions(const char *self, const char *function, const char *what)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *argv[] = { "valgrind", "--tool=callgrind", arena_printf(a, "--toggle-collect=%s", function),
		"--callgrind-out-file=/dev/null", self, "--count", what, NULL };
	char log[] = "/tmp/sluice-bench-XXXXXX";
	struct loop *l = loop_ev_new();
	struct bytes text = { "", 0 };
	struct child *child;
	const char *at;

	close(mkstemp(log));
	child = child_serve(l, argv, log, bench_stop, l);
	if (child != NULL)
		loop_run(l);
	child_kill(child);
	file_read(a, log, 1u << 20, &text);
	unlink(log);
	loop_free(l);
	at = strstr(text.at, "Collected : ");
	return at != NULL ? strtoll(at + strlen("Collected : "), NULL, 10) : -1;
}

/* Within a tenth of what is wanted. Another machine has other instructions, and says nothing. */
static inline bool
bench_is_near(int64_t count, int64_t wanted)
{
#ifdef __x86_64__
	return count > wanted * 9 / 10 && count < wanted * 11 / 10;
#else
	(void)count;
	(void)wanted;
	return true;
#endif
}

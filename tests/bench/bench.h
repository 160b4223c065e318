/* tests/bench/bench.h: what the counting programs share. */
#pragma once
#include <string.h>
#include "base/file.h"
#include "tests/simulation/cluster.h"

/* The counts that are kept in a file, behind the lines that say why they are as they are; "" when there is none. In the arena. */
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

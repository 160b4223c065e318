/* tests/simulation/metrics_test.c: thousands of Rollouts are created and deleted, and the exposition stays small. */
#include <stdio.h>
#include "kube/api/rollout.h"
#include "tests/simulation/cluster.h"
#include "web/metrics.h"

#define LIVES 20000
#define LIFE_MS 1000

static size_t
length(struct metrics *m, int64_t now)
{
	struct str text;
	size_t n;

	str_init(&text, 64u << 20);
	metrics_text(m, &(struct metrics_moment){ .now = now }, &text);
	n = text.len;
	str_done(&text);
	return n;
}

bool
metrics_run(void)
{
	struct metrics *m = metrics_new("test", "cluster", false);
	size_t one = 0, most = 0, end;
	int64_t now = 1;

	for (int i = 0; i < LIVES; i++, now += LIFE_MS) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		struct rollout r = { .object = { .type = &rollout_type,
					 .meta = { .namespace = "default", .name = arena_printf(a, "ro-%d", i) } } };
		struct plan_step event = { .about = &r.object, .reason = "RolloutUpdated" };

		metrics_changed(m, &r.object, false, now);
		metrics_passed(m, "rollout", "default", r.object.meta.name, 1, false, now);
		metrics_on_event(m, &event, now);
		metrics_changed(m, &r.object, true, now);
		/* A late pass or event of what is gone brings nothing back. */
		metrics_on_event(m, &event, now);
		if (i == 0)
			one = length(m, now);
		if (i % 1000 == 999 && length(m, now) > most)
			most = length(m, now);
	}
	end = length(m, now + 2 * METRICS_GONE_MS);
	metrics_free(m);
	if (most < 100 * one && end < one && end > 0) {
		printf("ok metrics stay few, however many rollouts come and go\n");
		return true;
	}
	printf("not ok metrics: %zu bytes with one rollout, %zu at most, %zu when all are gone\n", one, most, end);
	return false;
}

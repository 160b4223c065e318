/* cli/cmd_debug.c: debug replica-counts: the rules' arithmetic, by hand: one question a line, one answer a line. */
#include <stdio.h>
#include "cli/cli.h"
#include "cli/lines.h"
#include "rollout/counts.h"

static int replica_counts_run(struct cli *);

const struct command cmd_debug_replica_counts = {
	.name = "debug replica-counts",
	.args = "--lines",
	.summary = "pods of the new and the stable version, for the rollouts on standard input",
	.flags = "lines",
	.run = replica_counts_run,
};

static struct pod_counts
pods(const json_t *j)
{
	return (struct pod_counts){ json_int(j, "specReplicas", 0), json_int(j, "replicas", 0),
		json_int(j, "availableReplicas", 0) };
}

static void
replica_counts_line(struct cli *c, const json_t *j)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct problems problems = { .arena = a };
	struct canary_strategy *canary = arena_alloc(a, sizeof(*canary));
	const json_t *stable = json_object_get(j, "stable"), *weights = json_object_get(j, "weights");
	struct pod_counts stable_counts = pods(stable);
	struct counts_question q = { .canary = canary,
		.replicas = json_int(j, "replicas", 1),
		.index = json_int(j, "currentStepIndex", 0),
		.aborted = json_is_true(json_object_get(j, "abort")),
		.promote_full = json_is_true(json_object_get(j, "promoteFull")),
		.new_rs = pods(json_object_get(j, "new")),
		.stable = json_is_object(stable) ? &stable_counts : NULL,
		.has_weights = json_is_object(weights),
		.canary_weight = json_int(weights, "canary", 0),
		.stable_weight = json_int(weights, "stable", 0) };
	struct counts_answer answer;
	json_t *older, *out;
	size_t i;

	(void)c;
	decode(&canary_strategy_type, json_object_get(j, "canary"), "canary", &problems, canary);
	canary_finish(canary, json_object_get(j, "canary"), a);
	if (problems.n > 0) {
		printf("error: %s: %s\n", problems.at[0].path, problems.at[0].text);
		return;
	}
	json_array_foreach (json_object_get(j, "older"), i, older) {
		struct pod_counts p = pods(older);

		q.older.spec += p.spec;
		q.older.replicas += p.replicas;
		q.older.available += p.available;
	}
	counts_wanted(&q, &answer);
	out = json_pack("{s:b,s:I,s:I,s:I}", "atDesiredCounts", answer.at_desired, "new", (json_int_t)answer.new_rs,
	    "setWeight", (json_int_t)answer.set_weight, "stable", (json_int_t)answer.stable);
	puts(json_text(a, out));
	json_decref(out);
}

static int
replica_counts_run(struct cli *c)
{
	if (cli_flag(c, "lines") == NULL)
		return cli_fail(c, "usage: sluice debug replica-counts --lines <FILE; each line has replicas, canary, "
				   "currentStepIndex, abort, promoteFull, weights, new, stable and older");
	return each_line(c, replica_counts_line);
}

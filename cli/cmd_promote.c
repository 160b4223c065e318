/* cli/cmd_promote.c: promote NAME: past the pause, or to the end. */
#include <stdio.h>
#include "cli/cli.h"
#include "kube/api/rollout.h"
#include "base/str.h"

static int promote_run(struct cli *);

const struct command cmd_promote = {
	.name = "promote",
	.args = "NAME",
	.group = GROUP_DELIVER,
	.summary = "End the pause of a Rollout, or skip a step",
	.example = "promote web|promote web --full",
	.completes = "rollouts",
	.flags =
	    (const struct flag[]){
		{ .name = "full", .text = "Skip all steps, pauses and analyses" },
		{ .name = "skip-current-step", .letter = 'c', .text = "Skip the current step" },
		{ .name = "skip-all-steps", .letter = 'a', .text = "Skip all remaining steps" },
		{ 0 },
	    },
	.run = promote_run,
};

/* What the patches are is an agreement with every controller of this API (rollouts-semantics, client patches). */
static json_t *
status_patch(struct cli *c, const struct rollout *r)
{
	int64_t n = r->spec.strategy.canary != NULL ? (int64_t)r->spec.strategy.canary->steps.n : 0;
	int64_t i = r->status.current_step_index.set ? r->status.current_step_index.is : 0;

	if (cli_on(c, "skip-all-steps"))
		return json_pack("{s:{s:I}}", "status", "currentStepIndex", (json_int_t)n);
	if (cli_on(c, "skip-current-step"))
		return json_pack("{s:{s:I}}", "status", "currentStepIndex", (json_int_t)(i < n ? i + 1 : n));
	if (cli_on(c, "full"))
		return str_eq(r->status.current_pod_hash, r->status.stable_rs)
			   ? NULL
			   : json_pack("{s:{s:b}}", "status", "promoteFull", 1);
	/* An analysis that could not decide: this person does. */
	if (r->status.pause_conditions.n > 0 && r->status.controller_pause && i < n &&
	    r->status.canary.step_analysis != NULL && str_eq(r->status.canary.step_analysis->status, "Inconclusive"))
		return json_pack("{s:{s:n,s:b,s:I}}", "status", "pauseConditions", "controllerPause", 0,
		    "currentStepIndex", (json_int_t)(i + 1));
	if (r->status.pause_conditions.n > 0)
		return json_pack("{s:{s:n}}", "status", "pauseConditions");
	if (n > 0 && i < n)
		return json_pack("{s:{s:n,s:I}}", "status", "pauseConditions", "currentStepIndex", (json_int_t)(i + 1));
	return NULL;
}

static int
promote_run(struct cli *c)
{
	_cleanup_(json_decrefp) json_t *j = NULL;
	const struct rollout *r;
	struct err *e = NULL;
	json_t *patch;

	bool skips = cli_on(c, "skip-current-step") || cli_on(c, "skip-all-steps");

	if (cli_name(c, "rollout") == NULL)
		return 1;
	if (cli_on(c, "full") + cli_on(c, "skip-current-step") + cli_on(c, "skip-all-steps") > 1)
		return cli_fail(c, "only one of --full, --skip-current-step and --skip-all-steps can be meant");
	if (cli_connect(c) != 0 || (j = cli_get_rollout(c, c->args[0])) == NULL)
		return 1;
	r = (const struct rollout *)object_decode(&rollout_type, j, c->arena);
	if (skips && (r->spec.strategy.canary == NULL || r->spec.strategy.canary->steps.n == 0))
		return cli_fail(c, "rollout '%s' has no steps to skip", c->args[0]);
	patch = status_patch(c, r);
	if (patch == NULL && !r->spec.paused) {
		printf("rollout '%s' has nothing to promote: it is %s\n", c->args[0],
		    r->status.phase != NULL ? r->status.phase : "new");
		return 0;
	}
	if (patch != NULL)
		e = cli_patch_rollout(c, c->args[0], true, patch);
	if (e == NULL && r->spec.paused)
		e = cli_patch_rollout(c, c->args[0], false, json_pack("{s:{s:b}}", "spec", "paused", 0));
	if (e != NULL)
		return cli_error(c, e);
	printf("rollout '%s' %s\n", c->args[0], cli_on(c, "full") ? "fully promoted" : "promoted");
	return 0;
}

/* cli/cmd_abort.c: abort NAME..., and retry rollout NAME..., its opposite. */
#include "cli/cli.h"

static int abort_run(struct cli *);
static int retry_run(struct cli *);

const struct command cmd_abort = {
	.name = "abort",
	.args = "NAME...",
	.group = GROUP_DELIVER,
	.summary = "Return all traffic to the stable version",
	.example = "abort web|abort web api",
	.completes = "rollouts",
	.run = abort_run,
};

const struct command cmd_retry_rollout = {
	.name = "retry rollout",
	.aliases = "retry ro",
	.args = "NAME...",
	.group = GROUP_DELIVER,
	.summary = "Start an aborted update again, at its first step",
	.example = "retry rollout web",
	.completes = "rollouts",
	.run = retry_run,
};

static int
abort_run(struct cli *c)
{
	return cli_act_each(c, action_abort, "aborted");
}

static int
retry_run(struct cli *c)
{
	return cli_act_each(c, action_retry, "retried");
}

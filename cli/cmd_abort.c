/* cli/cmd_abort.c: abort NAME..., and retry rollout NAME..., its opposite. */
#include <stdio.h>
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
set_abort(struct cli *c, bool abort, const char *done)
{
	struct err *e;

	if (cli_names(c, "rollout") != 0 || cli_connect(c) != 0)
		return 1;
	for (size_t i = 0; i < c->n_args; i++) {
		e = cli_patch_rollout(c, c->args[i], true, json_pack("{s:{s:b}}", "status", "abort", abort));
		if (e != NULL)
			return cli_error(c, e);
		printf("rollout '%s' %s\n", c->args[i], done);
	}
	return 0;
}

static int
abort_run(struct cli *c)
{
	return set_abort(c, true, "aborted");
}

static int
retry_run(struct cli *c)
{
	return set_abort(c, false, "retried");
}

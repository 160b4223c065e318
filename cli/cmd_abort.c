/* cli/cmd_abort.c: abort NAME, and retry rollout NAME, its opposite. */
#include <stdio.h>
#include "cli/cli.h"

static int abort_run(struct cli *);
static int retry_run(struct cli *);

const struct command cmd_abort = {
	.name = "abort",
	.args = "NAME",
	.summary = "gives an update up: all traffic back to the stable version",
	.completes = "rollouts",
	.run = abort_run,
};

const struct command cmd_retry_rollout = {
	.name = "retry rollout",
	.also = "retry ro",
	.args = "NAME",
	.summary = "starts an aborted update again, from its first step",
	.completes = "rollouts",
	.run = retry_run,
};

static int
set_abort(struct cli *c, bool abort, const char *done)
{
	struct err *e;

	if (cli_name(c, "rollout") == NULL)
		return 1;
	if (cli_connect(c) != 0)
		return 1;
	e = cli_patch_rollout(c, c->args[0], true, json_pack("{s:{s:b}}", "status", "abort", abort));
	if (e != NULL)
		return cli_error(c, e);
	printf("rollout '%s' %s\n", c->args[0], done);
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

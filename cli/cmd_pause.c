/* cli/cmd_pause.c: pause, restart, terminate: patches that the controller acts upon (rollouts-semantics, client patches). */
#include <stdio.h>
#include "base/time.h"
#include "cli/cli.h"
#include "kube/api/analysis.h"
#include "kube/api/experiment.h"
#include "kube/client.h"

static int pause_run(struct cli *);
static int restart_run(struct cli *);
static int terminate_run(struct cli *);
static int terminate_experiment(struct cli *);
static int retry_experiment(struct cli *);

const struct command cmd_pause = {
	.name = "pause",
	.args = "NAME",
	.summary = "stops a rollout's steps until it is promoted",
	.completes = "rollouts",
	.flags = "",
	.run = pause_run,
};

const struct command cmd_restart = {
	.name = "restart",
	.args = "NAME",
	.summary = "replaces a rollout's pods, as many at once as may be missing",
	.completes = "rollouts",
	.flags = "in",
	.run = restart_run,
};

const struct command cmd_terminate_analysisrun = {
	.name = "terminate analysisrun",
	.also = "terminate ar|terminate analysisruns",
	.args = "NAME",
	.summary = "ends a run; what it has measured so far decides",
	.completes = "analysisruns",
	.flags = "",
	.run = terminate_run,
};

const struct command cmd_terminate_experiment = {
	.name = "terminate experiment",
	.also = "terminate exp",
	.args = "NAME",
	.summary = "ends an experiment; what its analyses have found so far decides",
	.completes = "experiments",
	.flags = "",
	.run = terminate_experiment,
};

const struct command cmd_retry_experiment = {
	.name = "retry experiment",
	.also = "retry exp",
	.args = "NAME",
	.summary = "starts an experiment again, from the beginning",
	.completes = "experiments",
	.flags = "",
	.run = retry_experiment,
};

/* Patches the rollout's spec; `spec` is consumed. */
static int
patch_spec(struct cli *c, json_t *spec, const char *done)
{
	const char *name = cli_name(c, "rollout");
	struct err *e;

	if (name == NULL || cli_connect(c) != 0) {
		json_decref(spec);
		return 1;
	}
	if ((e = cli_patch_rollout(c, name, false, json_pack("{s:o}", "spec", spec))) != NULL)
		return cli_error(c, e);
	printf("rollout '%s' %s\n", name, done);
	return 0;
}

static int
pause_run(struct cli *c)
{
	return patch_spec(c, json_pack("{s:b}", "paused", 1), "paused");
}

static int
restart_run(struct cli *c)
{
	const char *in = cli_flag(c, "in"), *at;
	int64_t ms = 0;

	if (in != NULL && (!duration_parse(in, &ms) || ms < 0))
		return cli_fail(c, "--in: \"%s\" is not a duration such as 10m", in);
	at = time_format(c->arena, time_add(loop_wall(c->loop), ms));
	return patch_spec(c, json_pack("{s:s}", "restartAt", at),
	    in != NULL ? arena_printf(c->arena, "restarts its pods at %s", at) : "restarts its pods");
}

/* Patches the object that the argument names; the patch is consumed. */
static int
patch_named(struct cli *c, const struct type *type, json_t *patch, const char *what, const char *done)
{
	const char *name = cli_name(c, what);
	struct err *e;

	if (name == NULL || cli_connect(c) != 0) {
		json_decref(patch);
		return 1;
	}
	e = cli_call(c, "PATCH", client_path(c->arena, type, c->namespace, name, NULL), PATCH_MERGE, patch, NULL);
	if (e != NULL)
		return cli_error(c, e);
	printf("%s '%s' %s\n", what, name, done);
	return 0;
}

static int
terminate_run(struct cli *c)
{
	return patch_named(
	    c, &analysis_run_type, json_pack("{s:{s:b}}", "spec", "terminate", 1), "analysisrun", "terminated");
}

static int
terminate_experiment(struct cli *c)
{
	return patch_named(
	    c, &experiment_type, json_pack("{s:{s:b}}", "spec", "terminate", 1), "experiment", "terminated");
}

static int
retry_experiment(struct cli *c)
{
	return patch_named(c, &experiment_type, json_pack("{s:n}", "status"), "experiment", "retried");
}

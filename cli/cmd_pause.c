/* cli/cmd_pause.c: commands that each set one field of a Rollout, AnalysisRun or Experiment: pause, restart, terminate,
 * and retries of Experiments. */
#include <stdio.h>
#include "analysis/condition/go_time.h"
#include "base/time.h"
#include "cli/cli.h"
#include "kube/api/analysis.h"
#include "kube/api/experiment.h"
#include "kube/client.h"

static int pause_run(struct cli *);
static int restart_run(struct cli *);
static int terminate_analysisrun_run(struct cli *);
static int terminate_experiment_run(struct cli *);
static int retry_experiment_run(struct cli *);

const struct command cmd_pause = {
	.name = "pause",
	.args = "NAME...",
	.group = GROUP_DELIVER,
	.summary = "Pause a Rollout until it is promoted",
	.example = "pause web",
	.completes = "rollouts",
	.run = pause_run,
};

const struct command cmd_restart = {
	.name = "restart",
	.args = "NAME...",
	.group = GROUP_DELIVER,
	.summary = "Restart the pods of a Rollout gradually",
	.example = "restart web|restart web --in 10m",
	.completes = "rollouts",
	.flags =
	    (const struct flag[]){
		{ .name = "in", .letter = 'i', .value = "DURATION", .text = "Restart after this time instead of now" },
		{ 0 },
	    },
	.run = restart_run,
};

const struct command cmd_terminate_analysisrun = {
	.name = "terminate analysisrun",
	.aliases = "terminate ar|terminate analysisruns",
	.args = "NAME...",
	.group = GROUP_DELIVER,
	.summary = "End an AnalysisRun with its result so far",
	.example = "terminate analysisrun web-7d5f-2",
	.completes = "analysisruns",
	.run = terminate_analysisrun_run,
};

const struct command cmd_terminate_experiment = {
	.name = "terminate experiment",
	.aliases = "terminate exp",
	.args = "NAME...",
	.group = GROUP_DELIVER,
	.summary = "End an Experiment with its result so far",
	.example = "terminate experiment web-7d5f-2",
	.completes = "experiments",
	.run = terminate_experiment_run,
};

const struct command cmd_retry_experiment = {
	.name = "retry experiment",
	.aliases = "retry exp",
	.args = "NAME...",
	.group = GROUP_DELIVER,
	.summary = "Retry an Experiment from the beginning",
	.example = "retry experiment web-7d5f-2",
	.completes = "experiments",
	.run = retry_experiment_run,
};

static int
pause_run(struct cli *c)
{
	return cli_act_each(c, action_pause, "paused");
}

static int
restart_run(struct cli *c)
{
	const char *in = cli_flag(c, "in"), *at;
	int64_t ms = 0;
	struct err *e;

	if (in != NULL && (!duration_parse(in, &ms) || ms < 0))
		return cli_fail(c, "--in: \"%s\" is not a duration such as 10m", in);
	if (cli_names(c, "rollout") != 0 || cli_connect(c) != 0)
		return 1;
	at = time_format(c->arena, time_add(loop_wall(c->loop), ms));
	for (size_t i = 0; i < c->n_args; i++) {
		_cleanup_(action_done) struct action action = { 0 };

		action_restart(c->args[i], at, &action);
		if ((e = cli_act(c, &action)) != NULL)
			return cli_error(c, e);
		printf("rollout '%s' restarts in %s\n", c->args[i], go_time_duration_text(c->arena, ms * 1000000));
	}
	return 0;
}

/* Patches the objects that the arguments name; the patch is consumed. */
static int
pause_patch_each(struct cli *c, const struct type *type, json_t *patch, const char *what, const char *done)
{
	_cleanup_(json_decrefp) json_t *owned = patch;
	struct err *e;

	if (cli_names(c, what) != 0 || cli_connect(c) != 0)
		return 1;
	for (size_t i = 0; i < c->n_args; i++) {
		e = cli_call(c, "PATCH", client_path(c->arena, type, c->namespace, c->args[i], NULL), PATCH_MERGE,
		    json_incref(owned), NULL);
		if (e != NULL)
			return cli_error(c, e);
		printf("%s '%s' %s\n", what, c->args[i], done);
	}
	return 0;
}

static int
terminate_analysisrun_run(struct cli *c)
{
	return pause_patch_each(
	    c, &analysis_run_type, json_pack("{s:{s:b}}", "spec", "terminate", 1), "analysisrun", "terminated");
}

static int
terminate_experiment_run(struct cli *c)
{
	return pause_patch_each(
	    c, &experiment_type, json_pack("{s:{s:b}}", "spec", "terminate", 1), "experiment", "terminated");
}

static int
retry_experiment_run(struct cli *c)
{
	return pause_patch_each(c, &experiment_type, json_pack("{s:n}", "status"), "experiment", "retried");
}

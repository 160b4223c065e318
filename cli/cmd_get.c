/* cli/cmd_get.c: get rollout NAME, get experiment NAME: the tree of what belongs to it, once or live; get analysisrun
 * NAME: its metrics. */
#include <stdio.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/analysis_run_text.h"
#include "cli/cli.h"
#include "cli/rollout_tree.h"
#include "cli/watched_objects.h"
#include "kube/api/analysis.h"
#include "kube/api/experiment.h"
#include "kube/api/pod_details.h"
#include "kube/api/replicaset.h"
#include "kube/client.h"

static int get_rollout_run(struct cli *);
static int get_experiment_run(struct cli *);
static int get_analysisrun_run(struct cli *);

const struct command cmd_get_rollout = {
	.name = "get rollout",
	.aliases = "get ro|get rollouts",
	.args = "NAME",
	.group = GROUP_SEE,
	.summary = "Show a Rollout: steps, revisions, pods, analyses",
	.example = "get rollout web|get rollout web --watch",
	.completes = "rollouts",
	.flags =
	    (const struct flag[]){
		{ .name = "watch", .letter = 'w', .text = "Show changes until interrupted" },
		FLAG_NO_COLOR,
		FLAG_OUTPUT,
		{ .name = "timeout-seconds", .value = "N", .text = "Maximum time to watch, in seconds (0: no limit)" },
		{ 0 },
	    },
	.run = get_rollout_run,
};

const struct command cmd_get_experiment = {
	.name = "get experiment",
	.aliases = "get exp|get experiments",
	.args = "NAME",
	.group = GROUP_SEE,
	.summary = "Show an Experiment: pods and analyses",
	.example = "get experiment web-7d5f-2 --watch",
	.completes = "experiments",
	.flags =
	    (const struct flag[]){
		{ .name = "watch", .letter = 'w', .text = "Show changes until interrupted" },
		FLAG_NO_COLOR,
		FLAG_OUTPUT,
		{ .name = "timeout-seconds", .value = "N", .text = "Maximum time to watch, in seconds (0: no limit)" },
		{ 0 },
	    },
	.run = get_experiment_run,
};

const struct command cmd_get_analysisrun = {
	.name = "get analysisrun",
	.aliases = "get ar|get analysisruns",
	.args = "NAME",
	.group = GROUP_SEE,
	.summary = "Show an AnalysisRun: metrics, and how comparisons went",
	.example = "get analysisrun web-7d5f-2 --plot|get analysisrun web-7d5f-2 --plot --watch",
	.completes = "analysisruns",
	.flags =
	    (const struct flag[]){
		{ .name = "plot", .text = "Plot the evidence of comparisons and the bad requests of both versions" },
		{ .name = "watch", .letter = 'w', .text = "Show changes until interrupted" },
		FLAG_NO_COLOR,
		FLAG_OUTPUT,
		{ .name = "timeout-seconds", .value = "N", .text = "Maximum time to watch, in seconds (0: no limit)" },
		{ 0 },
	    },
	.run = get_analysisrun_run,
};

#define REDRAW_MS 60 /* changes come in bursts */

struct drawing {
	struct cli *cli;
	const struct type *type;
	tree_draw *tree;
	struct watched_objects watched;
	struct timer timer, end;
	const char *name;
	bool watch, color; /* --watch; colors are printed */
	bool in_place; /* on a terminal; elsewhere each change is written below the last */
	int code;
};

/* From the top of the screen, each line cleared behind its end: nothing flickers. */
static void
get_draw_in_place(const char *text)
{
	fputs("\xff[H", stdout);
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			fputs("\xff[K", stdout);
		putchar(*text);
	}
	fputs("\xff[J", stdout);
}

static void
get_draw(struct timer *t, void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct drawing *d = arg;
	const char *text =
	    d->tree(a, cache_view(d->watched.cache), d->cli->namespace, d->name, loop_wall(d->cli->loop), d->color);

	(void)t;
	if (text == NULL) {
		d->code = watched_objects_cannot_read(&d->watched, d->type, d->name)
			      ? 1
			      : cli_fail(d->cli,
				    "%s.argoproj.io \"%s\" not found in namespace %s; `sluice list %s -A` shows what "
				    "there is",
				    d->type->plural, d->name, d->cli->namespace, d->type->plural);
		loop_stop(d->cli->loop);
		return;
	}
	if (d->in_place)
		get_draw_in_place(text);
	else
		fputs(text, stdout);
	fflush(stdout);
	if (!d->watch)
		loop_stop(d->cli->loop);
	else if (d->in_place)
		loop_timer(d->cli->loop, &d->timer, 1000); /* ages grow */
}

static void
get_on_change(void *arg)
{
	struct drawing *d = arg;

	loop_timer(d->cli->loop, &d->timer, d->watch ? REDRAW_MS : 0);
}

static void
get_on_end(struct timer *t, void *arg)
{
	struct drawing *d = arg;

	(void)t;
	loop_stop(d->cli->loop);
}

static int
get_print_once(struct cli *c, const struct type *type, enum output output)
{
	_cleanup_(json_decrefp) json_t *o = NULL;
	struct err *e;

	if (cli_on(c, "watch"))
		return cli_fail(c, "--watch shows the tree; it does not go with -o %s", cli_flag(c, "output"));
	if (cli_connect(c) != 0)
		return 1;
	e = cli_call(c, "GET", client_path(c->arena, type, c->namespace, c->args[0], NULL), NULL, NULL, &o);
	if (e != NULL)
		return cli_error(c, e);
	cli_print(c, output, type, o);
	return 0;
}

static int
get_run(struct cli *c, const char *what, const struct type *const *types, size_t n, tree_draw *tree)
{
	enum output output;
	long long seconds = 0;
	struct drawing d = {
		.cli = c, .type = types[0], .tree = tree, .watch = cli_on(c, "watch"), .color = cli_color(c)
	};

	if (cli_name(c, what) == NULL)
		return 1;
	if (cli_flag(c, "timeout-seconds") != NULL && !str_int(cli_flag(c, "timeout-seconds"), 0, 31536000, &seconds))
		return cli_fail(
		    c, "--timeout-seconds: \"%s\" is not a number of seconds", cli_flag(c, "timeout-seconds"));
	if (cli_output(c, &output) != 0)
		return 1;
	if (output > OUTPUT_WIDE)
		return get_print_once(c, types[0], output);
	d.name = c->args[0];
	d.in_place = d.watch && isatty(STDOUT_FILENO);
	if (cli_connect(c) != 0)
		return 1;
	if (d.in_place)
		fputs("\xff[2J", stdout);
	d.timer = (struct timer){ .fire = get_draw, .arg = &d };
	d.end = (struct timer){ .fire = get_on_end, .arg = &d };
	if (d.watch && seconds > 0)
		loop_timer(c->loop, &d.end, 1000 * seconds);
	d.watched.changed = get_on_change;
	d.watched.arg = &d;
	watched_objects_start(c, &d.watched, d.name, types, n);
	loop_run(c->loop);
	loop_timer_stop(c->loop, &d.timer);
	loop_timer_stop(c->loop, &d.end);
	watched_objects_stop(&d.watched);
	return d.watched.failed ? 1 : d.code;
}

static int
get_rollout_run(struct cli *c)
{
	static const struct type *const types[] = { &rollout_type, &replicaset_type, &pod_details_type,
		&analysis_run_type, &experiment_type };

	return get_run(c, "rollout", types, ARRAY_SIZE(types), tree_text);
}

static int
get_experiment_run(struct cli *c)
{
	static const struct type *const types[] = { &experiment_type, &replicaset_type, &pod_details_type,
		&analysis_run_type };

	return get_run(c, "experiment", types, ARRAY_SIZE(types), tree_experiment);
}

static int
get_analysisrun_run(struct cli *c)
{
	static const struct type *const types[] = { &analysis_run_type };

	return get_run(c, "analysisrun", types, ARRAY_SIZE(types),
	    cli_on(c, "plot") ? analysis_run_text_with_plots : analysis_run_text);
}

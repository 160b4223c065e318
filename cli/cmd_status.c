/* cli/cmd_status.c: status NAME: waits until the rollout is healthy or degraded. */
#include <stdio.h>
#include <string.h>
#include "base/time.h"
#include "cli/cli.h"
#include "cli/watched_objects.h"
#include "rollout/view/summary.h"

static int status_run(struct cli *);

const struct command cmd_status = {
	.name = "status",
	.args = "NAME",
	.group = GROUP_SEE,
	.summary = "Wait for a Rollout: Healthy exits 0, Degraded 1",
	.example = "status web --timeout 10m|status web --watch=false",
	.completes = "rollouts",
	.flags =
	    (const struct flag[]){
		{ .name = "watch",
		    .letter = 'w',
		    .value_default = "true",
		    .text = "Wait for the result; =false prints the status once" },
		FLAG_TIMEOUT,
		{ 0 },
	    },
	.run = status_run,
};

struct waiting {
	struct cli *cli;
	struct watched_objects watched;
	struct timer deadline;
	const char *name;
	const char *last; /* printed */
	bool watch;
	int code;
};

static void
status_check(void *arg)
{
	struct waiting *w = arg;
	const struct rollout *r =
	    (const struct rollout *)view_get(cache_view(w->watched.cache), &rollout_type, w->cli->namespace, w->name);
	const char *phase, *message;
	const char *line;

	if (r == NULL) {
		w->code = watched_objects_cannot_read(&w->watched, &rollout_type, w->name)
			      ? 1
			      : cli_fail(w->cli, "rollouts.argoproj.io \"%s\" not found in namespace %s", w->name,
				    w->cli->namespace);
		loop_stop(w->cli->loop);
		return;
	}
	phase = summary_phase(r, &message);
	line =
	    arena_printf(w->cli->arena, "%s%s%s", phase, message != NULL ? " - " : "", message != NULL ? message : "");
	if (!str_eq(line, w->last))
		puts(line);
	w->last = line;
	w->code = strcmp(phase, "Degraded") == 0;
	fflush(stdout);
	if (!w->watch || strcmp(phase, "Healthy") == 0 || w->code != 0)
		loop_stop(w->cli->loop);
}

static void
status_on_timeout(struct timer *t, void *arg)
{
	struct waiting *w = arg;

	(void)t;
	w->code = cli_fail(w->cli, "Rollout status watch exceeded timeout: %s", w->last != NULL ? w->last : "");
	loop_stop(w->cli->loop);
}

static int
status_run(struct cli *c)
{
	static const struct type *const types[] = { &rollout_type };
	struct waiting w = { .cli = c };
	int64_t timeout = 0;

	if (cli_name(c, "rollout") == NULL)
		return 1;
	if (cli_flag(c, "timeout") != NULL && !duration_parse(cli_flag(c, "timeout"), &timeout))
		return cli_fail(c, "--timeout: \"%s\" is not a duration such as 90s", cli_flag(c, "timeout"));
	w.name = c->args[0];
	w.watch = cli_on(c, "watch");
	if (cli_connect(c) != 0)
		return 1;
	w.deadline = (struct timer){ .fire = status_on_timeout, .arg = &w };
	w.watched.changed = status_check;
	w.watched.arg = &w;
	watched_objects_start(c, &w.watched, w.name, types, ARRAY_SIZE(types));
	if (timeout > 0)
		loop_timer(c->loop, &w.deadline, timeout);
	loop_run(c->loop);
	loop_timer_stop(c->loop, &w.deadline);
	watched_objects_stop(&w.watched);
	return w.watched.failed ? 1 : w.code;
}

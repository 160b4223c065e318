/* cli/cmd_status.c: status NAME: waits until the rollout is healthy, paused or degraded. */
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "cli/cli.h"
#include "kube/api/rollout.h"

static int status_run(struct cli *);

const struct command cmd_status = {
	.name = "status",
	.args = "NAME",
	.summary = "waits until a rollout is healthy (exit code 0), paused (0) or degraded (1)",
	.completes = "rollouts",
	.flags = "watch timeout",
	.run = status_run,
};

struct waiting {
	struct cli *cli;
	struct watched watched;
	struct timer deadline;
	const char *name;
	char last[400];
	bool watch;
	int code;
};

static void
look(void *arg)
{
	struct waiting *w = arg;
	const struct rollout *r =
	    (const struct rollout *)view_get(cache_view(w->watched.cache), &rollout_type, w->cli->namespace, w->name);
	const char *phase, *message;
	char line[400];
	long long seen;

	if (r == NULL) {
		w->code = cli_fail(
		    w->cli, "rollouts.argoproj.io \"%s\" not found in namespace %s", w->name, w->cli->namespace);
		loop_stop(w->cli->loop);
		return;
	}
	phase = r->status.phase != NULL ? r->status.phase : "Progressing";
	message = r->status.message;
	/* A status of an older spec says nothing about this one. */
	if (!str_int(r->status.observed_generation, 0, INT64_MAX, &seen) || seen < r->object.meta.generation) {
		phase = "Progressing";
		message = "waiting for rollout spec update to be observed";
	}
	snprintf(line, sizeof(line), "%s%s%s", phase, message != NULL ? " - " : "", message != NULL ? message : "");
	if (strcmp(line, w->last) != 0)
		puts(line);
	memcpy(w->last, line, sizeof(line));
	w->code = strcmp(phase, "Degraded") == 0;
	if (!w->watch || strcmp(phase, "Progressing") != 0)
		loop_stop(w->cli->loop);
}

static void
too_late(struct timer *t, void *arg)
{
	struct waiting *w = arg;

	(void)t;
	w->code = cli_fail(w->cli, "not settled in time: %s", w->last);
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
	w.watch = cli_flag(c, "watch") == NULL || strcmp(cli_flag(c, "watch"), "false") != 0;
	if (cli_connect(c) != 0)
		return 1;
	w.deadline = (struct timer){ .fire = too_late, .arg = &w };
	w.watched.changed = look;
	w.watched.arg = &w;
	watched_start(c, &w.watched, w.name, types, ARRAY_SIZE(types));
	if (timeout > 0)
		loop_timer(c->loop, &w.deadline, timeout);
	loop_run(c->loop);
	loop_timer_stop(c->loop, &w.deadline);
	watched_stop(&w.watched);
	return w.watched.failed ? 1 : w.code;
}

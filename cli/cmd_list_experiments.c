/* cli/cmd_list_experiments.c: list experiments: a line each. */
#include <stdio.h>
#include "base/str.h"
#include "base/time.h"
#include "cli/cli.h"
#include "kube/api/experiment.h"

static int list_experiments_run(struct cli *);

const struct command cmd_list_experiments = {
	.name = "list experiments",
	.aliases = "list exp|list experiment",
	.args = "",
	.group = GROUP_SEE,
	.summary = "List Experiments",
	.example = "list experiments -A",
	.flags =
	    (const struct flag[]){
		FLAG_ALL_NAMESPACES,
		FLAG_OUTPUT,
		{ 0 },
	    },
	.run = list_experiments_run,
};

/* How long it still has: nothing before its pods are there, or when it has no end of its own. */
static const char *
list_experiments_remaining(struct arena *a, const struct experiment *e, int64_t now)
{
	int64_t duration, end;

	if (seconds_or_duration(e->spec.duration, &duration) != DURATION_SET || e->status.available_at == 0 ||
	    !str_eq(e->status.phase, "Running"))
		return "-";
	end = time_add(e->status.available_at, duration);
	return duration_human(a, end > now ? end - now : 0);
}

static void
list_experiments_print(struct cli *c, const struct experiment *e)
{
	const struct meta *m = &e->object.meta;
	int64_t now = loop_wall(c->loop);

	printf("%-20s %-40s %-12s %-9s %-10s %s\n", m->namespace, m->name,
	    str_empty(e->status.phase) ? "-" : e->status.phase, str_empty(e->spec.duration) ? "-" : e->spec.duration,
	    list_experiments_remaining(c->arena, e, now), duration_human(c->arena, now - m->creation_timestamp));
}

static int
list_experiments_run(struct cli *c)
{
	_cleanup_(json_decrefp) json_t *list = NULL;
	enum output output;
	json_t *item;
	size_t i;

	if (cli_output(c, &output) != 0 || cli_list(c, &experiment_type, output, &list) != 0)
		return 1;
	if (list == NULL)
		return 0;
	printf("%-20s %-40s %-12s %-9s %-10s %s\n", "NAMESPACE", "NAME", "STATUS", "DURATION", "REMAINING", "AGE");
	json_array_foreach (json_object_get(list, "items"), i, item)
		list_experiments_print(c, (const struct experiment *)object_decode(&experiment_type, item, c->arena));
	return 0;
}

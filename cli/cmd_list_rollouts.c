/* cli/cmd_list_rollouts.c: list rollouts: a line each, once or as they change. */
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "cli/cli.h"
#include "rollout/summary.h"

static int list_run(struct cli *);

const struct command cmd_list_rollouts = {
	.name = "list rollouts",
	.also = "list ro|list rollout",
	.args = "",
	.summary = "all rollouts of a namespace",
	.flags = "all-namespaces watch output name timestamps",
	.run = list_run,
};

struct listing {
	struct cli *cli;
	struct watched watched;
	struct map printed; /* "ns/name" → the line that was printed last */
	bool wide, began;
};

static void
print_head(const struct cli *c, bool wide)
{
	if (cli_on(c, "timestamps"))
		printf("%-20s ", "TIMESTAMP");
	printf("%-20s %-28s %-12s %-6s %-10s %-8s %-8s %-9s%s\n", "NAMESPACE", "NAME", "STATUS", "STEP", "SET-WEIGHT",
	    "DESIRED", "UPDATED", "AVAILABLE", wide ? " IMAGES  MESSAGE" : "");
}

static const char *
line_of(struct arena *a, const struct rollout *r, bool wide)
{
	size_t n = r->spec.strategy.canary != NULL ? r->spec.strategy.canary->steps.n : 0;
	const char *more = "";

	if (wide)
		more = arena_printf(a, " %s  %s", summary_images(a, r->spec.template),
		    r->status.message != NULL ? r->status.message : "");
	return arena_printf(a, "%-20s %-28s %-12s %-6s %-10d %-8d %-8d %-9d%s\n", r->object.meta.namespace,
	    r->object.meta.name, r->status.phase != NULL ? r->status.phase : "-",
	    r->status.current_step_index.set ? arena_printf(a, "%d/%zu", (int)r->status.current_step_index.is, n) : "-",
	    (int)summary_set_weight(r), (int)summary_desired(r), (int)r->status.updated_replicas,
	    (int)r->status.available_replicas, more);
}

static void
print_line(struct cli *c, struct arena *a, const char *line)
{
	if (cli_on(c, "timestamps"))
		printf("%-20s ", time_format(a, loop_wall(c->loop)));
	fputs(line, stdout);
}

static void
print_if_new(const struct object *o, void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct listing *l = arg;
	const char *line = line_of(a, (const struct rollout *)o, l->wide);
	const char *key = arena_printf(a, "%s/%s", o->meta.namespace, o->meta.name);
	char *before = map_get(&l->printed, key);

	if (before != NULL && strcmp(before, line) == 0)
		return;
	map_set(&l->printed, key, mem_strdup(line));
	free(before);
	print_line(l->cli, a, line);
}

static void
on_change(void *arg)
{
	struct listing *l = arg;
	const struct view *v = cache_view(l->watched.cache);

	if (!l->began)
		print_head(l->cli, l->wide);
	l->began = true;
	v->each(v, &rollout_type, NULL, print_if_new, l);
	fflush(stdout);
}

static int
watch(struct cli *c, bool wide)
{
	static const struct type *const types[] = { &rollout_type };
	struct listing l = { .cli = c, .wide = wide };

	l.watched.changed = on_change;
	l.watched.arg = &l;
	watched_start(c, &l.watched, cli_flag(c, "name"), types, ARRAY_SIZE(types));
	loop_run(c->loop);
	watched_stop(&l.watched);
	map_each (&l.printed, slot)
		free(slot->value);
	map_done(&l.printed);
	return l.watched.failed ? 1 : 0;
}

static int
list_run(struct cli *c)
{
	_cleanup_(json_decrefp) json_t *list = NULL;
	enum output output;
	json_t *item;
	size_t i;

	if (cli_output(c, &output) != 0)
		return 1;
	if (cli_on(c, "watch") && output > OUTPUT_WIDE)
		return cli_fail(c, "--watch prints lines; it does not go with -o %s", cli_flag(c, "output"));
	if (cli_on(c, "watch"))
		return cli_connect(c) != 0 ? 1 : watch(c, output == OUTPUT_WIDE);
	if (cli_list(c, &rollout_type, output, &list) != 0)
		return 1;
	if (list == NULL)
		return 0;
	print_head(c, output == OUTPUT_WIDE);
	json_array_foreach (json_object_get(list, "items"), i, item)
		print_line(c, c->arena,
		    line_of(c->arena, (const struct rollout *)object_decode(&rollout_type, item, c->arena),
			output == OUTPUT_WIDE));
	return 0;
}

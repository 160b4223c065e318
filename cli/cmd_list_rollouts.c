/* cli/cmd_list_rollouts.c: list rollouts: a line each, once or as they change. */
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/watched_objects.h"
#include "rollout/view/summary.h"

static int list_rollouts_run(struct cli *);

const struct command cmd_list_rollouts = {
	.name = "list rollouts",
	.aliases = "list ro|list rollout",
	.args = "",
	.group = GROUP_SEE,
	.summary = "List Rollouts",
	.example = "list rollouts -A|list rollouts --watch",
	.flags =
	    (const struct flag[]){
		FLAG_ALL_NAMESPACES,
		{ .name = "watch", .letter = 'w', .text = "Show changes until interrupted" },
		FLAG_OUTPUT,
		{ .name = "name", .value = "NAME", .text = "List only the Rollout with this name" },
		{ .name = "timestamps", .text = "Print the time before each line" },
		{ 0 },
	    },
	.run = list_rollouts_run,
};

enum {
	COLUMN_TIMESTAMP,
	COLUMN_NAMESPACE,
	COLUMN_NAME,
	COLUMN_STRATEGY,
	COLUMN_STATUS,
	COLUMN_STEP,
	COLUMN_SET_WEIGHT,
	COLUMN_READY,
	COLUMN_DESIRED,
	COLUMN_UPDATED,
	COLUMN_AVAILABLE,
	COLUMN_IMAGES,
	COLUMN_MESSAGE,
	COLUMN_MAX
};

static const char *const list_heads[COLUMN_MAX] = { "TIMESTAMP", "NAMESPACE", "NAME", "STRATEGY", "STATUS", "STEP",
	"SET-WEIGHT", "READY", "DESIRED", "UP-TO-DATE", "AVAILABLE", "IMAGES", "MESSAGE" };

struct listing {
	struct cli *cli;
	struct watched_objects watched;
	struct map printed; /* "ns/name" → the line that was printed last */
	struct arena *arena; /* of one listing */
	int widths[COLUMN_MAX];
	bool wide, began; /* -o wide; the header has been printed */
};

/* The cells of a rollout's line. The namespace and the time are columns only when flags request them. */
static void
list_cells(const struct cli *c, struct arena *a, const struct rollout *r, bool wide, const char *cells[COLUMN_MAX])
{
	const struct canary_strategy *canary = r->spec.strategy.canary;
	size_t n = canary != NULL ? canary->steps.n : 0;
	const char *message;

	memset(cells, 0, COLUMN_MAX * sizeof(*cells));
	if (cli_on(c, "timestamps"))
		cells[COLUMN_TIMESTAMP] = time_format(a, loop_wall(c->loop));
	if (cli_on(c, "all-namespaces"))
		cells[COLUMN_NAMESPACE] = r->object.meta.namespace;
	cells[COLUMN_NAME] = r->object.meta.name;
	cells[COLUMN_STRATEGY] = canary != NULL			       ? "Canary"
				 : r->spec.strategy.blue_green != NULL ? "BlueGreen"
								       : "unknown";
	cells[COLUMN_STATUS] = summary_phase(r, &message);
	cells[COLUMN_STEP] = n > 0 && r->status.current_step_index.present
				 ? arena_printf(a, "%d/%zu", (int)r->status.current_step_index.value, n)
				 : "-";
	cells[COLUMN_SET_WEIGHT] = canary != NULL ? arena_printf(a, "%d", (int)summary_set_weight(r)) : "-";
	cells[COLUMN_READY] = arena_printf(a, "%d/%d", (int)r->status.ready_replicas, (int)r->status.replicas);
	cells[COLUMN_DESIRED] = arena_printf(a, "%d", (int)summary_desired(r));
	cells[COLUMN_UPDATED] = arena_printf(a, "%d", (int)r->status.updated_replicas);
	cells[COLUMN_AVAILABLE] = arena_printf(a, "%d", (int)r->status.available_replicas);
	if (wide) {
		cells[COLUMN_IMAGES] = summary_images(a, r->spec.template);
		cells[COLUMN_MESSAGE] = message != NULL ? message : "";
	}
}

/* Columns are as wide as what has been printed in them needs. */
static void
list_fit(int widths[COLUMN_MAX], const char *const cells[COLUMN_MAX])
{
	for (size_t i = 0; i < COLUMN_MAX; i++)
		if (cells[i] != NULL && (int)strlen(cells[i]) > widths[i])
			widths[i] = (int)strlen(cells[i]);
}

static void
list_print(const int widths[COLUMN_MAX], const char *const cells[COLUMN_MAX])
{
	size_t last = COLUMN_MAX - 1;

	while (last > 0 && cells[last] == NULL)
		last--;
	for (size_t i = 0; i <= last; i++)
		if (cells[i] != NULL)
			printf("%-*s%s", i < last ? widths[i] : 0, cells[i], i < last ? "  " : "\n");
}

/* The heads of the columns that these cells have. */
static void
list_head(int widths[COLUMN_MAX], const char *const cells[COLUMN_MAX], bool print)
{
	const char *heads[COLUMN_MAX] = { 0 };

	for (size_t i = 0; i < COLUMN_MAX; i++)
		heads[i] = cells[i] != NULL ? list_heads[i] : NULL;
	list_fit(widths, heads);
	if (print)
		list_print(widths, heads);
}

static void
list_measure(const struct object *o, void *arg)
{
	struct listing *l = arg;
	const char *cells[COLUMN_MAX];

	list_cells(l->cli, l->arena, (const struct rollout *)o, l->wide, cells);
	list_fit(l->widths, cells);
	if (!l->began)
		list_head(l->widths, cells, false);
}

static void
list_print_new(const struct object *o, void *arg)
{
	struct listing *l = arg;
	const char *cells[COLUMN_MAX], *line = "", *key;
	char *before;

	list_cells(l->cli, l->arena, (const struct rollout *)o, l->wide, cells);
	for (size_t i = COLUMN_NAME; i < COLUMN_MAX; i++)
		line = arena_printf(l->arena, "%s|%s", line, cells[i] != NULL ? cells[i] : "");
	key = arena_printf(l->arena, "%s/%s", o->meta.namespace, o->meta.name);
	before = map_get(&l->printed, key);
	if (before != NULL && strcmp(before, line) == 0)
		return;
	map_set(&l->printed, key, mem_strdup(line));
	free(before);
	if (!l->began)
		list_head(l->widths, cells, true);
	l->began = true;
	list_print(l->widths, cells);
}

static void
list_on_change(void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct listing *l = arg;
	const struct view *v = cache_view(l->watched.cache);

	l->arena = a;
	v->each(v, &rollout_type, NULL, list_measure, l);
	v->each(v, &rollout_type, NULL, list_print_new, l);
	fflush(stdout);
}

static int
list_watch(struct cli *c, bool wide)
{
	static const struct type *const types[] = { &rollout_type };
	struct listing l = { .cli = c, .wide = wide };

	l.watched.changed = list_on_change;
	l.watched.arg = &l;
	watched_objects_start(c, &l.watched, cli_flag(c, "name"), types, ARRAY_SIZE(types));
	loop_run(c->loop);
	watched_objects_stop(&l.watched);
	map_each (&l.printed, slot)
		free(slot->value);
	map_done(&l.printed);
	return l.watched.failed ? 1 : 0;
}

static int
list_rollouts_run(struct cli *c)
{
	_cleanup_(json_decrefp) json_t *list = NULL;
	const char *(*rows)[COLUMN_MAX];
	int widths[COLUMN_MAX] = { 0 };
	enum output output;
	json_t *item;
	size_t i, n;

	if (cli_output(c, &output) != 0)
		return 1;
	if (cli_on(c, "watch") && output > OUTPUT_WIDE)
		return cli_fail(c, "--watch prints lines; it does not go with -o %s", cli_flag(c, "output"));
	if (cli_on(c, "watch"))
		return cli_connect(c) != 0 ? 1 : list_watch(c, output == OUTPUT_WIDE);
	if (cli_list(c, &rollout_type, output, &list) != 0)
		return 1;
	if (list == NULL)
		return 0;
	n = json_array_size(json_object_get(list, "items"));
	rows = arena_alloc(c->arena, n * sizeof(*rows));
	json_array_foreach (json_object_get(list, "items"), i, item) {
		list_cells(c, c->arena, (const struct rollout *)object_decode(&rollout_type, item, c->arena),
		    output == OUTPUT_WIDE, rows[i]);
		list_fit(widths, rows[i]);
	}
	for (i = 0; i < n; i++) {
		if (i == 0)
			list_head(widths, rows[i], true);
		list_print(widths, rows[i]);
	}
	return 0;
}

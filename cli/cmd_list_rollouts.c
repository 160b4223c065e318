/* cli/cmd_list_rollouts.c: list rollouts. */
#include <stdio.h>
#include "cli/cli.h"
#include "kube/api/rollout.h"
#include "kube/client.h"

static int list_run(struct cli *);

const struct command cmd_list_rollouts = {
	.name = "list rollouts",
	.also = "list ro|list rollout",
	.args = "",
	.summary = "all rollouts of a namespace",
	.flags = "all-namespaces",
	.run = list_run,
};

static int
list_run(struct cli *c)
{
	_cleanup_(json_decrefp) json_t *list = NULL;
	struct err *e;
	json_t *item;
	size_t i;

	if (cli_connect(c) != 0)
		return 1;
	e = cli_call(c, "GET",
	    client_path(
		c->arena, &rollout_type, cli_flag(c, "all-namespaces") != NULL ? NULL : c->namespace, NULL, NULL),
	    NULL, NULL, &list);
	if (e != NULL)
		return cli_error(c, e);
	if (json_array_size(json_object_get(list, "items")) == 0) {
		fprintf(stderr, "No rollouts in %s.\n",
		    cli_flag(c, "all-namespaces") != NULL ? "any namespace"
							  : arena_printf(c->arena, "namespace %s", c->namespace));
		return 0;
	}
	printf("%-20s %-28s %-12s %-6s %-10s %-8s %-8s %-10s\n", "NAMESPACE", "NAME", "STATUS", "STEP", "SET-WEIGHT",
	    "DESIRED", "UPDATED", "AVAILABLE");
	json_array_foreach (json_object_get(list, "items"), i, item) {
		const struct rollout *r = (const struct rollout *)object_decode(&rollout_type, item, c->arena);
		size_t n = r->spec.strategy.canary != NULL ? r->spec.strategy.canary->steps.n : 0;

		printf("%-20s %-28s %-12s %-6s %-10d %-8d %-8d %-10d\n", r->object.meta.namespace, r->object.meta.name,
		    r->status.phase != NULL ? r->status.phase : "-",
		    r->status.current_step_index.set
			? arena_printf(c->arena, "%d/%zu", (int)r->status.current_step_index.is, n)
			: "-",
		    (int)tree_set_weight(r), r->spec.replicas.set ? (int)r->spec.replicas.is : 1,
		    (int)r->status.updated_replicas, (int)r->status.available_replicas);
	}
	return 0;
}

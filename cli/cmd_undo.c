/* cli/cmd_undo.c: undo NAME: back to an earlier revision's template. */
#include <stdio.h>
#include "base/str.h"
#include "cli/cli.h"
#include "kube/api/replicaset.h"
#include "kube/client.h"

static int undo_run(struct cli *);

const struct command cmd_undo = {
	.name = "undo",
	.args = "NAME",
	.group = GROUP_DELIVER,
	.summary = "Roll back to the previous revision, or to another",
	.example = "undo web|undo web --to-revision 3",
	.completes = "rollouts",
	.flags =
	    (const struct flag[]){
		{ .name = "to-revision",
		    .value = "N",
		    .value_default = "0",
		    .text = "Revision to roll back to; 0: the previous one" },
		{ 0 },
	    },
	.run = undo_run,
};

static int
undo_run(struct cli *c)
{
	_cleanup_(json_decrefp) json_t *ro = NULL, *list = NULL;
	_cleanup_(action_done) struct action action = { 0 };
	long long revision = 0;
	struct err *e;

	if (cli_name(c, "rollout") == NULL)
		return 1;
	if (!str_int(cli_flag(c, "to-revision"), 0, INT32_MAX, &revision))
		return cli_fail(c, "--to-revision: \"%s\" is not a revision's number", cli_flag(c, "to-revision"));
	if (cli_connect(c) != 0 || (ro = cli_get_rollout(c, c->args[0])) == NULL)
		return 1;
	e = cli_call_list(
	    c, &replicaset_type, client_path(c->arena, &replicaset_type, c->namespace, NULL, NULL), &list);
	if (e != NULL)
		return cli_error(c, e);
	e = action_undo(c->arena, (const struct rollout *)object_decode(&rollout_type, ro, c->arena),
	    json_object_get(list, "items"), revision, &action);
	if (e != NULL)
		return cli_fail(c, "%s", err_text(c->arena, e));
	if ((e = cli_act(c, &action)) != NULL)
		return cli_error(c, e);
	printf("rollout '%s' undo\n", c->args[0]);
	return 0;
}

/* cli/cmd_promote.c: promote NAME: past the pause, or to the end. */
#include <stdio.h>
#include "cli/cli.h"
#include "kube/api/rollout.h"

static int promote_run(struct cli *);

const struct command cmd_promote = {
	.name = "promote",
	.args = "NAME",
	.group = GROUP_DELIVER,
	.summary = "End the pause of a Rollout, or skip a step",
	.example = "promote web|promote web --full",
	.completes = "rollouts",
	.flags =
	    (const struct flag[]){
		{ .name = "full", .text = "Skip all steps, pauses and analyses" },
		{ .name = "skip-current-step", .letter = 'c', .text = "Skip the current step" },
		{ .name = "skip-all-steps", .letter = 'a', .text = "Skip all remaining steps" },
		{ 0 },
	    },
	.run = promote_run,
};

/* Reads the kind of promotion from the flags. Returns 0, or 1 after printing the error. */
static int
promote_how(const struct cli *c, enum promote_mode *ret)
{
	static const struct {
		const char *flag;
		enum promote_mode how;
	} rows[] = { { "full", PROMOTE_FULL }, { "skip-current-step", PROMOTE_SKIP_STEP },
		{ "skip-all-steps", PROMOTE_SKIP_ALL } };
	size_t n = 0;

	*ret = PROMOTE_NEXT;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (cli_on(c, rows[i].flag)) {
			*ret = rows[i].how;
			n++;
		}
	return n <= 1 ? 0 : cli_fail(c, "only one of --full, --skip-current-step and --skip-all-steps can be meant");
}

static int
promote_run(struct cli *c)
{
	_cleanup_(json_decrefp) json_t *j = NULL;
	_cleanup_(action_done) struct action action = { 0 };
	const struct rollout *r;
	enum promote_mode how;
	struct err *e;

	if (cli_name(c, "rollout") == NULL || promote_how(c, &how) != 0)
		return 1;
	if (cli_connect(c) != 0 || (j = cli_get_rollout(c, c->args[0])) == NULL)
		return 1;
	r = (const struct rollout *)object_decode(&rollout_type, j, c->arena);
	if ((e = action_promote(c->arena, r, how, &action)) != NULL)
		return cli_fail(c, "%s", err_text(c->arena, e));
	if (action.n == 0) {
		printf("rollout '%s' has nothing to promote: it is %s\n", c->args[0],
		    r->status.phase != NULL ? r->status.phase : "new");
		return 0;
	}
	if ((e = cli_act(c, &action)) != NULL)
		return cli_error(c, e);
	printf("rollout '%s' %s\n", c->args[0], how == PROMOTE_FULL ? "fully promoted" : "promoted");
	return 0;
}

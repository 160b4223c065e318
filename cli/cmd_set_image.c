/* cli/cmd_set_image.c: set image NAME CONTAINER=IMAGE. */
#include <stdio.h>
#include "cli/cli.h"
#include "kube/api/rollout.h"
#include "kube/client.h"

#define ATTEMPTS_MAX 5 /* at an object that others change at the same time */

static int set_image_run(struct cli *);

const struct command cmd_set_image = {
	.name = "set image",
	.args = "NAME CONTAINER=IMAGE...",
	.group = GROUP_DELIVER,
	.summary = "Set images of containers; this starts an update",
	.example = "set image web app=registry.example/app:v2|set image web *=registry.example/app:v2",
	.completes = "rollouts",
	.run = set_image_run,
};

/* Reads the Rollout and the owner of its template, and sets the images there. */
static struct err *
set_image_once(struct cli *c)
{
	const char *path = client_path(c->arena, &rollout_type, c->namespace, c->args[0], NULL);
	_cleanup_(json_decrefp) json_t *j = NULL, *owner = NULL;
	_cleanup_(action_done) struct action action = { 0 };
	struct template_owner at;
	const struct rollout *r;
	struct err *e;

	if ((e = cli_call(c, "GET", path, NULL, NULL, &j)) != NULL)
		return e;
	r = (const struct rollout *)object_decode(&rollout_type, j, c->arena);
	if ((e = action_template_owner(c->arena, r, &at)) != NULL)
		return e;
	path = client_path(c->arena, at.type, c->namespace, at.name, NULL);
	if ((e = cli_call(c, "GET", path, NULL, NULL, &owner)) != NULL)
		return e;
	e = action_set_image(c->arena, r, owner, c->args + 1, c->n_args - 1, &action);
	return e != NULL ? e : cli_act(c, &action);
}

static int
set_image_run(struct cli *c)
{
	struct err *e;
	int attempt = 0;

	if (c->n_args < 2)
		return cli_fail(c, "usage: sluice set image NAME CONTAINER=IMAGE...");
	if (cli_connect(c) != 0)
		return 1;
	do
		e = set_image_once(c);
	while (e != NULL && e->class == ERR_CONFLICT && ++attempt < ATTEMPTS_MAX);
	if (e != NULL)
		return cli_error(c, e);
	printf("rollout \"%s\" image updated\n", c->args[0]);
	return 0;
}

/* cli/cmd_set_image.c: set image NAME CONTAINER=IMAGE. */
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "cli/cli.h"
#include "kube/api/rollout.h"
#include "kube/client.h"

static int set_image_run(struct cli *);

const struct command cmd_set_image = {
	.name = "set image",
	.args = "NAME CONTAINER=IMAGE...",
	.summary = "sets the image of containers (* for all): a new revision",
	.completes = "rollouts",
	.run = set_image_run,
};

/* How many containers were set. */
static size_t
apply(json_t *ro, const char *container, const char *image)
{
	static const char *const lists[] = { "/spec/template/spec/containers", "/spec/template/spec/initContainers" };
	size_t i, n = 0;
	json_t *e;

	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		json_array_foreach (json_at(ro, lists[l]), i, e)
			if (strcmp(container, "*") == 0 || str_eq(json_str(e, "name"), container)) {
				json_object_set_new(e, "image", json_string(image));
				n++;
			}
	return n;
}

static int
set_image_run(struct cli *c)
{
	struct err *e = NULL;

	if (c->n_args < 2)
		return cli_fail(c, "usage: sluice set image NAME CONTAINER=IMAGE...");
	if (cli_connect(c) != 0)
		return 1;
	/* Written with the resourceVersion that was read: a conflict is read again. */
	for (int attempt = 0; attempt < 5; attempt++) {
		json_t *ro = cli_get_rollout(c, c->args[0]);

		if (ro == NULL)
			return 1;
		for (size_t i = 1; i < c->n_args; i++) {
			const char *eq = strchr(c->args[i], '=');

			if (eq == NULL || eq == c->args[i] || eq[1] == '\0' ||
			    apply(ro, arena_strndup(c->arena, c->args[i], (size_t)(eq - c->args[i])), eq + 1) == 0) {
				json_decref(ro);
				return cli_fail(c,
				    "\"%s\": want CONTAINER=IMAGE, with a container of the rollout's template",
				    c->args[i]);
			}
		}
		e = cli_call(c, "PUT", client_path(c->arena, &rollout_type, c->namespace, c->args[0], NULL),
		    "application/json", ro, NULL);
		if (e == NULL || e->class != ERR_CONFLICT)
			break;
	}
	if (e != NULL)
		return cli_error(c, e);
	printf("rollout \"%s\" image updated\n", c->args[0]);
	return 0;
}

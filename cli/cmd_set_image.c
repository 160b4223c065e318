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
	.group = GROUP_DELIVER,
	.summary = "Set images of containers; this starts an update",
	.example = "set image web app=registry.example/app:v2|set image web *=registry.example/app:v2",
	.completes = "rollouts",
	.run = set_image_run,
};

/* How many containers were set. */
static size_t
apply(json_t *template, const char *container, const char *image)
{
	static const char *const lists[] = { "/spec/containers", "/spec/initContainers" };
	size_t i, n = 0;
	json_t *e;

	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		json_array_foreach (json_at(template, lists[l]), i, e)
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
		json_t *ro = cli_get_rollout(c, c->args[0]), *o = NULL;
		const char *path, *at;

		if (ro == NULL)
			return 1;
		path = cli_template_of(c, ro, &at);
		json_decref(ro);
		if (path == NULL)
			return 1;
		if ((e = cli_call(c, "GET", path, NULL, NULL, &o)) != NULL)
			break;
		for (size_t i = 1; i < c->n_args; i++) {
			const char *eq = strchr(c->args[i], '=');

			if (eq == NULL || eq == c->args[i] || eq[1] == '\0' ||
			    apply(json_at(o, at), arena_strndup(c->arena, c->args[i], (size_t)(eq - c->args[i])),
				eq + 1) == 0) {
				json_decref(o);
				return cli_fail(c,
				    "\"%s\": want CONTAINER=IMAGE, with a container of the rollout's template",
				    c->args[i]);
			}
		}
		e = cli_call(c, "PUT", path, "application/json", o, NULL);
		if (e == NULL || e->class != ERR_CONFLICT)
			break;
	}
	if (e != NULL)
		return cli_error(c, e);
	printf("rollout \"%s\" image updated\n", c->args[0]);
	return 0;
}

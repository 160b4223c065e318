/* cli/cmd_kustomize.c: kustomize: prints what a kustomization makes, as the controller would make it of a commit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cli/cli.h"
#include "gitops/kustomize/build.h"
#include "gitops/local.h"
#include "kube/api/yaml.h"

static int kustomize_run(struct cli *);

const struct command cmd_kustomize = {
	.name = "kustomize",
	.also = "kustomize build",
	.args = "DIR",
	.summary = "prints the objects that a kustomization makes",
	.completes = "files",
	.flags = "output",
	.run = kustomize_run,
};

/* The repository that the directory is in; or else the working directory, if it is below that; or else itself. Without links. */
static struct err *
find_root(struct arena *a, const char *dir, const char **ret_root, const char **ret_under)
{
	char *whole = realpath(dir, NULL), *here = realpath(".", NULL), *root;
	size_t n = here != NULL ? strlen(here) : 0;
	bool below = whole != NULL && n > 1 && strncmp(whole, here, n) == 0 && (whole[n] == '/' || whole[n] == '\0');
	struct stat st;

	free(here);
	if (whole == NULL)
		return err_new(a, ERR_INVALID, "%s: no such directory", dir);
	*ret_root = below ? arena_strndup(a, whole, n) : arena_strdup(a, whole);
	*ret_under = below && whole[n] != '\0' ? arena_strdup(a, whole + n + 1) : "";
	for (root = arena_strdup(a, whole); root[0] != '\0';) {
		char *slash = strrchr(root, '/');

		if (stat(arena_printf(a, "%s/.git", root), &st) == 0) {
			*ret_root = root;
			*ret_under = whole[strlen(root)] == '\0' ? "" : arena_strdup(a, whole + strlen(root) + 1);
			break;
		}
		*slash = '\0';
	}
	free(whole);
	return NULL;
}

static int
kustomize_run(struct cli *c)
{
	const char *root, *under;
	struct manifests m = { .arena = c->arena };
	enum output output;
	struct tree tree;
	struct err *e;

	if (c->n_args > 1)
		return cli_fail(c, "usage: sluice kustomize [DIR]");
	if (cli_output(c, &output) != 0)
		return 1;
	e = find_root(c->arena, c->n_args == 1 ? c->args[0] : ".", &root, &under);
	if (e == NULL)
		e = local_tree(c->arena, root, &tree);
	if (e == NULL)
		e = k_build(&tree, c->arena, under, NULL, &m);
	if (e != NULL)
		return cli_fail(c, "%s", err_text(c->arena, e));
	for (size_t i = 0; i < m.n; i++) {
		json_t *object = json_loads(m.at[i].text, 0, NULL), *sorted;
		char *text = json_dumps(object, JSON_SORT_KEYS | JSON_COMPACT);

		sorted = json_loads(text, 0, NULL);
		if (output == OUTPUT_JSON)
			printf("%s\n", text);
		else if (output == OUTPUT_NAME)
			printf("%s/%s\n", m.at[i].kind, m.at[i].name);
		else
			printf("%s%s", i > 0 ? "---\n" : "", yaml_text(c->arena, sorted));
		free(text);
		json_decref(sorted);
		json_decref(object);
	}
	return 0;
}

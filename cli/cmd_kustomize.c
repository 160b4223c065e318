/* cli/cmd_kustomize.c: kustomize: prints what a kustomization makes, as the controller would make it of a commit. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/map.h"
#include "cli/cli.h"
#include "gitops/kustomize/build.h"
#include "gitops/worker/local.h"
#include "io/file.h"
#include "kube/api/yaml.h"

#define CLIMB_MAX 1000 /* directories whose kustomizations are read to find out where the files are */

static int kustomize_run(struct cli *);

const struct command cmd_kustomize = {
	.name = "kustomize",
	.aliases = "kustomize build",
	.args = "DIR",
	.group = GROUP_GITOPS,
	.summary = "Build a kustomization and print its objects",
	.example = "kustomize overlays/prod",
	.completes = "files",
	.flags =
	    (const struct flag[]){
		{ .name = "output",
		    .letter = 'o',
		    .value = "FORMAT",
		    .value_default = "yaml",
		    .choices = "yaml|json|name",
		    .text = "Output format" },
		{ 0 },
	    },
	.run = kustomize_run,
};

/* Outside of Git: how far up the kustomizations of a directory, and of those that they name, lead. */
struct climb {
	struct arena *arena;
	const char *root; /* without links */
	struct map seen; /* directories */
	size_t n;
};

static bool
kustomize_is_below(const char *path, const char *root)
{
	size_t n = strlen(root);

	return strncmp(path, root, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static void kustomize_climb_directory(struct climb *, const char *dir);

static const char *
kustomize_climb_parent(struct climb *k, const char *path)
{
	return arena_strndup(k->arena, path, (size_t)(strrchr(path, '/') - path));
}

/* A path that does not exist is kept, so that the error names it. */
static void
kustomize_climb_path(struct climb *k, const char *dir, const char *path)
{
	bool relative = strlen(path) < PATH_MAX / 2 && path[0] != '/';
	char *whole = relative ? realpath(arena_printf(k->arena, "%s/%s", dir, path), NULL) : NULL;
	const char *to = whole != NULL ? arena_strdup(k->arena, whole) : dir;

	for (; to == dir && str_starts(path, "../") && dir[0] != '\0'; path += 3)
		to = dir = kustomize_climb_parent(k, dir);
	while (!kustomize_is_below(to, k->root))
		k->root = kustomize_climb_parent(k, k->root);
	if (whole != NULL)
		kustomize_climb_directory(k, to);
	free(whole);
}

/* Every text of a kustomization that is a path. */
static void
kustomize_climb_value(struct climb *k, const char *dir, const json_t *v, int depth)
{
	const char *key, *text = json_string_value(v);
	json_t *sub;
	size_t i;

	if (depth > JSON_DEPTH_MAX)
		return;
	if (text != NULL) {
		kustomize_climb_path(k, dir, text);
		if (strchr(text, '=') != NULL)
			kustomize_climb_path(k, dir, strchr(text, '=') + 1); /* "KEY=PATH", of a generator */
	}
	json_object_foreach ((json_t *)v, key, sub)
		kustomize_climb_value(k, dir, sub, depth + 1);
	json_array_foreach (v, i, sub)
		kustomize_climb_value(k, dir, sub, depth + 1);
}

static void
kustomize_climb_directory(struct climb *k, const char *dir)
{
	static const char *const names[] = { "kustomization.yaml", "kustomization.yml", "Kustomization" };

	if (k->n == CLIMB_MAX || map_get(&k->seen, dir) != NULL)
		return;
	k->n++;
	map_set(&k->seen, dir, k);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(json_decrefp) json_t *docs = NULL;
		struct bytes text;

		if (file_read(k->arena, arena_printf(k->arena, "%s/%s", dir, names[i]), TREE_FILE_MAX, &text) == NULL &&
		    yaml_parse(k->arena, text.at, text.len, &docs) == NULL)
			kustomize_climb_value(k, dir, docs, 0);
	}
}

/* The repository that the directory is in; or else the highest directory that it leads to. Without links. */
static struct err *
kustomize_find_root(struct arena *a, const char *dir, const char **ret_root, const char **ret_under)
{
	struct climb climb = { .arena = a };
	char *found = realpath(dir, NULL), *root;
	const char *whole = arena_strdup(a, found);
	struct stat st;

	free(found);
	if (whole == NULL)
		return err_new(a, ERR_INVALID, "%s: no such directory", dir);
	for (root = arena_strdup(a, whole); root[0] != '\0'; *strrchr(root, '/') = '\0')
		if (stat(arena_printf(a, "%s/.git", root), &st) == 0)
			break;
	climb.root = root[0] != '\0' ? root : whole;
	if (root[0] == '\0')
		kustomize_climb_directory(&climb, whole);
	map_done(&climb.seen);
	if (climb.root[0] == '\0')
		return err_new(a, ERR_INVALID,
		    "%s: it leads up to the root of the file system, of which not all files are read; put what belongs "
		    "together below "
		    "one directory",
		    dir);
	*ret_root = climb.root;
	*ret_under = whole[strlen(climb.root)] == '\0' ? "" : whole + strlen(climb.root) + 1;
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
	e = kustomize_find_root(c->arena, c->n_args == 1 ? c->args[0] : ".", &root, &under);
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

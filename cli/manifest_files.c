/* cli/manifest_files.c: the files that a command reads manifests from. */
#include "cli/manifest_files.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/str.h"
#include "cli/cli.h"
#include "io/file.h"
#include "kube/api/yaml.h"

#define FOLDERS_DEEP 16
#define MANIFEST_MAX (16u << 20) /* bytes of a file */

struct manifest_walk {
	struct arena *arena;
	void (*visit)(const char *file, void *arg);
	void *arg;
};

static int
manifest_is_visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static bool
manifest_is_folder(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static void
manifest_walk(const struct manifest_walk *w, const char *path, int depth)
{
	struct dirent **entries = NULL;
	int n;

	if (strcmp(path, "-") == 0 || !manifest_is_folder(path)) {
		w->visit(path, w->arg);
		return;
	}
	n = depth < FOLDERS_DEEP ? scandir(path, &entries, manifest_is_visible, alphasort) : 0;
	for (int i = 0; i < n; i++) {
		const char *below = arena_printf(w->arena, "%s/%s", path, entries[i]->d_name);

		if (manifest_is_folder(below) || str_ends(below, ".yaml") || str_ends(below, ".yml") ||
		    str_ends(below, ".json"))
			manifest_walk(w, below, depth + 1);
		free(entries[i]);
	}
	free(entries);
}

void
manifest_files_each(struct arena *a, const char *path, void (*visit)(const char *file, void *arg), void *arg)
{
	manifest_walk(&(struct manifest_walk){ a, visit, arg }, path, 0);
}

struct manifest_documents {
	struct cli *cli;
	json_t *all;
	bool failed; /* the error was printed */
};

static void
manifest_read_file(const char *path, void *arg)
{
	struct manifest_documents *d = arg;
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct bytes text = { 0 };
	struct err *e = file_read(d->cli->arena, strcmp(path, "-") == 0 ? "/dev/stdin" : path, MANIFEST_MAX, &text);
	json_t *doc;
	size_t i;

	if (e == NULL && (e = yaml_parse(d->cli->arena, text.at, text.len, &docs)) != NULL)
		e = err_wrap(d->cli->arena, e, "%s", path);
	if (e != NULL) {
		cli_fail(d->cli, "%s", err_text(d->cli->arena, e));
		d->failed = true;
		return;
	}
	json_array_foreach (docs, i, doc)
		if (str_ends(json_str(doc, "kind"), "List") && json_is_array(json_object_get(doc, "items")))
			json_array_extend(d->all, json_object_get(doc, "items"));
		else
			json_array_append(d->all, doc);
}

bool
manifest_files_read(struct cli *c, size_t first_argument, json_t **ret)
{
	struct manifest_documents d = { .cli = c, .all = json_array() };
	char *rest = arena_strdup(c->arena, cli_flag(c, "filename") ?: ""), *file;

	while ((file = strsep(&rest, "\n")) != NULL)
		manifest_files_each(c->arena, file, manifest_read_file, &d);
	for (size_t i = first_argument; i < c->n_args; i++)
		manifest_files_each(c->arena, c->args[i], manifest_read_file, &d);
	*ret = d.failed ? NULL : d.all;
	if (d.failed)
		json_decref(d.all);
	return !d.failed;
}

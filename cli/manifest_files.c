/* cli/manifest_files.c: the files that a command reads manifests from. */
#include "cli/manifest_files.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/str.h"

#define FOLDERS_DEEP 16

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

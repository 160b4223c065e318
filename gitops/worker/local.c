/* gitops/worker/local.c: a local directory as a source, for `sluice kustomize`: walks the directory. */
#include "gitops/worker/local.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "io/file.h"

#define DEPTH_MAX 64

struct walking {
	struct arena *arena;
	const char *root;
	struct tree_entry *at;
	size_t n, capacity;
};

static struct err *
local_read_entry(const struct tree *t, struct arena *a, const struct tree_entry *entry, size_t max, struct bytes *ret)
{
	const char *path = arena_printf(a, "%s/%s", (const char *)t->arg, entry->path);
	ssize_t n;
	char *target;

	if (entry->kind != TREE_LINK)
		return file_read(a, path, max, ret);
	target = arena_alloc(a, 4097);
	n = readlink(path, target, 4096);
	if (n < 0)
		return err_new(a, ERR_AGAIN, "%s: %s", path, strerror(errno));
	*ret = (struct bytes){ target, (size_t)n };
	return NULL;
}

static void
local_add(struct walking *w, const char *path, enum tree_kind kind, size_t size)
{
	if (w->n == w->capacity) {
		struct tree_entry *more =
		    arena_new_array(w->arena, struct tree_entry, w->capacity = w->capacity * 2 + 256);

		if (w->n > 0)
			memcpy(more, w->at, w->n * sizeof(*more));
		w->at = more;
	}
	w->at[w->n++] = (struct tree_entry){ .path = path, .kind = kind, .size = size };
}

static struct err *
local_walk(struct walking *w, const char *under, int depth)
{
	const char *whole = under[0] == '\0' ? w->root : arena_printf(w->arena, "%s/%s", w->root, under);
	DIR *d = opendir(whole);
	struct err *e = NULL;
	struct dirent *entry;

	if (d == NULL)
		return err_new(w->arena, ERR_INVALID, "%s: %s", whole, strerror(errno));
	while (e == NULL && (entry = readdir(d)) != NULL) {
		const char *path = under[0] == '\0' ? arena_strdup(w->arena, entry->d_name)
						    : arena_printf(w->arena, "%s/%s", under, entry->d_name);
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    strcmp(entry->d_name, ".git") == 0 ||
		    fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (w->n >= TREE_ENTRIES_MAX || depth >= DEPTH_MAX)
			e = err_new(w->arena, ERR_INVALID, "%s: more than %d files, or more than %d directories deep",
			    w->root, TREE_ENTRIES_MAX, DEPTH_MAX);
		else if (S_ISDIR(st.st_mode))
			e = local_walk(w, path, depth + 1);
		else if (S_ISLNK(st.st_mode) || S_ISREG(st.st_mode))
			local_add(w, path, S_ISLNK(st.st_mode) ? TREE_LINK : TREE_FILE, (size_t)st.st_size);
	}
	closedir(d);
	return e;
}

struct err *
local_tree(struct arena *a, const char *root, struct tree *ret)
{
	struct walking w = { .arena = a, .root = root };
	struct err *e = local_walk(&w, "", 0);

	if (e != NULL)
		return e;
	tree_sort(w.at, w.n);
	*ret = (struct tree){ .entries = w.at, .n = w.n, .read = local_read_entry, .arg = arena_strdup(a, root) };
	return NULL;
}

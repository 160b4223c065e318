/* gitops/source/tree.c: files of one commit: paths, and symbolic links that stay in the repository. Git:
 * worker/git.c; a directory: worker/local.c. */
#include "gitops/source/tree.h"
#include <string.h>

static int
tree_by_path(const void *x, const void *y)
{
	return strcmp(((const struct tree_entry *)x)->path, ((const struct tree_entry *)y)->path);
}

void
tree_sort(struct tree_entry *entries, size_t n)
{
	if (n > 0)
		qsort(entries, n, sizeof(*entries), tree_by_path);
}

struct err *
tree_path(struct arena *a, const char *from, const char *path, const char **ret)
{
	char *out = arena_alloc(a, strlen(from) + strlen(path) + 2), *at = out;
	const char *parts[2] = { from, path };

	if (path[0] == '/')
		return err_new(a, ERR_INVALID, "%s: an absolute path leads out of the repository", path);
	for (int i = 0; i < 2; i++)
		for (const char *p = parts[i]; *p != '\0';) {
			size_t n = strcspn(p, "/");

			if (n == 2 && strncmp(p, "..", 2) == 0) {
				if (at == out)
					return err_new(a, ERR_INVALID, "%s: leads out of the repository", path);
				while (at > out && *--at != '/')
					;
			} else if (n > 0 && !(n == 1 && *p == '.')) {
				if (at > out)
					*at++ = '/';
				memcpy(at, p, n);
				at += n;
			}
			p += n + (p[n] == '/');
		}
	*at = '\0';
	*ret = out;
	return NULL;
}

size_t
tree_from(const struct tree *t, const char *path)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(t->entries[mid].path, path) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static const struct tree_entry *
tree_entry_at(const struct tree *t, const char *path)
{
	size_t i = tree_from(t, path);

	return i < t->n && strcmp(t->entries[i].path, path) == 0 ? &t->entries[i] : NULL;
}

/* The path with every link on the way, and at its end, followed. */
static struct err *
tree_follow(const struct tree *t, struct arena *a, const char *path, const char **ret)
{
	for (int links = 0; links <= TREE_LINKS_MAX; links++) {
		const struct tree_entry *link = NULL;
		struct bytes target;
		const char *slash = path, *dir;
		char *head;
		struct err *e;

		/* The first part of the path that is a link. */
		for (; slash != NULL && link == NULL;) {
			slash = strchr(slash, '/');
			head = slash != NULL ? arena_strndup(a, path, (size_t)(slash - path)) : arena_strdup(a, path);
			link = tree_entry_at(t, head);
			if (link != NULL && link->kind == TREE_MODULE)
				return err_new(a, ERR_INVALID,
				    "%s: is in the submodule %s, and submodules are not fetched", path, head);
			if (link != NULL && link->kind != TREE_LINK)
				link = NULL;
			if (slash != NULL)
				slash++;
		}
		if (link == NULL) {
			*ret = path;
			return NULL;
		}
		if ((e = t->read(t, a, link, 4096, &target)) != NULL)
			return err_wrap(a, e, "%s", link->path);
		dir = strrchr(link->path, '/');
		if (target.len == 0 || strlen(target.at) != target.len)
			return err_new(a, ERR_INVALID, "%s: not a symbolic link that leads anywhere", link->path);
		e = tree_path(a, dir != NULL ? arena_strndup(a, link->path, (size_t)(dir - link->path)) : "",
		    slash != NULL ? arena_printf(a, "%s/%s", target.at, slash) : target.at, &path);
		if (e != NULL)
			return err_wrap(a, e, "symbolic link %s", link->path);
	}
	return err_new(a, ERR_INVALID, "%s: leads through more than %d symbolic links", path, TREE_LINKS_MAX);
}

struct err *
tree_find(const struct tree *t, struct arena *a, const char *path, const struct tree_entry **ret)
{
	struct err *e = tree_follow(t, a, path, &path);

	if (e == NULL)
		*ret = tree_entry_at(t, path);
	return e;
}

struct err *
tree_directory(const struct tree *t, struct arena *a, const char *path, const char **ret)
{
	struct err *e = tree_follow(t, a, path, &path);
	const char *prefix;
	size_t i;

	if (e != NULL)
		return e;
	prefix = path[0] == '\0' ? "" : arena_printf(a, "%s/", path);
	i = tree_from(t, prefix);
	*ret = path[0] == '\0' || (i < t->n && str_starts(t->entries[i].path, prefix)) ? path : NULL;
	return NULL;
}

struct err *
tree_read(const struct tree *t, struct arena *a, const char *path, struct bytes *ret, const char **ret_path)
{
	const struct tree_entry *entry;
	struct err *e = tree_find(t, a, path, &entry);

	if (e != NULL)
		return e;
	if (entry == NULL)
		return err_new(a, ERR_GONE, "%s: no such file", path);
	if (entry->size > TREE_FILE_MAX)
		return err_new(a, ERR_INVALID, "%s: %zu bytes; at most %u are read", path, entry->size, TREE_FILE_MAX);
	if ((e = t->read(t, a, entry, TREE_FILE_MAX, ret)) != NULL)
		return err_wrap(a, e, "%s", path);
	if (ret_path != NULL)
		*ret_path = entry->path;
	return NULL;
}

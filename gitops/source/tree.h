/* gitops/source/tree.h: the files of one commit.
 *
 * There is no checkout: a tree is a list of paths and a way to read what stands there, so that nothing in a
 * repository (a symbolic link, a path with `..`) can lead to a file of this machine. Paths are relative to the
 * repository's root, with neither "." nor ".." nor a slash at an end; "" is the root.
 */
#pragma once
#include "base/err.h"
#include "base/str.h"

#define TREE_FILE_MAX (16u << 20) /* bytes of one file that is read */
#define TREE_ENTRIES_MAX 200000
#define TREE_LINKS_MAX 32 /* symbolic links that one path may lead through */

enum tree_kind { TREE_FILE, TREE_LINK, TREE_MODULE };

struct tree_entry {
	const char *path;
	enum tree_kind kind;
	size_t size; /* bytes; a link's is its target's length */
	const void *id; /* the reader's own */
};

struct tree {
	const struct tree_entry *entries; /* sorted by strcmp of their paths */
	size_t n;
	/* The content of an entry of at most `max` bytes, in the arena, with a NUL behind it. */
	struct err *(*read)(
	    const struct tree *, struct arena *, const struct tree_entry *, size_t max, struct bytes *ret);
	void *arg;
};

/* Puts entries into their order. */
void tree_sort(struct tree_entry *, size_t n);

/* `path`, seen from the directory `from`, as a path of the tree. The error says that it leads out of the repository. */
struct err *tree_path(struct arena *, const char *from, const char *path, const char **ret);

/* The file at a path, through symbolic links that stay in the tree; *ret NULL: there is none (a directory is none).
 * An error: a link leads out or in circles, or the path lies in a submodule, whose files are not had. */
struct err *tree_find(const struct tree *, struct arena *, const char *path, const struct tree_entry **ret);

/* The directory at a path, likewise: *ret is its own path, or NULL. */
struct err *tree_directory(const struct tree *, struct arena *, const char *path, const char **ret);

/* The whole file at a path; ERR_GONE when there is none. *ret_path (NULL: not wanted): where it is, links followed. */
struct err *tree_read(const struct tree *, struct arena *, const char *path, struct bytes *ret, const char **ret_path);

/* The first entry whose path is not before `path`; a directory's are those from "DIR/" that start so. */
size_t tree_from(const struct tree *, const char *path);

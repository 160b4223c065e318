/* gitops/source/tree.h: the files of one commit.
 *
 * There is no checkout: a tree is a list of paths and a function that reads a file, so that no symbolic link and no
 * path with `..` in a repository can lead to a file of this machine. Paths are relative to the repository's root,
 * without ".", ".." and a slash at an end; "" is the root.
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
	/* Reads the content of an entry of at most `max` bytes, into the arena, with a NUL after it. */
	struct err *(*read)(
	    const struct tree *, struct arena *, const struct tree_entry *, size_t max, struct bytes *ret);
	void *arg;
};

/* Puts entries into their order. */
void tree_sort(struct tree_entry *, size_t n);

/* Returns `path`, relative to the directory `from`, as a path of the tree. It is an error if it leads out of the
 * repository. */
struct err *tree_path(struct arena *, const char *from, const char *path, const char **ret);

/* Finds the file at a path, through symbolic links that stay in the tree; *ret NULL: there is no such file, or it is
 * a directory. An error: a link leads out of the tree or in circles, or the path is in a submodule, whose files are
 * not fetched. */
struct err *tree_find(const struct tree *, struct arena *, const char *path, const struct tree_entry **ret);

/* Finds the directory at a path in the same way: *ret is its path without links, or NULL. */
struct err *tree_directory(const struct tree *, struct arena *, const char *path, const char **ret);

/* Reads the whole file at a path; ERR_GONE: there is no such file. *ret_path (NULL: not needed): its path without
 * links. */
struct err *tree_read(const struct tree *, struct arena *, const char *path, struct bytes *ret, const char **ret_path);

/* Returns the number of the first entry whose path is not before `path`. The entries of a directory begin at "DIR/". */
size_t tree_from(const struct tree *, const char *path);

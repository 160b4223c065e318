/* tests/files.h: a commit of a few files, in memory. */
#pragma once
#include <string.h>
#include "gitops/source/tree.h"

/* A path and its content; a content that starts with "-> " is a symbolic link. */
struct file {
	const char *path, *text;
};

static struct err *
files_read(const struct tree *t, struct arena *a, const struct tree_entry *entry, size_t max, struct bytes *ret)
{
	const char *text = entry->id;

	(void)t;
	if (entry->kind == TREE_LINK)
		text += 3;
	if (strlen(text) > max)
		return err_new(a, ERR_INVALID, "too long");
	*ret = (struct bytes){ text, strlen(text) };
	return NULL;
}

static inline struct tree
files(struct arena *a, const struct file *list, size_t n)
{
	struct tree_entry *entries = arena_new_array(a, struct tree_entry, n);

	for (size_t i = 0; i < n; i++)
		entries[i] = (struct tree_entry){ .path = list[i].path,
			.kind = strncmp(list[i].text, "-> ", 3) == 0 ? TREE_LINK : TREE_FILE,
			.size = strlen(list[i].text),
			.id = list[i].text };
	tree_sort(entries, n);
	return (struct tree){ .entries = entries, .n = n, .read = files_read };
}

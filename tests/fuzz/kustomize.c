/* tests/fuzz/kustomize.c: a repository from anywhere: its files, each behind a line "=== PATH", and what the
 * kustomization at its root makes of them. What is made is objects with kinds and names, and the same twice. */
#include <stdlib.h>
#include <string.h>
#include "gitops/kustomize/build.h"
#include "tests/files.h"
#include "tests/fuzz/fuzz.h"

#define FILES_MAX 64

static struct tree
tree_of(struct arena *a, char *text)
{
	struct file *list = arena_new_array(a, struct file, FILES_MAX);
	size_t n = 0;

	for (char *at = text; n < FILES_MAX && strncmp(at, "=== ", 4) == 0;) {
		char *path = at + 4, *content = strchr(path, '\n'), *end;

		if (content == NULL)
			break;
		*content++ = '\0';
		end = strstr(content, "\n=== ");
		if (end != NULL)
			*end = '\0';
		if (path[0] != '\0')
			list[n++] = (struct file){ path, content };
		if (end == NULL)
			break;
		at = end + 1;
	}
	return files(a, list, n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct tree t = tree_of(a, arena_strndup(a, (const char *)data, size));
	struct manifests once = { .arena = a }, again = { .arena = a };

	if (k_build(&t, a, "", NULL, &once) != NULL)
		return 0;
	if (k_build(&t, a, "", NULL, &again) != NULL || once.n != again.n)
		abort();
	for (size_t i = 0; i < once.n; i++)
		if (strcmp(once.at[i].text, again.at[i].text) != 0 || once.at[i].kind[0] == '\0')
			abort();
	return 0;
}

/* tests/fuzz/patch.c: a document and a patch, a line each, applied in each of the three ways. */
#include <string.h>
#include "kube/api/patch.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *doc = NULL, *patch = NULL, *other = NULL, *diff = NULL;
	const char *line = memchr(data, '\n', size);

	if (line == NULL || json_parse(a, (const char *)data, (size_t)(line - (const char *)data), &doc) != NULL ||
	    json_parse(a, line + 1, size - (size_t)(line + 1 - (const char *)data), &patch) != NULL)
		return 0;
	other = json_deep_copy(doc);
	json_patch_apply(a, &other, patch);
	diff = merge_patch_diff(doc, other);
	other = strategic_patch_apply(other, patch);
	doc = merge_patch_apply(doc, patch);
	return 0;
}

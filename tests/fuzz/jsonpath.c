/* tests/fuzz/jsonpath.c: a path, a line feed, and a document. */
#include <string.h>
#include "analysis/jsonpath.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size), *line = strchr(text, '\n');
	_cleanup_(json_decrefp) json_t *doc = NULL;
	const json_t *found;

	if (line == NULL || json_parse(a, line + 1, strlen(line + 1), &doc) != NULL)
		return 0;
	(void)jsonpath_first(a, arena_strndup(a, text, (size_t)(line - text)), doc, &found);
	return 0;
}

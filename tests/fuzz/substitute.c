/* tests/fuzz/substitute.c: variables in an object's strings: the first line is the value of two of them, the rest a
 * text. */
#include <stdlib.h>
#include <string.h>
#include "gitops/flux/post_build.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *line = memchr(data, '\n', size);
	size_t n = line != NULL ? (size_t)(line - (const char *)data) : 0;
	struct string_pair pairs[] = { { "a", arena_strndup(a, (const char *)data, n) }, { "b", "b/c.d" },
		{ "e", "" } };
	_cleanup_(json_decrefp) json_t *value = json_string(pairs[0].value),
				       *text = line != NULL ? json_stringn(line + 1, size - n - 1) : NULL;

	if (value == NULL || text == NULL || strlen(json_string_value(text)) != json_string_length(text))
		return 0;
	for (int strict = 0; strict <= 1; strict++) {
		const struct substitute_variables variables = { { pairs, ARRAY_SIZE(pairs) }, strict };
		_cleanup_(json_decrefp) json_t *object = json_pack("{s:O, s:[O]}", "text", text, "list", text),
					       *out = NULL;
		struct err *e = post_build(a, object, &variables, &out);

		if ((e == NULL) != (out != NULL))
			abort();
	}
	return 0;
}

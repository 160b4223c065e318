/* tests/fuzz/condition.c: a condition from anywhere, over a result from anywhere, and the comparisons that decide it.
 * The first line is the result as JSON. */
#include <string.h>
#include "analysis/condition/condition.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size), *line = strchr(text, '\n');
	struct condition_limit limits[CONDITION_LIMITS_MAX];
	struct condition_program *program;
	json_t *j = NULL;
	struct value v;
	bool response;

	if (line == NULL || json_parse(a, text, (size_t)(line - text), &j) != NULL)
		return 0;
	v = value_from_json(a, j);
	if (condition_parse(a, line + 1, &program) == NULL) {
		condition_eval(a, program, &v, 0, &response);
		condition_find_limits(a, program, &v, 0, limits);
	}
	json_decref(j);
	return 0;
}

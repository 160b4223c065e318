/* tests/fuzz/apply.c: an object and two managers' applies, a line each. The same apply again changes nothing, and
 * forced values are those that were given. */
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "kube/api/managed_fields.h"
#include "tests/fuzz/fuzz.h"

/* Applies by force, twice. */
static json_t *
apply(struct arena *a, json_t *live, const json_t *config, const char *manager)
{
	struct field_manager m = { manager, NULL, "2026-11-24T12:00:00Z" };
	json_t *next = NULL, *again = NULL, *conflicts = NULL;

	if (managed_fields_apply(a, live, config, &m, false, &next, &conflicts) != NULL &&
	    managed_fields_apply(a, live, config, &m, true, &next, NULL) != NULL)
		return live;
	json_decref(conflicts);
	/* (An object without field owners was never applied.) */
	if (json_at(next, "/metadata/managedFields") != NULL &&
	    (managed_fields_apply(a, next, config, &m, false, &again, NULL) != NULL || !json_equal(next, again)))
		abort();
	json_decref(again);
	json_decref(live);
	return next;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *at = (const char *)data, *end = at + size;
	json_t *j[3] = { NULL, NULL, NULL };

	for (size_t i = 0; i < 3; i++) {
		const char *line = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;

		if (line == NULL)
			line = end;
		if (json_parse(a, at, (size_t)(line - at), &j[i]) != NULL || !json_is_object(j[i])) {
			json_decref(j[i]);
			j[i] = json_object();
		}
		if (json_object_get(j[i], "metadata") == NULL)
			json_object_set_new(j[i], "metadata", json_object());
		at = line < end ? line + 1 : end;
	}
	j[0] = apply(a, j[0], j[1], "one");
	j[0] = apply(a, j[0], j[2], "two");
	managed_fields_track(j[0], j[2], &(struct field_manager){ "three", NULL, "2026-11-24T12:00:01Z" });
	for (size_t i = 0; i < 3; i++)
		json_decref(j[i]);
	return 0;
}

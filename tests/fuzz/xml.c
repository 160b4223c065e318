/* tests/fuzz/xml.c: XML from anywhere: no deeper than its limit, and JSON. */
#include <assert.h>
#include "base/xml.h"
#include "tests/fuzz/fuzz.h"

static int
depth_of(const json_t *v)
{
	int most = 0;
	const char *key;
	json_t *one;
	size_t i;

	json_array_foreach ((json_t *)v, i, one)
		most = depth_of(one) > most ? depth_of(one) : most;
	json_object_foreach ((json_t *)v, key, one)
		most = depth_of(one) > most ? depth_of(one) : most;
	return most + 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *tree = NULL, *again = NULL;
	const char *name;

	if (xml_decode(a, (struct bytes){ (const char *)data, size }, &name, &tree) != NULL)
		return 0;
	assert(name[0] != '\0' && depth_of(tree) <= XML_DEPTH_MAX);
	again = json_loads(json_text(a, tree), JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	assert(json_equal(tree, again));
	return 0;
}

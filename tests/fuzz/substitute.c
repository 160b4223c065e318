/* tests/fuzz/substitute.c: a manifest with variables from anywhere; two variables are set. */
#include "gitops/substitute.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct string_pair pairs[] = { { "a", "value" }, { "b", "${a}/x/*" } };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *out;

	substitute(a, arena_strndup(a, (const char *)data, size), &(struct string_map){ pairs, 2 }, &out);
	return 0;
}

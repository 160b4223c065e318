/* tests/fuzz/selector.c: label and field selectors as they come in a URL. */
#include "kube/api/selector.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *labels = json_pack("{s:s,s:{s:s}}", "app", "web", "metadata", "name", "x");
	const char *text = arena_strndup(a, (const char *)data, size);
	struct selector s = { 0 };
	bool matches;

	if (selector_parse(a, text, &s) == NULL)
		selector_matches(&s, labels);
	field_selector_matches(a, text, labels, &matches);
	return 0;
}

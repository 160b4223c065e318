/* tests/fuzz/yaml.c: a manifest from anywhere; what was read is written, and reads back as the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kube/api/yaml.h"
#include "tests/fuzz/fuzz.h"

static void
fuzz_read_back(const json_t *doc)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *docs = NULL;
	const char *text = yaml_text(a, doc);

	/* A text that is nested very deeply, or is long, exceeds the limits. */
	if (yaml_parse(a, text, strlen(text), &docs) == NULL && !json_equal(json_array_get(docs, 0), doc)) {
		fprintf(stderr, "%s\nwas written as\n%s\n", json_text(a, doc), text);
		abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (enum yaml_words words = YAML_DEFAULT; words <= YAML_KUSTOMIZE; words++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		_cleanup_(json_decrefp) json_t *docs = NULL;
		json_t *doc;
		size_t i;

		if (yaml_parse_as(a, (const char *)data, size, words, &docs) != NULL)
			continue;
		json_array_foreach (docs, i, doc)
			fuzz_read_back(doc);
	}
	return 0;
}

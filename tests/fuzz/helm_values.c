/* tests/fuzz/helm_values.c: values of a Helm release: the first line is a path, the second a value, the rest YAML. */
#include <stdlib.h>
#include <string.h>
#include "gitops/render/helm_values.h"
#include "kube/api/yaml.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	char *path = arena_strndup(a, (const char *)data, size), *value = strchr(path, '\n'),
	     *text = value != NULL ? strchr(value + 1, '\n') : NULL;
	_cleanup_(json_decrefp) json_t *docs = NULL, *twice = NULL;
	const char *digest;

	if (text == NULL || strlen(path) != size)
		return 0;
	*value++ = *text++ = '\0';
	if (yaml_parse_as(a, text, strlen(text), YAML_KUBERNETES, &docs) != NULL ||
	    !json_is_object(json_array_get(docs, 0)))
		return 0;
	for (int literal = 0; literal <= 1; literal++)
		helm_values_set(a, json_array_get(docs, 0), path, value, literal);
	/* What is merged with itself stays as it is. */
	twice = json_deep_copy(json_array_get(docs, 0));
	digest = helm_values_digest(a, twice);
	helm_values_merge(twice, json_array_get(docs, 0));
	if (strcmp(digest, helm_values_digest(a, twice)) != 0)
		abort();
	return 0;
}

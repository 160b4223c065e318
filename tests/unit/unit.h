/* tests/unit/unit.h: cmocka, and JSON and YAML for tests that are easier to read with them. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/json.h"
#include "kube/api/yaml.h"

/* The first document of a YAML text, which must be good. The caller owns it. */
static inline json_t *
yaml(struct arena *a, const char *text)
{
	json_t *docs = NULL, *first;
	struct err *e = yaml_parse(a, text, strlen(text), &docs);

	if (e != NULL)
		fail_msg("%s in: %s", err_text(a, e), text);
	first = json_incref(json_array_get(docs, 0));
	json_decref(docs);
	return first;
}

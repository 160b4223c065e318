/* cli/lint_rules.c: validation rules of several fields (the CEL rules of our CRDs) for `sluice lint`: a walk over a
 * definition's schema and an object. */
#include "cli/lint_rules.h"
#include <string.h>
#include "kube/api/schema.h"
#include "sim/cel.h"

static void
lint_rules_walk(struct problems *p, const json_t *schema, const json_t *v, const char *path)
{
	const json_t *properties = json_object_get(schema, "properties");
	const char *key;
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get(schema, "x-kubernetes-validations"), i, one) {
		const char *rule = json_str(one, "rule");

		/* There is nothing older to compare with. */
		if (strstr(rule, "oldSelf") == NULL && !cel_holds(rule, v))
			problem_add(p, path, "Invalid value: %s", json_str(one, "message"));
	}
	json_object_foreach ((json_t *)v, key, one)
		if (json_object_get(properties, key) != NULL)
			lint_rules_walk(p, json_object_get(properties, key), one,
			    arena_printf(p->arena, "%s%s%s", path, path[0] != '\0' ? "." : "", key));
	json_array_foreach (v, i, one)
		lint_rules_walk(p, json_object_get(schema, "items"), one, arena_printf(p->arena, "%s[%zu]", path, i));
}

void
lint_rules(struct problems *p, const struct type *t, const json_t *object)
{
	_cleanup_(json_decrefp) json_t *crd = schema_crd(t);

	lint_rules_walk(p, json_at(crd, "/spec/versions/0/schema/openAPIV3Schema"), object, "");
}

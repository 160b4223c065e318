/* tests/fuzz/objects.c: an object of any type that is read, decided on as a rollout and as an analysis run. */
#include <string.h>
#include "analysis/decide.h"
#include "kube/api/core.h"
#include "kube/api/istio.h"
#include "kube/api/replicaset.h"
#include "kube/plan/controller.h"
#include "rollout/controller.h"
#include "tests/fuzz/fuzz.h"

static const struct type *const types[] = { &rollout_type, &replicaset_type, &analysis_run_type,
	&analysis_template_type, &virtual_service_type, &destination_rule_type, &service_type, &pod_type };

struct one {
	struct view view;
	const struct object *object;
};

static const struct object *
get(const struct view *v, const struct type *t, const char *ns, const char *name)
{
	const struct one *o = (const struct one *)v;

	(void)ns;
	(void)name;
	return o->object->type == t ? o->object : NULL;
}

static void
each(
    const struct view *v, const struct type *t, const char *ns, void (*visit)(const struct object *, void *), void *arg)
{
	const struct object *o = get(v, t, ns, NULL);

	if (o != NULL)
		visit(o, arg);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *j = NULL;
	struct one one = { .view = { .get = get, .each = each } };
	struct seen seen = { 0 };
	struct pass p = { .view = &one.view, .namespace = "ns", .name = "x", .now = 1795452487000, .seen = &seen };

	if (json_parse(a, (const char *)data, size, &j) != NULL || !json_is_object(j))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct plan *plan = plan_new(a);

		one.object = object_decode(types[i], j, a);
		/* The server gives every object these. */
		if (one.object->meta.name == NULL || one.object->meta.namespace == NULL ||
		    one.object->meta.uid == NULL || one.object->meta.resource_version == NULL)
			continue;
		if (types[i] == &rollout_type)
			rollout_controller.pass(&p, plan);
		if (types[i] == &analysis_run_type)
			analysis_controller.pass(&p, plan);
		plan_print(plan);
	}
	return 0;
}

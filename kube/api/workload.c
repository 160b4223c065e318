/* kube/api/workload.c: pod templates of workloads that spec.workloadRef names: the rows of their fields. */
#include "kube/api/workload.h"
#include "base/json_walk.h"
#include "base/str.h"
#include "kube/api/pod_template.h"

static const struct field workload_spec_fields[] = {
	OPT_INT(workload_spec, replicas, "replicas", .min = 0, .max = INT32_MAX),
	OBJECT(workload_spec, selector, "selector", label_selector),
};
TYPE(workload_spec, "workload's spec");

static void
workload_finish(void *of, const char *text, struct arena *a)
{
	const char *template = json_find(json_find(text, "spec"), "template") ?: json_find(text, "template");

	struct workload *w = of;

	if (!json_at_object(template))
		return;
	w->template = pod_template_canonical(a, template);
	w->template_sum = text_sum(w->template);
}

static void
workload_copied(void *of, struct arena *a)
{
	struct workload *w = of;

	w->template = arena_strdup(a, w->template);
}

static const struct field workload_fields[] = {
	EMBED(workload, spec, "spec", workload_spec),
};

TYPE_AS(deployment_type, workload, "Deployment", .group = "apps", .version = "v1", .plural = "deployments",
    .kind = "Deployment", .has_status = true, .finish = workload_finish, .copied = workload_copied);
TYPE_AS(workload_replicaset_type, workload, "ReplicaSet", .group = "apps", .version = "v1", .plural = "replicasets",
    .kind = "ReplicaSet", .has_status = true, .finish = workload_finish, .copied = workload_copied);
TYPE_AS(pod_template_object_type, workload, "PodTemplate", .group = "", .version = "v1", .plural = "podtemplates",
    .kind = "PodTemplate", .finish = workload_finish, .copied = workload_copied);

const struct type *
workload_type(const struct workload_ref *ref)
{
	static const struct type *const types[] = { &deployment_type, &workload_replicaset_type,
		&pod_template_object_type };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (str_eq(types[i]->kind, ref->kind))
			return types[i];
	return NULL;
}

const struct type *
workload_missing(const json_t *rollout, const char **ret_name)
{
	const json_t *spec = json_object_get(rollout, "spec"), *ref = json_object_get(spec, "workloadRef");
	struct workload_ref to = { .kind = json_str(ref, "kind"), .name = json_str(ref, "name") };

	if (to.kind == NULL || to.name == NULL || json_object_get(spec, "template") != NULL)
		return NULL;
	*ret_name = to.name;
	return workload_type(&to);
}

void
workload_fill(json_t *rollout, const json_t *workload)
{
	json_t *spec = json_object_get(rollout, "spec");
	json_t *template = json_at(workload, "/spec/template") ?: json_at(workload, "/template");
	json_t *selector = json_at(workload, "/spec/selector");

	if (json_is_object(template))
		json_object_set(spec, "template", template);
	if (json_object_get(spec, "selector") == NULL && json_is_object(selector))
		json_object_set(spec, "selector", selector);
}

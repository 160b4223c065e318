/* sim/immutable.c: immutable fields of built-in kinds: one row for each field, and the rules that concern more than
 * one field. */
#include "sim/immutable.h"
#include <string.h>
#include "base/str.h"

#define CHANGED ": field is immutable"

/* A field that never changes. */
static const struct immutable_row {
	const char *kind, *pointer, *text;
} rows[] = {
	{ "Job", "/spec/template", "spec.template: Invalid value" CHANGED },
	{ "Job", "/spec/selector", "spec.selector: Invalid value" CHANGED },
	{ "Job", "/spec/completions", "spec.completions: Invalid value" CHANGED },
	{ "Job", "/spec/completionMode", "spec.completionMode: Invalid value" CHANGED },
	{ "Deployment", "/spec/selector", "spec.selector: Invalid value" CHANGED },
	{ "ReplicaSet", "/spec/selector", "spec.selector: Invalid value" CHANGED },
	{ "DaemonSet", "/spec/selector", "spec.selector: Invalid value" CHANGED },
	{ "RoleBinding", "/roleRef", "roleRef: Invalid value: cannot change roleRef" },
	{ "ClusterRoleBinding", "/roleRef", "roleRef: Invalid value: cannot change roleRef" },
	{ "Secret", "/type", "type: Invalid value" CHANGED },
	{ "StorageClass", "/provisioner", "provisioner: Forbidden: updates to provisioner are forbidden." },
	{ "StorageClass", "/parameters", "parameters: Forbidden: updates to parameters are forbidden." },
	{ "PriorityClass", "/value", "value: Forbidden: may not be changed in an update." },
};

/* A spec of which only these fields may change. */
static const struct immutable_spec {
	const char *kind, *text;
	const char *fields[8];
} specs[] = {
	{ "StatefulSet",
	    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
	    "'updateStrategy', "
	    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
	    { "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
		"persistentVolumeClaimRetentionPolicy", "minReadySeconds" } },
	{ "PersistentVolumeClaim",
	    "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName "
	    "for bound claims",
	    { "resources", "volumeAttributesClassName", "volumeName" } },
};

static bool
immutable_differs(const json_t *x, const json_t *y)
{
	return x != y && (x == NULL || y == NULL || !json_equal(x, y));
}

/* ConfigMaps and Secrets with `immutable: true`. */
static const char *
immutable_data(const char *kind, const json_t *old, const json_t *next)
{
	static const char *const fields[] = { "data", "binaryData", "stringData" };

	if ((strcmp(kind, "ConfigMap") != 0 && strcmp(kind, "Secret") != 0) ||
	    !json_is_true(json_object_get(old, "immutable")))
		return NULL;
	if (!json_is_true(json_object_get(next, "immutable")))
		return "immutable: Forbidden: field is immutable when `immutable` is set";
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (immutable_differs(json_object_get(old, fields[i]), json_object_get(next, fields[i])))
			return "data: Forbidden: field is immutable when `immutable` is set";
	return NULL;
}

/* An address is allocated when a Service is made, here only where it is named; a Service that does not name it keeps
 * it. */
static const char *
immutable_address(const char *kind, const json_t *old, json_t *next)
{
	const char *type = json_str(json_object_get(next, "spec"), "type"),
		   *was_type = json_str(json_object_get(old, "spec"), "type"),
		   *was = json_str(json_object_get(old, "spec"), "clusterIP"),
		   *is = json_str(json_object_get(next, "spec"), "clusterIP");

	if (strcmp(kind, "Service") != 0 || str_eq(type, "ExternalName") || str_eq(was_type, "ExternalName"))
		return NULL;
	if (str_empty(is) && was != NULL)
		json_object_set_new(json_object_get(next, "spec"), "clusterIP", json_string(was));
	return !str_empty(is) && !str_eq(was, is) ? "spec.clusterIPs[0]: Invalid value: may not change once set" : NULL;
}

static const char *
immutable_spec(const char *kind, const json_t *old, const json_t *next)
{
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		_cleanup_(json_decrefp) json_t *was = json_copy(json_object_get(old, "spec")),
					       *is = json_copy(json_object_get(next, "spec"));

		if (strcmp(kind, specs[i].kind) != 0)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(specs[i].fields) && specs[i].fields[k] != NULL; k++) {
			json_object_del(was, specs[i].fields[k]);
			json_object_del(is, specs[i].fields[k]);
		}
		if (immutable_differs(was, is))
			return specs[i].text;
	}
	return NULL;
}

const char *
immutable_problem(const char *kind, const json_t *old, json_t *next)
{
	const char *problem;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(kind, rows[i].kind) == 0 &&
		    immutable_differs(json_at(old, rows[i].pointer), json_at(next, rows[i].pointer)))
			return rows[i].text;
	if ((problem = immutable_data(kind, old, next)) != NULL || (problem = immutable_spec(kind, old, next)) != NULL)
		return problem;
	return immutable_address(kind, old, next);
}

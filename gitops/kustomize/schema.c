/* gitops/kustomize/schema.c: merge keys of lists in strategic merge patches: from Kubernetes' own kinds, or from an
 * OpenAPI document. */
#include "gitops/kustomize/schema.h"
#include <string.h>
#include "base/str.h"
#include "gitops/source/manifests.h"
#include "kube/api/managed_fields.h"

#define REFERENCES_MAX 32 /* from definition to definition */
#define GROUP_VERSION_KIND "x-kubernetes-group-version-kind"

/* The lists of Kubernetes' own kinds (the merge keys of its OpenAPI definitions), and of Rollouts (those of its Go
 * types). */
static const struct {
	const char *kind; /* NULL: of any that has pods, or any at all */
	const char *list;
	const char *keys[2];
} lists[] = {
	{ NULL, "containers", { "name", NULL } },
	{ NULL, "initContainers", { "name", NULL } },
	{ NULL, "ephemeralContainers", { "name", NULL } },
	{ NULL, "volumes", { "name", NULL } },
	{ NULL, "imagePullSecrets", { "name", NULL } },
	{ NULL, "hostAliases", { "ip", NULL } },
	{ NULL, "topologySpreadConstraints", { "topologyKey", "whenUnsatisfiable" } },
	{ NULL, "env", { "name", NULL } },
	{ NULL, "volumeDevices", { "devicePath", NULL } },
	{ NULL, "volumeMounts", { "mountPath", NULL } },
	{ NULL, "ownerReferences", { "uid", NULL } },
	{ NULL, "conditions", { "type", NULL } },
	{ "Service", "ports", { "port", "protocol" } },
	{ "ServiceAccount", "secrets", { "name", NULL } },
	{ "MutatingWebhookConfiguration", "webhooks", { "name", NULL } },
	{ "ValidatingWebhookConfiguration", "webhooks", { "name", NULL } },
}, rollout_lists[] = {
	{ NULL, "args", { "name", NULL } },
	{ NULL, "metrics", { "name", NULL } },
	{ NULL, "analyses", { "name", NULL } },
	{ NULL, "dryRun", { "metricName", NULL } },
	{ NULL, "measurementRetention", { "metricName", NULL } },
	{ NULL, "headers", { "key", NULL } },
};

static bool
k_schema_is_of_rollouts(const struct k_schema *s, const json_t *object)
{
	return s->rollouts && str_starts(json_str(object, "apiVersion"), "argoproj.io/");
}

/* Returns the definition that a definition with only a $ref refers to. */
static const json_t *
k_schema_resolve(const struct k_schema *s, const json_t *definition)
{
	const char *ref;

	for (int i = 0; i < REFERENCES_MAX && (ref = json_str(definition, "$ref")) != NULL; i++)
		definition = ref[0] == '#' ? json_at(s->document, ref + 1) : NULL;
	return json_str(definition, "$ref") == NULL ? definition : NULL;
}

static const char *
k_schema_name_of(struct arena *a, const char *group, const char *version, const char *kind)
{
	return arena_printf(a, "%s/%s/%s", group, version, kind);
}

/* The name of the kind in an `x-kubernetes-group-version-kind`, or NULL. */
static const char *
k_schema_named_kind(struct arena *a, const json_t *gvk)
{
	const char *version = json_str(gvk, "version"), *kind = json_str(gvk, "kind");

	return version != NULL && kind != NULL ? k_schema_name_of(a, json_str(gvk, "group") ?: "", version, kind)
					       : NULL;
}

/* A kind has a namespace when one of its paths has. */
static void
k_schema_load_paths(struct k_schema *s, struct arena *a)
{
	const char *path, *name;
	json_t *item;

	json_object_foreach (json_object_get(s->document, "paths"), path, item) {
		bool in_namespace = strstr(path, "namespaces/{namespace}") != NULL;

		name = k_schema_named_kind(a, json_object_get(json_object_get(item, "get"), GROUP_VERSION_KIND));
		if (name != NULL && (in_namespace || json_object_get(s->of_cluster, name) == NULL))
			json_object_set_new(s->of_cluster, name, json_boolean(!in_namespace));
	}
}

void
k_schema_load(struct k_schema *s, struct arena *a, json_t *document)
{
	const char *name;
	json_t *definition, *gvk;
	size_t i;

	*s = (struct k_schema){ document, json_object(), json_object(), s->own_too, s->rollouts };
	json_object_foreach (json_object_get(document, "definitions"), name, definition)
		json_array_foreach (json_object_get(definition, GROUP_VERSION_KIND), i, gvk)
			if (k_schema_named_kind(a, gvk) != NULL)
				json_object_set(s->kinds, k_schema_named_kind(a, gvk), definition);
	k_schema_load_paths(s, a);
}

void
k_schema_done(struct k_schema *s)
{
	json_decref(s->document);
	json_decref(s->kinds);
	json_decref(s->of_cluster);
}

static const json_t *
k_schema_definition_of(struct arena *a, const struct k_schema *s, const json_t *object)
{
	const char *kind = json_str(object, "kind"), *group, *version;

	api_version_split(a, arena_strdup(a, json_str(object, "apiVersion") ?: ""), &group, &version);
	return kind != NULL ? json_object_get(s->kinds, k_schema_name_of(a, group, version, kind)) : NULL;
}

struct k_typed
k_typed_object(struct arena *a, const struct k_schema *s, const json_t *object)
{
	struct k_typed t = { .schema = s };

	if (s->document != NULL)
		t.definition = k_schema_resolve(s, k_schema_definition_of(a, s, object));
	if (t.definition == NULL && (s->document == NULL || s->own_too) &&
	    (object_is_builtin(object) || k_schema_is_of_rollouts(s, object)))
		t.kind = arena_strdup(a, json_str(object, "kind") ?: "");
	return t;
}

struct k_typed
k_typed_member(const struct k_typed *t, const char *name)
{
	const json_t *member = json_object_get(json_object_get(t->definition, "properties"), name);

	if (member == NULL)
		member = json_object_get(t->definition, "additionalProperties");
	return (struct k_typed){ t->schema, t->kind, k_schema_resolve(t->schema, member) };
}

struct k_typed
k_typed_element(const struct k_typed *t)
{
	return (
	    struct k_typed){ t->schema, t->kind, k_schema_resolve(t->schema, json_object_get(t->definition, "items")) };
}

/* Returns how a list is merged by its definition in a schema. */
static struct k_merge
k_schema_merge_of_definition(const json_t *definition)
{
	const char *strategy = json_str(definition, "x-kubernetes-patch-strategy");
	const json_t *keys = json_object_get(definition, "x-kubernetes-list-map-keys");
	struct k_merge m = { .merged = strategy != NULL && strstr(strategy, "merge") != NULL };

	m.keys[0] = json_str(definition, "x-kubernetes-patch-merge-key");
	for (size_t i = 0; i < json_array_size(keys) && i < K_KEYS_MAX; i++)
		m.keys[i] = json_string_value(json_array_get(keys, i));
	return m;
}

static struct k_merge
k_schema_merge_by_keys(const char *const keys[2])
{
	return (struct k_merge){ .merged = true, .keys = { keys[0], keys[1] } };
}

/* Returns how a list is merged by the tables of built-in types. */
static struct k_merge
k_schema_merge_of_kind(const struct k_typed *list, const char *name, const json_t *elements)
{
	static const char *const ports[2] = { "containerPort", "protocol" }, *const names[2] = { "name", NULL },
				 *const templates[2] = { "templateName", NULL };
	const json_t *first = json_array_get(elements, 0);

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (strcmp(lists[i].list, name) == 0 &&
		    (lists[i].kind == NULL || strcmp(lists[i].kind, list->kind) == 0))
			return k_schema_merge_by_keys(lists[i].keys);
	if (strcmp(name, "ports") == 0 && json_object_get(first, "containerPort") != NULL)
		return k_schema_merge_by_keys(ports);
	for (size_t i = 0; list->schema->rollouts && i < ARRAY_SIZE(rollout_lists); i++)
		if (strcmp(rollout_lists[i].list, name) == 0)
			return k_schema_merge_by_keys(rollout_lists[i].keys);
	/* Templates of an experiment have names, those of an analysis are named. */
	if (list->schema->rollouts && strcmp(name, "templates") == 0)
		return k_schema_merge_by_keys(json_object_get(first, "templateName") != NULL ? templates : names);
	return (struct k_merge){ .merged = strcmp(name, "finalizers") == 0 };
}

struct k_merge
k_typed_merge(const struct k_typed *list, const char *name, const json_t *elements)
{
	if (list->definition != NULL)
		return k_schema_merge_of_definition(list->definition);
	return list->kind != NULL ? k_schema_merge_of_kind(list, name, elements) : (struct k_merge){ 0 };
}

bool
k_schema_of_cluster(const struct k_schema *s, struct arena *a, const char *group, const char *version, const char *kind)
{
	return s->of_cluster != NULL &&
	       json_is_true(json_object_get(s->of_cluster, k_schema_name_of(a, group, version, kind)));
}

/* sim/fields.c: known fields of each type of the laptop cluster, for strict validation: custom resources by their
 * schemas, pod templates by their rows, others by a list of names. */
#include "sim/fields.h"
#include <string.h>
#include "base/str.h"
#include "kube/api/pod_check.h"
#include "kube/api/pod_template_rows.h"

#define META                                                                                                           \
	"name generateName namespace selfLink uid resourceVersion generation creationTimestamp deletionTimestamp "     \
	"deletionGracePeriodSeconds labels annotations ownerReferences finalizers managedFields"
#define SELECTOR "selector{matchLabels matchExpressions{key operator values}}"

/* Names with spaces between; those of an object, or of the objects of a list, in braces; "template" is a pod
 * template. What has no braces may hold anything. */
static const struct {
	const char *kind, *fields;
} fields_rows[] = {
	{ "Namespace", "spec{finalizers} status" },
	{ "Service",
	    "spec{type selector clusterIP clusterIPs externalIPs externalName externalTrafficPolicy "
	    "internalTrafficPolicy "
	    "ipFamilies ipFamilyPolicy loadBalancerIP loadBalancerClass loadBalancerSourceRanges healthCheckNodePort "
	    "allocateLoadBalancerNodePorts publishNotReadyAddresses sessionAffinity sessionAffinityConfig "
	    "trafficDistribution ports{name port targetPort nodePort protocol appProtocol}} status" },
	{ "ConfigMap", "data binaryData immutable" },
	{ "Secret", "data stringData type immutable" },
	{ "ServiceAccount", "secrets imagePullSecrets automountServiceAccountToken" },
	{ "ReplicaSet", "spec{replicas minReadySeconds template " SELECTOR "} status" },
	{ "Deployment", "spec{replicas minReadySeconds template paused progressDeadlineSeconds revisionHistoryLimit "
			"strategy{type rollingUpdate{maxSurge maxUnavailable}} " SELECTOR "} status" },
	{ "StatefulSet",
	    "spec{replicas minReadySeconds template serviceName podManagementPolicy revisionHistoryLimit ordinals "
	    "persistentVolumeClaimRetentionPolicy volumeClaimTemplates updateStrategy{type rollingUpdate{partition "
	    "maxUnavailable}} " SELECTOR "} status" },
	{ "DaemonSet", "spec{minReadySeconds template revisionHistoryLimit updateStrategy{type rollingUpdate{maxSurge "
		       "maxUnavailable}} " SELECTOR "} status" },
	{ "Job",
	    "spec{template parallelism completions completionMode activeDeadlineSeconds backoffLimit "
	    "backoffLimitPerIndex "
	    "maxFailedIndexes manualSelector ttlSecondsAfterFinished suspend podFailurePolicy podReplacementPolicy "
	    "successPolicy managedBy " SELECTOR "} status" },
	{ "PodTemplate", "template" },
	{ "CustomResourceDefinition",
	    "spec{group names{plural singular kind listKind shortNames categories} scope versions "
	    "conversion preserveUnknownFields} status" },
};

struct fields_walk {
	struct arena *arena;
	json_t *paths;
};

static const char *
fields_fields_of(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields_rows); i++)
		if (strcmp(fields_rows[i].kind, kind) == 0)
			return fields_rows[i].fields;
	return NULL;
}

/* One name of a list and what follows it: *ret_in is behind its brace (NULL: it has none), and the result behind it
 * all. */
static const char *
fields_next(const char *s, size_t *ret_len, const char **ret_in)
{
	int open = 0;

	*ret_len = strcspn(s, " {}");
	s += *ret_len;
	*ret_in = *s == '{' ? s + 1 : NULL;
	while (*s != '\0' && (open > 0 || (*s != ' ' && *s != '}'))) {
		open += *s == '{';
		open -= *s == '}';
		s++;
	}
	return s + strspn(s, " ");
}

/* Returns false if the list has no such name. */
static bool
fields_find(const char *s, const char *name, const char **ret_in)
{
	size_t len;

	while (*s != '\0' && *s != '}') {
		const char *at = s;

		s = fields_next(s, &len, ret_in);
		if (strlen(name) == len && strncmp(at, name, len) == 0)
			return true;
	}
	return false;
}

static void
fields_add(struct fields_walk *w, const char *path)
{
	if (json_array_size(w->paths) < UNKNOWN_MAX)
		json_array_append_new(w->paths, json_string(path));
}

static void
fields_template(struct fields_walk *w, const json_t *template, const char *path)
{
	struct problems found = { .arena = w->arena };

	pod_template_unknown(&found, template, path);
	for (size_t i = 0; i < found.n && i < PROBLEMS_MAX; i++)
		if (strcmp(found.at[i].text, "unknown field") == 0)
			fields_add(w, found.at[i].path);
}

static void
fields_object(struct fields_walk *w, const char *names, const json_t *object, const char *path)
{
	const char *key, *in;
	json_t *v, *e;
	size_t i;

	json_object_foreach ((json_t *)object, key, v) {
		const char *below = arena_printf(w->arena, "%s%s%s", path, path[0] != '\0' ? "." : "", key);

		if (!fields_find(names, key, &in))
			fields_add(w, below);
		else if (strcmp(key, "template") == 0)
			fields_template(w, v, below);
		else if (in != NULL && json_is_object(v))
			fields_object(w, in, v, below);
		else if (in != NULL)
			json_array_foreach (v, i, e)
				fields_object(w, in, e, arena_printf(w->arena, "%s[%zu]", below, i));
	}
}

/* The types of Argo Rollouts have a row for every field that there is. */
static bool
fields_are_whole(const struct resource *r)
{
	static const char *const kinds[] = { "Rollout", "Experiment", "AnalysisRun", "AnalysisTemplate",
		"ClusterAnalysisTemplate" };

	for (size_t i = 0; strcmp(r->group, "argoproj.io") == 0 && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(r->kind, kinds[i]) == 0)
			return true;
	return false;
}

void
fields_unknown(const struct crds *schemas, struct arena *a, const struct resource *r, const char *version,
    const json_t *object, json_t *paths)
{
	const json_t *schema = crds_schema(schemas, crds_key(a, r, version));
	_cleanup_(json_decrefp) json_t *rest = NULL;
	struct fields_walk w = { a, paths };
	const char *names = fields_fields_of(r->kind);
	json_t *t;
	size_t i;

	fields_object(&w, META, json_object_get(object, "metadata"), "metadata");
	if (schema != NULL) {
		crds_unknown(a, schema, fields_are_whole(r), object, paths);
		if (strcmp(r->group, "argoproj.io") != 0)
			return;
		if (strcmp(r->kind, "Rollout") == 0)
			fields_template(&w, json_at(object, "/spec/template"), "spec.template");
		if (strcmp(r->kind, "Experiment") == 0)
			json_array_foreach (json_at(object, "/spec/templates"), i, t)
				fields_template(&w, json_object_get(t, "template"),
				    arena_printf(a, "spec.templates[%zu].template", i));
		return;
	}
	if (r->stored_as != NULL)
		return;
	rest = json_copy((json_t *)object);
	json_object_del(rest, "apiVersion");
	json_object_del(rest, "kind");
	json_object_del(rest, "metadata");
	if (names != NULL) {
		fields_object(&w, names, rest, "");
	} else if (strcmp(r->kind, "Pod") == 0) {
		json_object_del(rest, "status");
		fields_template(&w, rest, "");
	}
}

static json_t *
schema_of_go(const struct go_type *t)
{
	static const char *const kinds[] = { [GO_STRING] = "string",
		[GO_INT] = "integer",
		[GO_BOOL] = "boolean",
		[GO_TIME] = "string",
		[GO_QUANTITY] = "string",
		[GO_INT_OR_STRING] = "string",
		[GO_ANY] = "object" };
	json_t *properties = json_object(), *one;

	for (size_t i = 0; i < t->n; i++) {
		const struct go_field *f = &t->fields[i];

		one = f->kind == GO_STRUCT ? schema_of_go(f->of) : json_pack("{s:s}", "type", kinds[f->kind]);
		if (f->shape == GO_LIST)
			one = json_pack("{s:s,s:o}", "type", "array", "items", one);
		else if (f->shape == GO_MAP)
			one = json_pack("{s:s,s:o}", "type", "object", "additionalProperties", one);
		json_object_set_new(properties, f->name, one);
	}
	return json_pack("{s:s,s:o}", "type", "object", "properties", properties);
}

static json_t *
schema_of_anything(void)
{
	return json_pack("{s:s,s:b}", "type", "object", "x-kubernetes-preserve-unknown-fields", 1);
}

/* A list of names only says that there are such fields. */
static json_t *
schema_of_names(struct arena *a, const char *s)
{
	json_t *properties = json_object(), *one;
	const char *in;
	size_t len;

	while (*s != '\0' && *s != '}') {
		const char *name = s;

		s = fields_next(s, &len, &in);
		if (len == strlen("template") && strncmp(name, "template", len) == 0)
			one = schema_of_go(&go_PodTemplateSpec);
		else
			one = in != NULL ? schema_of_names(a, in) : schema_of_anything();
		json_object_set_new(properties, arena_strndup(a, name, len), one);
	}
	return json_pack("{s:s,s:o}", "type", "object", "properties", properties);
}

json_t *
fields_meta_schema(void)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	return schema_of_names(a, META);
}

json_t *
fields_schema(const struct crds *schemas, struct arena *a, const struct resource *r, const char *version)
{
	const json_t *kept = crds_schema(schemas, crds_key(a, r, version));
	const char *names = r->stored_as == NULL ? fields_fields_of(r->kind) : NULL;
	json_t *schema, *properties, *pod;

	if (kept != NULL) {
		schema = json_deep_copy(kept);
		if (strcmp(r->group, "argoproj.io") == 0 && strcmp(r->kind, "Rollout") == 0)
			json_object_set_new(json_at(schema, "/properties/spec/properties"), "template",
			    schema_of_go(&go_PodTemplateSpec));
	} else if (names != NULL) {
		schema = schema_of_names(a, names);
	} else if (strcmp(r->kind, "Pod") == 0) {
		pod = schema_of_go(&go_PodTemplateSpec);
		schema = json_pack("{s:s,s:{s:O,s:o}}", "type", "object", "properties", "spec",
		    json_at(pod, "/properties/spec"), "status", schema_of_anything());
		json_decref(pod);
	} else {
		schema = json_pack("{s:s,s:{s:o,s:o}}", "type", "object", "properties", "spec", schema_of_anything(),
		    "status", schema_of_anything());
	}
	properties = json_object_get(schema, "properties");
	if (properties == NULL)
		json_object_set_new(schema, "properties", properties = json_object());
	json_object_set_new(properties, "apiVersion",
	    json_pack("{s:s,s:s}", "type", "string", "description", "the group and version of the schema"));
	json_object_set_new(
	    properties, "kind", json_pack("{s:s,s:s}", "type", "string", "description", "the kind of the object"));
	json_object_set_new(properties, "metadata",
	    json_pack("{s:[{s:s}],s:s}", "allOf", "$ref", "#/components/schemas/" META_SCHEMA, "description",
		"name, namespace, labels and annotations"));
	return schema;
}

/* sim/definitions.c: CustomResourceDefinitions that users create in the laptop cluster: each adds a resource, its
 * storage and its schema. */
#include "sim/definitions.h"
#include <string.h>
#include "base/str.h"
#include "kube/api/names.h"

#define TEXTS_MAX 500 /* characters of short names and versions */

struct defined {
	struct resource resource;
	struct arena *arena; /* of the resource's texts, which only grow: watches keep pointers */
	bool gone;
};

struct definitions {
	struct defined *at[DEFINITIONS_MAX];
	size_t n;
};

struct definitions *
definitions_new(void)
{
	return mem_alloc(sizeof(struct definitions));
}

struct definitions *
definitions_free(struct definitions *d)
{
	for (size_t i = 0; d != NULL && i < d->n; i++) {
		arena_free(d->at[i]->arena);
		free(d->at[i]);
	}
	free(d);
	return NULL;
}

const struct resource *
definitions_at(const struct definitions *d, size_t i)
{
	for (size_t k = 0; k < d->n; k++)
		if (!d->at[k]->gone && i-- == 0)
			return &d->at[k]->resource;
	return NULL;
}

static struct defined *
definitions_find(const struct definitions *d, const char *group, const char *plural)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->at[i]->resource.group, group) == 0 && strcmp(d->at[i]->resource.plural, plural) == 0)
			return d->at[i];
	return NULL;
}

static bool
definitions_is_built_in(const char *group, const char *plural)
{
	for (const struct resource *r = store_resources; r->plural != NULL; r++)
		if (strcmp(r->group, group) == 0 && strcmp(r->plural, plural) == 0)
			return true;
	return false;
}

static const json_t *
definitions_storage(const json_t *definition)
{
	json_t *v;
	size_t i;

	json_array_foreach (json_at(definition, "/spec/versions"), i, v)
		if (json_is_true(json_object_get(v, "storage")))
			return v;
	return NULL;
}

/* Returns the first problem of the versions; NULL: they are valid. */
static const char *
definitions_versions(struct arena *a, const json_t *definition)
{
	const json_t *versions = json_at(definition, "/spec/versions");
	size_t i, stored = 0;
	json_t *v;

	if (json_array_size(versions) == 0)
		return "spec.versions: Required value";
	json_array_foreach (versions, i, v) {
		const json_t *schema = json_at(v, "/schema/openAPIV3Schema");
		const char *name = json_str(v, "name");

		if (name == NULL || name_label_problem(name) != NULL)
			return arena_printf(
			    a, "spec.versions[%zu].name: Invalid value: \"%s\"", i, name != NULL ? name : "");
		if (!json_is_boolean(json_object_get(v, "served")) || !json_is_boolean(json_object_get(v, "storage")))
			return arena_printf(a, "spec.versions[%zu]: Required value: served and storage", i);
		if (!json_is_object(schema))
			return arena_printf(
			    a, "spec.versions[%zu].schema.openAPIV3Schema: Required value: schemas are required", i);
		if (!str_eq(json_str(schema, "type"), "object"))
			return arena_printf(a,
			    "spec.versions[%zu].schema.openAPIV3Schema.type: Required value: must not be empty at the "
			    "root",
			    i);
		if (strlen(json_text(a, schema)) > DEFINITION_SCHEMA_MAX)
			return arena_printf(a, "spec.versions[%zu].schema: Too long: may not be more than %u bytes", i,
			    DEFINITION_SCHEMA_MAX);
		stored += json_is_true(json_object_get(v, "storage"));
	}
	return stored == 1 ? NULL
			   : "spec.versions: Invalid value: must have exactly one version marked as storage version";
}

static json_t *
definitions_condition(const char *type, const char *reason, const char *message, const char *now)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s}", "type", type, "status", "True", "reason", reason, "message", message,
	    "lastTransitionTime", now);
}

const char *
definitions_admit(const struct definitions *d, struct arena *a, json_t *definition, const char *now)
{
	json_t *names = json_at(definition, "/spec/names");
	const char *plural = json_str(names, "plural"), *kind = json_str(names, "kind"), *problem;
	const char *group = json_str(json_object_get(definition, "spec"), "group");
	const char *scope = json_str(json_object_get(definition, "spec"), "scope");
	const char *name = json_str(json_object_get(definition, "metadata"), "name");
	char *singular;

	if (group == NULL || name_subdomain_problem(group) != NULL || strchr(group, '.') == NULL)
		return "spec.group: Invalid value: should be a domain with at least one dot";
	if (plural == NULL || name_service_problem(plural) != NULL)
		return "spec.names.plural: Required value";
	if (str_empty(kind))
		return "spec.names.kind: Required value";
	if (!str_eq(name, arena_printf(a, "%s.%s", plural, group)))
		return arena_printf(a,
		    "metadata.name: Invalid value: \"%s\": must be spec.names.plural+\".\"+spec.group",
		    name != NULL ? name : "");
	if (!str_eq(scope, "Namespaced") && !str_eq(scope, "Cluster"))
		return "spec.scope: Unsupported value: supported values: \"Cluster\", \"Namespaced\"";
	if ((problem = definitions_versions(a, definition)) != NULL)
		return problem;
	if (d->n == DEFINITIONS_MAX && !definitions_is_built_in(group, plural) &&
	    definitions_find(d, group, plural) == NULL)
		return arena_printf(a, "the laptop cluster takes at most %d definitions", DEFINITIONS_MAX);
	if (json_str(names, "singular") == NULL) {
		singular = arena_strdup(a, kind);
		for (char *c = singular; *c != '\0'; c++)
			*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
		json_object_set_new(names, "singular", json_string(singular));
	}
	if (json_str(names, "listKind") == NULL)
		json_object_set_new(names, "listKind", json_string(arena_printf(a, "%sList", kind)));
	json_object_set_new(definition, "status",
	    json_pack("{s:O,s:[O],s:[o,o]}", "acceptedNames", names, "storedVersions",
		json_object_get(definitions_storage(definition), "name"), "conditions",
		definitions_condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
		definitions_condition(
		    "Established", "InitialNamesAccepted", "the initial names have been accepted", now)));
	return NULL;
}

/* Rules of CEL are not evaluated here. */
static void
definitions_without_rules(json_t *schema)
{
	const char *key;
	json_t *v;
	size_t i;

	json_object_del(schema, "x-kubernetes-validations");
	json_object_foreach (schema, key, v)
		definitions_without_rules(v);
	json_array_foreach (schema, i, v)
		definitions_without_rules(v);
}

/* "Name:/pointer:type|…" of columns whose paths are plain fields. */
static const char *
definitions_columns(struct arena *a, const json_t *version)
{
	const char *all = "";
	json_t *c;
	size_t i;

	json_array_foreach (json_object_get(version, "additionalPrinterColumns"), i, c) {
		const char *path = json_str(c, "jsonPath"), *type = json_str(c, "type");

		if (path == NULL || path[0] != '.' || strpbrk(path, "[]'\"|:@?*") != NULL ||
		    strcmp(path, ".metadata.creationTimestamp") == 0 ||
		    strpbrk(json_str(c, "name") ?: "|", "|:") != NULL)
			continue;
		all = arena_printf(a, "%s%s%s:%s%s", all, all[0] != '\0' ? "|" : "", json_str(c, "name"),
		    str_replace(a, path, ".", "/"), str_eq(type, "integer") ? ":integer" : "");
	}
	return all;
}

/* The texts of a list with spaces between. */
static const char *
definitions_words(struct arena *a, const json_t *list)
{
	const char *all = "";
	json_t *v;
	size_t i;

	json_array_foreach (list, i, v)
		if (json_is_string(v) && strlen(all) + json_string_length(v) < TEXTS_MAX)
			all = arena_printf(a, "%s%s%s", all, i > 0 ? " " : "", json_string_value(v));
	return all;
}

void
definitions_add(struct definitions *d, struct crds *schemas, const json_t *definition)
{
	const json_t *names = json_at(definition, "/spec/names"), *version = definitions_storage(definition);
	const char *group = json_str(json_object_get(definition, "spec"), "group"), *plural = json_str(names, "plural");
	struct defined *one = definitions_find(d, group, plural);
	const char *also = "";
	struct resource *r;
	json_t *schema, *v;
	size_t i;

	if (definitions_is_built_in(group, plural) || (one == NULL && d->n == DEFINITIONS_MAX))
		return;
	if (one == NULL) {
		one = d->at[d->n++] = mem_alloc(sizeof(*one));
		one->arena = arena_new();
	}
	one->gone = false;
	r = &one->resource;
	json_array_foreach (json_at(definition, "/spec/versions"), i, v)
		if (v != version && json_is_true(json_object_get(v, "served")) && strlen(also) < TEXTS_MAX)
			also =
			    arena_printf(one->arena, "%s%s%s", also, also[0] != '\0' ? " " : "", json_str(v, "name"));
	*r = (struct resource){ .group = arena_strdup(one->arena, group),
		.version = arena_strdup(one->arena, json_str(version, "name")),
		.plural = arena_strdup(one->arena, plural),
		.singular = arena_strdup(one->arena, json_str(names, "singular")),
		.kind = arena_strdup(one->arena, json_str(names, "kind")),
		.short_names = definitions_words(one->arena, json_object_get(names, "shortNames")),
		.cluster_scoped = str_eq(json_str(json_object_get(definition, "spec"), "scope"), "Cluster"),
		.status = json_is_object(json_at(version, "/subresources/status")),
		.scale =
		    str_eq(json_str(json_at(version, "/subresources/scale"), "specReplicasPath"), ".spec.replicas"),
		.also = also[0] != '\0' ? also : NULL,
		.columns = definitions_columns(one->arena, version),
		.stored_as = arena_printf(one->arena, "%s.%s", plural, group) };
	schema = json_deep_copy(json_at(version, "/schema/openAPIV3Schema"));
	definitions_without_rules(schema);
	crds_define(schemas, r->stored_as, schema);
}

const struct resource *
definitions_remove(struct definitions *d, struct crds *schemas, const json_t *definition)
{
	struct defined *one = definitions_find(d, json_str(json_object_get(definition, "spec"), "group") ?: "",
	    json_str(json_at(definition, "/spec/names"), "plural") ?: "");

	if (one == NULL || one->gone)
		return NULL;
	one->gone = true;
	crds_define(schemas, one->resource.stored_as, NULL);
	return &one->resource;
}

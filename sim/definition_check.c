/* sim/definition_check.c: the validation of a CustomResourceDefinition: versions, and schemas that are structural.
 * Source: the Kubernetes documentation, "Specifying a structural schema", and apiextensions' validation. */
#include <string.h>
#include "base/str.h"
#include "kube/api/names.h"
#include "kube/api/regex.h"
#include "sim/definitions.h"

#define INT_OR_STRING "x-kubernetes-int-or-string"
#define PRESERVE "x-kubernetes-preserve-unknown-fields"

static const char *schema_problem(struct arena *, const json_t *, const char *path, const char *of, int depth);

static bool
schema_has(const json_t *schema, const char *key)
{
	return json_is_true(json_object_get(schema, key));
}

/* Every field has a type, unless anything is permitted. */
static const char *
schema_type_problem(struct arena *a, const json_t *schema, const char *path, const char *of)
{
	static const char *const types[] = { "array", "boolean", "integer", "number", "object", "string" };
	const char *type = json_str(schema, "type");

	if (str_empty(type))
		return schema_has(schema, INT_OR_STRING) || schema_has(schema, PRESERVE)
			   ? NULL
			   : arena_printf(a, "%s.type: Required value: must not be empty for specified %s", path, of);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i], type) == 0)
			return NULL;
	return arena_printf(a,
	    "%s.type: Unsupported value: %s: supported values: \"array\", \"boolean\", \"integer\", \"number\", "
	    "\"object\", \"string\"",
	    path, json_quote_go(a, type, strlen(type)));
}

/* A structural schema must not have some fields, and must have those that its type requires. */
static const char *
schema_form_problem(struct arena *a, const json_t *schema, const char *path)
{
	const json_t *additional = json_object_get(schema, "additionalProperties");
	const char *pattern = json_str(schema, "pattern"), *why = NULL;

	if (json_object_get(schema, "$ref") != NULL)
		why = "$ref: Forbidden: $ref is not supported";
	else if (additional != NULL && json_object_size(json_object_get(schema, "properties")) > 0)
		why = "additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive";
	else if (json_is_false(additional))
		why = "additionalProperties: Forbidden: additionalProperties cannot be set to false";
	else if (schema_has(schema, "uniqueItems"))
		why = "uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes "
		      "quadratic";
	else if (str_eq(json_str(schema, "type"), "array") && !json_is_object(json_object_get(schema, "items")))
		why = "items: Required value: must be specified";
	else if (str_eq(json_str(schema, "x-kubernetes-list-type"), "map") &&
		 json_array_size(json_object_get(schema, "x-kubernetes-list-map-keys")) == 0)
		why = "x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map";
	else if (pattern != NULL && regex_search(pattern, "") == REGEX_UNKNOWN)
		why = arena_printf(a,
		    "pattern: Invalid value: %s: must be a valid regular expression of RE2, and PCRE2 must read it",
		    json_quote_go(a, pattern, strlen(pattern)));
	return why != NULL ? arena_printf(a, "%s.%s", path, why) : NULL;
}

/* Alternatives constrain values only; their depth has the same limit. */
static const char *
schema_alternatives_problem(struct arena *a, const json_t *schema, const char *path, int depth)
{
	static const char *const lists[] = { "allOf", "anyOf", "oneOf" };
	const json_t *v;
	json_t *one;
	const char *key;
	size_t i;

	if (depth > DEFINITION_DEPTH_MAX)
		return arena_printf(
		    a, "%s: Too many: the laptop cluster takes %d levels at most", path, DEFINITION_DEPTH_MAX);
	for (size_t k = 0; k < ARRAY_SIZE(lists); k++)
		json_array_foreach (json_object_get(schema, lists[k]), i, one)
			if ((key = schema_alternatives_problem(a, one, path, depth + 1)) != NULL)
				return key;
	json_object_foreach (json_object_get(schema, "properties"), key, one)
		if ((key = schema_alternatives_problem(a, one, path, depth + 1)) != NULL)
			return key;
	if ((v = json_object_get(schema, "not")) != NULL &&
	    (key = schema_alternatives_problem(a, v, path, depth + 1)) != NULL)
		return key;
	v = json_object_get(schema, "items");
	return v != NULL ? schema_alternatives_problem(a, v, path, depth + 1) : NULL;
}

static const char *
schema_problem(struct arena *a, const json_t *schema, const char *path, const char *of, int depth)
{
	const json_t *items = json_object_get(schema, "items"),
		     *additional = json_object_get(schema, "additionalProperties");
	const char *key, *why;
	json_t *one;

	if (!json_is_object(schema))
		return arena_printf(a, "%s: Invalid value: must be an object", path);
	if ((why = schema_alternatives_problem(a, schema, path, depth)) != NULL ||
	    (why = schema_type_problem(a, schema, path, of)) != NULL ||
	    (why = schema_form_problem(a, schema, path)) != NULL)
		return why;
	json_object_foreach (json_object_get(schema, "properties"), key, one)
		if ((why = schema_problem(
			 a, one, arena_printf(a, "%s.properties[%s]", path, key), "object fields", depth + 1)) != NULL)
			return why;
	if (items != NULL &&
	    (why = schema_problem(a, items, arena_printf(a, "%s.items", path), "array items", depth + 1)) != NULL)
		return why;
	return json_is_object(additional)
		   ? schema_problem(
			 a, additional, arena_printf(a, "%s.additionalProperties", path), "object fields", depth + 1)
		   : NULL;
}

static const char *
version_problem(struct arena *a, const json_t *v, size_t i, bool only)
{
	const json_t *schema = json_at(v, "/schema/openAPIV3Schema");
	const char *name = json_str(v, "name"), *path = arena_printf(a, "spec.versions[%zu]", i);

	if (name == NULL || name_label_problem(name) != NULL)
		return arena_printf(a, "%s.name: Invalid value: \"%s\"", path, name != NULL ? name : "");
	if (!json_is_boolean(json_object_get(v, "served")) || !json_is_boolean(json_object_get(v, "storage")))
		return arena_printf(a, "%s: Required value: served and storage", path);
	if (!json_is_object(schema))
		return arena_printf(a, "%s.schema.openAPIV3Schema: Required value: schemas are required", path);
	if (strlen(json_text(a, schema)) > DEFINITION_SCHEMA_MAX)
		return arena_printf(
		    a, "%s.schema: Too long: may not be more than %u bytes", path, DEFINITION_SCHEMA_MAX);
	/* The schema of all versions is named as in v1beta1 by an API server. */
	path = only ? "spec.validation.openAPIV3Schema" : arena_printf(a, "%s.schema.openAPIV3Schema", path);
	if (str_empty(json_str(schema, "type")))
		return arena_printf(a, "%s.type: Required value: must not be empty at the root", path);
	if (!str_eq(json_str(schema, "type"), "object"))
		return arena_printf(
		    a, "%s.type: Invalid value: \"%s\": must be object at the root", path, json_str(schema, "type"));
	return schema_problem(a, schema, path, "object fields", 0);
}

const char *
definition_problem(struct arena *a, const json_t *definition)
{
	const json_t *versions = json_at(definition, "/spec/versions");
	const char *strategy = json_string_value(json_at(definition, "/spec/conversion/strategy")), *why;
	size_t i, stored = 0;
	json_t *v;

	if (json_array_size(versions) == 0)
		return "spec.versions: Required value";
	if (json_array_size(versions) > DEFINITION_VERSIONS_MAX)
		return arena_printf(a, "spec.versions: Too many: %zu: the laptop cluster takes %d at most",
		    json_array_size(versions), DEFINITION_VERSIONS_MAX);
	if (strategy != NULL && strcmp(strategy, "None") != 0 && strcmp(strategy, "Webhook") != 0)
		return arena_printf(a,
		    "spec.conversion.strategy: Unsupported value: %s: supported values: \"None\", \"Webhook\"",
		    json_quote_go(a, strategy, strlen(strategy)));
	if (json_is_true(json_at(definition, "/spec/preserveUnknownFields")))
		return "spec.preserveUnknownFields: Invalid value: true: must be false in order to use defaults in the "
		       "schema";
	json_array_foreach (versions, i, v) {
		if ((why = version_problem(a, v, i, json_array_size(versions) == 1)) != NULL)
			return why;
		stored += json_is_true(json_object_get(v, "storage"));
	}
	return stored == 1 ? NULL
			   : "spec.versions: Invalid value: must have exactly one version marked as storage version";
}

/* sim/definitions.c: CustomResourceDefinitions that users create in the laptop cluster: each adds a resource, its
 * storage and its schemas. */
#include "sim/definitions.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "kube/api/names.h"

#define TEXTS_MAX 500 /* characters of short names and versions */

struct defined {
	struct resource resource;
	struct arena *arena; /* of the resource's texts, which only grow: watches keep pointers */
	json_t *columns; /* of resource.printer; NULL: none */
	const char **schemas; /* the keys of its schemas; n_schemas */
	size_t n_schemas;
	bool hidden; /* none of its versions is served */
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
		json_decref(d->at[i]->columns);
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
		if (!d->at[k]->gone && !d->at[k]->hidden && i-- == 0)
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

/* Sets a condition; the time of its last transition stays if its status is the same in the old conditions. */
static void
definitions_set_condition(json_t *conditions, const json_t *old, const char *type, bool status, const char *reason,
    const char *message, const char *now)
{
	const char *text = status ? "True" : "False", *since = now;
	json_t *c;
	size_t i;

	json_array_foreach (old, i, c)
		if (str_eq(json_str(c, "type"), type) && str_eq(json_str(c, "status"), text))
			since = json_str(c, "lastTransitionTime") ?: now;
	json_array_append_new(conditions, json_pack("{s:s,s:s,s:s,s:s,s:s}", "type", type, "status", text, "reason",
					      reason, "message", message, "lastTransitionTime", since));
}

static bool
definitions_has_condition(const json_t *definition, const char *type, const char *status)
{
	json_t *c;
	size_t i;

	json_array_foreach (json_at(definition, "/status/conditions"), i, c)
		if (str_eq(json_str(c, "type"), type) && str_eq(json_str(c, "status"), status))
			return true;
	return false;
}

bool
definition_waits(const json_t *definition)
{
	return definitions_has_condition(definition, "NamesAccepted", "False");
}

/* Returns whether a list with spaces between has the word. */
static bool
definitions_lists(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = words; at != NULL && *at != '\0'; at += strcspn(at, " "), at += *at == ' ')
		if (strcspn(at, " ") == n && strncmp(at, word, n) == 0)
			return true;
	return false;
}

/* Returns whether a resource of the same group has the name: of its kinds, or of all others. */
static bool
definitions_has_name(const struct resource *r, bool kind, const char *name)
{
	size_t n = strlen(r->kind);

	if (kind)
		return strcmp(r->kind, name) == 0 || (strncmp(r->kind, name, n) == 0 && strcmp(name + n, "List") == 0);
	return strcmp(r->plural, name) == 0 || str_eq(r->singular, name) || definitions_lists(r->short_names, name);
}

static bool
definitions_is_taken(const struct definitions *d, const char *group, const char *plural, bool kind, const char *name)
{
	const struct resource *r;

	if (name == NULL)
		return false;
	for (r = store_resources; r->plural != NULL; r++)
		if (strcmp(r->group, group) == 0 && strcmp(r->plural, plural) != 0 &&
		    definitions_has_name(r, kind, name))
			return true;
	for (size_t i = 0; (r = definitions_at(d, i)) != NULL; i++)
		if (strcmp(r->group, group) == 0 && strcmp(r->plural, plural) != 0 &&
		    definitions_has_name(r, kind, name))
			return true;
	return false;
}

/* Returns the reason why the names are not accepted, and in *ret_name the one that is in use; NULL: they are. */
static const char *
definitions_conflict(const struct definitions *d, const char *group, const json_t *names, const char **ret_name)
{
	static const struct {
		const char *field, *reason;
		bool kind;
	} rows[] = { { "plural", "PluralConflict", false }, { "singular", "SingularConflict", false },
		{ "kind", "KindConflict", true }, { "listKind", "ListKindConflict", true } };
	const char *plural = json_str(names, "plural");
	json_t *v;
	size_t i;

	for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
		if (definitions_is_taken(d, group, plural, rows[k].kind, *ret_name = json_str(names, rows[k].field)))
			return rows[k].reason;
	json_array_foreach (json_object_get(names, "shortNames"), i, v)
		if (definitions_is_taken(d, group, plural, false, *ret_name = json_string_value(v)))
			return "ShortNamesConflict";
	return NULL;
}

static const char *
definitions_names_problem(struct arena *a, const json_t *definition)
{
	const json_t *spec = json_object_get(definition, "spec"), *names = json_object_get(spec, "names");
	const char *plural = json_str(names, "plural"), *group = json_str(spec, "group"),
		   *scope = json_str(spec, "scope");
	const char *name = json_str(json_object_get(definition, "metadata"), "name");

	if (group == NULL || name_subdomain_problem(group) != NULL || strchr(group, '.') == NULL)
		return "spec.group: Invalid value: should be a domain with at least one dot";
	if (plural == NULL || name_service_problem(plural) != NULL)
		return "spec.names.plural: Required value";
	if (str_empty(json_str(names, "kind")))
		return "spec.names.kind: Required value";
	if (!str_eq(name, arena_printf(a, "%s.%s", plural, group)))
		return arena_printf(a,
		    "metadata.name: Invalid value: \"%s\": must be spec.names.plural+\".\"+spec.group",
		    name != NULL ? name : "");
	if (!str_eq(scope, "Namespaced") && !str_eq(scope, "Cluster"))
		return "spec.scope: Unsupported value: supported values: \"Cluster\", \"Namespaced\"";
	return NULL;
}

/* The versions that may be stored: those of the old status, and the current one. */
static json_t *
definitions_stored_versions(const json_t *definition, const json_t *old)
{
	json_t *all = json_deep_copy(json_at(old, "/status/storedVersions")) ?: json_array(), *v;
	json_t *name = json_object_get(definitions_storage(definition), "name");
	size_t i;

	json_array_foreach (all, i, v)
		if (json_equal(v, name))
			return all;
	json_array_append(all, name);
	return all;
}

static void
definitions_default_names(struct arena *a, json_t *names)
{
	char *singular = arena_strdup(a, json_str(names, "kind"));

	for (char *c = singular; *c != '\0'; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	if (json_str(names, "singular") == NULL)
		json_object_set_new(names, "singular", json_string(singular));
	if (json_str(names, "listKind") == NULL)
		json_object_set_new(names, "listKind", json_string(arena_printf(a, "%sList", json_str(names, "kind"))));
}

static void
definitions_set_status(
    const struct definitions *d, struct arena *a, json_t *definition, const json_t *old, const char *now)
{
	json_t *names = json_at(definition, "/spec/names"), *conditions = json_array();
	const json_t *was = json_at(old, "/status/conditions"), *kept = json_at(definition, "/status/conditions"), *c;
	const char *name,
	    *reason = definitions_conflict(d, json_str(json_object_get(definition, "spec"), "group"), names, &name);
	bool established = definitions_has_condition(old, "Established", "True");
	size_t i;

	if (reason == NULL)
		definitions_set_condition(
		    conditions, was, "NamesAccepted", true, "NoConflicts", "no conflicts found", now);
	else
		definitions_set_condition(conditions, was, "NamesAccepted", false, reason,
		    arena_printf(a, "\"%s\" is already in use", name), now);
	if (reason == NULL || established)
		definitions_set_condition(conditions, was, "Established", true, "InitialNamesAccepted",
		    "the initial names have been accepted", now);
	else
		definitions_set_condition(
		    conditions, was, "Established", false, "NotAccepted", "not all names are accepted", now);
	json_array_foreach (kept, i, c)
		if (str_eq(json_str(c, "type"), "Terminating"))
			json_array_append(conditions, (json_t *)c);
	json_object_set_new(definition, "status",
	    json_pack("{s:o,s:o,s:o}", "acceptedNames",
		reason == NULL ? json_incref(names) : json_pack("{s:s,s:s}", "kind", "", "plural", ""),
		"storedVersions", definitions_stored_versions(definition, old), "conditions", conditions));
}

void
definition_terminate(json_t *definition, const char *now)
{
	json_t *conditions = json_deep_copy(json_at(definition, "/status/conditions")) ?: json_array(), *status;

	definitions_set_condition(conditions, NULL, "Terminating", true, "InstanceDeletionInProgress",
	    "CustomResource deletion is in progress", now);
	status = json_copy(json_object_get(definition, "status")) ?: json_object();
	json_object_set_new(status, "conditions", conditions);
	json_object_set_new(definition, "status", status);
}

const char *
definitions_admit(const struct definitions *d, struct arena *a, json_t *definition, const json_t *old, const char *now)
{
	const char *group, *plural, *problem;

	if ((problem = definitions_names_problem(a, definition)) != NULL ||
	    (problem = definition_problem(a, definition)) != NULL)
		return problem;
	group = json_str(json_object_get(definition, "spec"), "group");
	plural = json_string_value(json_at(definition, "/spec/names/plural"));
	if (d->n == DEFINITIONS_MAX && !definitions_is_built_in(group, plural) &&
	    definitions_find(d, group, plural) == NULL)
		return arena_printf(
		    a, "spec: Forbidden: the laptop cluster takes at most %d definitions", DEFINITIONS_MAX);
	definitions_default_names(a, json_at(definition, "/spec/names"));
	definitions_set_status(d, a, definition, old, now);
	return NULL;
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
			all = arena_printf(a, "%s%s%s", all, all[0] != '\0' ? " " : "", json_string_value(v));
	return all;
}

/* How mature a version is, and its numbers: v2 before v1, v1 before v1beta2, and other names last. Source: the
 * Kubernetes documentation, "Version priority". */
struct definitions_rank {
	int maturity; /* 3: v1, 2: v1beta1, 1: v1alpha1, 0: others */
	unsigned major, minor;
	const json_t *version;
};

/* Reads a number behind a word. Moves *at past it. Returns false if there is no such word, or no number. */
static bool
definitions_numbered(const char **at, const char *word, unsigned *ret)
{
	char *end;

	if (!str_starts(*at, word) || strspn(*at + strlen(word), "0123456789") == 0)
		return false;
	*ret = (unsigned)strtoul(*at + strlen(word), &end, 10);
	*at = end;
	return true;
}

static struct definitions_rank
definitions_rank(const json_t *version)
{
	struct definitions_rank r = { .version = version };
	const char *at = json_str(version, "name") ?: "";

	if (!definitions_numbered(&at, "v", &r.major))
		return r;
	if (*at == '\0')
		r.maturity = 3;
	else if (definitions_numbered(&at, "beta", &r.minor) && *at == '\0')
		r.maturity = 2;
	else if (definitions_numbered(&at, "alpha", &r.minor) && *at == '\0')
		r.maturity = 1;
	return r;
}

static int
definitions_by_rank(const void *a, const void *b)
{
	const struct definitions_rank *x = a, *y = b;

	if (x->maturity != y->maturity)
		return y->maturity - x->maturity;
	if (x->maturity == 0)
		return strcmp(json_str(x->version, "name"), json_str(y->version, "name"));
	return x->major != y->major  ? (x->major < y->major ? 1 : -1)
	       : x->minor < y->minor ? 1
	       : x->minor > y->minor ? -1
				     : 0;
}

/* The pointer of a path of plain fields, ".spec.replicas"; NULL: it is not one. */
static const char *
definitions_pointer(struct arena *a, const json_t *version, const char *key)
{
	const char *path = json_str(json_at(version, "/subresources/scale"), key);

	return path != NULL && path[0] == '.' && strpbrk(path, "[]~/") == NULL ? str_replace(a, path, ".", "/") : NULL;
}

/* Keeps the schema of a version, for requests of it. */
static void
definitions_keep_schema(struct defined *one, struct crds *schemas, const json_t *version)
{
	const char *key = crds_key(one->arena, &one->resource, json_str(version, "name"));

	one->schemas[one->n_schemas++] = key;
	crds_define(schemas, key, json_incref(json_at(version, "/schema/openAPIV3Schema")));
}

static void
definitions_forget_schemas(struct defined *one, struct crds *schemas)
{
	for (size_t i = 0; i < one->n_schemas; i++)
		crds_define(schemas, one->schemas[i], NULL);
	one->n_schemas = 0;
}

/* Sets the resource by the version that clients prefer, which is the stored one if a webhook would convert others. */
static void
definitions_set_resource(struct defined *one, const json_t *definition, const json_t *preferred, const char *also)
{
	const json_t *spec = json_object_get(definition, "spec"), *names = json_object_get(spec, "names"),
		     *stored = definitions_storage(definition);
	const char *group = json_str(spec, "group"), *plural = json_str(names, "plural");
	bool webhook = str_eq(json_str(json_object_get(spec, "conversion"), "strategy"), "Webhook");

	json_decref(one->columns);
	one->columns = json_incref(json_object_get(preferred, "additionalPrinterColumns"));
	one->resource = (struct resource){ .group = arena_strdup(one->arena, group),
		.version = arena_strdup(one->arena, json_str(preferred, "name")),
		.plural = arena_strdup(one->arena, plural),
		.singular = arena_strdup(one->arena, json_str(names, "singular")),
		.kind = arena_strdup(one->arena, json_str(names, "kind")),
		.short_names = definitions_words(one->arena, json_object_get(names, "shortNames")),
		.cluster_scoped = str_eq(json_str(spec, "scope"), "Cluster"),
		.status = json_is_object(json_at(preferred, "/subresources/status")),
		.scale = definitions_pointer(one->arena, preferred, "specReplicasPath") != NULL,
		.scale_spec = definitions_pointer(one->arena, preferred, "specReplicasPath"),
		.scale_status = definitions_pointer(one->arena, preferred, "statusReplicasPath"),
		.scale_selector = definitions_pointer(one->arena, preferred, "labelSelectorPath"),
		.also = also[0] != '\0' ? also : NULL,
		.only = webhook ? arena_strdup(one->arena, json_str(stored, "name")) : NULL,
		.printer = one->columns,
		.terminating = json_object_get(json_object_get(definition, "metadata"), "deletionTimestamp") != NULL,
		.stored_as = arena_printf(one->arena, "%s.%s", plural, group) };
}

void
definitions_add(struct definitions *d, struct crds *schemas, const json_t *definition)
{
	const json_t *spec = json_object_get(definition, "spec"), *versions = json_object_get(spec, "versions"),
		     *stored = definitions_storage(definition);
	const char *group = json_str(spec, "group"), *plural = json_str(json_object_get(spec, "names"), "plural"),
		   *also = "";
	bool webhook = str_eq(json_str(json_object_get(spec, "conversion"), "strategy"), "Webhook");
	struct defined *one = definitions_find(d, group, plural);
	struct definitions_rank served[DEFINITION_VERSIONS_MAX];
	size_t n = 0, first = 0, i;
	json_t *v;

	if (definitions_is_built_in(group, plural) || (one == NULL && d->n == DEFINITIONS_MAX) ||
	    !definitions_has_condition(definition, "Established", "True"))
		return;
	json_array_foreach (versions, i, v)
		if (json_is_true(json_object_get(v, "served")) && n < ARRAY_SIZE(served))
			served[n++] = definitions_rank(v);
	if (one == NULL) {
		one = d->at[d->n++] = mem_alloc(sizeof(*one));
		one->arena = arena_new();
	}
	definitions_forget_schemas(one, schemas);
	one->gone = false;
	one->hidden = n == 0;
	if (n == 0)
		served[n++] = definitions_rank(stored);
	qsort(served, n, sizeof(*served), definitions_by_rank);
	for (i = 0; webhook && i < n; i++)
		if (served[i].version == stored)
			first = i;
	for (i = 0; i < n; i++)
		if (i != first && strlen(also) < TEXTS_MAX)
			also = arena_printf(one->arena, "%s%s%s", also, also[0] != '\0' ? " " : "",
			    json_str(served[i].version, "name"));
	definitions_set_resource(one, definition, served[first].version, also);
	one->schemas = arena_new_array(one->arena, const char *, n);
	for (i = 0; i < n; i++)
		definitions_keep_schema(one, schemas, served[i].version);
}

const struct resource *
definitions_of(const struct definitions *d, const json_t *definition)
{
	struct defined *one = definitions_find(d, json_str(json_object_get(definition, "spec"), "group") ?: "",
	    json_string_value(json_at(definition, "/spec/names/plural")) ?: "");

	return one != NULL && !one->gone ? &one->resource : NULL;
}

const struct resource *
definitions_remove(struct definitions *d, struct crds *schemas, const json_t *definition)
{
	struct defined *one = definitions_find(d, json_str(json_object_get(definition, "spec"), "group") ?: "",
	    json_string_value(json_at(definition, "/spec/names/plural")) ?: "");

	if (one == NULL || one->gone || definition_waits(definition))
		return NULL;
	one->gone = true;
	definitions_forget_schemas(one, schemas);
	return &one->resource;
}

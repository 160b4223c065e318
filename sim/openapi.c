/* sim/openapi.c: OpenAPI v3 documents of the laptop cluster, as far as kubectl explain and kubectl's validation read
 * them. */
#include <string.h>
#include "base/str.h"
#include "sim/fields.h"
#include "sim/store_parts.h"

/* "apis/apps/v1", "api/v1" */
static const char *
openapi_path(struct arena *a, const struct resource *r, const char *version)
{
	return r->group[0] != '\0' ? arena_printf(a, "apis/%s/%s", r->group, version)
				   : arena_printf(a, "api/%s", version);
}

static json_t *
openapi_list(const struct store *s)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *paths = json_object();
	const struct resource *r;

	for (size_t i = 0; (r = store_resource(s, i)) != NULL; i++) {
		const char *versions = arena_printf(a, "%s %s", r->version, r->also != NULL ? r->also : "");
		char *save = NULL;

		for (char *v = strtok_r((char *)versions, " ", &save); v != NULL; v = strtok_r(NULL, " ", &save)) {
			const char *path = openapi_path(a, r, v);

			/* The hash lets clients keep a document: it changes with the definitions. */
			json_object_set_new(paths, path,
			    json_pack("{s:s}", "serverRelativeURL",
				arena_printf(a, "/openapi/v3/%s?hash=%lld", path, store_version(s))));
		}
	}
	return json_pack("{s:o}", "paths", paths);
}

static json_t *
openapi_operation(const json_t *gvk, const char *action, bool writes)
{
	json_t *o = json_pack(
	    "{s:{},s:s,s:O}", "responses", "x-kubernetes-action", action, "x-kubernetes-group-version-kind", gvk);

	if (writes)
		json_object_set_new(o, "parameters",
		    json_pack("[{s:s,s:s,s:{s:s}},{s:s,s:s,s:{s:s}}]", "name", "dryRun", "in", "query", "schema",
			"type", "string", "name", "fieldValidation", "in", "query", "schema", "type", "string"));
	return o;
}

static void
openapi_add(const struct store *s, struct arena *a, const struct resource *r, const char *version, json_t *paths,
    json_t *schemas)
{
	_cleanup_(json_decrefp) json_t *gvk =
	    json_pack("{s:s,s:s,s:s}", "group", r->group, "version", version, "kind", r->kind);
	const char *list = arena_printf(
	    a, "/%s/%s%s", openapi_path(a, r, version), r->cluster_scoped ? "" : "namespaces/{namespace}/", r->plural);
	const char *name =
	    arena_printf(a, "%s.%s.%s", r->group[0] != '\0' ? r->group : "io.k8s.api.core", version, r->kind);
	json_t *schema = fields_schema(s->crds, a, r, version);

	json_object_set_new(schema, "x-kubernetes-group-version-kind", json_pack("[O]", gvk));
	json_object_set_new(schemas, name, schema);
	json_object_set_new(paths, list,
	    json_pack("{s:o,s:o}", "get", openapi_operation(gvk, "list", false), "post",
		openapi_operation(gvk, "post", true)));
	json_object_set_new(paths, arena_printf(a, "%s/{name}", list),
	    json_pack("{s:o,s:o,s:o}", "get", openapi_operation(gvk, "get", false), "put",
		openapi_operation(gvk, "put", true), "patch", openapi_operation(gvk, "patch", true)));
}

json_t *
store_openapi(const struct store *s, const char *path)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *paths, *schemas;
	const struct resource *r;

	if (path == NULL)
		return openapi_list(s);
	paths = json_object();
	schemas = json_object();
	for (size_t i = 0; (r = store_resource(s, i)) != NULL; i++) {
		const char *slash = strrchr(path, '/');

		if (slash != NULL && resource_has_version(r, slash + 1) &&
		    strcmp(openapi_path(a, r, slash + 1), path) == 0)
			openapi_add(s, a, r, slash + 1, paths, schemas);
	}
	if (json_object_size(schemas) == 0) {
		json_decref(paths);
		json_decref(schemas);
		return NULL;
	}
	json_object_set_new(schemas, META_SCHEMA, fields_meta_schema());
	return json_pack("{s:s,s:{s:s,s:s},s:o,s:{s:o}}", "openapi", "3.0.0", "info", "title", "sluice", "version",
	    "v1", "paths", paths, "components", "schemas", schemas);
}

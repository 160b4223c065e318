/* sim/store_apply.c: server-side apply of the laptop cluster, as a request: parses the configuration, and writes the
 * result. */
#include <string.h>
#include "base/str.h"
#include "kube/api/managed_fields.h"
#include "kube/api/yaml.h"
#include "sim/store_parts.h"

/* The one object of the body; apply patches are YAML, which JSON is too. */
static struct err *
store_apply_read_config(struct arena *a, const struct store_request *r, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct err *e = yaml_parse(a, r->body != NULL ? r->body : "", r->body_len, &docs);

	if (e != NULL)
		return e;
	if (json_array_size(docs) != 1 || !json_is_object(json_array_get(docs, 0)))
		return err_new(a, ERR_INVALID, "the body is not an object");
	*ret = json_incref(json_array_get(docs, 0));
	return NULL;
}

/* Returns how the body contradicts the path, with the texts of the API server; NULL: it does not. */
static const char *
store_apply_mismatch(struct arena *a, const struct store_query *q, const json_t *config)
{
	const json_t *m = object_meta(config);
	const char *name = json_str(m, "name"), *ns = json_str(m, "namespace"), *group = q->resource->group;
	const char *served = group[0] == '\0' ? q->version : arena_printf(a, "%s/%s", group, q->version);

	if (!str_eq(json_str(config, "kind"), q->resource->kind))
		return arena_printf(a, "the object has kind \"%s\", but the path is for %s",
		    json_str(config, "kind") ?: "", q->resource->kind);
	if (json_str(config, "apiVersion") == NULL)
		return "apiVersion must be set";
	if (strcmp(json_str(config, "apiVersion"), served) != 0)
		return arena_printf(a,
		    "Incorrect version specified in apply patch. Specified patch version: %s, expected: %s",
		    json_str(config, "apiVersion"), served);
	if (name != NULL && strcmp(name, q->name) != 0)
		return arena_printf(
		    a, "the name of the object (%s) does not match the name on the URL (%s)", name, q->name);
	if (ns != NULL && q->ns != NULL && strcmp(ns, q->ns) != 0)
		return "the namespace of the provided object does not match the namespace sent on the request";
	return NULL;
}

int
store_apply(struct store *s, const struct store_query *q, const struct store_request *req, json_t *old, json_t **ret)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *config = NULL, *object = NULL, *conflicts = NULL;
	bool status = q->sub != NULL && strcmp(q->sub, "status") == 0;
	struct field_manager manager = { q->field_manager, status ? "status" : NULL, store_now(a, s) };
	struct store_query applied = *q;
	const char *wrong;
	struct err *e = store_apply_read_config(a, req, &config);
	json_t *m;
	int code;

	if (e != NULL)
		return status_error(400, "BadRequest", ret, "error decoding YAML: %s", err_text(a, e));
	if (q->field_manager == NULL)
		return status_error(422, "Invalid", ret,
		    "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply "
		    "patch");
	if (q->sub != NULL && !status)
		return status_error(415, "UnsupportedMediaType", ret,
		    "the laptop cluster takes apply patches of objects and their status");
	if ((wrong = store_apply_mismatch(a, q, config)) != NULL)
		return status_error(400, "BadRequest", ret, "%s", wrong);
	if (old == NULL && q->sub != NULL)
		return status_not_found(q, ret);
	if (json_str(object_meta(config), "uid") != NULL &&
	    !str_eq(json_str(object_meta(config), "uid"), json_str(object_meta(old), "uid")))
		return status_error(409, "Conflict", ret, "uid mismatch: the provided object specified uid %s, and %s",
		    json_str(object_meta(config), "uid"),
		    old != NULL ? arena_printf(a, "the existing object has uid %s", json_str(object_meta(old), "uid"))
				: "no existing object was found");
	if ((m = object_meta(config)) == NULL) {
		m = json_object();
		json_object_set_new(config, "metadata", m);
	}
	json_object_set_new(m, "name", json_string(q->name));
	e = managed_fields_apply(a, old, config, &manager, q->force, &object, &conflicts);
	if (e != NULL && e->class == ERR_CONFLICT) {
		code = status_error(409, "Conflict", ret, "%s", err_text(a, e));
		json_object_set_new(*ret, "details", json_pack("{s:O}", "causes", conflicts));
		return code;
	}
	if (e != NULL)
		return status_error(400, "BadRequest", ret, "%s", err_text(a, e));
	applied.apply = true;
	if (old == NULL)
		return store_create(s, &applied, object, ret);
	json_incref(object);
	return store_update(s, &applied, old, object, ret);
}

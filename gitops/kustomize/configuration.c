/* gitops/kustomize/configuration.c: kustomize's `configurations`, `crds` and `openapi`, for custom resources: reads
 * their files into field_specs.c and schema.c. */
#include "gitops/kustomize/configuration.h"
#include <string.h>
#include "base/str.h"
#include "kube/api/yaml.h"

#define LIST_MAP_KEYS "x-kubernetes-list-map-keys"
#define CRDS_DEPTH_MAX 16 /* definitions nested in each other */
#define CRDS_VISITED_MAX 100000 /* properties, each time their definition is used */

/* The document that Argo publishes, whose URL its documentation recommends. It is not fetched: it is built in. */
#define PUBLISHED_CONFIGURATION "features/kustomize/rollout-transform"
#define PUBLISHED_SCHEMA "argo_all_k8s_kustomize_schema.json"

struct k_reference {
	const char *group, *version, *kind;
	struct k_field_specs fields;
};

struct k_configuration {
	struct k_field_specs name_prefix, name_suffix, namespace, common_labels, labels, template_labels,
	    common_annotations, var_reference, images, replicas;
	LIST_OF(struct k_reference) name_reference;
};

static const struct field k_reference_fields[] = {
	STRING(k_reference, group, "group"),
	STRING(k_reference, version, "version"),
	STRING(k_reference, kind, "kind"),
	LIST(k_reference, fields, "fieldSpecs", k_field_spec),
};
static TYPE(k_reference, "nameReference", .strict = true, .any_case = true);

static const struct field k_configuration_fields[] = {
	LIST(k_configuration, name_prefix, "namePrefix", k_field_spec),
	LIST(k_configuration, name_suffix, "nameSuffix", k_field_spec),
	LIST(k_configuration, namespace, "namespace", k_field_spec),
	LIST(k_configuration, common_labels, "commonLabels", k_field_spec),
	LIST(k_configuration, labels, "labels", k_field_spec),
	LIST(k_configuration, template_labels, "templateLabels", k_field_spec),
	LIST(k_configuration, common_annotations, "commonAnnotations", k_field_spec),
	LIST(k_configuration, var_reference, "varReference", k_field_spec),
	LIST(k_configuration, images, "images", k_field_spec),
	LIST(k_configuration, replicas, "replicas", k_field_spec),
	LIST(k_configuration, name_reference, "nameReference", k_reference),
};
static TYPE(k_configuration, "configuration", .strict = true, .any_case = true);

static const char *
configuration_or_null(const char *text)
{
	return str_empty(text) ? NULL : text;
}

bool
k_is_remote(const char *file)
{
	return strstr(file, "://") != NULL || str_starts(file, "git@") || str_starts(file, "github.com/") ||
	       strstr(file, "?ref=") != NULL;
}

struct k_gvk
k_spec_gvk(const struct k_field_spec *f)
{
	return (struct k_gvk){ configuration_or_null(f->group), configuration_or_null(f->version),
		configuration_or_null(f->kind) };
}

/* Of an object's own name and namespace a namespace changes what it must, whatever a configuration says. */
static bool
configuration_is_own_namespace(enum k_use use, const char *path)
{
	return use == K_NAMESPACE &&
	       (strcmp(path, "metadata/namespace") == 0 || strcmp(path, "subjects/namespace") == 0);
}

struct err *
k_specs_add_specs(const struct k_spec_list **list, struct arena *a, enum k_use use, const struct k_field_specs *specs,
    struct k_gvk to)
{
	struct err *e = NULL;

	for (size_t i = 0; i < specs->n && e == NULL; i++) {
		const struct k_field_spec *f = &specs->at[i];
		struct k_spec p = { use, k_spec_gvk(f), f->path, f->create, to };

		/* The name of nothing else is a namespace. */
		if (use == K_NAMESPACE && strcmp(f->path, "metadata/name") == 0)
			p.in.group = "", p.in.version = "v1";
		if (!configuration_is_own_namespace(use, f->path))
			e = k_specs_add(list, a, &p);
	}
	return e;
}

static struct err *
configuration_add(struct k_objects *all, const struct k_configuration *c)
{
	const struct {
		enum k_use use;
		const struct k_field_specs *specs;
	} lists[] = {
		{ K_NAME_PREFIX, &c->name_prefix },
		{ K_NAME_SUFFIX, &c->name_suffix },
		{ K_NAMESPACE, &c->namespace },
		{ K_COMMON_LABELS, &c->common_labels },
		{ K_LABELS, &c->labels },
		{ K_TEMPLATE_LABELS, &c->template_labels },
		{ K_COMMON_ANNOTATIONS, &c->common_annotations },
		{ K_VAR_REFERENCE, &c->var_reference },
		{ K_IMAGES, &c->images },
		{ K_REPLICAS, &c->replicas },
	};
	struct err *e = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(lists) && e == NULL; i++)
		e = k_specs_add_specs(
		    &all->specs, all->arena, lists[i].use, lists[i].specs, (struct k_gvk){ NULL, NULL, NULL });
	for (size_t i = 0; i < c->name_reference.n && e == NULL; i++) {
		const struct k_reference *r = &c->name_reference.at[i];

		e = k_specs_add_specs(&all->specs, all->arena, K_NAME_REFERENCE, &r->fields,
		    (struct k_gvk){ configuration_or_null(r->group), configuration_or_null(r->version),
			configuration_or_null(r->kind) });
	}
	return e;
}

/* Reads one document, in JSON or YAML. A new reference in *ret. */
static struct err *
configuration_read_document(struct arena *a, const struct tree *t, const char *dir, const char *file, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct bytes text;
	const char *path;
	struct err *e;

	if (k_is_remote(file))
		return err_new(
		    a, ERR_INVALID, "%s: files of other places are not fetched; put it into the repository", file);
	if ((e = tree_path(a, dir, file, &path)) != NULL || (e = tree_read(t, a, path, &text, NULL)) != NULL)
		return e;
	if (text.len > 0 && text.at[0] == '{')
		e = json_parse(a, text.at, text.len, ret);
	else if ((e = yaml_parse(a, text.at, text.len, &docs)) == NULL && json_array_size(docs) == 1)
		*ret = json_incref(json_array_get(docs, 0));
	if (e != NULL)
		return err_wrap(a, e, "%s", path);
	if (!json_is_object(*ret))
		return err_new(a, ERR_INVALID, "%s: not one document", path);
	return NULL;
}

static struct err *
configuration_add_rollouts(struct k_objects *all)
{
	const struct k_spec_list *more = k_specs_of_rollouts(all->arena);
	struct err *e = NULL;

	for (size_t i = 0; i < more->n && e == NULL; i++)
		e = k_specs_add(&all->specs, all->arena, &more->at[i]);
	return e;
}

struct err *
k_configure(struct k_objects *all, const struct tree *t, const char *dir, const char *file)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	struct k_configuration c = { 0 };
	struct err *e;

	if (k_is_remote(file) && strstr(file, "argo-rollouts/") != NULL &&
	    strstr(file, PUBLISHED_CONFIGURATION) != NULL)
		return configuration_add_rollouts(all);
	e = configuration_read_document(all->arena, t, dir, file, &doc);
	if (e == NULL)
		e = k_decode(all->arena, &k_configuration_type, doc, file, &c);
	if (e == NULL)
		e = configuration_add(all, &c);
	return e != NULL ? err_wrap(all->arena, e, "configurations") : NULL;
}

struct marking {
	struct k_objects *all;
	const json_t *definitions;
	const char *kind;
	size_t visited; /* properties that were visited; limited */
};

static struct err *
configuration_add_mark(struct marking *m, enum k_use use, const char *path, struct k_gvk to)
{
	const struct k_spec p = { use, { NULL, NULL, m->kind }, path, false, to };

	return k_specs_add(&m->all->specs, m->all->arena, &p);
}

static struct err *
configuration_add_marks(struct marking *m, const json_t *property, const char *path)
{
	const struct k_gvk none = { NULL, NULL, NULL };
	const char *version = json_str(property, "x-kubernetes-object-ref-api-version");
	const char *kind = json_str(property, "x-kubernetes-object-ref-kind");
	const char *key = json_str(property, "x-kubernetes-object-ref-name-key") ?: "name";
	struct err *e = NULL;

	if (json_str(property, "x-kubernetes-annotation") != NULL)
		e = configuration_add_mark(m, K_COMMON_ANNOTATIONS, path, none);
	if (e == NULL && json_str(property, "x-kubernetes-label-selector") != NULL)
		e = configuration_add_mark(m, K_COMMON_LABELS, path, none);
	if (e == NULL && json_str(property, "x-kubernetes-identity") != NULL)
		e = configuration_add_mark(m, K_NAME_PREFIX, path, none);
	if (e == NULL && version != NULL && kind != NULL)
		e = configuration_add_mark(m, K_NAME_REFERENCE, arena_printf(m->all->arena, "%s/%s", path, key),
		    (struct k_gvk){ NULL, configuration_or_null(arena_strdup(m->all->arena, version)),
			configuration_or_null(arena_strdup(m->all->arena, kind)) });
	return e;
}

/* The marks of a definition's properties, and of those that they refer to. */
static struct err *
configuration_mark(struct marking *m, const char *definition, const char *path, int depth)
{
	const json_t *schema = json_object_get(json_object_get(m->definitions, definition), "Schema");
	struct err *e = NULL;
	const char *name, *ref;
	json_t *property;

	if (depth > CRDS_DEPTH_MAX)
		return err_new(m->all->arena, ERR_INVALID, "%s: definitions in one another without end", definition);
	json_object_foreach (json_object_get(schema, "properties"), name, property) {
		const char *own = arena_printf(m->all->arena, "%s%s%s", path, path[0] != '\0' ? "/" : "", name);

		if (++m->visited > CRDS_VISITED_MAX)
			return err_new(m->all->arena, ERR_INVALID, "more than %d properties", CRDS_VISITED_MAX);
		if ((e = configuration_add_marks(m, property, own)) == NULL &&
		    (ref = json_str(property, "$ref")) != NULL)
			e = configuration_mark(m, ref, own, depth + 1);
		if (e != NULL)
			break;
	}
	return e;
}

static bool
configuration_is_kind(const json_t *definition)
{
	const json_t *properties = json_object_get(json_object_get(definition, "Schema"), "properties");

	return json_object_get(properties, "kind") != NULL && json_object_get(properties, "apiVersion") != NULL &&
	       json_object_get(properties, "metadata") != NULL;
}

struct err *
k_configure_crds(struct k_objects *all, const struct tree *t, const char *dir, const char *file)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	struct marking m = { .all = all };
	struct err *e = configuration_read_document(all->arena, t, dir, file, &doc);
	json_t *definition;
	const char *name;

	m.definitions = doc;
	json_object_foreach (doc, name, definition)
		if (e == NULL && configuration_is_kind(definition)) {
			m.kind = arena_strdup(all->arena, strrchr(name, '.') != NULL ? strrchr(name, '.') + 1 : name);
			e = configuration_mark(&m, name, "", 0);
		}
	return e != NULL ? err_wrap(all->arena, e, "crds: %s", file) : NULL;
}

/* The merge keys of a list are bounded. A document with more of them is an error, so that none is left out. */
static struct err *
configuration_check_schema_keys(struct arena *a, const json_t *part, const char *path)
{
	size_t n = json_array_size(json_object_get(part, LIST_MAP_KEYS)), i;
	struct err *e;
	const char *key;
	json_t *v;

	if (n > K_KEYS_MAX)
		return err_new(
		    a, ERR_INVALID, "%s: " LIST_MAP_KEYS " has %zu keys; %d are the most", path + 1, n, K_KEYS_MAX);
	json_object_foreach ((json_t *)part, key, v)
		if ((json_is_object(v) || json_is_array(v)) &&
		    (e = configuration_check_schema_keys(a, v, arena_printf(a, "%s.%s", path, key))) != NULL)
			return e;
	json_array_foreach (part, i, v)
		if ((json_is_object(v) || json_is_array(v)) &&
		    (e = configuration_check_schema_keys(a, v, arena_printf(a, "%s[%zu]", path, i))) != NULL)
			return e;
	return NULL;
}

struct err *
k_configure_schema(
    struct arena *a, const struct tree *t, const char *dir, const struct k_openapi *openapi, struct k_schema *ret)
{
	json_t *doc = NULL;
	struct err *e;

	if (str_empty(openapi->path))
		return NULL;
	if (!str_empty(openapi->version))
		return err_new(a, ERR_INVALID, "openapi: path and version are there; one of them is needed");
	if (k_is_remote(openapi->path) && str_ends(openapi->path, "/" PUBLISHED_SCHEMA)) {
		ret->rollouts = true;
		return NULL;
	}
	if ((e = configuration_read_document(a, t, dir, openapi->path, &doc)) != NULL)
		return err_wrap(a, e, "openapi.path");
	if ((e = configuration_check_schema_keys(a, doc, "")) != NULL) {
		json_decref(doc);
		return err_wrap(a, e, "openapi.path: %s", openapi->path);
	}
	k_schema_load(ret, a, doc);
	return NULL;
}

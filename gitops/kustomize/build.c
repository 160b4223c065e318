/* gitops/kustomize/build.c: kustomize build: from files to objects, one kustomization after the other, in
 * kustomize's order. The fields: kustomization.c. */
#include "gitops/kustomize/build.h"
#include <string.h>
#include "base/str.h"
#include "gitops/kustomize/configuration.h"
#include "gitops/kustomize/generate.h"
#include "gitops/kustomize/kustomization.h"
#include "gitops/kustomize/patch.h"
#include "gitops/kustomize/plugins.h"
#include "gitops/kustomize/references.h"
#include "gitops/kustomize/replace.h"
#include "gitops/kustomize/transform.h"
#include "gitops/kustomize/vars.h"
#include "kube/api/yaml.h"

#define LOCAL_CONFIG "config.kubernetes.io/local-config"

struct building {
	const struct tree *tree;
	struct arena *arena;
	const struct k_spec_list *known;
	struct k_schema schema; /* of the first kustomization that has an `openapi` */
	bool has_schema; /* `schema` is set */
	bool has_objects; /* at least one object has been read */
	const char *open[K_DEPTH_MAX]; /* the directories that are being built, outermost first */
	size_t depth; /* the number of directories in `open` */
};

static struct k_objects
build_no_objects(const struct building *b)
{
	return (struct k_objects){ .arena = b->arena, .specs = b->known, .schema = &b->schema };
}

static struct err *build_accumulate(
    struct building *, const char *dir, const json_t *overlay, bool component, struct k_objects *);

static struct err *
build_parse(struct building *b, const char *dir, json_t **ret, const char **ret_path)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	const char *path = kustomization_in(b->tree, b->arena, dir);
	struct bytes text;
	struct err *e;

	if (path == NULL)
		return err_new(b->arena, ERR_INVALID, "%s: no kustomization.yaml there", dir[0] != '\0' ? dir : ".");
	if ((e = tree_read(b->tree, b->arena, path, &text, NULL)) != NULL)
		return e;
	if ((e = yaml_parse(b->arena, text.at, text.len, &docs)) != NULL)
		return err_wrap(b->arena, e, "%s", path);
	if (json_array_size(docs) != 1 || !json_is_object(json_array_get(docs, 0)))
		return err_new(b->arena, ERR_INVALID, "%s: not one kustomization", path);
	*ret = json_incref(json_array_get(docs, 0));
	*ret_path = path;
	return NULL;
}

static struct err *
build_read_kustomization(
    struct building *b, const char *path, const json_t *doc, bool component, struct kustomization *ret)
{
	struct err *e = k_decode(b->arena, &kustomization_type, doc, path, ret);
	const char *kind = component ? "Component" : "Kustomization", *given;

	if (e != NULL)
		return e;
	given = ret->kind != NULL ? ret->kind : "Kustomization";
	/* A component may be built on its own. */
	if (strcmp(given, kind) != 0 && !(b->depth == 0 && strcmp(given, "Component") == 0))
		return err_new(b->arena, ERR_INVALID, "%s: kind: %s, and %s %s is needed here", path, given,
		    str_article(kind), kind);
	return NULL;
}

static struct err *
build_add_file(struct building *b, const char *path, struct k_objects *all)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct bytes text;
	struct err *e = tree_read(b->tree, b->arena, path, &text, NULL);
	json_t *doc;
	size_t i;

	if (e != NULL)
		return e;
	if ((e = yaml_parse_as(b->arena, text.at, text.len, YAML_KUSTOMIZE, &docs)) != NULL)
		return err_wrap(b->arena, e, "%s", path);
	b->has_objects = true;
	json_array_foreach (docs, i, doc)
		if ((e = k_objects_add(all, json_incref(doc), path)) != NULL)
			return e;
	return NULL;
}

/* A file, or a directory with a kustomization of its own. */
static struct err *
build_add_resource(struct building *b, const char *dir, const char *resource, struct k_objects *all)
{
	const char *path, *directory;
	struct k_objects inner = build_no_objects(b);
	struct err *e;

	if (k_is_remote(resource))
		return err_new(
		    b->arena, ERR_INVALID, "%s: resources of other repositories are not supported", resource);
	if ((e = tree_path(b->arena, dir, resource, &path)) != NULL ||
	    (e = tree_directory(b->tree, b->arena, path, &directory)) != NULL)
		return e;
	if (directory == NULL)
		return build_add_file(b, path, all);
	e = build_accumulate(b, directory, NULL, false, &inner);
	if (e == NULL)
		e = k_objects_append(all, &inner);
	k_objects_done(&inner);
	return e;
}

static struct err *
build_add_component(struct building *b, const char *dir, const char *component, struct k_objects *all)
{
	const char *path, *directory = NULL;
	struct err *e;

	if (k_is_remote(component))
		return err_new(
		    b->arena, ERR_INVALID, "%s: components of other repositories are not supported", component);
	if ((e = tree_path(b->arena, dir, component, &path)) != NULL ||
	    (e = tree_directory(b->tree, b->arena, path, &directory)) != NULL)
		return e;
	if (directory == NULL)
		return err_new(b->arena, ERR_INVALID, "%s: no such directory", component);
	return build_accumulate(b, directory, NULL, true, all);
}

/* A plugin's object, or several: as text, in a file, or as the resources of a directory. */
static struct err *
build_read_plugin(struct building *b, const char *dir, const char *text, struct k_objects *to)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct err *e = NULL;
	json_t *doc;
	size_t i;

	if (strchr(text, '\n') == NULL && text[0] != '{')
		return build_add_resource(b, dir, text, to);
	if ((e = yaml_parse_as(b->arena, text, strlen(text), YAML_KUSTOMIZE, &docs)) != NULL)
		return e;
	json_array_foreach (docs, i, doc)
		if (e == NULL)
			e = k_objects_add(to, json_incref(doc), "inline");
	return e;
}

static struct err *
build_run_plugins(struct building *b, const char *dir, const struct strings *list, bool generate, struct k_objects *all)
{
	struct k_objects plugins = build_no_objects(b);
	struct err *e = NULL;

	for (size_t i = 0; i < list->n && e == NULL; i++)
		e = build_read_plugin(b, dir, list->at[i], &plugins);
	for (size_t i = 0; i < plugins.n && e == NULL; i++) {
		const struct k_object *p = &plugins.at[i];

		e = generate ? k_plugin_generate(all, b->tree, dir, p->object, p->file)
			     : k_plugin_transform(all, b->tree, dir, p->object, p->file);
	}
	k_objects_done(&plugins);
	return e != NULL ? err_wrap(b->arena, e, "%s", generate ? "generators" : "transformers") : NULL;
}

/* A strategic merge patch: the name of a file, or the text itself. */
static struct err *
build_patch_strategic(struct building *b, const char *dir, const char *text, struct k_objects *all)
{
	struct k_patch p = { 0 };

	if (strchr(text, '\n') != NULL || text[0] == '{')
		p.patch = text;
	else
		p.path = text;
	return k_patch_apply(all, b->tree, dir, &p, "patchesStrategicMerge");
}

static struct err *
build_patch_all(struct building *b, const char *dir, const struct kustomization *k, struct k_objects *all)
{
	struct err *e = NULL;

	for (size_t i = 0; i < k->patches_strategic_merge.n && e == NULL; i++)
		e = build_patch_strategic(b, dir, k->patches_strategic_merge.at[i], all);
	for (size_t i = 0; i < k->patches.n && e == NULL; i++)
		e = k_patch_apply(all, b->tree, dir, &k->patches.at[i], arena_printf(b->arena, "patches[%zu]", i));
	return e;
}

static struct err *
build_set_labels(struct k_objects *all, const struct k_label *l)
{
	struct err *e = k_set_label_fields(all, l);

	k_set_labels(all, &l->pairs, K_LABELS);
	if (l->include_selectors)
		k_set_labels(all, &l->pairs, K_COMMON_LABELS);
	else if (l->include_templates)
		k_set_labels(all, &l->pairs, K_TEMPLATE_LABELS);
	return e != NULL ? err_wrap(all->arena, e, "labels: fields") : NULL;
}

static struct err *
build_transform(struct building *b, const char *dir, const struct kustomization *k, struct k_objects *all)
{
	struct err *e = build_patch_all(b, dir, k, all);

	if (e != NULL)
		return e;
	if (!str_empty(k->namespace))
		k_set_namespace(all, &(struct k_namespacing){ .namespace = k->namespace });
	if (!str_empty(k->name_prefix))
		k_set_prefix(all, k->name_prefix);
	if (!str_empty(k->name_suffix))
		k_set_suffix(all, k->name_suffix);
	for (size_t i = 0; i < k->labels.n && e == NULL; i++)
		e = build_set_labels(all, &k->labels.at[i]);
	k_set_labels(all, &k->common_labels, K_COMMON_LABELS);
	k_set_annotations(all, &k->common_annotations);
	for (size_t i = 0; i < k->patches_json6902.n && e == NULL; i++) {
		struct k_patch p = k->patches_json6902.at[i];

		p.forgetful = true;
		e = k_patch_apply(all, b->tree, dir, &p, arena_printf(b->arena, "patchesJson6902[%zu]", i));
	}
	for (size_t i = 0; i < k->replicas.n && e == NULL; i++)
		e = k_set_replicas(all, &k->replicas.at[i]);
	for (size_t i = 0; i < k->images.n && e == NULL; i++)
		e = k_set_image(all, &k->images.at[i]);
	for (size_t i = 0; i < k->replacements.n && e == NULL; i++)
		e = k_replace(
		    all, b->tree, dir, &k->replacements.at[i], arena_printf(b->arena, "replacements[%zu]", i));
	if (e == NULL)
		e = build_run_plugins(b, dir, &k->transformers, false, all);
	return e;
}

/* buildMetadata is refused: annotations with the origin of an object would change the object. */
static struct err *
build_check_metadata(struct building *b, const struct kustomization *k)
{
	if (k->build_metadata.n > 0)
		return err_new(b->arena, ERR_INVALID, "buildMetadata: %s is not supported", k->build_metadata.at[0]);
	return NULL;
}

/* The first kustomization that names an OpenAPI document sets it for all. Kubernetes' own kinds stay known if an
 * object was read before, as in kustomize. */
static struct err *
build_use_schema(struct building *b, const char *dir, const struct k_openapi *openapi)
{
	if (openapi == NULL || b->has_schema)
		return NULL;
	b->has_schema = true;
	b->schema.own_too = b->has_objects;
	return k_configure_schema(b->arena, b->tree, dir, openapi, &b->schema);
}

static struct err *
build_accumulate_all(struct building *b, const char *dir, const struct kustomization *k, struct k_objects *all)
{
	struct err *e = build_check_metadata(b, k);

	if (e == NULL)
		e = build_use_schema(b, dir, k->openapi);
	for (size_t i = 0; i < k->bases.n && e == NULL; i++)
		e = build_add_resource(b, dir, k->bases.at[i], all);
	for (size_t i = 0; i < k->resources.n && e == NULL; i++)
		e = build_add_resource(b, dir, k->resources.at[i], all);
	for (size_t i = 0; i < k->configurations.n && e == NULL; i++)
		e = k_configure(all, b->tree, dir, k->configurations.at[i]);
	for (size_t i = 0; i < k->crds.n && e == NULL; i++)
		e = k_configure_crds(all, b->tree, dir, k->crds.at[i]);
	for (size_t i = 0; i < k->config_maps.n && e == NULL; i++)
		e = k_generate(all, b->tree, dir, &k->config_maps.at[i], false, k->generator_options);
	for (size_t i = 0; i < k->secrets.n && e == NULL; i++)
		e = k_generate(all, b->tree, dir, &k->secrets.at[i], true, k->generator_options);
	if (e == NULL)
		e = build_run_plugins(b, dir, &k->generators, true, all);
	for (size_t i = 0; i < k->components.n && e == NULL; i++)
		e = build_add_component(b, dir, k->components.at[i], all);
	if (e == NULL)
		e = build_transform(b, dir, k, all);
	return e != NULL ? e : k_vars_add(all, k->vars.at, k->vars.n);
}

/* Adds the objects of a directory. `overlay` is a kustomization that replaces the directory's own file, or NULL. A
 * component changes the objects that were added before. */
static struct err *
build_accumulate(struct building *b, const char *dir, const json_t *overlay, bool component, struct k_objects *all)
{
	_cleanup_(json_decrefp) json_t *doc = json_incref((json_t *)overlay);
	struct kustomization k = { 0 };
	const char *path = dir[0] != '\0' ? dir : "kustomization.yaml";
	struct err *e = NULL;

	for (size_t i = 0; i < b->depth; i++)
		if (strcmp(b->open[i], dir) == 0)
			return err_new(b->arena, ERR_INVALID, "%s: includes itself", dir[0] != '\0' ? dir : ".");
	if (b->depth == K_DEPTH_MAX)
		return err_new(
		    b->arena, ERR_INVALID, "%s: more than %d kustomizations in one another", dir, K_DEPTH_MAX);
	if (doc == NULL)
		e = build_parse(b, dir, &doc, &path);
	if (e == NULL)
		e = build_read_kustomization(b, path, doc, component, &k);
	if (e != NULL)
		return e;
	b->open[b->depth++] = dir;
	e = build_accumulate_all(b, dir, &k, all);
	b->depth--;
	return e != NULL ? err_wrap(b->arena, e, "%s", path) : NULL;
}

json_t *
k_image_json(struct arena *a, const char *text)
{
	const char *eq = strchr(text, '='), *to = eq != NULL ? eq + 1 : text;
	const char *at = strchr(to, '@'), *slash = strrchr(to, '/'), *colon = strchr(slash != NULL ? slash : to, ':');
	size_t n = at != NULL && (colon == NULL || colon > at) ? (size_t)(at - to)
		   : colon != NULL			       ? (size_t)(colon - to)
							       : strlen(to);
	const char *name = arena_strndup(a, to, n);
	json_t *image = json_pack("{s:s}", "name", eq != NULL ? arena_strndup(a, text, (size_t)(eq - text)) : name);

	if (eq != NULL)
		json_object_set_new(image, "newName", json_string(name));
	if (colon != NULL && (at == NULL || colon < at))
		json_object_set_new(image, "newTag",
		    json_string(
			arena_strndup(a, colon + 1, at != NULL ? (size_t)(at - colon - 1) : strlen(colon + 1))));
	if (at != NULL)
		json_object_set_new(image, "digest", json_string(at + 1));
	return image;
}

static json_t *
build_list_in(json_t *doc, const char *name)
{
	json_t *list = json_object_get(doc, name);

	if (list == NULL)
		json_object_set_new(doc, name, list = json_array());
	return list;
}

/* Replaces the entry of that name, or adds it at the end. */
static void
build_put_named(json_t *doc, const char *name, json_t *entry)
{
	json_t *list = build_list_in(doc, name), *other;
	size_t i;

	json_array_foreach (list, i, other)
		if (str_eq(json_str(other, "name"), json_str(entry, "name"))) {
			json_array_set_new(list, i, entry);
			return;
		}
	json_array_append_new(list, entry);
}

static void
build_put_map(json_t *doc, const char *name, const struct string_map *pairs)
{
	json_t *to = json_object_get(doc, name);

	if (pairs->n == 0)
		return;
	if (to == NULL)
		json_object_set_new(doc, name, to = json_object());
	for (size_t i = 0; i < pairs->n; i++)
		json_object_set_new(to, pairs->at[i].key, json_string(pairs->at[i].value));
}

static struct err *
build_override(struct building *b, const char *dir, const struct application_kustomize *o, json_t *doc)
{
	const struct {
		const char *name, *value;
	} texts[] = { { "namePrefix", o->name_prefix }, { "nameSuffix", o->name_suffix },
		{ "namespace", o->namespace } };
	_cleanup_(json_decrefp) json_t *patches = o->patches != NULL ? json_loads(o->patches, 0, NULL) : NULL;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!str_empty(texts[i].value))
			json_object_set_new(doc, texts[i].name, json_string(texts[i].value));
	for (size_t i = 0; i < o->images.n; i++)
		build_put_named(doc, "images", k_image_json(b->arena, o->images.at[i]));
	for (size_t i = 0; i < o->replicas.n; i++)
		build_put_named(doc, "replicas",
		    json_pack("{s:s, s:s}", "name", o->replicas.at[i].name, "count", o->replicas.at[i].count));
	if (o->label_without_selector && o->common_labels.n > 0)
		json_array_append_new(build_list_in(doc, "labels"),
		    json_pack("{s:o, s:b, s:b}", "pairs", string_map_encode(&o->common_labels), "includeSelectors", 0,
			"includeTemplates", o->label_include_templates));
	else
		build_put_map(doc, "commonLabels", &o->common_labels);
	build_put_map(doc, "commonAnnotations", &o->common_annotations);
	for (size_t i = 0; i < o->components.n; i++) {
		const char *path, *there = NULL;
		struct err *e = tree_path(b->arena, dir, o->components.at[i], &path);

		if (e == NULL)
			e = tree_directory(b->tree, b->arena, path, &there);
		if (e != NULL)
			return e;
		if (there != NULL || !o->ignore_missing_components)
			json_array_append_new(build_list_in(doc, "components"), json_string(o->components.at[i]));
	}
	if (json_is_array(patches))
		json_array_extend(build_list_in(doc, "patches"), patches);
	return NULL;
}

struct sorted {
	const struct k_object *object;
	int order; /* position of its kind */
	/* kind and name, each followed by the group, version and namespace that are compared too */
	const char *kind, *name;
	size_t number; /* its position before sorting, for a stable order */
};

static int
build_kind_order(const char *kind)
{
	static const char *const first[] = { "Namespace", "ResourceQuota", "StorageClass", "CustomResourceDefinition",
		"ServiceAccount", "PodSecurityPolicy", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding",
		"ConfigMap", "Secret", "Endpoints", "Service", "LimitRange", "PriorityClass", "PersistentVolume",
		"PersistentVolumeClaim", "Deployment", "StatefulSet", "CronJob", "PodDisruptionBudget" };

	for (size_t i = 0; i < ARRAY_SIZE(first); i++)
		if (strcmp(first[i], kind) == 0)
			return (int)i - 1000;
	return strcmp(kind, "MutatingWebhookConfiguration") == 0     ? 1
	       : strcmp(kind, "ValidatingWebhookConfiguration") == 0 ? 2
								     : 0;
}

static int
build_by_order(const void *x, const void *y)
{
	const struct sorted *s = x, *t = y;
	int by = s->order - t->order;

	if (by == 0)
		by = strcmp(s->kind, t->kind);
	if (by == 0)
		by = strcmp(s->name, t->name);
	return by != 0 ? by : s->number < t->number ? -1 : 1;
}

static struct sorted *
build_in_order(struct arena *a, const struct k_objects *all, bool legacy)
{
	struct sorted *list = arena_new_array(a, struct sorted, all->n + 1);

	for (size_t i = 0; i < all->n; i++) {
		struct k_id id = k_id_of(a, all->at[i].object);

		/* A missing part sorts last, as if it began with a tilde. */
		list[i] = (struct sorted){ &all->at[i], build_kind_order(id.kind),
			arena_printf(a, "%s_%s_%s", id.group[0] != '\0' ? id.group : "~G", id.version, id.kind),
			arena_printf(a, "%s|%s", id.namespace[0] != '\0' ? id.namespace : "~X", id.name), i };
	}
	if (legacy)
		qsort(list, all->n, sizeof(*list), build_by_order);
	return list;
}

static bool
build_is_local(const json_t *object)
{
	return json_str(json_object_get(json_object_get(object, "metadata"), "annotations"), LOCAL_CONFIG) != NULL;
}

/* Drops empty annotations, as kustomize does. */
static void
build_drop_empty_annotations(json_t *object)
{
	json_t *meta = json_object_get(object, "metadata"), *annotations = json_object_get(meta, "annotations");

	if (json_is_null(annotations) || (json_is_object(annotations) && json_object_size(annotations) == 0))
		json_object_del(meta, "annotations");
}

/* The kustomization, changed as an Application says, becomes objects. `doc` is changed. */
static struct err *
build_kustomization(struct building *b, const char *dir, json_t *doc, const struct application_kustomize *options,
    struct manifests *ret)
{
	struct k_objects all;
	const json_t *order;
	struct sorted *sorted;
	struct err *e = options != NULL ? build_override(b, dir, options, doc) : NULL;

	b->known = k_specs_known(b->arena);
	all = build_no_objects(b);
	if (e == NULL)
		e = build_accumulate(b, dir, doc, false, &all);
	if (e == NULL) {
		k_add_hashes(&all);
		e = k_fix_references(&all);
	}
	if (e == NULL)
		e = k_vars_resolve(&all);
	order = json_object_get(json_object_get(doc, "sortOptions"), "order");
	sorted = build_in_order(b->arena, &all, !str_eq(json_string_value(order), "fifo"));
	for (size_t i = 0; i < all.n && e == NULL; i++) {
		build_drop_empty_annotations(sorted[i].object->object);
		if (!build_is_local(sorted[i].object->object))
			e = manifests_add(ret, b->arena, sorted[i].object->object, sorted[i].object->file);
	}
	k_objects_done(&all);
	k_schema_done(&b->schema);
	return e;
}

struct err *
k_build(const struct tree *t, struct arena *a, const char *dir, const struct application_kustomize *options,
    struct manifests *ret)
{
	struct building b = { .tree = t, .arena = a };
	_cleanup_(json_decrefp) json_t *doc = NULL;
	const char *path;
	struct err *e = build_parse(&b, dir, &doc, &path);

	return e != NULL ? e : build_kustomization(&b, dir, doc, options, ret);
}

/* Returns the part of a path up to and with its k-th slash, or NULL. */
static const char *
build_parent_at(struct arena *a, const char *path, size_t k)
{
	const char *at = path;

	for (; k > 0 && (at = strchr(at, '/')) != NULL; k--)
		at++;
	return at != NULL && at > path ? arena_strndup(a, path, (size_t)(at - path - 1)) : NULL;
}

/* Manifests under a directory, as the list of a kustomization's resources; a directory that has its own stands for
 * what is in it. */
static json_t *
build_find_resources(const struct tree *t, struct arena *a, const char *dir)
{
	const char *prefix = dir[0] == '\0' ? "" : arena_printf(a, "%s/", dir), *last = NULL;
	json_t *list = json_array();

	for (size_t i = tree_from(t, prefix); i < t->n && str_starts(t->entries[i].path, prefix); i++) {
		const char *under = t->entries[i].path + strlen(prefix), *own = NULL, *part;

		for (size_t k = 1; own == NULL && (part = build_parent_at(a, under, k)) != NULL; k++)
			own = kustomization_in(t, a, arena_printf(a, "%s%s", prefix, part)) != NULL ? part : NULL;
		if (own != NULL && !str_eq(own, last))
			json_array_append_new(list, json_string(own));
		else if (own == NULL && (str_ends(under, ".yaml") || str_ends(under, ".yml")) &&
			 strcmp(under, "kustomization.yaml") != 0)
			json_array_append_new(list, json_string(under));
		last = own;
	}
	return list;
}

struct err *
k_build_generated(const struct tree *t, struct arena *a, const char *dir, const struct application_kustomize *options,
    struct manifests *ret)
{
	struct building b = { .tree = t, .arena = a };
	_cleanup_(json_decrefp) json_t *doc = NULL;

	if (kustomization_in(t, a, dir) != NULL)
		return k_build(t, a, dir, options, ret);
	doc = json_pack("{s:o}", "resources", build_find_resources(t, a, dir));
	return build_kustomization(&b, dir, doc, options, ret);
}

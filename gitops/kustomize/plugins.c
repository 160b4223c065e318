/* gitops/kustomize/plugins.c: kustomize's `transformers` and `generators` with `apiVersion: builtin`: one row for
 * each transformer. Other plugins are refused. */
#include "gitops/kustomize/plugins.h"
#include <string.h>
#include "base/str.h"
#include "gitops/kustomize/configuration.h"
#include "gitops/kustomize/generate.h"
#include "gitops/kustomize/patch.h"
#include "gitops/kustomize/replace.h"
#include "gitops/kustomize/transform.h"

#define BUILTIN "builtin"

struct k_plugin_meta {
	const char *name, *namespace;
};

/* The fields of all transformers. */
struct k_plugin {
	const char *api_version, *kind;
	struct k_plugin_meta meta;
	struct string_map labels, annotations;
	const char *prefix, *suffix;
	const char *subjects;
	bool unset_only; /* NamespaceTransformer: objects with a namespace keep it */
	struct strings paths;
	const char *path, *patch, *patches, *json_op;
	const struct k_selector *target;
	struct k_patch_options options;
	struct k_replica replica;
	struct k_image image;
	LIST_OF(struct k_replacement) replacements;
	struct k_field_specs specs;
};

struct running {
	struct k_objects *all;
	const struct tree *tree;
	const char *dir;
	const struct k_plugin *plugin;
};

static const struct field k_plugin_meta_fields[] = {
	STRING(k_plugin_meta, name, "name"),
	STRING(k_plugin_meta, namespace, "namespace"),
};
static TYPE(k_plugin_meta, "metadata", .any_case = true);

#define COMMON                                                                                                         \
	STRING(k_plugin, api_version, "apiVersion"), STRING(k_plugin, kind, "kind"),                                   \
	    EMBED(k_plugin, meta, "metadata", k_plugin_meta)
#define SPECS LIST(k_plugin, specs, "fieldSpecs", k_field_spec)
#define PLUGIN_TYPE(V, text)                                                                                           \
	static const struct type V##_type = { .name = (text),                                                          \
		.size = sizeof(struct k_plugin),                                                                       \
		.fields = V##_fields,                                                                                  \
		.n_fields = ARRAY_SIZE(V##_fields),                                                                    \
		.strict = true,                                                                                        \
		.any_case = true }

static const struct field prefix_fields[] = { COMMON, STRING(k_plugin, prefix, "prefix"), SPECS };
PLUGIN_TYPE(prefix, "PrefixTransformer");

static const struct field suffix_fields[] = { COMMON, STRING(k_plugin, suffix, "suffix"), SPECS };
PLUGIN_TYPE(suffix, "SuffixTransformer");

static const struct field ends_fields[] = { COMMON, STRING(k_plugin, prefix, "prefix"),
	STRING(k_plugin, suffix, "suffix"), SPECS };
PLUGIN_TYPE(ends, "PrefixSuffixTransformer"); /* of old; now it is two */

static const struct field labels_fields[] = { COMMON, STRING_MAP(k_plugin, labels, "labels"), SPECS };
PLUGIN_TYPE(labels, "LabelTransformer");

static const struct field annotations_fields[] = { COMMON, STRING_MAP(k_plugin, annotations, "annotations"), SPECS };
PLUGIN_TYPE(annotations, "AnnotationsTransformer");

static const struct field namespace_fields[] = { COMMON, BOOL(k_plugin, unset_only, "unsetOnly"),
	STRING(k_plugin, subjects, "setRoleBindingSubjects", .choices = "defaultOnly|allServiceAccounts|none"), SPECS };
PLUGIN_TYPE(namespace, "NamespaceTransformer");

static const struct field patch_fields[] = { COMMON, STRING(k_plugin, path, "path"), STRING(k_plugin, patch, "patch"),
	OBJECT(k_plugin, target, "target", k_selector), EMBED(k_plugin, options, "options", k_patch_options) };
PLUGIN_TYPE(patch, "PatchTransformer");

static const struct field json6902_fields[] = { COMMON, STRING(k_plugin, path, "path"),
	STRING(k_plugin, json_op, "jsonOp"), OBJECT(k_plugin, target, "target", k_selector) };
PLUGIN_TYPE(json6902, "PatchJson6902Transformer");

static const struct field strategic_fields[] = { COMMON, STRINGS(k_plugin, paths, "paths"),
	STRING(k_plugin, patches, "patches") };
PLUGIN_TYPE(strategic, "PatchStrategicMergeTransformer");

static const struct field replicas_fields[] = { COMMON, EMBED(k_plugin, replica, "replica", k_replica), SPECS };
PLUGIN_TYPE(replicas, "ReplicaCountTransformer");

static const struct field image_fields[] = { COMMON, EMBED(k_plugin, image, "imageTag", k_image), SPECS };
PLUGIN_TYPE(image, "ImageTagTransformer");

static const struct field replacement_fields[] = { COMMON,
	LIST(k_plugin, replacements, "replacements", k_replacement) };
PLUGIN_TYPE(replacement, "ReplacementTransformer");

static struct err *
plugins_set_ends(struct running *r)
{
	if (!str_empty(r->plugin->prefix))
		k_set_prefix(r->all, r->plugin->prefix);
	if (!str_empty(r->plugin->suffix))
		k_set_suffix(r->all, r->plugin->suffix);
	return NULL;
}

static struct err *
plugins_set_labels(struct running *r)
{
	k_set_labels(r->all, &r->plugin->labels, K_COMMON_LABELS);
	return NULL;
}

static struct err *
plugins_set_annotations(struct running *r)
{
	k_set_annotations(r->all, &r->plugin->annotations);
	return NULL;
}

static struct err *
plugins_set_namespace(struct running *r)
{
	const char *subjects = r->plugin->subjects;

	if (!str_empty(r->plugin->meta.namespace))
		k_set_namespace(r->all, &(struct k_namespacing){ .namespace = r->plugin->meta.namespace,
					    .unset_only = r->plugin->unset_only,
					    .no_subjects = str_eq(subjects, "none"),
					    .all_subjects = str_eq(subjects, "allServiceAccounts") });
	return NULL;
}

static struct err *
plugins_patch_by(struct running *r, const char *path, const char *text)
{
	const struct k_patch p = { .path = path,
		.patch = text,
		.target = r->plugin->target,
		.options = r->plugin->options,
		.forgetful = strcmp(r->plugin->kind, json6902_type.name) == 0 };

	return k_patch_apply(r->all, r->tree, r->dir, &p, r->plugin->kind);
}

static struct err *
plugins_patch(struct running *r)
{
	return plugins_patch_by(r, r->plugin->path, r->plugin->patch);
}

static struct err *
plugins_patch_json6902(struct running *r)
{
	return plugins_patch_by(r, r->plugin->path, r->plugin->json_op);
}

static struct err *
plugins_patch_strategic(struct running *r)
{
	struct err *e = NULL;

	for (size_t i = 0; i < r->plugin->paths.n && e == NULL; i++)
		e = plugins_patch_by(r, r->plugin->paths.at[i], NULL);
	return e == NULL && !str_empty(r->plugin->patches) ? plugins_patch_by(r, NULL, r->plugin->patches) : e;
}

static struct err *
plugins_set_replicas(struct running *r)
{
	return k_set_replicas(r->all, &r->plugin->replica);
}

static struct err *
plugins_set_image(struct running *r)
{
	return k_set_image(r->all, &r->plugin->image);
}

static struct err *
plugins_replace(struct running *r)
{
	struct err *e = NULL;

	for (size_t i = 0; i < r->plugin->replacements.n && e == NULL; i++)
		e = k_replace(r->all, r->tree, r->dir, &r->plugin->replacements.at[i],
		    arena_printf(r->all->arena, "replacements[%zu]", i));
	return e;
}

static const struct transformer {
	const struct type *type;
	struct err *(*run)(struct running *);
	enum k_use use; /* of its field specs; K_USE_MAX: it has none */
} transformers[] = {
	{ &annotations_type, plugins_set_annotations, K_COMMON_ANNOTATIONS },
	{ &ends_type, plugins_set_ends, K_NAME_PREFIX },
	{ &image_type, plugins_set_image, K_IMAGES },
	{ &json6902_type, plugins_patch_json6902, K_USE_MAX },
	{ &labels_type, plugins_set_labels, K_COMMON_LABELS },
	{ &namespace_type, plugins_set_namespace, K_NAMESPACE },
	{ &patch_type, plugins_patch, K_USE_MAX },
	{ &prefix_type, plugins_set_ends, K_NAME_PREFIX },
	{ &replacement_type, plugins_replace, K_USE_MAX },
	{ &replicas_type, plugins_set_replicas, K_REPLICAS },
	{ &strategic_type, plugins_patch_strategic, K_USE_MAX },
	{ &suffix_type, plugins_set_ends, K_NAME_SUFFIX },
};

static struct err *
plugins_not_supported(struct k_objects *all, const json_t *plugin, const char *file)
{
	return err_new(all->arena, ERR_INVALID, "%s: %s of %s: only the plugins of kustomize itself are supported",
	    file, json_str(plugin, "kind") ?: "an object", json_str(plugin, "apiVersion") ?: "no apiVersion");
}

/* Runs the transformer with its own field specs, in place of all others of its use. */
static struct err *
plugins_run(struct running *r, const struct transformer *t)
{
	static const struct k_spec_list none = { 0 };
	const struct k_gvk any = { NULL, NULL, NULL };
	const struct k_spec_list *all_specs = r->all->specs, *own = &none;
	struct err *e = NULL;

	if (t->use == K_USE_MAX)
		return t->run(r);
	e = k_specs_add_specs(&own, r->all->arena, t->use, &r->plugin->specs, any);
	if (e == NULL && t->type == &ends_type)
		e = k_specs_add_specs(&own, r->all->arena, K_NAME_SUFFIX, &r->plugin->specs, any);
	r->all->specs = own;
	if (e == NULL)
		e = t->run(r);
	r->all->specs = all_specs;
	return e;
}

struct err *
k_plugin_transform(
    struct k_objects *all, const struct tree *tree, const char *dir, const json_t *plugin, const char *file)
{
	const struct transformer *t = NULL;
	struct k_plugin p = { 0 };
	struct running r = { all, tree, dir, &p };
	struct err *e;

	for (size_t i = 0; i < ARRAY_SIZE(transformers); i++)
		if (str_eq(transformers[i].type->name, json_str(plugin, "kind")))
			t = &transformers[i];
	if (t == NULL || !str_eq(json_str(plugin, "apiVersion"), BUILTIN))
		return plugins_not_supported(all, plugin, file);
	e = k_decode(all->arena, t->type, plugin, t->type->name, &p);
	if (e != NULL)
		return err_wrap(all->arena, e, "%s", file);
	e = plugins_run(&r, t);
	return e != NULL ? err_wrap(all->arena, e, "%s: %s", file, t->type->name) : NULL;
}

struct err *
k_plugin_generate(
    struct k_objects *all, const struct tree *tree, const char *dir, const json_t *plugin, const char *file)
{
	_cleanup_(json_decrefp) json_t *plain = json_copy((json_t *)plugin);
	const json_t *meta = json_object_get(plugin, "metadata");
	const char *kind = json_str(plugin, "kind");
	bool secret = str_eq(kind, "SecretGenerator");
	struct k_generator g = { 0 };
	struct err *e;

	if ((!secret && !str_eq(kind, "ConfigMapGenerator")) || !str_eq(json_str(plugin, "apiVersion"), BUILTIN))
		return plugins_not_supported(all, plugin, file);
	json_object_del(plain, "apiVersion");
	json_object_del(plain, "kind");
	json_object_del(plain, "metadata");
	json_put(plain, "name", json_str(meta, "name"));
	json_put(plain, "namespace", json_str(meta, "namespace"));
	e = k_decode(all->arena, &k_generator_type, plain, kind, &g);
	if (e == NULL)
		e = k_generate(all, tree, dir, &g, secret, NULL);
	return e != NULL ? err_wrap(all->arena, e, "%s", file) : NULL;
}

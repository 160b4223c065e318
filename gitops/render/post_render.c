/* gitops/render/post_render.c: post-rendering of a HelmRelease: builds a kustomization of the rendered manifests for
 * each entry of spec.postRenderers, and then sets common metadata. */
#include "gitops/render/post_render.h"
#include <string.h>
#include "base/str.h"
#include "gitops/kustomize/build.h"
#include "kube/api/yaml.h"

#define OBJECTS "manifests.yaml"

/* The older forms of patches are objects in Flux, and texts in a kustomization. */
static void
post_render_as_text(json_t *list, size_t i, json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	json_array_set_new(list, i, json_string(text != NULL ? text : ""));
	free(text);
}

static json_t *
post_render_kustomization(const struct helm_kustomize *k)
{
	json_t *to = encode(&helm_kustomize_type, k), *list = json_object_get(to, "patchesStrategicMerge"), *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (!json_is_string(one))
			post_render_as_text(list, i, one);
	json_array_foreach (json_object_get(to, "patchesJson6902"), i, one) {
		json_t *patch = json_object_get(one, "patch");
		char *text = patch != NULL && !json_is_string(patch) ? json_dumps(patch, JSON_COMPACT) : NULL;

		if (text != NULL)
			json_object_set_new(one, "patch", json_string(text));
		free(text);
	}
	json_object_set_new(to, "resources", json_pack("[s]", OBJECTS));
	return to;
}

const char *
post_render_wanted(struct arena *a, const struct helm_release_spec *spec)
{
	_cleanup_(json_decrefp) json_t *to = json_object();
	json_t *list = json_array();

	for (size_t i = 0; i < spec->post_renderers.n; i++)
		json_array_append_new(list, post_render_kustomization(spec->post_renderers.at[i].kustomize));
	json_object_set_new(to, "kustomizations", list);
	if (spec->common_metadata != NULL) {
		json_object_set_new(to, "labels", string_map_encode(&spec->common_metadata->labels));
		json_object_set_new(to, "annotations", string_map_encode(&spec->common_metadata->annotations));
	}
	if (json_array_size(list) == 0 && json_object_size(json_object_get(to, "labels")) == 0 &&
	    json_object_size(json_object_get(to, "annotations")) == 0)
		return NULL;
	return json_text(a, to);
}

static struct err *
post_render_read(const struct tree *t, struct arena *a, const struct tree_entry *entry, size_t max, struct bytes *ret)
{
	const struct bytes *file = entry->id;

	(void)t;
	if (file->len > max)
		return err_new(a, ERR_INVALID, "%zu bytes; at most %zu are read", file->len, max);
	*ret = *file;
	return NULL;
}

/* Builds a kustomization whose only resources are the manifests. */
static struct err *
post_render_build(struct arena *a, const json_t *kustomization, struct bytes manifests, struct manifests *ret)
{
	const char *text = json_text(a, kustomization);
	const struct bytes own = { text, strlen(text) };
	const struct tree_entry entries[] = { { .path = "kustomization.yaml", .size = own.len, .id = &own },
		{ .path = OBJECTS, .size = manifests.len, .id = &manifests } };
	const struct tree tree = { .entries = entries, .n = ARRAY_SIZE(entries), .read = post_render_read };

	return k_build(&tree, a, "", NULL, ret);
}

static void
post_render_set(json_t *object, const char *key, const json_t *pairs)
{
	json_t *meta = json_object_get(object, "metadata"), *to = json_object_get(meta, key);

	if (json_object_size(pairs) == 0)
		return;
	if (!json_is_object(to))
		json_object_set_new(meta, key, to = json_object());
	json_object_update(to, (json_t *)pairs);
}

static struct err *
post_render_text(struct arena *a, json_t *objects, struct bytes *ret)
{
	struct err *e;
	struct str out;
	json_t *one;
	size_t i;

	str_init(&out, MANIFESTS_BYTES_MAX);
	json_array_foreach (objects, i, one) {
		char *yaml = yaml_text(a, one);

		str_add(&out, "---\n", 4);
		str_add(&out, yaml, strlen(yaml));
	}
	e = out.overflow ? err_new(a, ERR_INVALID, "the chart's objects have more than %u bytes", MANIFESTS_BYTES_MAX)
			 : NULL;
	*ret = (struct bytes){ arena_strdup(a, str_text(&out)), out.len };
	str_done(&out);
	return e;
}

/* Replaces the objects (a new reference) by those of the kustomization. */
static struct err *
post_render_kustomize(struct arena *a, const json_t *kustomization, json_t **objects)
{
	struct manifests built = { .arena = a };
	struct bytes text;
	struct err *e = post_render_text(a, *objects, &text);

	if (e != NULL || (e = post_render_build(a, kustomization, text, &built)) != NULL)
		return e;
	json_array_clear(*objects);
	for (size_t i = 0; i < built.n; i++)
		json_array_append_new(*objects, json_loads(built.at[i].text, 0, NULL));
	return NULL;
}

/* Reads the objects. Documents without content, which templates leave, are none. */
static struct err *
post_render_parse(struct arena *a, const char *text, size_t len, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct err *e = yaml_parse_as(a, text, len, YAML_KUBERNETES, &docs);
	json_t *one;
	size_t i;

	if (e != NULL)
		return err_wrap(a, e, "the rendered chart");
	*ret = json_array();
	json_array_foreach (docs, i, one)
		if (json_object_size(one) > 0)
			json_array_append(*ret, one);
	return NULL;
}

struct err *
post_render(struct arena *a, const char *wanted, const char *manifests, size_t len, const char **ret)
{
	_cleanup_(json_decrefp) json_t *how = NULL, *objects = NULL;
	json_t *one;
	struct bytes text;
	struct err *e = json_parse(a, wanted, strlen(wanted), &how);
	size_t i;

	if (e != NULL || (e = post_render_parse(a, manifests, len, &objects)) != NULL)
		return e;
	/* A kustomization without resources is an error, and a chart may have no objects. */
	json_array_foreach (json_object_get(how, "kustomizations"), i, one)
		if (json_array_size(objects) > 0 && (e = post_render_kustomize(a, one, &objects)) != NULL)
			return err_wrap(a, e, "spec.postRenderers[%zu].kustomize", i);
	json_array_foreach (objects, i, one) {
		post_render_set(one, "labels", json_object_get(how, "labels"));
		post_render_set(one, "annotations", json_object_get(how, "annotations"));
	}
	if ((e = post_render_text(a, objects, &text)) == NULL)
		*ret = text.at;
	return e;
}

/* rollout/ephemeral_metadata.c: ephemeral metadata: labels and annotations that pods have while their version is the
 * canary (or preview), or the stable one.
 *
 * The ReplicaSet's template is written first, so that new pods have them. Then existing pods are written,
 * independently: one that fails does not block the others, and is retried. The ReplicaSet's annotation
 * (ephemeral-metadata, as in Argo Rollouts) is written when all pods have them; it lists the keys to remove later.
 */
#include "rollout/ephemeral_metadata.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/core.h"
#include "kube/api/replicaset.h"
#include "rollout/pass.h"
#include "rollout/pods.h"

#define AGAIN_MS 1000

static const char *const kinds[] = { "labels", "annotations" };

/* The metadata that the strategy has for a version, or NULL. */
static const struct pod_metadata *
metadata_spec(const struct rollout_pass *p, bool stable)
{
	if (p->canary != NULL)
		return stable ? p->canary->stable_metadata : p->canary->canary_metadata;
	return stable ? p->blue_green->active_metadata : p->blue_green->preview_metadata;
}

/* Returns the metadata in the form of the annotation, as a new reference; empty without metadata. */
static json_t *
metadata_wanted(const struct rollout_pass *p, bool stable)
{
	const struct pod_metadata *m = metadata_spec(p, stable);

	return m != NULL ? encode(&pod_metadata_type, m) : json_object();
}

static json_t *
metadata_recorded(const struct replicaset *rs)
{
	const char *text = object_annotation(&rs->object, ANNOTATION_EPHEMERAL_METADATA);
	json_t *j = text != NULL ? json_loads(text, 0, NULL) : NULL;

	if (json_is_object(j))
		return j;
	json_decref(j);
	return json_object();
}

/* The merge patch of {labels, annotations} that adds the wanted keys and removes the recorded ones that are not
 * wanted. A new reference; NULL: nothing to change. */
static json_t *
metadata_difference(json_t *want, json_t *was, json_t *const has[2])
{
	json_t *patch = NULL, *value;
	const char *key;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		json_t *to = json_object_get(want, kinds[i]), *from = json_object_get(was, kinds[i]),
		       *one = json_object();

		json_object_foreach (to, key, value)
			if (!json_equal(json_object_get(has[i], key), value))
				json_object_set(one, key, value);
		json_object_foreach (from, key, value)
			if (json_object_get(to, key) == NULL && json_object_get(has[i], key) != NULL)
				json_object_set_new(one, key, json_null());
		if (json_object_size(one) > 0) {
			patch = patch != NULL ? patch : json_object();
			json_object_set(patch, kinds[i], one);
		}
		json_decref(one);
	}
	return patch;
}

static json_t *
metadata_template_difference(const struct replicaset *rs, json_t *want, json_t *was)
{
	_cleanup_(json_decrefp) json_t *template = json_loads(rs->spec.template, 0, NULL);
	json_t *const has[] = { json_at(template, "/metadata/labels"), json_at(template, "/metadata/annotations") };

	return metadata_difference(want, was, has);
}

static json_t *
metadata_map_json(const struct string_map *m)
{
	json_t *j = json_object();

	for (size_t i = 0; i < m->n; i++)
		json_object_set_new(j, m->at[i].key, json_string(m->at[i].value));
	return j;
}

static json_t *
metadata_pod_difference(const struct pod *p, json_t *want, json_t *was)
{
	json_t *const has[] = { metadata_map_json(&p->object.meta.labels),
		metadata_map_json(&p->object.meta.annotations) };
	json_t *patch = metadata_difference(want, was, has);

	json_decref(has[0]);
	json_decref(has[1]);
	return patch;
}

void
metadata_initial(const struct rollout_pass *p, json_t *template, json_t *annotations)
{
	_cleanup_(json_decrefp) json_t *want = metadata_wanted(p, p->st.stable_rs == NULL);
	json_t *meta = json_object_get(template, "metadata"), *value;
	const char *key;

	if (json_object_size(want) == 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (json_object_get(meta, kinds[i]) == NULL)
			json_object_set_new(meta, kinds[i], json_object());
		json_object_foreach (json_object_get(want, kinds[i]), key, value)
			json_object_set(json_object_get(meta, kinds[i]), key, value);
	}
	json_object_set_new(annotations, ANNOTATION_EPHEMERAL_METADATA, json_string(json_text(p->arena, want)));
}

/* The versions that have or had metadata: the new one and the stable one. */
static size_t
metadata_versions(const struct rollout_pass *p, const struct replicaset *ret[2])
{
	const struct replicaset *both[] = { p->w->new_rs, p->w->stable_rs != p->w->new_rs ? p->w->stable_rs : NULL };
	bool any = metadata_spec(p, true) != NULL || metadata_spec(p, false) != NULL;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(both); i++)
		if (both[i] != NULL &&
		    (any || object_annotation(&both[i]->object, ANNOTATION_EPHEMERAL_METADATA) != NULL))
			ret[n++] = both[i];
	return n;
}

static bool
metadata_is_stable(const struct rollout_pass *p, const struct replicaset *rs)
{
	return p->st.stable_rs == NULL || str_eq(object_label(&rs->object, LABEL_POD_TEMPLATE_HASH), p->st.stable_rs);
}

void
metadata_templates(struct rollout_pass *p)
{
	const struct replicaset *list[2];
	size_t n = metadata_versions(p, list);

	for (size_t i = 0; i < n; i++) {
		_cleanup_(json_decrefp) json_t *want = metadata_wanted(p, metadata_is_stable(p, list[i])),
					       *was = metadata_recorded(list[i]);
		json_t *patch = metadata_template_difference(list[i], want, was);

		if (patch == NULL)
			continue;
		plan_merge(
		    p->plan, &list[i]->object, json_pack("{s:{s:{s:o}}}", "spec", "template", "metadata", patch));
		plan_reason(
		    p->plan, "ReplicaSet %s: new pods get the metadata of their version", list[i]->object.meta.name);
	}
}

static void
metadata_record(struct rollout_pass *p, const struct replicaset *rs, const json_t *want)
{
	json_t *ops = json_array();

	object_patch_annotation(p->arena, ops, &rs->object, ANNOTATION_EPHEMERAL_METADATA,
	    json_object_size(want) > 0 ? json_text(p->arena, want) : NULL);
	plan_patch(p->plan, &rs->object, ops);
	plan_independent(p->plan);
}

void
metadata_pods(struct rollout_pass *p)
{
	const struct replicaset *list[2];
	size_t n = metadata_versions(p, list), n_pods = 0;

	for (size_t i = 0; i < n; i++) {
		_cleanup_(json_decrefp) json_t *want = metadata_wanted(p, metadata_is_stable(p, list[i])),
					       *was = metadata_recorded(list[i]);
		const struct pod *const *pods;
		json_t *patch = NULL;
		size_t written = 0;

		if (json_equal(want, was))
			continue;
		if ((patch = metadata_template_difference(list[i], want, was)) != NULL) {
			json_decref(patch);
			continue;
		}
		if ((pods = pods_list(p, "metadata", &n_pods)) == NULL) {
			plan_wake(p->plan, time_add(p->w->now, AGAIN_MS));
			continue;
		}
		for (size_t k = 0; k < n_pods; k++) {
			if (!pod_is_of(pods[k], list[i]) || pods[k]->object.meta.deletion_timestamp != 0 ||
			    (patch = metadata_pod_difference(pods[k], want, was)) == NULL)
				continue;
			plan_merge(p->plan, &pods[k]->object, json_pack("{s:o}", "metadata", patch));
			plan_independent(p->plan);
			plan_unless_gone(p->plan);
			written++;
		}
		/* the next pass checks that all of them have it */
		if (written > 0)
			plan_wake(p->plan, time_add(p->w->now, AGAIN_MS));
		else
			metadata_record(p, list[i], want);
	}
}

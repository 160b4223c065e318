/* rollout/revision.c: revisions: creates, renumbers and deletes ReplicaSets, and adopts those of the same template. */
#include "rollout/revision.h"
#include <inttypes.h>
#include <string.h>
#include "base/str.h"
#include "kube/api/replicaset.h"
#include "rollout/affinity.h"
#include "rollout/analysis_templates.h"
#include "rollout/conditions.h"
#include "rollout/ephemeral_metadata.h"
#include "rollout/pass.h"
#include "rollout/replicas.h"

int64_t
revision_of(const struct object *o)
{
	long long n;

	return str_int(object_annotation(o, ANNOTATION_REVISION), 0, INT32_MAX, &n) ? n : 0;
}

static int64_t
revision_highest_other(const struct rollout_world *w)
{
	int64_t most = 0;

	for (size_t i = 0; i < w->n_replicasets; i++)
		if (w->replicasets[i] != w->new_rs && revision_of(&w->replicasets[i]->object) > most)
			most = revision_of(&w->replicasets[i]->object);
	return most;
}

/* Annotations that stay with the rollout (Argo Rollouts: annotationsToSkip). */
static bool
revision_annotation_stays(const char *key)
{
	static const char *const keys[] = { ANNOTATION_LAST_APPLIED, ANNOTATION_REVISION, ANNOTATION_REVISION_HISTORY,
		ANNOTATION_DESIRED_REPLICAS };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	/* The records of a hook (traffic/hook.c) change with each weight. */
	return str_starts(key, "notified.notifications.argoproj.io") || str_starts(key, "sluice.argoproj.io/hook-");
}

json_t *
revision_selector(const struct label_selector *s, const char *hash)
{
	json_t *selector = encode(&label_selector_type, s), *labels = json_object_get(selector, "matchLabels");

	if (labels == NULL) {
		labels = json_object();
		json_object_set_new(selector, "matchLabels", labels);
	}
	json_object_set_new(labels, LABEL_POD_TEMPLATE_HASH, json_string(hash));
	return selector;
}

static json_t *
revision_replicaset(const struct rollout_pass *p, const char *name, int64_t replicas)
{
	const struct rollout *r = p->w->rollout;
	const struct meta *m = &r->object.meta;
	json_t *template = json_loads(r->spec.template, 0, NULL), *annotations = json_object(), *labels, *pod_labels;

	for (size_t i = 0; i < m->annotations.n; i++)
		if (!revision_annotation_stays(m->annotations.at[i].key))
			json_object_set_new(
			    annotations, m->annotations.at[i].key, json_string(m->annotations.at[i].value));
	json_object_set_new(annotations, ANNOTATION_REVISION, json_sprintf("%" PRId64, p->revision));
	json_object_set_new(annotations, ANNOTATION_DESIRED_REPLICAS, json_sprintf("%" PRId64, p->replicas));
	pod_labels = json_at(template, "/metadata/labels");
	if (pod_labels == NULL) {
		pod_labels = json_object();
		json_object_set_new(json_object_get(template, "metadata"), "labels", pod_labels);
	}
	json_object_set_new(pod_labels, LABEL_POD_TEMPLATE_HASH, json_string(p->w->hash));
	labels = json_deep_copy(pod_labels);
	metadata_initial(p, template, annotations);
	affinity_add(p, template);
	return json_pack("{s:s,s:s,s:{s:s,s:s,s:o,s:o,s:[o]},s:{s:I,s:I,s:o,s:o}}", "apiVersion", "apps/v1", "kind",
	    "ReplicaSet", "metadata", "name", name, "namespace", m->namespace, "labels", labels, "annotations",
	    annotations, "ownerReferences", owner_reference(&r->object), "spec", "replicas", (json_int_t)replicas,
	    "minReadySeconds", (json_int_t)r->spec.min_ready_seconds, "selector",
	    revision_selector(r->spec.selector, p->w->hash), "template", template);
}

/* The last update was completed, or there was none: clients wait for this condition. A third version during an
 * update does not change it. */
static bool
revision_was_completed(const struct rollout_pass *p)
{
	const struct condition *c = condition_find(&p->was->conditions, "Completed");

	return c == NULL || str_eq(c->status, "True");
}

/* The rollout's annotation gets the revision too. The events follow this write, in the order of Argo Rollouts. */
static void
revision_annotate_rollout(struct rollout_pass *p, const char *created)
{
	const struct object *o = &p->w->rollout->object;
	const char *revision = arena_printf(p->arena, "%" PRId64, p->revision),
		   *generation = p->st.workload_observed_generation;
	bool new_revision = !str_eq(object_annotation(o, ANNOTATION_REVISION), revision);
	bool new_generation =
	    generation != NULL && !str_eq(object_annotation(o, ANNOTATION_WORKLOAD_GENERATION), generation);

	if (new_revision || new_generation)
		plan_merge(p->plan, o,
		    json_pack("{s:{s:{s:s*,s:s*}}}", "metadata", "annotations", ANNOTATION_REVISION,
			new_revision ? revision : NULL, ANNOTATION_WORKLOAD_GENERATION,
			new_generation ? generation : NULL));
	if (created != NULL && p->w->n_replicasets == 0 && p->was->observed_generation == NULL)
		plan_event(p->plan, o, false, "RolloutAddedToInformer", "Rollout resource added to informer: %s/%s",
		    o->meta.namespace, o->meta.name);
	if (new_revision)
		plan_event(p->plan, o, false, "RolloutUpdated", "Rollout updated to revision %s", revision);
	if (created != NULL)
		plan_event(p->plan, o, false, "NewReplicaSetCreated", "Created ReplicaSet %s (revision %s)", created,
		    revision);
	if (new_revision && p->promotion != PROMOTED && revision_was_completed(p))
		plan_event(p->plan, o, false, "RolloutNotCompleted",
		    "Rollout not completed, started update to revision %s (%s)", revision, p->w->hash);
}

/* If a ReplicaSet of another owner has the name, a collision count, which is stored, changes the hash, as in
 * Kubernetes. */
static bool
revision_collides(struct rollout_pass *p, const char *name)
{
	const struct opt_int *count = &p->was->collision_count;
	int64_t next = count->present ? count->value + 1 : 1;

	if (view_get(p->w->view, &replicaset_type, p->w->rollout->object.meta.namespace, name) == NULL)
		return false;
	p->st.collision_count = (struct opt_int){ true, next };
	plan_reason(p->plan, "ReplicaSet %s exists and belongs to another owner: collision count %" PRId64, name, next);
	return true;
}

static void
revision_create(struct rollout_pass *p)
{
	const struct rollout_world *w = p->w;
	const char *name = arena_printf(p->arena, "%s-%s", w->rollout->object.meta.name, w->hash);

	int64_t replicas = replicas_initial(p);

	p->revision = revision_highest_other(w) + 1;
	if (revision_collides(p, name))
		return;
	p->writes.replicaset = true;
	plan_create(
	    p->plan, &replicaset_type, w->rollout->object.meta.namespace, name, revision_replicaset(p, name, replicas));
	revision_annotate_rollout(p, name);
	if (replicas > 0)
		plan_event(p->plan, &w->rollout->object, false, "ScalingReplicaSet",
		    "Scaled up ReplicaSet %s (revision %" PRId64 ") from 0 to %" PRId64, name, p->revision, replicas);
	plan_reason(p->plan, "revision %" PRId64 " has no ReplicaSet yet", p->revision);
}

/* ReplicaSets without a controller that this rollout selects are adopted, as by every Kubernetes controller: a
 * rollout that was deleted without its pods, and created again, gets them back. */
static bool
revision_adopt(struct rollout_pass *p)
{
	for (size_t i = 0; i < p->w->n_orphans; i++) {
		const struct object *o = &p->w->orphans[i]->object;
		json_t *ops = json_array();

		json_patch_add(ops, "test", "/metadata/uid", json_string(o->meta.uid));
		if (o->meta.owners.n == 0)
			json_patch_add(ops, "add", "/metadata/ownerReferences",
			    json_pack("[o]", owner_reference(&p->w->rollout->object)));
		else
			json_patch_add(
			    ops, "add", "/metadata/ownerReferences/-", owner_reference(&p->w->rollout->object));
		plan_patch(p->plan, o, ops);
		plan_reason(p->plan, "ReplicaSet %s has no owner: adopted", o->meta.name);
	}
	return p->w->n_orphans > 0;
}

/* Copies the rollout's annotations and minReadySeconds to the new ReplicaSet; they do not make a new revision. The
 * ReplicaSet of an older revision that is wanted again gets the next number and keeps its old ones in an
 * annotation. */
static void
revision_update(struct rollout_pass *p, int64_t highest)
{
	const struct rollout *r = p->w->rollout;
	const struct replicaset *rs = p->w->new_rs;
	const char *old = object_annotation(&rs->object, ANNOTATION_REVISION);
	const char *history = object_annotation(&rs->object, ANNOTATION_REVISION_HISTORY);
	json_t *ops = NULL, *affinity;

	if (p->revision <= highest) {
		p->revision = highest + 1;
		object_patch_annotation(p->arena, json_patch_of(&ops), &rs->object, ANNOTATION_REVISION,
		    arena_printf(p->arena, "%" PRId64, p->revision));
		if (old != NULL)
			object_patch_annotation(p->arena, ops, &rs->object, ANNOTATION_REVISION_HISTORY,
			    history != NULL ? arena_printf(p->arena, "%s,%s", history, old) : old);
	}
	for (size_t i = 0; i < r->object.meta.annotations.n; i++) {
		const struct string_pair *a = &r->object.meta.annotations.at[i];

		if (!revision_annotation_stays(a->key) && !str_eq(object_annotation(&rs->object, a->key), a->value))
			object_patch_annotation(p->arena, json_patch_of(&ops), &rs->object, a->key, a->value);
	}
	if (affinity_is_stale(p, rs, &affinity))
		json_patch_add(json_patch_of(&ops), "add", "/spec/template/spec/affinity", affinity);
	if (rs->spec.min_ready_seconds != r->spec.min_ready_seconds)
		json_patch_add(
		    json_patch_of(&ops), "add", "/spec/minReadySeconds", json_integer(r->spec.min_ready_seconds));
	if (ops != NULL)
		plan_patch(p->plan, &rs->object, ops);
}

bool
revision_sync(struct rollout_pass *p)
{
	const struct rollout_world *w = p->w;

	if (revision_adopt(p))
		return false;
	if (w->new_rs == NULL) {
		revision_create(p);
		return false;
	}
	p->revision = revision_of(&w->new_rs->object);
	revision_update(p, revision_highest_other(w));
	revision_annotate_rollout(p, NULL);
	return true;
}

void
revision_history(struct rollout_pass *p)
{
	const struct rollout_world *w = p->w;
	const struct opt_int *limit = &w->rollout->spec.revision_history_limit;
	int64_t keep = limit->present ? limit->value : REVISION_HISTORY_LIMIT, old = 0;

	for (size_t i = 0; i < w->n_replicasets; i++)
		old += w->replicasets[i] != w->new_rs && w->replicasets[i] != w->stable_rs;
	for (size_t i = 0; i < w->n_replicasets && old > keep; i++) {
		const struct replicaset *rs = w->replicasets[i];

		if (rs == w->new_rs || rs == w->stable_rs)
			continue;
		old--;
		if (rs->object.meta.deletion_timestamp != 0 || replicaset_wanted(rs) > 0 || rs->status.replicas > 0)
			continue;
		plan_delete(p->plan, &rs->object);
		plan_reason(p->plan, "ReplicaSet %s is beyond the history of %" PRId64, rs->object.meta.name, keep);
	}
}

bool
revision_in_window(const struct rollout_world *w)
{
	const struct rollback_window *window = w->rollout->spec.rollback_window;
	int64_t from, to, between = 0;

	if (window == NULL || w->new_rs == NULL || w->stable_rs == NULL)
		return false;
	from = w->new_rs->object.meta.creation_timestamp;
	to = w->stable_rs->object.meta.creation_timestamp;
	for (size_t i = 0; i < w->n_replicasets; i++) {
		int64_t at = w->replicasets[i]->object.meta.creation_timestamp;

		between += at > from && at < to;
	}
	return from < to && between < window->revisions;
}

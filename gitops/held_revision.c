/* gitops/held_revision.c: an aborted commit is not applied to its Rollout again: reads, updates and writes the
 * annotation that holds the revision. Used by argocd/application_auto.c and flux/kustomization_hold.c. */
#include "gitops/held_revision.h"
#include <string.h>
#include "base/str.h"
#include "gitops/request.h"
#include "kube/api/application.h"

static const struct field held_revision_fields[] = {
	STRING(held_revision, revision, "revision", .required = true),
	INT(held_revision, generation, "generation"),
	STRING_MAP(held_revision, rollouts, "rollouts", .required = true),
};
TYPE(held_revision, "held revision");

static const struct field held_memory_fields[] = {
	INT(held_memory, applied_at, "appliedAt"),
	INT(held_memory, about, "about"),
};
TYPE(held_memory, "memory of a held revision");

struct held_revision
held_revision_read(struct arena *a, const struct object *o)
{
	const char *text = object_annotation(o, ANNOTATION_HELD), *key;
	_cleanup_(json_decrefp) json_t *j = text != NULL ? json_loads(text, 0, NULL) : NULL;
	struct problems ignored = { .arena = a };
	struct held_revision held = { 0 };
	json_t *value;

	if (j == NULL)
		return held;
	decode(&held_revision_type, j, "", &ignored, &held);
	/* A Rollout whose reason is not a text is held too: the annotation still names it. */
	json_object_foreach (json_object_get(j, "rollouts"), key, value)
		if (!json_is_string(value))
			held.rollouts.at[held.rollouts.n++] = (struct string_pair){ arena_strdup(a, key), "" };
	return held.revision != NULL && held.rollouts.n > 0 ? held : (struct held_revision){ 0 };
}

json_t *
held_revision_annotation(struct arena *a, const struct held_revision *held)
{
	_cleanup_(json_decrefp) json_t *j = held->revision != NULL ? encode(&held_revision_type, held) : NULL;

	return j != NULL ? json_string(json_text(a, j)) : json_null();
}

const char *
held_revision_key(struct arena *a, const char *ns, const char *name)
{
	return arena_printf(a, "%s/%s", ns ?: "", name ?: "");
}

const char *
held_revision_reason(struct arena *a, const struct held_revision *held, const char *ns, const char *name)
{
	return string_map_get(&held->rollouts, held_revision_key(a, ns, name));
}

const char *
held_revision_abort(const struct rollout *r)
{
	const struct rollout_status *s = &r->status;
	long long observed;

	if (!s->abort ||
	    (s->observed_generation != NULL &&
		(!str_int(s->observed_generation, 0, INT64_MAX, &observed) || observed != r->object.meta.generation)))
		return NULL;
	/* Until the phase is of the abort, the message is about what came before. */
	return str_eq(s->phase, "Degraded") && s->message != NULL ? s->message : "it was aborted";
}

static bool
held_revision_is_rollout(const struct worker_resource *r)
{
	return str_eq(r->kind, rollout_type.kind) && str_eq(r->group, rollout_type.group);
}

/* An abort counts only if it is later than the time at which all Rollouts were as the revision has them: an earlier
 * one was of another update. A held Rollout is not applied and need not be. */
static void
held_revision_remember(
    const struct held_revision *held, const struct held_input *in, struct arena *a, struct held_memory *memory)
{
	int64_t about = request_hash(arena_printf(a, "%s %lld", in->revision, (long long)in->spec));
	bool all = in->compared;

	for (size_t i = 0; i < in->resources->n; i++) {
		const struct worker_resource *r = &in->resources->at[i];

		if (held_revision_is_rollout(r) && r->status != SYNC_SYNCED &&
		    held_revision_reason(a, held, r->namespace, r->name) == NULL)
			all = false;
	}
	if (memory->about != about)
		memory->applied_at = 0;
	if (memory->applied_at == 0 && all)
		memory->applied_at = in->now;
	memory->about = memory->applied_at != 0 ? about : 0;
}

/* Returns the abort message of a Rollout, or NULL. The view has it at once; the worker's comparison may be older
 * than a change that a user made since. */
static const char *
held_revision_abort_since(const struct held_input *in, int64_t applied_at, const struct worker_resource *r)
{
	const struct rollout *live;

	if (r->aborted != NULL || in->view == NULL || applied_at == 0 || !held_revision_is_rollout(r))
		return r->aborted;
	live = (const struct rollout *)view_get(in->view, &rollout_type, r->namespace, r->name);
	/* Times in a status have whole seconds: an abort in the same second may be an earlier one. */
	return live != NULL && live->status.aborted_at / 1000 > applied_at / 1000 ? held_revision_abort(live) : NULL;
}

/* Holds the revision back from the Rollouts that have aborted it. */
static bool
held_revision_add(struct held_revision *held, const struct held_input *in, int64_t applied_at, struct plan *plan)
{
	struct string_map *rollouts = &held->rollouts;
	bool added = false;
	struct string_pair *at = arena_new_array(plan->arena, struct string_pair, rollouts->n + in->resources->n);

	for (size_t i = 0; i < rollouts->n; i++)
		at[i] = rollouts->at[i];
	rollouts->at = at;
	for (size_t i = 0; i < in->resources->n; i++) {
		const struct worker_resource *r = &in->resources->at[i];
		const char *why = held_revision_abort_since(in, applied_at, r);

		if (why == NULL || held_revision_reason(plan->arena, held, r->namespace, r->name) != NULL)
			continue;
		rollouts->at[rollouts->n++] =
		    (struct string_pair){ held_revision_key(plan->arena, r->namespace, r->name),
			    arena_strdup(plan->arena, why) };
		plan_revision(plan, in->revision);
		plan_status_event(plan, in->object, true, "RevisionHeld",
		    "Revision %s is held: Rollout %s aborted it: %s", in->revision, r->name, why);
		added = true;
	}
	return added;
}

/* Releases the Rollouts that a user has made healthy with the revision. */
static bool
held_revision_drop(struct held_revision *held, const struct held_input *in, struct plan *plan)
{
	struct string_map *rollouts = &held->rollouts;
	bool dropped = false;

	for (size_t i = 0; i < in->resources->n; i++) {
		const struct worker_resource *r = &in->resources->at[i];
		const char *key = held_revision_key(plan->arena, r->namespace, r->name);
		bool healthy = held_revision_is_rollout(r) && r->status == SYNC_SYNCED && r->aborted == NULL &&
			       r->health.status == HEALTH_HEALTHY;

		for (size_t k = 0; healthy && k < rollouts->n; k++)
			if (strcmp(rollouts->at[k].key, key) == 0) {
				memmove(&rollouts->at[k], &rollouts->at[k + 1],
				    (--rollouts->n - k) * sizeof(*rollouts->at));
				dropped = true;
			}
	}
	if (dropped && rollouts->n == 0)
		plan_status_event(plan, in->object, false, "RevisionReleased",
		    "Revision %s is no longer held: it was tried again, and is healthy", in->revision);
	return dropped;
}

/* Another revision is tried before anything is known of it, so the one before is released first. What is added
 * counts at once; what is dropped has been compared with the revision in this pass. */
bool
held_revision_update(
    struct held_revision *held, const struct held_input *in, struct held_memory *memory, struct plan *plan)
{
	bool was_held, changed = false;

	if (held->revision != NULL && !str_eq(held->revision, in->revision)) {
		plan_status_event(plan, in->object, false, "RevisionReleased",
		    "Revision %s is no longer held: superseded by %s", held->revision, in->revision);
		*held = (struct held_revision){ 0 };
		changed = true;
	} else if (held->revision != NULL && (in->requested || held->generation != in->generation)) {
		plan_status_event(
		    plan, in->object, false, "RevisionReleased", "Revision %s is no longer held", held->revision);
		*held = (struct held_revision){ 0 };
		changed = true;
	}
	was_held = held->revision != NULL;
	held_revision_remember(held, in, plan->arena, memory);
	if (in->attempted && !in->requested)
		changed |= held_revision_add(held, in, memory->applied_at, plan);
	if (was_held && in->compared)
		changed |= held_revision_drop(held, in, plan);
	if (held->rollouts.n == 0)
		*held = (struct held_revision){ 0 };
	else if (!was_held) {
		held->revision = in->revision;
		held->generation = in->generation;
	}
	return changed;
}

const char *
held_revision_text(struct arena *a, const struct held_revision *held)
{
	return held->revision == NULL
		   ? NULL
		   : arena_printf(a,
			 "revision %s is not applied again to Rollout %s, which aborted it: %s; a new commit, or "
			 "a requested sync, releases it",
			 held->revision, held->rollouts.at[0].key, held->rollouts.at[0].value);
}

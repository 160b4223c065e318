/* gitops/held_revision.c: what a rollout aborted, read and written. */
#include "gitops/held_revision.h"
#include "base/str.h"
#include "gitops/request.h"
#include "kube/api/application.h"

json_t *
held_read(const struct object *o)
{
	const char *text = object_annotation(o, ANNOTATION_HELD);
	json_t *held = text != NULL ? json_loads(text, 0, NULL) : NULL;

	/* Anybody can write it. */
	if (json_str(held, "revision") != NULL && json_object_size(json_object_get(held, "rollouts")) > 0)
		return held;
	json_decref(held);
	return NULL;
}

json_t *
held_written(struct arena *a, const json_t *held)
{
	return held != NULL ? json_string(json_text(a, held)) : json_null();
}

const char *
held_key(struct arena *a, const char *ns, const char *name)
{
	return arena_printf(a, "%s/%s", ns ?: "", name ?: "");
}

static const char *
key_of(struct arena *a, const struct worker_resource *r)
{
	return held_key(a, r->namespace, r->name);
}

const char *
held_why(const struct rollout *r)
{
	const struct rollout_status *s = &r->status;
	long long observed;

	if (!s->abort ||
	    (s->observed_generation != NULL &&
		(!str_int(s->observed_generation, 0, INT64_MAX, &observed) || observed != r->object.meta.generation)))
		return NULL;
	/* Until the status tells of it, its message is about what came before. */
	return str_eq(s->phase, "Degraded") && s->message != NULL ? s->message : "it was aborted";
}

static bool
is_rollout(const struct worker_resource *r)
{
	return str_eq(r->kind, rollout_type.kind) && str_eq(r->group, rollout_type.group);
}

int64_t
held_applied(struct plan *plan, const struct pass *p, const char *about, const struct worker_resources *resources,
    const json_t *rollouts)
{
	int64_t since =
	    seen_note(p->seen, "applied-about", 0) == worker_number(about) ? seen_note(p->seen, "applied", 0) : 0;
	bool all = resources != NULL;

	for (size_t i = 0; resources != NULL && i < resources->n; i++) {
		const struct worker_resource *r = &resources->at[i];

		if (is_rollout(r) && !str_eq(r->status, "Synced") &&
		    json_object_get(rollouts, key_of(plan->arena, r)) == NULL)
			all = false;
	}
	if (since == 0 && all)
		since = p->now;
	plan_note(plan, "applied", since);
	plan_note(plan, "applied-about", since != 0 ? worker_number(about) : 0);
	return since;
}

/* What a Rollout says of the update that it aborted after that time; NULL: it did not. */
static const char *
why_aborted(const struct view *v, int64_t applied, const struct worker_resource *r)
{
	const struct rollout *is;

	if (r->aborted != NULL || v == NULL || applied == 0 || !is_rollout(r))
		return r->aborted;
	is = (const struct rollout *)view_get(v, &rollout_type, r->namespace, r->name);
	/* Of a time that has seconds, a part of the first belongs to what was before. */
	return is != NULL && is->status.aborted_at / 1000 > applied / 1000 ? held_why(is) : NULL;
}

bool
held_add(struct plan *plan, const struct object *o, const struct view *v, int64_t applied,
    const struct worker_resources *resources, const char *revision, json_t *rollouts)
{
	bool added = false;

	for (size_t i = 0; i < resources->n; i++) {
		const struct worker_resource *r = &resources->at[i];
		const char *key = key_of(plan->arena, r), *why = why_aborted(v, applied, r);

		if (why == NULL || json_object_get(rollouts, key) != NULL)
			continue;
		json_object_set_new(rollouts, key, json_string(why));
		plan_revision(plan, revision);
		plan_status_event(plan, o, true, "RevisionHeld", "Revision %s is held: Rollout %s aborted it: %s",
		    revision, r->name, why);
		added = true;
	}
	return added;
}

bool
held_drop(struct plan *plan, const struct object *o, const struct worker_resources *resources, const char *revision,
    json_t *rollouts)
{
	bool dropped = false;

	for (size_t i = 0; i < resources->n; i++) {
		const struct worker_resource *r = &resources->at[i];

		if (is_rollout(r) && str_eq(r->status, "Synced") && r->aborted == NULL &&
		    str_eq(r->health.status, "Healthy"))
			dropped |= json_object_del(rollouts, key_of(plan->arena, r)) == 0;
	}
	if (dropped && json_object_size(rollouts) == 0)
		plan_status_event(plan, o, false, "RevisionReleased",
		    "Revision %s is no longer held: it was tried again, and is healthy", revision);
	return dropped;
}

const char *
held_text(struct arena *a, const char *revision, const json_t *rollouts)
{
	const char *first = NULL;
	json_t *why;

	json_object_foreach ((json_t *)rollouts, first, why)
		break;
	return first == NULL
		   ? NULL
		   : arena_printf(a,
			 "revision %s is not applied again to Rollout %s, which aborted it: %s; a new commit, or "
			 "a sync that is asked for, releases it",
			 revision, first, json_string_value(why) ?: "");
}

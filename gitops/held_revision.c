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
key_of(struct arena *a, const json_t *r)
{
	return held_key(a, json_str(r, "namespace"), json_str(r, "name"));
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
is_rollout(const json_t *r)
{
	return str_eq(json_str(r, "kind"), rollout_type.kind) && str_eq(json_str(r, "group"), rollout_type.group);
}

int64_t
held_applied(
    struct plan *plan, const struct pass *p, const char *about, const json_t *resources, const json_t *rollouts)
{
	int64_t since =
	    seen_note(p->seen, "applied-about", 0) == worker_number(about) ? seen_note(p->seen, "applied", 0) : 0;
	bool all = resources != NULL;
	const json_t *r;
	size_t i;

	json_array_foreach (resources, i, r)
		if (is_rollout(r) && !str_eq(json_str(r, "status"), "Synced") &&
		    json_object_get(rollouts, key_of(plan->arena, r)) == NULL)
			all = false;
	if (since == 0 && all)
		since = p->now;
	plan_note(plan, "applied", since);
	plan_note(plan, "applied-about", since != 0 ? worker_number(about) : 0);
	return since;
}

/* What a Rollout says of the update that it aborted after that time; NULL: it did not. */
static const char *
why_aborted(const struct view *v, int64_t applied, const json_t *r)
{
	const struct rollout *is;

	if (json_str(r, "aborted") != NULL || v == NULL || applied == 0 || !is_rollout(r))
		return json_str(r, "aborted");
	is = (const struct rollout *)view_get(v, &rollout_type, json_str(r, "namespace"), json_str(r, "name"));
	/* Of a time that has seconds, a part of the first belongs to what was before. */
	return is != NULL && is->status.aborted_at / 1000 > applied / 1000 ? held_why(is) : NULL;
}

bool
held_add(struct plan *plan, const struct object *o, const struct view *v, int64_t applied, const json_t *resources,
    const char *revision, json_t *rollouts)
{
	bool added = false;
	const json_t *r;
	size_t i;

	json_array_foreach (resources, i, r) {
		const char *key = key_of(plan->arena, r), *why = why_aborted(v, applied, r);

		if (why == NULL || json_object_get(rollouts, key) != NULL)
			continue;
		json_object_set_new(rollouts, key, json_string(why));
		plan_revision(plan, revision);
		plan_status_event(plan, o, true, "RevisionHeld", "Revision %s is held: Rollout %s aborted it: %s",
		    revision, json_str(r, "name"), why);
		added = true;
	}
	return added;
}

bool
held_drop(struct plan *plan, const struct object *o, const json_t *resources, const char *revision, json_t *rollouts)
{
	bool dropped = false;
	const json_t *r;
	size_t i;

	json_array_foreach (resources, i, r)
		if (is_rollout(r) && str_eq(json_str(r, "status"), "Synced") && json_str(r, "aborted") == NULL &&
		    str_eq(json_string_value(json_at(r, "/health/status")), "Healthy"))
			dropped |= json_object_del(rollouts, key_of(plan->arena, r)) == 0;
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

/* gitops/flux/flux.c: statuses and requests of Flux's objects. */
#include <string.h>
#include "base/letters.h"
#include "base/str.h"
#include "base/time.h"
#include "gitops/flux/flux_parts.h"

#define MESSAGE_MAX 4000

static const struct field flux_asked_fields[] = {
	INT(flux_asked, generation, "generation"),
	STRING(flux_asked, revision, "revision"),
	STRING(flux_asked, requested_at, "requestedAt"),
};
static TYPE(flux_asked, "request");

static const struct field flux_memory_fields[] = {
	INT(flux_memory, refreshed_at, "refreshedAt"),
	INT(flux_memory, refresh_at, "refreshAt"),
	INT(flux_memory, failures, "failures"),
	INT(flux_memory, unhealthy_since, "unhealthySince"),
	EMBED(flux_memory, asked, "asked", flux_asked),
	EMBED(flux_memory, held, "held", held_memory),
};
TYPE(flux_memory, "memory of a Flux object");

struct flux
flux_begin(const struct pass *p, const struct object *o, struct plan *plan, const char *status)
{
	struct flux f = { .pass = p, .object = o, .plan = plan, .arena = plan->arena, .now = p->now };

	f.was = status != NULL ? json_loads(status, 0, NULL) : NULL;
	if (!json_is_object(f.was)) {
		json_decref(f.was);
		f.was = json_object();
	}
	f.status = json_deep_copy(f.was);
	if (p->seen->memory != NULL)
		f.before = *(const struct flux_memory *)p->seen->memory;
	f.memory.asked = f.before.asked;
	return f;
}

void
flux_end(struct flux *f)
{
	plan_memory(f->plan, &flux_memory_type, &f->memory);
	plan_status(f->plan, f->object, f->was, f->status);
}

const char *
flux_condition_is(const json_t *status, const char *type)
{
	return json_str(status_condition(status, type), "status");
}

const char *
flux_condition_reason(const json_t *status, const char *type)
{
	return json_str(status_condition(status, type), "reason");
}

void
flux_tell(struct flux *f, bool bad, const char *reason, const char *message)
{
	const json_t *was = status_condition(f->was, "Ready");

	message = letters_shown(f->arena, message, MESSAGE_MAX);
	if (str_eq(json_str(was, "status"), "False") && str_eq(json_str(was, "reason"), reason) &&
	    str_eq(json_str(was, "message"), message))
		return;
	plan_reason(f->plan, "%s: %s", reason, message);
	plan_status_event(f->plan, f->object, bad, reason, "%s", message);
}

void
flux_condition(struct flux *f, const char *type, const char *status, const char *reason, const char *message)
{
	json_t *list = json_object_get(f->status, "conditions"), *c = status_condition(f->status, type);
	size_t i;

	if (status == NULL) {
		for (i = json_array_size(list); i-- > 0;)
			if (json_array_get(list, i) == c)
				json_array_remove(list, i);
		return;
	}
	if (list == NULL)
		json_object_set_new(f->status, "conditions", list = json_array());
	if (c == NULL)
		json_array_append_new(list, c = json_pack("{s:s}", "type", type));
	if (!str_eq(json_str(c, "status"), status))
		json_object_set_new(c, "lastTransitionTime", json_string(time_format(f->arena, f->now)));
	json_object_set_new(c, "status", json_string(status));
	json_object_set_new(c, "reason", json_string(reason));
	json_object_set_new(c, "message", json_string(letters_shown(f->arena, message, MESSAGE_MAX)));
	json_object_set_new(c, "observedGeneration", json_integer(f->object->meta.generation));
}

bool
flux_is_requested(const struct flux *f)
{
	const char *at = object_annotation(f->object, ANNOTATION_REQUESTED_AT);

	return at != NULL && !str_eq(at, json_str(f->status, "lastHandledReconcileAt"));
}

void
flux_handled(struct flux *f, const struct flux_asked *asked)
{
	json_put(f->status, "lastHandledReconcileAt",
	    asked != NULL ? asked->requested_at : object_annotation(f->object, ANNOTATION_REQUESTED_AT));
	json_object_set_new(f->status, "observedGeneration",
	    json_integer(asked != NULL ? asked->generation : f->object->meta.generation));
}

void
flux_ask(struct flux *f, const char *revision, const struct worker_request *request, int64_t timeout_ms,
    const char *repository)
{
	const char *requested_at = object_annotation(f->object, ANNOTATION_REQUESTED_AT);

	/* Requests that differ have different keys: the response to one is not that to the next. */
	request_send(f->plan, f->pass,
	    arena_printf(f->arena, "%lld %s %s", (long long)f->object->meta.generation,
		revision != NULL ? revision : "", requested_at != NULL ? requested_at : ""),
	    request, timeout_ms, NULL, repository);
	f->memory.refreshed_at = f->now;
	f->memory.asked = (struct flux_asked){ f->object->meta.generation, revision, requested_at };
}

int64_t
flux_due(const struct flux *f, int64_t after)
{
	int64_t looked = f->before.refreshed_at;

	return looked == 0 ? 0 : looked + after + worker_spread(f->object, after / 20 + 1);
}

void
flux_warn(struct flux *f, const struct worker_response *response, const char *type, const char *reason)
{
	const char *all = NULL;

	for (size_t i = 0; i < response->warnings.n; i++)
		if (str_eq(response->warnings.at[i].type, type))
			all = arena_printf(f->arena, "%s%s%s", all != NULL ? all : "", all != NULL ? "; " : "",
			    response->warnings.at[i].message);
	if (all != NULL && flux_condition_is(f->was, type) == NULL)
		plan_reason(f->plan, "%s: %s", type, all);
	flux_condition(f, type, all != NULL ? "True" : NULL, reason, all);
}

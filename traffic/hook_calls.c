/* traffic/hook_calls.c: the calls of a hook that is a router (hook.c), and its responses.
 *
 * Each call has one JSON document and returns another (docs/step-plugins.md). It is made as soon as something else is
 * wanted, also while an earlier call has not ended, so that an abort waits for nothing. Calls may therefore overtake
 * each other; a hook ignores those with a lower serial number.
 */
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/plan/controller.h"
#include "kube/plan/plugin_declarations.h"
#include "traffic/hook.h"

#define ERROR_AGAIN_MS 5000 /* after a call that failed */
#define VERIFY_AGAIN_MS 10000 /* default time to the next Verify call; a response may contain another */
#define VERIFY_AGAIN_LEAST_MS 1000
#define MESSAGE_MAX 512 /* bytes of a hook's message */
#define WAYS 2

/* The operations of each part: without a route, that which removes all of them. */
static const struct {
	const char *set, *remove, *verify;
} hook_operations[HOOK_PART_MAX] = {
	[HOOK_WEIGHT] = { "SetWeight", "SetWeight", "VerifyWeight" },
	[HOOK_ROUTES] = { "SetHeaderRoutes", "RemoveHeaderRoutes", "VerifyHeaderRoutes" },
};

/* The calls of one record. */
struct hook_pass {
	const struct rollout *rollout;
	const struct pass *pass;
	struct plan *queries;
	struct routing *routing;
	const struct step_plugin *hook;
	enum hook_part part;
	const struct hook_record *record;
};

/* A response that was read. */
struct hook_response {
	const char *error; /* NULL: the call succeeded */
	bool verified;
	const char *message; /* of the hook; NULL: none */
	int64_t again_ms;
};

static const struct step_plugin *
hook_calls_declared(const struct pass *p, const char *name)
{
	const struct step_plugins *all = pass_settings(p)->step_plugins;

	for (size_t i = 0; all != NULL && i < all->routers.n; i++)
		if (str_eq(all->routers.at[i].name, name) && !all->routers.at[i].disabled)
			return &all->routers.at[i];
	return NULL;
}

/* The key of a call: two of the same operation in turn, because the next one is made before the response to the last
 * is forgotten. */
static const char *
hook_key(const struct hook_pass *h, bool verify, size_t way)
{
	return arena_printf(h->queries->arena, "hook/%s/%lld/%s/%zu", hook_operations[h->part].set,
	    (long long)h->record->serial, verify ? "verify" : "set", way);
}

/* Finds the last call for this record that was made: *ret_verify and *ret_way are those of its key. */
static const struct seen_query *
hook_last_call(const struct hook_pass *h, bool *ret_verify, size_t *ret_way)
{
	const struct seen_query *last = NULL;

	for (size_t i = 0; i < 2 * WAYS; i++) {
		const struct seen_query *q = seen_query(h->pass->seen, hook_key(h, i >= WAYS, i % WAYS));

		if (q == NULL || (last != NULL && last->sent_at > q->sent_at))
			continue;
		last = q;
		*ret_verify = i >= WAYS;
		*ret_way = i % WAYS;
	}
	return last;
}

static json_t *
hook_call(const struct hook_pass *h, bool verify)
{
	const struct canary_strategy *c = h->rollout->spec.strategy.canary;
	const struct meta *m = &h->rollout->object.meta;
	json_t *routes = h->part == HOOK_ROUTES ? json_loads(h->record->routes, 0, NULL) : NULL;
	const char *operation = verify			       ? hook_operations[h->part].verify
				: json_array_size(routes) == 0 ? hook_operations[h->part].remove
							       : hook_operations[h->part].set;
	json_t *call = json_pack("{s:s,s:s,s:I,s:s,s:s,s:{s:s,s:s,s:s*}}", "operation", operation, "plugin",
	    h->hook->name, "serial", (json_int_t)h->record->serial, "canaryService", c->canary_service, "stableService",
	    c->stable_service, "rollout", "name", m->name, "namespace", m->namespace, "uid", m->uid);

	if (h->part == HOOK_WEIGHT)
		json_object_set_new(call, "weight", json_integer(h->record->weight));
	else
		json_object_set_new(call, "headerRoutes", routes);
	if (hook_of(c)->config != NULL)
		json_object_set_new(call, "config", json_loads(hook_of(c)->config, JSON_DECODE_ANY, NULL));
	return call;
}

static void
hook_send(const struct hook_pass *h, bool verify, size_t way)
{
	_cleanup_(json_decrefp) json_t *call = hook_call(h, verify);
	struct query q;

	plugin_query(h->queries->arena, h->hook, json_text(h->queries->arena, call), &q);
	plan_query(h->queries, hook_key(h, verify, way), &q);
	plan_reason(h->queries, "hook %s: %s, serial %lld", h->hook->name, json_str(call, "operation"),
	    (long long)h->record->serial);
}

static struct hook_response
hook_response_read(struct arena *a, const struct response *got)
{
	struct hook_response r = { .again_ms = VERIFY_AGAIN_MS };
	_cleanup_(json_decrefp) json_t *j = NULL;
	const char *after, *message, *error;
	const json_t *verified;

	if (got->err != NULL) {
		r.error = err_text(a, err_copy(a, got->err));
		return r;
	}
	if (got->status < 200 || got->status > 299) {
		r.error = arena_printf(
		    a, "status %d: %.*s", got->status, (int)(got->body.len < 200 ? got->body.len : 200), got->body.at);
		return r;
	}
	if (json_parse(a, got->body.at, got->body.len, &j) != NULL || !json_is_object(j)) {
		r.error = "its response is not a JSON object";
		return r;
	}
	verified = json_object_get(j, "verified");
	error = json_str(j, "error");
	message = json_str(j, "message");
	after = json_str(j, "requeueAfter");
	if (error != NULL)
		r.error = arena_printf(a, "%.*s", MESSAGE_MAX, error);
	else if (verified != NULL && !json_is_boolean(verified))
		r.error = "\"verified\" of its response is neither true nor false";
	r.verified = verified == NULL || json_is_true(verified);
	r.message = message != NULL ? arena_printf(a, "%.*s", MESSAGE_MAX, message) : NULL;
	if (after != NULL && duration_parse(after, &r.again_ms) && r.again_ms < VERIFY_AGAIN_LEAST_MS)
		r.again_ms = VERIFY_AGAIN_LEAST_MS;
	return r;
}

/* The wanted state, for users. */
static const char *
hook_wanted(const struct hook_pass *h)
{
	return h->part == HOOK_WEIGHT ? arena_printf(h->queries->arena, "weight %d", (int)h->record->weight)
				      : "its header routes";
}

/* The wanted state is in effect. It is written, or known as long as the response is kept (hook.c). */
static void
hook_confirmed(const struct hook_pass *h, const struct seen_query *last)
{
	struct hook_state *s;
	struct hook_record is = *h->record;

	is.confirmed = true;
	if (h->part == HOOK_ROUTES || is.weight == 0) {
		hook_record_write(h->rollout, h->part, &is, h->queries);
		plan_reason(h->queries, "hook %s has confirmed %s", h->hook->name, hook_wanted(h));
		return;
	}
	s = arena_alloc(h->queries->arena, sizeof(*s));
	*s = *(const struct hook_state *)h->routing->own;
	s->records[h->part] = is;
	hook_set_seen(h->rollout, s, h->queries->arena, h->routing);
	plan_keep(h->queries, last->key);
}

/* Waits for a call that has not ended, reads its response, or makes the next one. */
static void
hook_calls_step(const struct hook_pass *h)
{
	struct hook_response got;
	bool verify = false;
	size_t way = 0;
	const struct seen_query *last = hook_last_call(h, &verify, &way);
	int64_t at;

	if (last == NULL) {
		hook_send(h, false, 0);
		return;
	}
	if (!last->done)
		return;
	got = hook_response_read(h->queries->arena, &last->response);
	if (got.error == NULL && got.verified) {
		hook_confirmed(h, last);
		return;
	}
	h->routing->unverified = arena_printf(h->queries->arena, "hook %s: %s: %s", h->hook->name, hook_wanted(h),
	    got.error != NULL	  ? got.error
	    : got.message != NULL ? got.message
				  : "has not taken effect yet");
	at = time_add(last->done_at, got.error != NULL ? ERROR_AGAIN_MS : got.again_ms);
	if (h->pass->now < at) {
		plan_keep(h->queries, last->key);
		plan_wake(h->queries, at);
	} else {
		/* a call that failed may have had no effect; one that succeeded is only verified */
		hook_send(h, verify || got.error == NULL, (way + 1) % WAYS);
	}
}

void
hook_confirm(const struct rollout *r, const struct pass *pass, struct plan *queries, struct routing *ret)
{
	const struct hook_state *s = ret->own;
	const char *name = hook_of(r->spec.strategy.canary)->name;
	struct hook_pass h = { .rollout = r, .pass = pass, .queries = queries, .routing = ret };

	if (s == NULL || pass->settings == NULL)
		return; /* sluice lint does not know which hooks are declared */
	if ((h.hook = hook_calls_declared(pass, name)) == NULL) {
		ret->raise_err = err_at(queries->arena, HOOK_FIELD ".name",
		    err_new(queries->arena, ERR_INVALID,
			"Invalid value: \"%s\" is not declared under trafficRouters (controller "
			"--step-plugins)",
			name));
		return;
	}
	for (h.part = 0; h.part < HOOK_PART_MAX; h.part++) {
		h.record = &s->records[h.part];
		if (h.record->present && !h.record->confirmed)
			hook_calls_step(&h);
	}
}

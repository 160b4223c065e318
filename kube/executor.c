/* kube/executor.c: carries out a plan: its steps as API calls, one after the other, then its status.
 *
 *   STEPS → STATUS → DONE          the usual course
 *   STEPS → FETCH_STEP → STEPS     a write failed: its object is fetched, then the independent steps follow
 *   STATUS → FETCH_STATUS → DONE   the status was decided on an outdated object
 *   FETCH_DOUBT → DONE             no plan: an object whose last write is in doubt is fetched
 */
#include "kube/executor.h"
#include <string.h>
#include "base/json.h"
#include "io/log.h"
#include "kube/client.h"

#define OLD_MS 1000 /* a plan of this age ends when an object of its key has changed */

enum execution_state {
	EXECUTION_STEPS,
	EXECUTION_FETCH_STEP,
	EXECUTION_STATUS,
	EXECUTION_FETCH_STATUS,
	EXECUTION_FETCH_DOUBT,
	EXECUTION_DONE, /* `done` was called; the execution may be freed */
	EXECUTION_STATE_MAX
};

struct execution {
	enum execution_state state;
	const struct executor *to;
	const struct plan *plan;
	struct queries *queries;
	struct execution_observer observer;
	int64_t started_at; /* mono ms */
	struct arena *arena;
	struct call *call;
	size_t step; /* the next one, or the one whose write waits for its response */
	const struct plan_step *fetched; /* the step whose object is being fetched, or was fetched last */
	bool unreachable; /* the last fetch had no response */
	/* resourceVersion of the status' object after this plan's writes to it; NULL: it was not written */
	const char *own_version;
	struct plan_step status_step; /* how the status write is reported when it fails */
	const struct plan_step *failed; /* the first step that failed; NULL: none */
	struct err *err;
};

static void execution_make_steps(struct execution *);
static void execution_fetch_object(struct execution *);
static void execution_write_status(struct execution *);
static void execution_end(struct execution *);

static const struct {
	const char *name;
	void (*enter)(struct execution *);
} states[] = {
	[EXECUTION_STEPS] = { "steps", execution_make_steps },
	[EXECUTION_FETCH_STEP] = { "fetching the object of a step", execution_fetch_object },
	[EXECUTION_STATUS] = { "status", execution_write_status },
	[EXECUTION_FETCH_STATUS] = { "fetching the object of the status", execution_fetch_object },
	[EXECUTION_FETCH_DOUBT] = { "fetching the object in doubt", execution_fetch_object },
	[EXECUTION_DONE] = { "done", execution_end },
};
_Static_assert(ARRAY_SIZE(states) == EXECUTION_STATE_MAX, "a row a state");

/* Changes the state and continues the execution. The reason is logged; NULL: the usual course. */
static void
execution_enter(struct execution *x, enum execution_state to, const char *why)
{
	const struct object *o = x->plan->status_of;

	if (why != NULL)
		log_debug("plan leaves its usual course", "namespace", o != NULL ? o->meta.namespace : NULL, "name",
		    o != NULL ? o->meta.name : NULL, "from", states[x->state].name, "to", states[to].name, "why", why);
	x->state = to;
	states[to].enter(x);
}

static void
execution_free(struct execution *x)
{
	arena_free(x->arena);
	free(x);
}

/* Continues an execution from the callback of a call, and frees it if it is done. */
static void
execution_resume(struct execution *x, enum execution_state to, const char *why)
{
	execution_enter(x, to, why);
	if (x->state == EXECUTION_DONE)
		execution_free(x);
}

static void
execution_fail(struct execution *x, const struct plan_step *s, const struct err *e)
{
	if (x->failed != NULL)
		return;
	x->failed = s;
	x->err = err_copy(x->arena, e);
}

static bool
execution_is_outdated(const struct err *e)
{
	return e->class == ERR_CONFLICT || e->class == ERR_EXISTS || e->class == ERR_GONE;
}

/* Returns true if an object of the key changed while a request was slow: the next pass decides with it. */
static bool
execution_is_overtaken(const struct execution *x)
{
	return loop_mono(x->to->api->loop) - x->started_at >= OLD_MS && x->observer.has_news(x->observer.arg);
}

/* Returns true if the write may have taken effect. The next decision must not use the weight or number of pods from
 * before it. */
static bool
execution_is_in_doubt(const struct plan_step *s, const struct err *e)
{
	return e->class == ERR_AGAIN &&
	       (s->op == PLAN_PATCH || s->op == PLAN_MERGE || s->op == PLAN_SCALE || s->op == PLAN_APPLY);
}

/* Returns true if the cache has a newer object than the one that the plan was made from. */
static bool
execution_knows_newer(const struct execution *x, const struct plan_step *s)
{
	const struct view *v = cache_view(x->to->cache);
	const struct object *o = s->resource_version != NULL ? view_get(v, s->type, s->namespace, s->name) : NULL;

	return o == NULL || !str_eq(o->meta.resource_version, s->resource_version);
}

static void
execution_on_fetched(void *arg, const struct err *e, const json_t *body)
{
	struct execution *x = arg;
	const struct plan_step *s = x->fetched;

	x->call = NULL;
	/* A JSON patch with a failed test and one with a refused result have the same response (422). If the cached
	 * object is still the one that the plan was made from, the tests passed: the result was refused, and will be
	 * again. */
	if (e == NULL && s == x->failed && s->op == PLAN_PATCH && x->err->class == ERR_CONFLICT &&
	    str_eq(s->resource_version, json_str(json_object_get(body, "metadata"), "resourceVersion")))
		x->err->class = ERR_INVALID;
	x->unreachable = e != NULL && e->class == ERR_AGAIN;
	if (e == NULL)
		cache_put(x->to->cache, s->type, body, NULL);
	else if (e->class == ERR_GONE)
		cache_remove(x->to->cache, s->type, s->namespace, s->name, NULL);
	else if (x->state == EXECUTION_FETCH_DOUBT)
		execution_fail(x, s, e);
	/* If the permission to get the object is missing, its cached version is used: otherwise no pass could decide
	 * any more. */
	cache_doubt(x->to->cache, s->type, s->namespace, s->name, x->unreachable);
	execution_resume(x, x->state == EXECUTION_FETCH_STEP ? EXECUTION_STEPS : EXECUTION_DONE, NULL);
}

static struct transport *
execution_transport(const struct execution *x, const struct type *t)
{
	return x->to->elsewhere_type == t ? x->to->elsewhere : x->to->api;
}

/* Fetches the object of x->fetched, after a write that failed because of an outdated version, or whose result is not
 * known. */
static void
execution_fetch_object(struct execution *x)
{
	const struct plan_step *s = x->fetched;

	x->call = client_call_as(execution_transport(x, s->type), urgency_of(x->plan, NULL), CLIENT_SOON_MS, "GET",
	    client_path(x->arena, s->type, s->namespace, s->name, NULL), NULL, NULL, execution_on_fetched, x);
}

/* The response to a write is the object. If a successful response has another body, the outcome is not known, and no
 * watch event may follow: the object is in doubt. Returns `e`, or that error. */
static const struct err *
execution_written_error(
    struct execution *x, const struct plan_step *s, const struct err *e, const struct item_text *body)
{
	/* The response to a scale is a Scale; to delete and evict, a Status or the deleted object. */
	if (e != NULL || s->op == PLAN_DELETE || s->op == PLAN_EVICT || s->op == PLAN_SCALE)
		return e;
	if (body->resource_version != NULL && body->name != NULL && (s->name == NULL || str_eq(s->name, body->name)))
		return NULL;
	return err_new(x->arena, ERR_AGAIN, "the response of the API server is not the object that was written");
}

/* Skips the events that report a write that was not made. */
static void
execution_skip(struct execution *x)
{
	const struct plan *p = x->plan;

	x->step++;
	while (x->step < p->n_steps && p->steps[x->step].op == PLAN_EVENT && !p->steps[x->step].independent)
		x->step++;
}

static void
execution_on_written(void *arg, const struct err *e, const struct item_text *body)
{
	struct execution *x = arg;
	const struct plan_step *s = &x->plan->steps[x->step];
	const struct object *subject = x->plan->status_of;

	x->call = NULL;
	e = execution_written_error(x, s, e, body);
	if (e != NULL && (s->op == PLAN_DELETE || s->op == PLAN_EVICT || s->unless_gone) && e->class == ERR_GONE)
		e = NULL;
	if (e != NULL) {
		execution_fail(x, s, e);
		execution_skip(x);
		if (execution_is_in_doubt(s, e) ||
		    (execution_is_outdated(e) && !(execution_is_overtaken(x) && execution_knows_newer(x, s)))) {
			x->fetched = s;
			execution_resume(x, EXECUTION_FETCH_STEP,
			    execution_is_outdated(e) ? "the object has changed" : "the result of a write is not known");
		} else {
			execution_resume(x, EXECUTION_STEPS, "a write failed");
		}
		return;
	}
	/* The response to a scale is a Scale; the object arrives by its watch. */
	if (s->op != PLAN_DELETE && s->op != PLAN_EVICT && s->op != PLAN_SCALE)
		cache_put_response_item(x->to->cache, s->type, body);
	if (subject != NULL && s->op == PLAN_MERGE && s->type == subject->type &&
	    strcmp(s->name, subject->meta.name) == 0)
		x->own_version = arena_strdup(x->arena, body->resource_version);
	x->step++;
	execution_resume(x, EXECUTION_STEPS, NULL);
}

static void
execution_on_status_written(void *arg, const struct err *e, const struct item_text *body)
{
	struct execution *x = arg;

	x->call = NULL;
	e = execution_written_error(x, &x->status_step, e, body);
	if (e != NULL) {
		execution_fail(x, &x->status_step, e);
		/* After a step that failed, its object was fetched, and the next pass may fetch this one. */
		if (x->failed == &x->status_step && execution_is_outdated(e) && !execution_is_overtaken(x)) {
			x->fetched = &x->status_step;
			execution_resume(x, EXECUTION_FETCH_STATUS, "the object has changed");
		} else {
			execution_resume(x, EXECUTION_DONE, "the status was not written");
		}
		return;
	}
	cache_put_response_item(x->to->cache, x->plan->status_of->type, body);
	queries_forget_shown(x->queries, x->plan);
	for (size_t i = 0; i < x->plan->n_status_events; i++)
		events_emit(x->to->events, &x->plan->status_events[i]);
	execution_resume(x, EXECUTION_DONE, NULL);
}

/* The process may have been suspended since the decision. Returns false if the lease is lost; `s` has then failed. */
static bool
execution_may_write(struct execution *x, const struct plan_step *s)
{
	if (x->to->may_write == NULL || x->to->may_write(x->to->arg))
		return true;
	execution_fail(x, s, err_new(x->arena, ERR_AGAIN, "not written: the lease to act is no longer held"));
	return false;
}

static void
execution_write_step(struct execution *x, const struct plan_step *s)
{
	static const struct {
		const char *method, *content_type;
	} verbs[PLAN_OP_MAX] = {
		[PLAN_CREATE] = { "POST", "application/json" },
		[PLAN_PATCH] = { "PATCH", PATCH_JSON },
		[PLAN_MERGE] = { "PATCH", PATCH_MERGE },
		[PLAN_SCALE] = { "PATCH", PATCH_MERGE },
		[PLAN_APPLY] = { "PATCH", PATCH_APPLY },
		[PLAN_DELETE] = { "DELETE", "application/json" },
		[PLAN_EVICT] = { "POST", "application/json" },
	};
	struct transport *t = execution_transport(x, s->type);
	const char *body = s->body, *url;

	if (s->op == PLAN_DELETE)
		body = arena_printf(x->arena,
		    "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\",\"propagationPolicy\":\"Background\",%s"
		    "\"preconditions\":{\"uid\":\"%s\"}}",
		    s->now ? "\"gracePeriodSeconds\":0," : "", s->uid);
	if (s->op == PLAN_EVICT)
		body = arena_printf(x->arena,
		    "{\"apiVersion\":\"policy/"
		    "v1\",\"kind\":\"Eviction\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\"},"
		    "\"deleteOptions\":{\"preconditions\":{\"uid\":\"%s\"}}}",
		    s->name, s->namespace, s->uid);
	url = client_path(x->arena, s->type, s->namespace, s->op == PLAN_CREATE ? NULL : s->name,
	    s->op == PLAN_EVICT	  ? "eviction"
	    : s->op == PLAN_SCALE ? "scale"
				  : NULL);
	if (s->op == PLAN_APPLY)
		url = arena_printf(
		    x->arena, "%s?force=true&fieldManager=%s", url, str_url_escape(x->arena, x->to->manager));
	if (s->strict)
		url = arena_printf(x->arena, "%s?fieldValidation=Strict", url);
	x->call = client_write(t, urgency_of(x->plan, s), client_timeout_ms(t), verbs[s->op].method, url,
	    verbs[s->op].content_type, body, execution_on_written, x);
}

/* Returns the patch of the status. If a step of this plan changed the version of the object, the status is still based
 * on the current state: the patch gets the new version. */
static const char *
execution_status_patch(struct execution *x)
{
	_cleanup_(json_decrefp) json_t *patch = NULL;

	if (x->own_version == NULL)
		return x->plan->status;
	patch = json_loads(x->plan->status, 0, NULL);
	json_object_set_new(json_object_get(patch, "metadata"), "resourceVersion", json_string(x->own_version));
	return json_text(x->arena, patch);
}

/* The status is written even after failures, because it reports the observed state. Only if the object has changed
 * in the meantime, and the API server did not respond to the fetch either, it is left to the next pass. */
static void
execution_write_status(struct execution *x)
{
	const struct object *o = x->plan->status_of;

	if (x->plan->status == NULL) {
		execution_enter(x, EXECUTION_DONE, NULL);
		return;
	}
	if (x->unreachable && execution_is_overtaken(x)) {
		execution_enter(x, EXECUTION_DONE, "the API server does not respond, and there is news");
		return;
	}
	x->status_step = (struct plan_step){
		.op = PLAN_MERGE, .type = o->type, .namespace = o->meta.namespace, .name = o->meta.name
	};
	if (!execution_may_write(x, &x->status_step)) {
		execution_enter(x, EXECUTION_DONE, "the lease is no longer held");
		return;
	}
	x->call = client_write(x->to->api, urgency_of(x->plan, NULL),
	    execution_is_overtaken(x) ? CLIENT_SOON_MS : client_timeout_ms(x->to->api), "PATCH",
	    client_path(x->arena, o->type, o->meta.namespace, o->meta.name, o->type->has_status ? "status" : NULL),
	    PATCH_MERGE, execution_status_patch(x), execution_on_status_written, x);
}

static void
execution_end(struct execution *x)
{
	/* Steps that were left to the next pass need their responses. */
	if (x->failed == NULL && x->step == x->plan->n_steps && x->queries != NULL)
		queries_forget_shown(x->queries, x->plan);
	x->observer.done(x->observer.arg, x->failed, x->err);
}

/* Makes the steps from x->step on, up to the next write or the end. After a failure only independent steps follow,
 * with their events. If an object of the key has changed, an old plan ends here: the rest was decided without the
 * change. */
static void
execution_make_steps(struct execution *x)
{
	const struct plan *p = x->plan;

	while (x->step < p->n_steps) {
		const struct plan_step *s = &p->steps[x->step];

		if (x->failed != NULL && s->op != PLAN_EVENT && !s->independent)
			break;
		if (s->op == PLAN_EVENT) {
			events_emit(x->to->events, s);
		} else if (s->op == PLAN_QUERY) {
			queries_send(x->queries, s);
		} else if (execution_is_overtaken(x)) {
			execution_enter(x, EXECUTION_STATUS, "there is news, and the plan is old");
			return;
		} else if (!execution_may_write(x, s)) {
			execution_skip(x);
			continue;
		} else {
			execution_write_step(x, s);
			return;
		}
		x->step++;
	}
	execution_enter(x, EXECUTION_STATUS, NULL);
}

static struct execution *
execution_new(
    const struct executor *to, const struct plan *p, struct queries *queries, struct execution_observer observer)
{
	struct execution *x = mem_alloc(sizeof(*x));

	*x = (struct execution){ .to = to,
		.plan = p,
		.queries = queries,
		.observer = observer,
		.started_at = loop_mono(to->api->loop),
		.arena = arena_new() };
	return x;
}

struct execution *
execution_fetch(
    const struct executor *to, const struct plan *p, const struct object *o, struct execution_observer observer)
{
	struct execution *x = execution_new(to, p, NULL, observer);

	x->status_step = (struct plan_step){ .op = PLAN_MERGE,
		.type = o->type,
		.namespace = arena_strdup(x->arena, o->meta.namespace),
		.name = arena_strdup(x->arena, o->meta.name) };
	x->fetched = &x->status_step;
	execution_enter(x, EXECUTION_FETCH_DOUBT, NULL);
	return x;
}

struct execution *
execution_start(
    const struct executor *to, const struct plan *p, struct queries *queries, struct execution_observer observer)
{
	struct execution *x = execution_new(to, p, queries, observer);

	execution_enter(x, EXECUTION_STEPS, NULL);
	if (x->state != EXECUTION_DONE)
		return x;
	execution_free(x);
	return NULL;
}

struct execution *
execution_cancel(struct execution *x)
{
	if (x != NULL) {
		client_cancel(x->call);
		execution_free(x);
	}
	return NULL;
}

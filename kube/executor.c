/* kube/executor.c: a plan's steps as calls, one after the other. */
#include "kube/executor.h"
#include <string.h>
#include "base/json.h"
#include "kube/client.h"

#define OLD_MS 1000 /* a plan that is as old gives way to news */

struct execution {
	const struct executor *to;
	const struct plan *plan;
	struct asks *asks;
	struct execution_observer observer;
	int64_t started_at; /* mono ms */
	struct arena *arena;
	struct call *call;
	size_t step;
	bool status_tried, inside;
	bool skipping; /* the events of a write that failed */
	bool cut_short; /* by news: steps were left */
	bool silence; /* the API server does not even answer a GET */
	const struct plan_step *fetched; /* whose object is being fetched */
	bool fetches_only; /* an object in doubt */
	const char *own_version; /* of the status' object, after our own writes to it; NULL: none */
	struct plan_step status_step; /* how the status write is reported when it fails */
	const struct plan_step *failed; /* the first that did; NULL: none */
	struct err *err;
	bool over;
};

static void go_on(struct execution *);

static void
fail(struct execution *x, const struct plan_step *s, const struct err *e)
{
	if (x->failed != NULL)
		return;
	x->failed = s;
	x->err = err_copy(x->arena, e);
}

static bool
is_outdated(const struct err *e)
{
	return e->class == ERR_CONFLICT || e->class == ERR_EXISTS || e->class == ERR_GONE;
}

/* News that came while a request took its time: the next pass decides on it. */
static bool
is_overtaken(const struct execution *x)
{
	return loop_mono(x->to->api->loop) - x->started_at >= OLD_MS && x->observer.has_news(x->observer.arg);
}

/* It may have taken effect. What is decided next must not rest on a weight or a number of pods that was there before. */
static bool
is_in_doubt(const struct plan_step *s, const struct err *e)
{
	return e->class == ERR_AGAIN &&
	       (s->op == PLAN_PATCH || s->op == PLAN_MERGE || s->op == PLAN_SCALE || s->op == PLAN_APPLY);
}

/* The news is of the object itself: the cache no longer has what the write believed. Other news says nothing of it. */
static bool
is_known_anew(const struct execution *x, const struct plan_step *s)
{
	const struct view *v = cache_view(x->to->cache);
	const struct object *o = s->resource_version != NULL ? view_get(v, s->type, s->namespace, s->name) : NULL;

	return o == NULL || !str_eq(o->meta.resource_version, s->resource_version);
}

static void
on_fetched(void *arg, const struct err *e, const json_t *body)
{
	struct execution *x = arg;
	const struct plan_step *s = x->fetched;

	x->call = NULL;
	/* A JSON patch whose tests fail and one whose result is refused are answered alike (422). When the object is still the one
	 * that was decided on, its tests held: it is refused, and will be again. */
	if (e == NULL && s == x->failed && s->op == PLAN_PATCH && x->err->class == ERR_CONFLICT &&
	    str_eq(s->resource_version, json_str(json_object_get(body, "metadata"), "resourceVersion")))
		x->err->class = ERR_INVALID;
	x->silence = e != NULL && e->class == ERR_AGAIN;
	if (e == NULL)
		cache_put(x->to->cache, s->type, body, NULL);
	else if (e->class == ERR_GONE)
		cache_remove(x->to->cache, s->type, s->namespace, s->name, NULL);
	else if (x->fetches_only)
		fail(x, s, e);
	/* What may never be fetched is believed as it is, or nothing would be decided any more. */
	cache_doubt(x->to->cache, s->type, s->namespace, s->name, x->silence);
	go_on(x);
}

static struct transport *
way_to(const struct execution *x, const struct type *t)
{
	return x->to->elsewhere_type == t ? x->to->elsewhere : x->to->api;
}

/* What is there, after a write that believed something else. */
static void
fetch(struct execution *x, const struct plan_step *s)
{
	x->fetched = s;
	x->call = client_call_soon(way_to(x, s->type), "GET",
	    client_path(x->arena, s->type, s->namespace, s->name, NULL), NULL, NULL, on_fetched, x);
}

/* A write is answered with the object. Success that is said with anything else is no news of it, and nothing that the watch would tell may
 * ever come: the write is in doubt. Returns `e`, or that. */
static const struct err *
written_error(struct execution *x, const struct plan_step *s, const struct err *e, const json_t *body)
{
	const json_t *meta = json_object_get(body, "metadata");

	/* A scale is answered with a Scale, the others with a Status or what they have deleted. */
	if (e != NULL || s->op == PLAN_DELETE || s->op == PLAN_EVICT || s->op == PLAN_SCALE)
		return e;
	if (json_str(meta, "resourceVersion") != NULL && json_str(meta, "name") != NULL &&
	    (s->name == NULL || str_eq(s->name, json_str(meta, "name"))))
		return NULL;
	return err_new(x->arena, ERR_AGAIN, "the API server's answer is not the object that was written");
}

static void
on_written(void *arg, const struct err *e, const json_t *body)
{
	struct execution *x = arg;
	const struct plan_step *s = &x->plan->steps[x->step];
	const struct object *subject = x->plan->status_of;

	x->call = NULL;
	e = written_error(x, s, e, body);
	if (e != NULL && (s->op == PLAN_DELETE || s->op == PLAN_EVICT || s->unless_gone) && e->class == ERR_GONE)
		e = NULL;
	if (e != NULL) {
		fail(x, s, e);
		x->skipping = true;
		x->step++;
		if (is_in_doubt(s, e) || (is_outdated(e) && !(is_overtaken(x) && is_known_anew(x, s))))
			fetch(x, s);
		else
			go_on(x);
		return;
	}
	/* A scale is answered with a Scale; the object comes by its watch. */
	if (s->op != PLAN_DELETE && s->op != PLAN_EVICT && s->op != PLAN_SCALE)
		cache_put_answer(x->to->cache, s->type, body);
	if (subject != NULL && s->op == PLAN_MERGE && s->type == subject->type &&
	    strcmp(s->name, subject->meta.name) == 0)
		x->own_version = arena_strdup(x->arena, json_str(json_object_get(body, "metadata"), "resourceVersion"));
	x->step++;
	go_on(x);
}

static void
on_status_written(void *arg, const struct err *e, const json_t *body)
{
	struct execution *x = arg;

	x->call = NULL;
	e = written_error(x, &x->status_step, e, body);
	if (e != NULL) {
		fail(x, &x->status_step, e);
		/* Also after a step that failed: one of them is fetched, and the other's turn comes. */
		if (x->failed == &x->status_step && is_outdated(e) && !is_overtaken(x))
			fetch(x, &x->status_step);
		else
			go_on(x);
		return;
	}
	cache_put_answer(x->to->cache, x->plan->status_of->type, body);
	asks_forget_shown(x->asks, x->plan);
	for (size_t i = 0; i < x->plan->n_status_events; i++)
		events_tell(x->to->events, &x->plan->status_events[i]);
	go_on(x);
}

/* The process may have slept since it decided. False: the write is refused, as `s`. */
static bool
may_write(struct execution *x, const struct plan_step *s)
{
	if (x->to->may_write == NULL || x->to->may_write(x->to->arg))
		return true;
	fail(x, s, err_new(x->arena, ERR_AGAIN, "not written: the lease to act is no longer held"));
	return false;
}

static void
write_step(struct execution *x, const struct plan_step *s)
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
	x->call =
	    client_call(way_to(x, s->type), verbs[s->op].method, url, verbs[s->op].content_type, body, on_written, x);
}

static void
write_status(struct execution *x)
{
	const struct object *o = x->plan->status_of;
	_cleanup_(json_decrefp) json_t *patch = json_loads(x->plan->status, 0, NULL);

	x->status_tried = true;
	x->status_step = (struct plan_step){
		.op = PLAN_MERGE, .type = o->type, .namespace = o->meta.namespace, .name = o->meta.name
	};
	/* A step of this plan moved the object on, from the version that was decided on: still our own belief. */
	if (x->own_version != NULL)
		json_object_set_new(json_object_get(patch, "metadata"), "resourceVersion", json_string(x->own_version));
	if (!may_write(x, &x->status_step))
		return;
	x->call = (is_overtaken(x) ? client_call_soon : client_call)(x->to->api, "PATCH",
	    client_path(x->arena, o->type, o->meta.namespace, o->meta.name, o->type->has_status ? "status" : NULL),
	    PATCH_MERGE, json_text(x->arena, patch), on_status_written, x);
}

static void
execution_free(struct execution *x)
{
	arena_free(x->arena);
	free(x);
}

static void
end(struct execution *x)
{
	x->observer.done(x->observer.arg, x->failed, x->err);
	if (x->inside)
		x->over = true; /* execution_start still holds it */
	else
		execution_free(x);
}

static void
go_on(struct execution *x)
{
	const struct plan *p = x->plan;

	for (; x->step < p->n_steps; x->step++) {
		const struct plan_step *s = &p->steps[x->step];

		if (x->failed != NULL && s->op != PLAN_EVENT && !s->beside)
			break;
		x->skipping &= !s->beside;
		if (x->skipping)
			continue;
		if (s->op == PLAN_EVENT) {
			events_tell(x->to->events, s);
		} else if (s->op == PLAN_ASK) {
			asks_ask(x->asks, s);
		} else if (is_overtaken(x)) {
			x->cut_short = true;
			break;
		} else if (!may_write(x, s)) {
			x->skipping = true;
		} else {
			write_step(x, s);
			return;
		}
	}
	if (!x->status_tried && p->status != NULL && !(x->silence && is_overtaken(x))) {
		write_status(x);
		if (x->call != NULL)
			return;
	}
	if (x->failed == NULL && !x->cut_short && !x->fetches_only)
		asks_forget_shown(x->asks, p);
	end(x);
}

static struct execution *
execution_new(const struct executor *to, const struct plan *p, struct asks *asks, struct execution_observer observer)
{
	struct execution *x = mem_alloc(sizeof(*x));

	*x = (struct execution){ .to = to,
		.plan = p,
		.asks = asks,
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

	x->fetches_only = true;
	x->status_step = (struct plan_step){ .op = PLAN_MERGE,
		.type = o->type,
		.namespace = arena_strdup(x->arena, o->meta.namespace),
		.name = arena_strdup(x->arena, o->meta.name) };
	fetch(x, &x->status_step);
	return x;
}

struct execution *
execution_start(const struct executor *to, const struct plan *p, struct asks *asks, struct execution_observer observer)
{
	struct execution *x = execution_new(to, p, asks, observer);

	x->inside = true;
	go_on(x);
	x->inside = false; // NOLINT(clang-analyzer-unix.Malloc): while it was true, go_on has left x alone
	if (!x->over)
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

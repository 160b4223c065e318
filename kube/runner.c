/* kube/runner.c: queue, passes and execution. */
#include "kube/runner.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/json.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/time.h"
#include "kube/cache.h"
#include "kube/client.h"
#include "kube/watch.h"

#define CONTROLLERS_MAX 8
#define WATCHES_MAX 32
#define BACKOFF_MIN_MS 10
#define BACKOFF_MAX_MS 10000
#define CONFLICT_MS 20
#define ANSWERS_MAX 64

extern const struct type event_type;

struct question_in_flight {
	struct key *key; /* NULL: the key is gone */
	struct exchange *exchange;
	char *name;
	int64_t asked_at, answered_at;
	bool answered, shown; /* shown: a pass has had the answer */
	struct arena *arena;
	struct answer answer;
};

/* One key of one controller: its place in the queue and what this process knows of it. */
struct key {
	struct runner *runner;
	const struct controller *controller;
	char *ns, *name;
	bool queued, again; /* waits for a pass; changed while its plan is carried out */
	bool running;
	struct timer wake;  /* the plan's wake_at, or back-off */
	int64_t wake_wall;
	int64_t backoff;
	struct arena *arena; /* of the plan being carried out */
	struct plan *plan;
	size_t step;
	bool in_status;
	size_t status_event;
	bool stopped; /* a step failed: only the status is left */
	enum err_class failed_class;
	bool failed;
	struct call *call;
	char *exists, *last_error;
	char *own_version; /* of the object whose status is to be written, after our own writes to it */
	struct question_in_flight *answers[ANSWERS_MAX];
	size_t n_answers;
	struct key *next;
};

struct runner {
	struct transport *api, *outside;
	struct loop *loop;
	struct runner_settings settings;
	char *namespace;
	const struct controller *rows[CONTROLLERS_MAX];
	size_t n_rows;
	struct cache *cache;
	struct watch *watches[WATCHES_MAX];
	size_t n_watches, n_synced;
	struct map keys; /* "controller ns/name" */
	struct key *head, *tail; /* queue */
	struct timer turn;
	struct rand_stream rand;
	size_t running;
	bool synced;
};

static void execute(struct key *);
static void pass(struct key *);

static void
on_turn(struct timer *t, void *arg)
{
	struct runner *r = arg;
	struct key *k;

	(void)t;
	if (!r->synced || (k = r->head) == NULL)
		return;
	r->head = k->next;
	if (r->head == NULL)
		r->tail = NULL;
	k->next = NULL;
	k->queued = false;
	pass(k);
	if (r->head != NULL)
		loop_timer(r->loop, &r->turn, 0);
}

static void
enqueue(struct key *k)
{
	struct runner *r = k->runner;

	if (k->running) {
		k->again = true;
		return;
	}
	if (k->queued)
		return;
	k->queued = true;
	if (r->tail != NULL)
		r->tail->next = k;
	else
		r->head = k;
	r->tail = k;
	if (r->synced)
		loop_timer(r->loop, &r->turn, 0);
}

static void
on_wake(struct timer *t, void *arg)
{
	struct key *k = arg;

	(void)t;
	/* The wall clock may have been set back meanwhile: what was asked for is a wall time. */
	if (k->wake_wall > loop_wall(k->runner->loop))
		loop_timer(k->runner->loop, &k->wake, k->wake_wall - loop_wall(k->runner->loop));
	else
		enqueue(k);
}

static struct key *
key_of(struct runner *r, const struct controller *c, const char *ns, const char *name)
{
	char text[700];
	struct key *k;

	snprintf(text, sizeof(text), "%s %s/%s", c->name, ns != NULL ? ns : "", name);
	k = map_get(&r->keys, text);
	if (k == NULL) {
		k = mem_alloc(sizeof(*k));
		k->runner = r;
		k->controller = c;
		k->ns = ns != NULL ? mem_strdup(ns) : NULL;
		k->name = mem_strdup(name);
		k->wake.fire = on_wake;
		k->wake.arg = k;
		map_set(&r->keys, text, k);
	}
	return k;
}

struct emitting {
	struct runner *runner;
	const struct controller *controller;
};

static void
emit(const char *ns, const char *name, void *arg)
{
	struct emitting *e = arg;

	enqueue(key_of(e->runner, e->controller, ns, name));
}

static void
on_change(const struct object *o, bool deleted, void *arg)
{
	struct runner *r = arg;

	(void)deleted;
	for (size_t i = 0; i < r->n_rows; i++)
		for (size_t k = 0; k < r->rows[i]->n_watches; k++) {
			const struct controller_watch *w = &r->rows[i]->watches[k];
			struct emitting e = { r, r->rows[i] };
			const struct owner *owner;

			if (w->type != o->type)
				continue;
			if (w->map != NULL)
				w->map(cache_view(r->cache), o, emit, &e);
			else if (o->type == r->rows[i]->type)
				emit(o->meta.namespace, o->meta.name, &e);
			else if ((owner = object_controller(o)) != NULL && strcmp(owner->kind, r->rows[i]->type->kind) == 0)
				emit(o->meta.namespace, owner->name, &e);
		}
}

/* --- questions ------------------------------------------------------------------------------------------------- */

static void
question_free(struct question_in_flight *q)
{
	arena_free(q->arena);
	free(q->name);
	free(q);
}

static void
on_answer(void *arg, const struct err *e, int status, struct bytes body)
{
	struct question_in_flight *q = arg;

	q->exchange = NULL;
	q->answered = true;
	q->answered_at = loop_wall(q->key->runner->loop);
	q->answer = (struct answer){ .err = e != NULL ? err_copy(q->arena, e) : NULL, .status = status,
		.body = { arena_strndup(q->arena, body.at, body.len), body.len } };
	enqueue(q->key);
}

static void
ask(struct key *k, const struct plan_step *s)
{
	static const struct receiver receiver = { .done = on_answer };
	struct question_in_flight *q;
	struct request r = { .method = s->question.method, .url = s->question.url, .body = s->question.body,
		.content_type = s->question.content_type, .timeout_ms = s->question.timeout_ms,
		.answer_max = s->question.answer_max, .insecure = s->question.insecure };

	for (size_t i = 0; i < k->n_answers; i++)
		if (strcmp(k->answers[i]->name, s->key) == 0)
			return;
	if (k->n_answers == ANSWERS_MAX)
		return;
	q = mem_alloc(sizeof(*q));
	q->key = k;
	q->name = mem_strdup(s->key);
	q->asked_at = loop_wall(k->runner->loop);
	q->arena = arena_new();
	k->answers[k->n_answers++] = q;
	q->exchange = transport_start(k->runner->outside, &r, &receiver, q);
}

/* Answers are shown to passes until the status that holds them is written. */
static void
forget_answers(struct key *k, bool all)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n_answers; i++) {
		struct question_in_flight *q = k->answers[i];

		if (!all && !(q->answered && q->shown)) {
			k->answers[n++] = q;
			continue;
		}
		if (q->exchange != NULL)
			transport_cancel(k->runner->outside, q->exchange);
		question_free(q);
	}
	k->n_answers = n;
}

/* --- carrying out a plan ------------------------------------------------------------------------------------------ */

static void
finish(struct key *k)
{
	struct runner *r = k->runner;
	int64_t wake = k->plan->wake_at, delay = -1;

	r->running--;
	k->running = false;
	if (k->failed) {
		/* A conflict is no failure: a newer object is on its way. Waiting is none either. */
		k->backoff = k->backoff == 0 ? BACKOFF_MIN_MS : k->backoff * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : k->backoff * 2;
		delay = k->failed_class == ERR_CONFLICT || k->failed_class == ERR_EXISTS || k->failed_class == ERR_GONE
		    ? (k->backoff < 1000 ? CONFLICT_MS : k->backoff)
		    : k->backoff / 2 + (int64_t)rand_below(&r->rand, (uint64_t)k->backoff / 2 + 1);
	} else {
		k->backoff = 0;
	}
	k->wake_wall = 0;
	if (delay >= 0) {
		k->wake_wall = loop_wall(r->loop) + delay;
		loop_timer(r->loop, &k->wake, delay);
	} else if (wake != 0) {
		k->wake_wall = wake;
		loop_timer(r->loop, &k->wake, wake - loop_wall(r->loop));
	} else {
		loop_timer_stop(r->loop, &k->wake);
	}
	k->arena = arena_free(k->arena);
	k->plan = NULL;
	if (k->again) {
		k->again = false;
		enqueue(k);
	}
}

static void
failed(struct key *k, const struct plan_step *s, const struct err *e)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *what = s != NULL && s->type != NULL ? s->type->kind : "status";

	free(k->last_error);
	k->last_error = mem_strdup(arena_printf(a, "%s %s: %s", what, s != NULL && s->name != NULL ? s->name : k->name, err_text(a, e)));
	if (e->class == ERR_CONFLICT)
		log_debug("conflict", "controller", k->controller->name, "key", k->name, "error", k->last_error);
	else
		log_warn("write failed", "controller", k->controller->name, "namespace", k->ns, "name", k->name, "error",
		    k->last_error);
	if (e->class == ERR_EXISTS && s != NULL && s->name != NULL) {
		free(k->exists);
		k->exists = mem_strdup(s->name);
	}
	k->failed = true;
	k->failed_class = e->class;
}

static void
took_effect(struct key *k, const struct type *t, const json_t *body)
{
	if (body != NULL && json_object_get(body, "metadata") != NULL && strcmp(json_str(body, "kind") ?: "", "Status") != 0)
		cache_put(k->runner->cache, t, body);
}

static void
on_event_written(void *arg, const struct err *e, const json_t *body)
{
	struct key *k = arg;

	(void)e; /* an event that is lost is lost */
	(void)body;
	k->call = NULL;
	if (k->in_status)
		k->status_event++;
	else
		k->step++;
	execute(k);
}

static void
write_event(struct key *k, const struct plan_step *s)
{
	struct runner *r = k->runner;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct object *o = s->about;
	const char *now = time_format(a, loop_wall(r->loop));
	json_t *j = json_pack("{s:s,s:s,s:{s:s,s:s},s:{s:s,s:s,s:s,s:s,s:s,s:s},s:s,s:s,s:s,s:s,s:s,s:i,s:{s:s}}", "apiVersion", "v1",
	    "kind", "Event", "metadata", "name",
	    arena_printf(a, "%.200s.%016" PRIx64, o->meta.name, rand_next(&r->rand)), "namespace",
	    o->meta.namespace, "involvedObject", "apiVersion", type_api_version(o->type, a), "kind", o->type->kind, "name",
	    o->meta.name, "namespace", o->meta.namespace, "uid", o->meta.uid, "resourceVersion", o->meta.resource_version,
	    "reason", s->reason, "message", s->message, "type", s->warning ? "Warning" : "Normal", "firstTimestamp", now,
	    "lastTimestamp", now, "count", 1, "source", "component", r->settings.component);

	k->call = client_call(r->api, "POST", client_path(a, &event_type, o->meta.namespace, NULL, NULL), "application/json",
	    json_text(a, j), on_event_written, k);
	json_decref(j);
}

static void
on_written(void *arg, const struct err *e, const json_t *body)
{
	struct key *k = arg;
	const struct plan_step *s = &k->plan->steps[k->step];

	k->call = NULL;
	if (e != NULL && s->op == PLAN_DELETE && e->class == ERR_GONE)
		e = NULL;
	if (e != NULL) {
		failed(k, s, e);
		k->stopped = true;
	} else {
		const struct object *subject = k->plan->status_of;

		if (s->op != PLAN_DELETE)
			took_effect(k, s->type, body);
		if (subject != NULL && s->op == PLAN_MERGE && s->type == subject->type &&
		    strcmp(s->name, subject->meta.name) == 0) {
			free(k->own_version);
			k->own_version = mem_strdup(json_str(json_object_get(body, "metadata"), "resourceVersion") ?: "");
		}
		k->step++;
	}
	execute(k);
}

static void
on_status_written(void *arg, const struct err *e, const json_t *body)
{
	struct key *k = arg;

	k->call = NULL;
	if (e != NULL) {
		failed(k, NULL, e);
		k->status_event = k->plan->n_status_events; /* nothing to report */
	} else {
		took_effect(k, k->plan->status_of->type, body);
		forget_answers(k, false);
	}
	execute(k);
}

static void
write_step(struct key *k, const struct plan_step *s)
{
	static const struct {
		const char *method, *content_type;
	} verbs[] = {
		[PLAN_CREATE] = { "POST", "application/json" },
		[PLAN_PATCH] = { "PATCH", PATCH_JSON },
		[PLAN_MERGE] = { "PATCH", PATCH_MERGE },
		[PLAN_DELETE] = { "DELETE", "application/json" },
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *body = s->body;

	if (s->op == PLAN_DELETE)
		body = arena_printf(a, "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\",\"propagationPolicy\":\"Background\","
				       "\"preconditions\":{\"uid\":\"%s\"}}", s->uid);
	k->call = client_call(k->runner->api, verbs[s->op].method,
	    client_path(a, s->type, s->namespace, s->op == PLAN_CREATE ? NULL : s->name, NULL), verbs[s->op].content_type, body,
	    on_written, k);
}

static void
execute(struct key *k)
{
	struct plan *p = k->plan;

	while (!k->stopped && !k->in_status && k->step < p->n_steps && p->steps[k->step].op == PLAN_ASK)
		ask(k, &p->steps[k->step++]);
	if (!k->stopped && !k->in_status && k->step < p->n_steps) {
		if (p->steps[k->step].op == PLAN_EVENT)
			write_event(k, &p->steps[k->step]);
		else
			write_step(k, &p->steps[k->step]);
		return;
	}
	if (!k->in_status) {
		k->in_status = true;
		if (p->status != NULL) {
			_cleanup_(arena_freep) struct arena *a = arena_new();
			const struct object *o = p->status_of;
			_cleanup_(json_decrefp) json_t *patch = json_loads(p->status, 0, NULL);

			/* A step of this plan moved the object on, from the version that was decided on: still our own belief. */
			if (k->own_version != NULL)
				json_object_set_new(json_object_get(patch, "metadata"), "resourceVersion",
				    json_string(k->own_version));
			k->call = client_call(k->runner->api, "PATCH",
			    client_path(a, o->type, o->meta.namespace, o->meta.name, o->type->has_status ? "status" : NULL),
			    PATCH_MERGE, json_text(a, patch), on_status_written, k);
			return;
		}
	}
	if (p->status != NULL && k->status_event < p->n_status_events) {
		write_event(k, &p->status_events[k->status_event]);
		return;
	}
	finish(k);
}

static void
pass(struct key *k)
{
	struct runner *r = k->runner;
	struct seen_answer answers[ANSWERS_MAX];
	struct seen seen = { .exists = k->exists, .last_error = k->last_error, .answers = answers, .n_answers = k->n_answers };
	struct pass p = { .view = cache_view(r->cache), .namespace = k->ns, .name = k->name, .now = loop_wall(r->loop),
		.seen = &seen };

	for (size_t i = 0; i < k->n_answers; i++) {
		struct question_in_flight *q = k->answers[i];

		q->shown = q->answered;
		answers[i] = (struct seen_answer){ q->name, q->asked_at, q->answered, q->answered_at, q->answer };
	}
	k->arena = arena_new();
	k->plan = plan_new(k->arena);
	k->controller->pass(&p, k->plan);
	free(k->exists);
	free(k->own_version);
	k->exists = k->own_version = NULL;
	k->step = k->status_event = 0;
	k->in_status = k->stopped = k->failed = k->again = false;
	k->running = true;
	r->running++;
	if (r->settings.planned != NULL && !plan_is_quiet(k->plan))
		r->settings.planned(k->controller->name, k->ns, k->name, k->plan, r->settings.arg);
	if (view_get(p.view, k->controller->type, k->ns, k->name) == NULL)
		forget_answers(k, true);
	execute(k);
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

static void
on_synced(void *arg)
{
	struct runner *r = arg;

	if (++r->n_synced < r->n_watches)
		return;
	r->synced = true;
	if (r->head != NULL)
		loop_timer(r->loop, &r->turn, 0);
	if (r->settings.synced != NULL)
		r->settings.synced(r->settings.arg);
}

static bool
is_watched(const struct runner *r, size_t row, size_t watch)
{
	for (size_t i = 0; i <= row; i++)
		for (size_t k = 0; k < r->rows[i]->n_watches && (i < row || k < watch); k++)
			if (r->rows[i]->watches[k].type == r->rows[row]->watches[watch].type)
				return true;
	return false;
}

struct runner *
runner_start(struct transport *api, struct transport *outside, const struct controller *const *rows,
    const struct runner_settings *settings)
{
	struct runner *r = mem_alloc(sizeof(*r));
	const struct controller_watch *todo[WATCHES_MAX];

	r->api = api;
	r->outside = outside;
	r->loop = api->loop;
	r->settings = *settings;
	r->namespace = settings->namespace != NULL ? mem_strdup(settings->namespace) : NULL;
	r->rand = rand_stream(settings->seed, "runner");
	r->turn.fire = on_turn;
	r->turn.arg = r;
	r->cache = cache_new(on_change, r);
	for (; *rows != NULL && r->n_rows < CONTROLLERS_MAX; rows++)
		r->rows[r->n_rows++] = *rows;
	for (size_t i = 0; i < r->n_rows; i++)
		for (size_t k = 0; k < r->rows[i]->n_watches; k++)
			if (!is_watched(r, i, k) && r->n_watches < WATCHES_MAX)
				todo[r->n_watches++] = &r->rows[i]->watches[k];
	for (size_t i = 0; i < r->n_watches; i++)
		r->watches[i] = watch_start(api, r->cache, todo[i]->type, todo[i]->type->cluster_scoped ? NULL : r->namespace,
		    todo[i]->label_selector, settings->seed, (struct watch_observer){ .synced = on_synced, .arg = r });
	return r;
}

struct runner *
runner_stop(struct runner *r)
{
	if (r == NULL)
		return NULL;
	for (size_t i = 0; i < r->n_watches; i++)
		watch_stop(r->watches[i]);
	loop_timer_stop(r->loop, &r->turn);
	map_each (&r->keys, slot) {
		struct key *k = slot->value;

		client_cancel(k->call);
		forget_answers(k, true);
		loop_timer_stop(r->loop, &k->wake);
		arena_free(k->arena);
		free(k->ns);
		free(k->name);
		free(k->exists);
		free(k->own_version);
		free(k->last_error);
		free(k);
	}
	map_done(&r->keys);
	cache_free(r->cache);
	free(r->namespace);
	free(r);
	return NULL;
}

size_t
runner_busy(const struct runner *r)
{
	size_t n = r->running;

	for (const struct key *k = r->head; k != NULL; k = k->next)
		n++;
	return n + (r->synced ? 0 : 1);
}

/* kube/runner.c: the machinery of controllers: watches fill the cache, changes queue keys, a key gets a pass, a pass
 * returns a plan, the executor carries it out. */
#include "kube/runner.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "base/pool.h"
#include "io/log.h"
#include "kube/executor.h"
#include "kube/plan/unusable_objects.h"
#include "kube/queue.h"
#include "kube/watch.h"

#define WATCHES_MAX 48
#define STAND_STILL_MS 30000 /* between two passes that depend on an unreadable object; its change causes one at once */
#define LEFT_OUT_MS 1000 /* until the next pass after a plan that exceeded its limits */

/* One key of one controller: its state in the queue, and what this process knows about it. */
struct key {
	struct queue_item item; /* first member: a pointer to the item is one to its key */
	struct runner *runner;
	const struct controller *controller;
	const char *id, *ns, *name; /* in `texts`; id: "controller ns/name"; ns is NULL for cluster-scoped types */
	struct arena *arena; /* of the plan being carried out */
	struct plan *plan;
	struct execution *execution;
	int64_t started_at; /* mono ms, of the pass */
	int64_t touched; /* wall ms */
	struct queries queries;
	struct arena *failure_arena; /* NULL: the last plan did not fail */
	struct seen_failure failure;
	struct arena *notes_arena;
	struct note *notes; /* in notes_arena */
	size_t n_notes;
	const void *memory; /* in notes_arena; NULL: none */
	size_t size; /* with the texts */
	char texts[];
};

/* A row of a controller's watches. */
struct runner_row {
	const struct controller *controller;
	struct controller_watch watch;
};

struct runner {
	struct loop *loop;
	struct transport *outside;
	struct runner_settings settings;
	char *namespace;
	const struct controller *rows[RUNNER_CONTROLLERS_MAX];
	size_t n_rows;
	struct runner_row *all; /* the watches of all controllers: they are read at each change */
	size_t n_all;
	struct executor executor;
	struct queue *queue;
	struct watch *watches[WATCHES_MAX];
	const struct type *watched[WATCHES_MAX];
	size_t n_watches, n_synced, n_refused; /* refused: and not synced */
	bool open; /* the first lists have arrived */
	struct map keys; /* id → struct key */
};

static void
runner_on_response(void *arg, int64_t ms)
{
	struct key *k = arg;
	const struct runner_settings *s = &k->runner->settings;

	if (s->responded != NULL)
		s->responded(k->controller->name, k->ns, k->name, ms, s->arg);
	queue_add(k->runner->queue, &k->item, QUEUE_RESPONSE);
}

static struct key *
runner_key(struct runner *r, const struct controller *c, const char *ns, const char *name)
{
	_cleanup_(freep) char *id = mem_printf("%s %s/%s", c->name, ns != NULL ? ns : "", name);
	size_t ns_size = ns != NULL ? strlen(ns) + 1 : 0, name_size = strlen(name) + 1, id_size = strlen(id) + 1;
	struct key *k = map_get(&r->keys, id);

	if (k != NULL)
		return k;
	k = pool_take(cache_pool(r->executor.cache), sizeof(*k) + ns_size + name_size + id_size);
	k->size = sizeof(*k) + ns_size + name_size + id_size;
	k->runner = r;
	k->controller = c;
	k->id = memcpy(k->texts, id, id_size);
	k->name = memcpy(k->texts + id_size, name, name_size);
	k->ns = ns != NULL ? memcpy(k->texts + id_size + name_size, ns, ns_size) : NULL;
	k->queries.outside = r->outside;
	k->queries.namespace = k->item.tenant = k->ns;
	k->queries.api = r->executor.api;
	k->queries.programs = r->settings.programs;
	k->queries.own = r->settings.own;
	k->queries.jobs_cluster = r->settings.elsewhere.api;
	k->queries.on_response = runner_on_response;
	k->queries.arg = k;
	map_set(&r->keys, id, k);
	return k;
}

static void
runner_key_free(struct key *k)
{
	queue_forget(&k->item);
	execution_cancel(k->execution);
	queries_done(&k->queries);
	arena_free(k->arena);
	arena_free(k->failure_arena);
	arena_free(k->notes_arena);
	pool_give(cache_pool(k->runner->executor.cache), k, k->size);
}

struct emitting {
	struct runner *runner;
	const struct controller *controller;
};

static void
runner_emit(const char *ns, const char *name, void *arg)
{
	struct emitting *e = arg;
	struct key *k = runner_key(e->runner, e->controller, ns, name);

	queue_add(e->runner->queue, &k->item, QUEUE_WATCH);
}

static void runner_start_watch(struct runner *, const struct controller_watch *);

static bool
runner_watches(const struct runner *r, const struct type *t)
{
	for (size_t i = 0; i < r->n_watches; i++)
		if (r->watched[i] == t)
			return true;
	return false;
}

/* The object may be the first one that needs another type. */
static void
runner_watch_needed(struct runner *r, const struct object *o)
{
	for (size_t i = 0; i < r->n_all; i++) {
		const struct controller_watch *w = &r->all[i].watch;

		if (r->all[i].controller->type == o->type && w->needed != NULL && !runner_watches(r, w->type) &&
		    w->needed(o, w->type))
			runner_start_watch(r, w);
	}
}

/* Queues the keys that an object concerns. */
static void
runner_emit_concerned(struct runner *r, const struct object *o)
{
	for (size_t i = 0; i < r->n_all; i++) {
		const struct controller_watch *w = &r->all[i].watch;
		const struct controller *c = r->all[i].controller;
		struct emitting e = { r, c };
		const struct owner *owner;

		if (w->type != o->type)
			continue;
		if (w->map != NULL)
			w->map(cache_view(r->executor.cache), o, runner_emit, &e);
		else if (o->type == c->type)
			runner_emit(o->meta.namespace, o->meta.name, &e);
		else if ((owner = object_controller(o)) != NULL && strcmp(owner->kind, c->type->kind) == 0)
			runner_emit(o->meta.namespace, owner->name, &e);
	}
}

static void
runner_on_change(const struct object *o, bool deleted, void *arg)
{
	struct runner *r = arg;

	if (!deleted)
		runner_watch_needed(r, o);
	if (r->settings.changed != NULL)
		r->settings.changed(o, deleted, r->settings.arg);
	runner_emit_concerned(r, o);
}

static void
runner_emit_own(const struct object *own, void *arg)
{
	runner_emit(own->meta.namespace, own->meta.name, arg);
}

/* The unreadable part may name the keys that the object concerns: all keys of its namespace get a pass. */
static void
runner_on_unreadable(const struct object *o, enum cache_found found, void *arg)
{
	struct runner *r = arg;
	const struct view *v = cache_view(r->executor.cache);
	const char *ns = o->meta.namespace;

	if (found == CACHE_UNREADABLE)
		log_warn("cannot read object; everything that depends on it waits", "kind", o->type->kind, "namespace",
		    ns, "name", o->meta.name, "error", o->unreadable->why);
	else if (found == CACHE_READABLE)
		log_info("object is readable again, or was deleted", "kind", o->type->kind, "namespace", ns, "name",
		    o->meta.name);
	if (r->settings.unreadable != NULL)
		r->settings.unreadable(o, found == CACHE_READABLE, r->settings.arg);
	runner_emit_concerned(r, o);
	for (size_t i = 0; i < r->n_all && o->unreadable->partial; i++) {
		const struct controller *c = r->all[i].controller;

		if (r->all[i].watch.type == o->type && c->type != o->type)
			v->each(v, c->type, o->type == r->settings.elsewhere.type ? NULL : ns, runner_emit_own,
			    &(struct emitting){ r, c });
	}
}

static void
runner_on_garbled(const struct type *t, void *arg)
{
	struct runner *r = arg;

	if (r->settings.garbled != NULL)
		r->settings.garbled(t, r->settings.arg);
}

/* Records how the plan ended: NULL is success. */
static void
runner_record_failure(struct key *k, const struct plan_step *s, const struct err *e)
{
	k->failure_arena = arena_free(k->failure_arena);
	if (s == NULL)
		return;
	k->failure_arena = arena_new();
	k->failure = (struct seen_failure){ .type = s->type,
		.create = s->op == PLAN_CREATE,
		.name = arena_strdup(k->failure_arena, s->name),
		.class = e->class,
		.text = err_text(k->failure_arena, err_copy(k->failure_arena, e)) };
	if (e->class == ERR_CONFLICT)
		log_debug("conflict", "controller", k->controller->name, "namespace", k->ns, "name", k->name, "kind",
		    s->type->kind, "object", s->name, "error", k->failure.text);
	else
		log_warn("write failed", "controller", k->controller->name, "namespace", k->ns, "name", k->name, "kind",
		    s->type->kind, "object", s->name, "error", k->failure.text);
}

static void
runner_keep_notes(struct key *k, const struct plan *p)
{
	/* A plan may pass on the notes of the one before, with names that live in that one's arena. */
	struct arena *old = k->notes_arena;
	size_t size = p->memory_size + p->n_notes * sizeof(*p->notes);

	for (size_t i = 0; i < p->n_notes; i++)
		size += strlen(p->notes[i].name) + 1;
	k->notes_arena = size > 0 ? arena_new_sized(cache_pool(k->runner->executor.cache), size) : NULL;
	k->n_notes = p->n_notes;
	k->notes = p->n_notes > 0 ? arena_new_array(k->notes_arena, struct note, p->n_notes) : NULL;
	for (size_t i = 0; i < p->n_notes; i++)
		k->notes[i] = (struct note){ arena_strdup(k->notes_arena, p->notes[i].name), p->notes[i].value };
	k->memory = p->memory != NULL ? type_copy(k->controller->memory, p->memory, k->notes_arena) : NULL;
	arena_free(old);
}

/* The plan was carried out, or the object in doubt was fetched. */
static void
runner_end_pass(struct key *k, const struct plan_step *failed, const struct err *e)
{
	int64_t wake_at = k->plan->wake_at;

	if (k->runner->settings.passed != NULL)
		k->runner->settings.passed(k->controller->name, k->ns, k->name,
		    loop_mono(k->runner->loop) - k->started_at, failed != NULL, k->runner->settings.arg);
	k->execution = NULL;
	k->plan = NULL;
	k->arena = arena_free(k->arena);
	if (failed != NULL)
		queue_failed(&k->item, e->class, e->retry_after_ms);
	else
		queue_done(&k->item, wake_at);
}

static void
runner_on_executed(void *arg, const struct plan_step *failed, const struct err *e)
{
	runner_record_failure(arg, failed, e);
	runner_end_pass(arg, failed, e);
}

static void
runner_on_fetched(void *arg, const struct plan_step *failed, const struct err *e)
{
	struct key *k = arg;

	if (failed != NULL)
		log_debug("cannot fetch object; waiting until it can be fetched", "controller", k->controller->name,
		    "namespace", k->ns, "name", k->name, "kind", failed->type->kind, "object", failed->name, "error",
		    err_text(k->arena, err_copy(k->arena, e)));
	runner_end_pass(k, failed, e);
}

static bool
runner_has_news(void *arg)
{
	return (((struct key *)arg)->item.why & QUEUE_WATCH) != 0;
}

/* Replaces the plan. The notes stay: the effects that they count have not happened. So do the responses: this plan does
 * not read them. */
static void
runner_stand_still(struct key *k, const struct pass *p, const struct object *unreadable)
{
	const char *why =
	    item_problem(k->arena, unreadable->type->kind, NULL, unreadable->meta.name, unreadable->unreadable->why);

	queries_keep_all(&k->queries);
	log_debug("no action", "controller", k->controller->name, "namespace", k->ns, "name", k->name, "why", why);
	k->plan = plan_new(k->arena);
	plan_reason(k->plan, "%s: nothing is done until then", why);
	plan_wake(k->plan, p->now + STAND_STILL_MS);
	if (k->controller->stand_still != NULL)
		k->controller->stand_still(p, why, k->plan);
}

/* Replaces the plan. Its writes would be based on weights or numbers of pods that a write of unknown outcome may
 * have changed. The notes stay. */
static void
runner_fetch_doubtful(struct key *k, const struct pass *p, const struct object *o)
{
	log_debug("fetching object: the result of a write to it is not known", "controller", k->controller->name,
	    "namespace", k->ns, "name", k->name, "kind", o->type->kind, "object", o->meta.name);
	k->plan = plan_new(k->arena);
	plan_reason(
	    k->plan, "the result of a write to %s %s is not known; fetching it first", o->type->kind, o->meta.name);
	plan_wake(k->plan, p->now);
}

static void
runner_pass(struct queue_item *item, unsigned why, void *arg)
{
	struct key *k = (struct key *)item;
	struct runner *r = arg;
	struct pass_view view;
	struct seen_query *responses;
	struct seen seen = { .failure = k->failure_arena != NULL ? &k->failure : NULL,
		.notes = k->notes,
		.n_notes = k->n_notes,
		.memory = k->memory };
	struct pass p = { .view = &view.view,
		.namespace = k->ns,
		.name = k->name,
		.now = loop_wall(r->loop),
		.touched = k->touched,
		.seen = &seen,
		.settings = r->settings.settings };
	struct execution_observer observer = { .done = runner_on_executed, .has_news = runner_has_news, .arg = k };
	bool settles;

	if (view_get(cache_view(r->executor.cache), k->controller->type, k->ns, k->name) == NULL) {
		map_remove(&r->keys, k->id);
		runner_key_free(k);
		return;
	}
	log_debug(
	    "pass", "controller", k->controller->name, "namespace", k->ns, "name", k->name, "why", queue_why_text(why));
	k->started_at = loop_mono(r->loop);
	k->arena = arena_new();
	seen.n_queries = queries_show(&k->queries, k->arena, &responses);
	seen.queries = responses;
	k->plan = plan_new(k->arena);
	pass_view_init(&view, cache_view(r->executor.cache));
	k->controller->pass(&p, k->plan);
	settles = view.unreadable == NULL && view.in_doubt != NULL;
	if (view.unreadable != NULL)
		runner_stand_still(k, &p, view.unreadable);
	else if (settles)
		runner_fetch_doubtful(k, &p, view.in_doubt);
	else
		runner_keep_notes(k, k->plan);
	if (k->plan->left_out > 0) {
		log_warn("plan exceeds the limit of one pass; the rest follows in the next pass", "controller",
		    k->controller->name, "namespace", k->ns, "name", k->name);
		plan_wake(k->plan, p.now + LEFT_OUT_MS);
	}
	if (r->settings.planned != NULL && !plan_is_quiet(k->plan))
		r->settings.planned(k->controller->name, k->ns, k->name, k->plan, r->settings.arg);
	if (settles) {
		observer.done = runner_on_fetched;
		k->execution = execution_fetch(&r->executor, k->plan, view.in_doubt, observer);
	} else {
		k->execution = execution_start(&r->executor, k->plan, &k->queries, observer);
	}
}

/* Queues the object's key, if it may have waited for another type's first list. */
static void
runner_emit_waiting(const struct object *o, void *arg)
{
	struct emitting *e = arg;
	struct controller_watch w;

	for (size_t i = 0; controller_watch_at(e->controller, i, &w); i++)
		if (w.needed != NULL && w.needed(o, w.type))
			runner_emit(o->meta.namespace, o->meta.name, e);
}

/* Some keys may have waited for a type, or depend on whether the server has it. */
static void
runner_on_served(void *arg)
{
	struct runner *r = arg;
	const struct view *v = cache_view(r->executor.cache);

	for (size_t i = 0; i < r->n_rows && r->open; i++)
		v->each(v, r->rows[i]->type, NULL, runner_emit_waiting, &(struct emitting){ r, r->rows[i] });
}

/* After the start, the first list of another type has arrived, or was refused: some keys may have waited for it. */
static void
runner_on_listed(struct runner *r)
{
	runner_on_served(r);
	if (r->open || r->n_synced + r->n_refused < r->n_watches)
		return;
	r->open = true;
	queue_open(r->queue);
	if (r->settings.synced != NULL)
		r->settings.synced(r->settings.arg);
}

static void
runner_on_synced(void *arg)
{
	struct runner *r = arg;

	r->n_synced++;
	runner_on_listed(r);
}

/* A type that only some objects need must not stop all others. */
static void
runner_on_refused(bool refused, void *arg)
{
	struct runner *r = arg;

	r->n_refused += refused ? 1 : -1;
	if (refused)
		runner_on_listed(r);
}

/* One watch for each type. Controllers with different selectors share one watch of all its objects. */
static size_t
runner_add_watch(struct controller_watch *todo, size_t n, const struct controller_watch *w)
{
	for (size_t i = 0; i < n; i++)
		if (todo[i].type == w->type) {
			if (!str_eq(todo[i].label_selector, w->label_selector))
				todo[i].label_selector = NULL;
			if (!str_eq(todo[i].field_selector, w->field_selector))
				todo[i].field_selector = NULL;
			return n;
		}
	assert(n < WATCHES_MAX);
	todo[n] = *w;
	return n + 1;
}

static bool
runner_is_own_type(const struct runner *r, const struct type *t)
{
	for (size_t i = 0; i < r->n_rows; i++)
		if (r->rows[i]->type == t)
			return true;
	return false;
}

static void
runner_start_watch(struct runner *r, const struct controller_watch *w)
{
	const struct elsewhere *e = &r->settings.elsewhere;
	bool is_elsewhere = e->type == w->type;

	assert(r->n_watches < WATCHES_MAX);
	r->watched[r->n_watches] = w->type;
	r->watches[r->n_watches++] = watch_start(is_elsewhere ? e->api : r->executor.api, r->executor.cache, w->type,
	    &(struct watch_scope){ .namespace = w->type->cluster_scoped		       ? NULL
						: is_elsewhere && e->namespace != NULL ? e->namespace
										       : r->namespace,
		.labels = runner_is_own_type(r, w->type) ? r->settings.selector : w->label_selector,
		.fields = w->field_selector },
	    r->settings.seed,
	    (struct watch_observer){ .synced = runner_on_synced,
		.refused = w->needed != NULL ? runner_on_refused : NULL,
		.served = runner_on_served,
		.garbled = runner_on_garbled,
		.arg = r });
}

struct runner *
runner_start(struct transport *api, struct transport *outside, const struct controller *const *rows,
    const struct runner_settings *settings)
{
	struct runner *r = mem_alloc(sizeof(*r));
	struct controller_watch todo[WATCHES_MAX], w;
	size_t n = 0;

	r->loop = api->loop;
	r->outside = outside;
	r->settings = *settings;
	r->namespace = settings->namespace != NULL ? mem_strdup(settings->namespace) : NULL;
	r->queue = queue_new(r->loop, settings->seed, runner_pass, r);
	r->executor = (struct executor){ .api = api,
		.cache = cache_new(runner_on_change, r),
		.events = events_new(api, settings->component, settings->seed),
		.manager = settings->component,
		.elsewhere_type = settings->elsewhere.type,
		.elsewhere = settings->elsewhere.api,
		.may_write = settings->may_write,
		.arg = settings->arg };
	r->keys.pool = cache_pool(r->executor.cache);
	cache_observe_unreadable(r->executor.cache, runner_on_unreadable);
	events_observe(r->executor.events,
	    (struct events_observer){ .emitted = settings->told, .dropped = settings->dropped, .arg = settings->arg });
	for (; *rows != NULL; rows++) {
		assert(r->n_rows < RUNNER_CONTROLLERS_MAX);
		r->rows[r->n_rows++] = *rows;
		for (size_t k = 0; controller_watch_at(*rows, k, &w); k++) {
			r->all = mem_realloc(r->all, (r->n_all + 1) * sizeof(*r->all));
			r->all[r->n_all++] = (struct runner_row){ *rows, w };
			/* Confined to a namespace, the controller has no permissions for cluster-wide objects. */
			if ((r->namespace == NULL || !w.type->cluster_scoped) && w.needed == NULL)
				n = runner_add_watch(todo, n, &w);
		}
	}
	for (size_t i = 0; i < n; i++)
		runner_start_watch(r, &todo[i]);
	return r;
}

struct runner *
runner_stop(struct runner *r)
{
	if (r == NULL)
		return NULL;
	for (size_t i = 0; i < r->n_watches; i++)
		watch_stop(r->watches[i]);
	map_each (&r->keys, slot)
		runner_key_free(slot->value);
	map_done(&r->keys);
	queue_free(r->queue);
	events_free(r->executor.events);
	cache_free(r->executor.cache);
	free(r->all);
	free(r->namespace);
	free(r);
	return NULL;
}

void
runner_touch(struct runner *r, const char *controller, const char *ns, const char *name)
{
	for (size_t i = 0; i < r->n_rows; i++) {
		struct key *k;

		if (strcmp(r->rows[i]->name, controller) != 0 ||
		    view_get(cache_view(r->executor.cache), r->rows[i]->type, ns, name) == NULL)
			continue;
		k = runner_key(r, r->rows[i], ns, name);
		k->touched = loop_wall(r->loop);
		queue_add(r->queue, &k->item, QUEUE_WATCH);
	}
}

size_t
runner_busy(const struct runner *r)
{
	return queue_busy(r->queue) + (r->n_synced + r->n_refused < r->n_watches ? 1 : 0);
}

const struct view *
runner_view(const struct runner *r)
{
	return cache_view(r->executor.cache);
}

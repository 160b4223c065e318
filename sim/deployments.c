/* sim/deployments.c: Deployment controller of the laptop cluster: every change of a Deployment, of its ReplicaSets or
 * of the number of their Pods queues the Deployment, which is then decided (level-triggered, as in sim/pods.c). */
#include "sim/deployments.h"
#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "base/str.h"
#include "sim/deployment.h"

struct deployments {
	struct loop *loop;
	struct store *store;
	struct map dirty; /* "ns/name" */
	struct map due; /* "ns/name" → int64_t, owned: when it is decided again (mono ms) */
	struct timer turn, wake;
};

static const json_t *
deployments_meta(const json_t *o)
{
	return json_object_get(o, "metadata");
}

static void
deployments_mark(struct deployments *d, const char *ns, const char *name)
{
	char key[600];

	snprintf(key, sizeof(key), "%s/%s", ns, name);
	map_set(&d->dirty, key, d);
	if (!timer_armed(&d->turn))
		loop_timer(d->loop, &d->turn, 0);
}

struct deployments_marking {
	struct deployments *deployments;
	const char *ns;
};

static void
deployments_mark_in(const json_t *deployment, void *arg)
{
	const struct deployments_marking *m = arg;

	if (str_eq(json_str(deployments_meta(deployment), "namespace"), m->ns))
		deployments_mark(m->deployments, m->ns, json_str(deployments_meta(deployment), "name"));
}

/* Marks the Deployments that own a ReplicaSet; without an owner any of the namespace may adopt it. */
static void
deployments_mark_owners(struct deployments *d, const json_t *set)
{
	const json_t *owners = json_object_get(deployments_meta(set), "ownerReferences"), *owner;
	struct deployments_marking m = { d, json_str(deployments_meta(set), "namespace") };
	size_t i;

	json_array_foreach (owners, i, owner)
		if (str_eq(json_str(owner, "kind"), "Deployment"))
			deployments_mark(d, m.ns, json_str(owner, "name"));
	if (set != NULL && json_array_size(owners) == 0)
		store_each(d->store, "deployments", deployments_mark_in, &m);
}

static bool
deployments_has_ended(const json_t *pod)
{
	const char *phase = json_string_value(json_at(pod, "/status/phase"));

	return str_eq(phase, "Succeeded") || str_eq(phase, "Failed");
}

static void
deployments_on_write(const struct resource *r, const char *type, const json_t *old, const json_t *o, void *arg)
{
	const json_t *m = deployments_meta(o), *owner = json_array_get(json_object_get(m, "ownerReferences"), 0);
	struct deployments *d = arg;

	if (resource_is(r, "Deployment")) {
		deployments_mark(d, json_str(m, "namespace"), json_str(m, "name"));
	} else if (resource_is(r, "ReplicaSet")) {
		deployments_mark_owners(d, o);
		if (old != NULL && !json_equal(json_object_get(deployments_meta(old), "ownerReferences"),
				       json_object_get(m, "ownerReferences")))
			deployments_mark_owners(d, old);
	} else if (resource_is(r, "Pod") && str_eq(json_str(owner, "kind"), "ReplicaSet") &&
		   (strcmp(type, "DELETED") == 0 || deployments_has_ended(o))) {
		/* Recreate waits for the end of the old pods. */
		deployments_mark_owners(
		    d, store_get(d->store, "replicasets", json_str(m, "namespace"), json_str(owner, "name")));
	}
}

struct deployments_gathering {
	struct arena *arena;
	const char *ns, *uid;
	struct deployment_set *sets; /* with references */
	size_t n, capacity;
};

/* Those of the Deployment, and those that no controller has. */
static void
deployments_gather(const json_t *set, void *arg)
{
	struct deployments_gathering *g = arg;
	const json_t *m = deployments_meta(set), *owner;
	size_t i;

	if (!str_eq(json_str(m, "namespace"), g->ns))
		return;
	json_array_foreach (json_object_get(m, "ownerReferences"), i, owner)
		if (json_is_true(json_object_get(owner, "controller")) && !str_eq(json_str(owner, "uid"), g->uid))
			return;
	g->sets = arena_grow(g->arena, g->sets, g->n, &g->capacity, sizeof(*g->sets));
	g->sets[g->n++] = (struct deployment_set){ .object = json_incref((json_t *)set) };
}

static void
deployments_count(const json_t *pod, void *arg)
{
	*(size_t *)arg += !deployments_has_ended(pod);
}

/* Makes the requests up to a refused creation, whose response is *ret_refusal (a new reference). Returns its status
 * code; 0: none was refused. */
static int
deployments_carry_out(struct deployments *d, struct deployment_plan *plan, json_t **ret_refusal)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct deployment_request *r = &plan->requests[i];
		_cleanup_(freep) char *body = r->body != NULL ? json_dumps(r->body, JSON_COMPACT) : NULL;
		_cleanup_(json_decrefp) json_t *response = NULL;
		int code = store_handle(d->store,
		    &(struct store_request){ .method = r->method,
			.path = r->path,
			.content_type =
			    strcmp(r->method, "PATCH") == 0 ? "application/merge-patch+json" : "application/json",
			.body = body,
			.body_len = body != NULL ? strlen(body) : 0 },
		    &response);

		if (r->creates_set && code >= 300) {
			*ret_refusal = json_incref(response);
			return code;
		}
	}
	return 0;
}

static void
deployments_decide_again(struct deployments *d, const char *key, int64_t ms)
{
	int64_t *due = mem_alloc(sizeof(*due));

	*due = loop_mono(d->loop) + ms;
	free(map_set(&d->due, key, due));
	if (!timer_armed(&d->wake) || d->wake.due > *due)
		loop_timer(d->loop, &d->wake, ms);
}

static void
deployments_decide(struct deployments *d, const char *key, const char *ns, const char *name)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *deployment =
	    json_incref((json_t *)store_get(d->store, "deployments", ns, name));
	struct deployments_gathering g = { .arena = a, .ns = ns, .uid = json_str(deployments_meta(deployment), "uid") };
	struct deployment_world w = { .deployment = deployment, .now = loop_wall(d->loop) };
	json_t *refusal = NULL;

	free(map_remove(&d->due, key));
	if (deployment == NULL)
		return;
	store_each(d->store, "replicasets", deployments_gather, &g);
	for (size_t i = 0; i < g.n; i++)
		store_each_owned(d->store, json_str(deployments_meta(g.sets[i].object), "uid"), "pods",
		    deployments_count, &g.sets[i].pods);
	w.sets = g.sets;
	w.n_sets = g.n;
	/* Once more with the refusal of a creation, which no second decision tries. */
	for (int tries = 0; tries < 2; tries++) {
		struct deployment_plan plan;

		deployment_decide(&w, a, &plan);
		w.refused = deployments_carry_out(d, &plan, &refusal);
		w.refusal = json_str(refusal, "message");
		deployment_plan_done(&plan);
		if (plan.again_ms >= 0)
			deployments_decide_again(d, key, plan.again_ms);
		if (w.refused == 0)
			break;
	}
	json_decref(refusal);
	for (size_t i = 0; i < g.n; i++)
		json_decref((json_t *)g.sets[i].object);
}

static void
deployments_on_turn(struct timer *t, void *arg)
{
	struct deployments *d = arg;
	struct map dirty = d->dirty;

	(void)t;
	d->dirty = (struct map){ 0 };
	map_each (&dirty, slot) {
		_cleanup_(freep) char *ns = mem_strdup(slot->key);
		char *slash = strchr(ns, '/');

		*slash = '\0';
		deployments_decide(d, slot->key, ns, slash + 1);
	}
	map_done(&dirty);
}

static void
deployments_on_wake(struct timer *t, void *arg)
{
	struct deployments *d = arg;
	int64_t next = INT64_MAX;

	(void)t;
	map_each (&d->due, slot) {
		int64_t due = *(const int64_t *)slot->value;

		if (due <= loop_mono(d->loop)) {
			map_set(&d->dirty, slot->key, d);
			free(map_remove(&d->due, slot->key));
		} else if (due < next) {
			next = due;
		}
	}
	if (d->dirty.count > 0 && !timer_armed(&d->turn))
		loop_timer(d->loop, &d->turn, 0);
	if (next != INT64_MAX)
		loop_timer(d->loop, &d->wake, next - loop_mono(d->loop));
}

struct deployments *
deployments_new(struct loop *l, struct store *s)
{
	struct deployments *d = mem_alloc(sizeof(*d));

	d->loop = l;
	d->store = s;
	d->turn = (struct timer){ .fire = deployments_on_turn, .arg = d };
	d->wake = (struct timer){ .fire = deployments_on_wake, .arg = d };
	store_on_write(s, deployments_on_write, d);
	return d;
}

struct deployments *
deployments_free(struct deployments *d)
{
	if (d == NULL)
		return NULL;
	loop_timer_stop(d->loop, &d->turn);
	loop_timer_stop(d->loop, &d->wake);
	map_each (&d->due, slot)
		free(slot->value);
	map_done(&d->due);
	map_done(&d->dirty);
	free(d);
	return NULL;
}

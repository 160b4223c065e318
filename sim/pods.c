/* sim/pods.c: ReplicaSet controller and kubelet of the laptop cluster: every change of a ReplicaSet or Pod queues
 * its ReplicaSet, which is then compared (level-triggered). Processes of pods: processes.c. */
#include "sim/pods.h"
#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "base/str.h"
#include "base/time.h"
#include "io/log.h"
#include "sim/pod_lifecycle.h"

#define PODS_MAX 10000 /* of one ReplicaSet */

/* The next event of a Pod or a ReplicaSet, at a time. */
enum waiting_for {
	WAITING_READY, /* the Pod becomes ready */
	WAITING_END, /* the Pod ends */
	WAITING_AVAILABLE, /* a ready pod of the ReplicaSet becomes available (minReadySeconds) */
};

struct waiting {
	struct timer timer;
	struct pods *pods;
	char *ns, *name;
	enum waiting_for what;
	struct waiting *previous, *next;
};

struct pods {
	struct loop *loop;
	struct store *store;
	struct pods_settings settings;
	struct map dirty; /* "ns/name" of ReplicaSets */
	struct timer turn;
	struct map rechecks; /* "ns/name" → struct waiting, for WAITING_AVAILABLE */
	struct waiting *waiting;
	unsigned serial;
	int64_t delay_ms; /* from a change to its handling; see pods_delay */
};

static const json_t *
pods_meta(const json_t *o)
{
	return json_object_get(o, "metadata");
}

/* Since when a condition holds (wall ms); -1: it does not. */
static int64_t
holds_since(const json_t *pod, const char *type)
{
	int64_t at = 0;
	json_t *c;
	size_t i;

	json_array_foreach (json_at(pod, "/status/conditions"), i, c)
		if (str_eq(json_str(c, "type"), type) && str_eq(json_str(c, "status"), "True")) {
			time_parse(json_str(c, "lastTransitionTime"), &at);
			return at;
		}
	return -1;
}

static int64_t
ready_since(const json_t *pod)
{
	return holds_since(pod, "Ready");
}

static bool
pods_is_ready(const json_t *pod)
{
	return ready_since(pod) >= 0;
}

static bool
containers_are_ready(const json_t *pod)
{
	return holds_since(pod, "ContainersReady") >= 0;
}

static bool
pods_gates_are_open(const json_t *pod)
{
	return lifecycle_gates_open(json_object_get(pod, "spec"), json_at(pod, "/status/conditions"));
}

static void
pods_mark(struct pods *p, const char *ns, const char *name)
{
	char key[600];

	snprintf(key, sizeof(key), "%s/%s", ns, name);
	map_set(&p->dirty, key, p);
	if (!timer_armed(&p->turn))
		loop_timer(p->loop, &p->turn, p->delay_ms);
}

static void on_waited(struct timer *, void *);

static struct waiting *
pods_later(struct pods *p, const json_t *o, enum waiting_for what, int64_t ms)
{
	struct waiting *w = mem_alloc(sizeof(*w));

	*w = (struct waiting){ .timer = { .fire = on_waited, .arg = w },
		.pods = p,
		.ns = mem_strdup(json_str(pods_meta(o), "namespace")),
		.name = mem_strdup(json_str(pods_meta(o), "name")),
		.what = what,
		.next = p->waiting };
	if (p->waiting != NULL)
		p->waiting->previous = w;
	p->waiting = w;
	loop_timer(p->loop, &w->timer, ms);
	return w;
}

static void
waiting_free(struct waiting *w)
{
	*(w->previous != NULL ? &w->previous->next : &w->pods->waiting) = w->next;
	if (w->next != NULL)
		w->next->previous = w->previous;
	loop_timer_stop(w->pods->loop, &w->timer);
	free(w->ns);
	free(w->name);
	free(w);
}

/* Compares a ReplicaSet again in `ms`, if it is not compared before. */
static void
pods_recheck(struct pods *p, const json_t *rs, int64_t ms)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *key =
	    arena_printf(a, "%s/%s", json_str(pods_meta(rs), "namespace"), json_str(pods_meta(rs), "name"));
	struct waiting *w = map_get(&p->rechecks, key);

	if (w == NULL)
		map_set(&p->rechecks, key, pods_later(p, rs, WAITING_AVAILABLE, ms));
	else if (w->timer.due > loop_mono(p->loop) + ms)
		loop_timer(p->loop, &w->timer, ms);
}

static bool
is_deleted(const json_t *o)
{
	return json_object_get(pods_meta(o), "deletionTimestamp") != NULL;
}

static void
pods_on_write(const struct resource *r, const char *type, const json_t *old, const json_t *o, void *arg)
{
	struct pods *p = arg;
	json_t *owner;
	size_t i;

	if (resource_is(r, "ReplicaSet"))
		pods_mark(p, json_str(pods_meta(o), "namespace"), json_str(pods_meta(o), "name"));
	if (!resource_is(r, "Pod"))
		return;
	json_array_foreach (json_object_get(pods_meta(o), "ownerReferences"), i, owner)
		if (str_eq(json_str(owner, "kind"), "ReplicaSet"))
			pods_mark(p, json_str(pods_meta(o), "namespace"), json_str(owner, "name"));
	if (strcmp(type, "MODIFIED") == 0 && is_deleted(o) && !is_deleted(old))
		pods_later(p, o, WAITING_END, lifecycle_stop_ms(json_object_get(o, "spec")));
	else if (strcmp(type, "MODIFIED") == 0 && json_at(o, "/spec/readinessGates") != NULL &&
		 pods_is_ready(o) != (containers_are_ready(o) && pods_gates_are_open(o)))
		pods_later(p, o, WAITING_READY, 0);
	if (strcmp(type, "DELETED") == 0 && p->settings.runner != NULL)
		p->settings.runner->stop(p->settings.runner->arg, o);
}

/* Returns a condition of a Pod, a new reference. */
static json_t *
pods_condition(const char *type, const char *status, const char *now)
{
	return json_pack("{s:s, s:s, s:s}", "type", type, "status", status, "lastTransitionTime", now);
}

static void
pods_write_status(struct pods *p, const char *ns, const char *name, bool ready, const char *ip, int restarts)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const json_t *pod = store_get(p->store, "pods", ns, name);
	const char *now = time_format(a, loop_wall(p->loop)), *truth = ready ? "True" : "False", *whole, *image;
	json_t *status;

	if (pod == NULL)
		return;
	whole = ready && pods_gates_are_open(pod) ? "True" : "False";
	image = json_string_value(json_at(pod, "/spec/containers/0/image")) ?: "";
	status = json_pack("{s:s, s:s, s:s, s:s, s:[oooo], s:[{s:s, s:b, s:b, s:i, s:s, s:s, s:{s:{s:s}}}]}", "phase",
	    "Running", "hostIP", "127.0.0.1", "podIP",
	    ip != NULL ? ip : json_string_value(json_at(pod, "/status/podIP")) ?: "127.0.0.1", "startTime",
	    json_str(pods_meta(pod), "creationTimestamp"), "conditions", pods_condition("Initialized", "True", now),
	    pods_condition("Ready", whole, now), pods_condition("ContainersReady", truth, now),
	    pods_condition("PodScheduled", "True", now), "containerStatuses", "name",
	    json_string_value(json_at(pod, "/spec/containers/0/name")) ?: "", "ready", ready, "started", 1,
	    "restartCount", restarts, "image", image, "imageID", image, "state", "running", "startedAt", now);
	lifecycle_keep_conditions(json_object_get(status, "conditions"), json_at(pod, "/status/conditions"));
	store_do(p->store, "PATCH", "application/merge-patch+json",
	    arena_printf(a, "/api/v1/namespaces/%s/pods/%s/status", ns, name), json_pack("{s:o}", "status", status));
}

static int
restarts(const json_t *pod)
{
	return (int)json_integer_value(json_at(pod, "/status/containerStatuses/0/restartCount"));
}

void
pods_ready(struct pods *p, const char *ns, const char *name, bool ready, const char *ip)
{
	const json_t *pod = store_get(p->store, "pods", ns, name);

	if (pod != NULL && (pods_is_ready(pod) != (ready && pods_gates_are_open(pod)) ||
			       containers_are_ready(pod) != ready || ip != NULL))
		pods_write_status(p, ns, name, ready, ip, restarts(pod));
}

void
pods_restarted(struct pods *p, const char *ns, const char *name)
{
	const json_t *pod = store_get(p->store, "pods", ns, name);

	if (pod != NULL)
		pods_write_status(p, ns, name, false, NULL, restarts(pod) + 1);
}

static void
on_waited(struct timer *t, void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct waiting *w = arg;
	const char *ns = arena_strdup(a, w->ns), *name = arena_strdup(a, w->name);
	enum waiting_for what = w->what;
	struct pods *p = w->pods;

	(void)t;
	waiting_free(w);
	switch (what) {
	case WAITING_READY: pods_ready(p, ns, name, true, NULL); break;
	case WAITING_END:
		store_do(p->store, "DELETE", "application/json",
		    arena_printf(a, "/api/v1/namespaces/%s/pods/%s", ns, name),
		    json_pack("{s:i}", "gracePeriodSeconds", 0));
		break;
	case WAITING_AVAILABLE:
		map_remove(&p->rechecks, arena_printf(a, "%s/%s", ns, name));
		pods_mark(p, ns, name);
		break;
	}
}

static void
pods_create(struct pods *p, const json_t *rs, size_t index)
{
	static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *ns = json_str(pods_meta(rs), "namespace"), *name;
	json_t *template = json_deep_copy(json_at(rs, "/spec/template")), *m = json_object_get(template, "metadata");
	unsigned n = ++p->serial * 2654435761u;
	char suffix[6] = { 0 };
	const json_t *pod;

	for (int i = 0; i < 5; i++, n /= 27)
		suffix[i] = alphabet[n % 27];
	name = arena_printf(a, "%s-%s", json_str(pods_meta(rs), "name"), suffix);
	if (m == NULL) {
		m = json_object();
		json_object_set_new(template, "metadata", m);
	}
	json_object_set_new(m, "name", json_string(name));
	json_object_set_new(m, "ownerReferences",
	    json_pack("[{s:s,s:s,s:s,s:s,s:b,s:b}]", "apiVersion", "apps/v1", "kind", "ReplicaSet", "name",
		json_str(pods_meta(rs), "name"), "uid", json_str(pods_meta(rs), "uid"), "controller", 1,
		"blockOwnerDeletion", 1));
	json_object_set_new(template, "apiVersion", json_string("v1"));
	json_object_set_new(template, "kind", json_string("Pod"));
	json_object_set_new(json_object_get(template, "spec"), "nodeName", json_string(p->settings.node));
	json_object_set_new(template, "status", json_pack("{s:s}", "phase", "Pending"));
	if (store_do(p->store, "POST", "application/json", arena_printf(a, "/api/v1/namespaces/%s/pods", ns),
		template) != 201)
		return;
	pod = store_get(p->store, "pods", ns, name);
	if (pod == NULL || (p->settings.runner != NULL && p->settings.runner->start(p->settings.runner->arg, pod)))
		return;
	if (p->settings.broken_tag != NULL &&
	    str_ends(json_string_value(json_at(pod, "/spec/containers/0/image")), p->settings.broken_tag))
		return;
	if (lifecycle_never_ready(json_object_get(pod, "spec"))) {
		pods_write_status(p, ns, name, false, NULL, 0);
		return;
	}
	pods_later(p, pod, WAITING_READY,
	    p->settings.ready_ms + (int64_t)index * p->settings.ready_spread_ms +
		lifecycle_start_ms(json_object_get(pod, "spec")));
}

struct survey {
	const char *uid;
	int64_t available_before; /* ready since before then is available */
	int64_t next; /* the earliest time at which a ready pod was not yet; INT64_MAX: none */
	const json_t **pods; /* of one ReplicaSet; owned */
	size_t n, capacity, ready, available;
};

static void
pods_count(const json_t *pod, void *arg)
{
	struct survey *s = arg;
	json_t *owner = json_array_get(json_object_get(pods_meta(pod), "ownerReferences"), 0);
	int64_t since;

	if (!str_eq(json_str(owner, "uid"), s->uid) || is_deleted(pod))
		return;
	if (s->n == s->capacity) {
		s->capacity = s->capacity == 0 ? 16 : s->capacity * 2;
		s->pods = mem_realloc(s->pods, s->capacity * sizeof(*s->pods));
	}
	s->pods[s->n++] = json_incref((json_t *)pod);
	since = ready_since(pod);
	s->ready += since >= 0;
	s->available += since >= 0 && since <= s->available_before;
	if (since > s->available_before && since < s->next)
		s->next = since;
}

/* Unready pods go first, as Kubernetes chooses them. */
static void
delete_some(struct pods *p, struct survey *s, size_t n)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	for (int ready = 0; ready < 2; ready++)
		for (size_t i = s->n; i-- > 0 && n > 0;)
			if (pods_is_ready(s->pods[i]) == (ready == 1)) {
				store_do(p->store, "DELETE", NULL,
				    arena_printf(a, "/api/v1/namespaces/%s/pods/%s",
					json_str(pods_meta(s->pods[i]), "namespace"),
					json_str(pods_meta(s->pods[i]), "name")),
				    NULL);
				n--;
			}
}

static void
take_survey(struct pods *p, struct survey *s, const json_t *rs)
{
	int64_t min_ready = 1000 * json_int(json_object_get(rs, "spec"), "minReadySeconds", 0);

	for (size_t i = 0; i < s->n; i++)
		json_decref((json_t *)s->pods[i]);
	s->n = s->ready = s->available = 0;
	s->uid = json_str(pods_meta(rs), "uid");
	s->available_before = loop_wall(p->loop) - min_ready;
	s->next = INT64_MAX;
	store_each_owned(p->store, s->uid, "pods", pods_count, s);
}

static void
pods_compare(struct pods *p, const char *ns, const char *name)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct survey s = { 0 };
	_cleanup_(json_decrefp) json_t *rs = json_incref((json_t *)store_get(p->store, "replicasets", ns, name));
	json_int_t replicas;
	size_t want;

	if (rs == NULL || is_deleted(rs))
		return;
	replicas = json_int(json_object_get(rs, "spec"), "replicas", 1);
	if (replicas > PODS_MAX)
		log_warn("a ReplicaSet wants more pods than the laptop cluster makes", "namespace", ns, "name", name);
	want = (size_t)(replicas < 0 ? 0 : replicas > PODS_MAX ? PODS_MAX : replicas);
	take_survey(p, &s, rs);
	for (size_t i = s.n; i < want; i++)
		pods_create(p, rs, i - s.n);
	if (s.n > want)
		delete_some(p, &s, s.n - want);
	if (p->delay_ms == 0)
		take_survey(p, &s, rs);
	if (s.next != INT64_MAX)
		pods_recheck(p, rs, s.next - s.available_before);
	store_do(p->store, "PATCH", "application/merge-patch+json",
	    arena_printf(a, "/apis/apps/v1/namespaces/%s/replicasets/%s/status", ns, name),
	    json_pack("{s:{s:I,s:I,s:I,s:I,s:I}}", "status", "replicas", (json_int_t)s.n, "fullyLabeledReplicas",
		(json_int_t)s.n, "readyReplicas", (json_int_t)s.ready, "availableReplicas", (json_int_t)s.available,
		"observedGeneration", json_int(pods_meta(rs), "generation", 0)));
	for (size_t i = 0; i < s.n; i++)
		json_decref((json_t *)s.pods[i]);
	free(s.pods);
}

static void
pods_on_turn(struct timer *t, void *arg)
{
	struct pods *p = arg;
	struct map dirty = p->dirty;

	(void)t;
	p->dirty = (struct map){ 0 };
	map_each (&dirty, slot) {
		char *slash = strchr(slot->key, '/');

		*slash = '\0';
		pods_compare(p, slot->key, slash + 1);
		*slash = '/';
	}
	map_done(&dirty);
}

struct pods *
pods_new(struct loop *l, struct store *s, const struct pods_settings *settings)
{
	struct pods *p = mem_alloc(sizeof(*p));

	p->loop = l;
	p->store = s;
	p->settings = *settings;
	p->turn = (struct timer){ .fire = pods_on_turn, .arg = p };
	store_on_write(s, pods_on_write, p);
	return p;
}

void
pods_delay(struct pods *p, int64_t ms)
{
	p->delay_ms = ms;
}

struct pods *
pods_free(struct pods *p)
{
	if (p == NULL)
		return NULL;
	loop_timer_stop(p->loop, &p->turn);
	for (struct waiting *w = p->waiting, *next; w != NULL; w = next) {
		next = w->next;
		waiting_free(w);
	}
	map_done(&p->rechecks);
	map_done(&p->dirty);
	free(p);
	return NULL;
}

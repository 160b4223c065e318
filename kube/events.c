/* kube/events.c: sending of Kubernetes Events: a few queues of bodies; the first of each is being sent. Their texts
 * come from the plan. */
#include "kube/events.h"
#include <inttypes.h>
#include <string.h>
#include "base/rand.h"
#include "base/time.h"
#include "io/log.h"
#include "kube/api/core.h"
#include "kube/client.h"

#define TRIES 5
#define RETRY_MS 500

struct waiting {
	char *path, *body;
	int tries;
	struct waiting *next;
};

/* Events of one object are sent one after the other, those of different objects at the same time. */
struct lane {
	struct events *events;
	struct waiting *head, *tail; /* the first is the one in progress */
	struct call *call;
	struct timer again;
};

#define LANES 8

struct events {
	struct transport *transport;
	const char *component;
	struct rand_stream rand;
	struct lane lanes[LANES];
	size_t n; /* events that wait, of all objects */
	void (*on_event)(const struct plan_step *, void *arg); /* NULL: none */
	void *observer_arg;
};

static void events_send_first(struct lane *);

static void
events_drop_first(struct lane *l)
{
	struct waiting *w = l->head;

	l->head = w->next;
	if (l->head == NULL)
		l->tail = NULL;
	l->events->n--;
	free(w->path);
	free(w->body);
	free(w);
}

static void
events_on_written(void *arg, const struct err *e, const json_t *body)
{
	struct lane *l = arg;

	(void)body;
	l->call = NULL;
	if (e != NULL && e->class == ERR_AGAIN && ++l->head->tries < TRIES) {
		int64_t delay = RETRY_MS << l->head->tries;

		loop_timer(
		    l->events->transport->loop, &l->again, delay > e->retry_after_ms ? delay : e->retry_after_ms);
		return;
	}
	if (e != NULL && e->class != ERR_EXISTS) {
		_cleanup_(arena_freep) struct arena *a = arena_new();

		log_warn("cannot create event", "error", err_text(a, e));
	}
	events_drop_first(l);
	events_send_first(l);
}

static void
events_send_first(struct lane *l)
{
	if (l->head != NULL && l->call == NULL)
		l->call = client_call_as(l->events->transport, URGENCY_EVENT, client_timeout_ms(l->events->transport),
		    "POST", l->head->path, "application/json", l->head->body, events_on_written, l);
}

static void
events_on_again(struct timer *t, void *arg)
{
	(void)t;
	events_send_first(arg);
}

struct events *
events_new(struct transport *t, const char *component, uint64_t seed)
{
	struct events *ev = mem_alloc(sizeof(*ev));

	*ev = (struct events){ .transport = t, .component = component, .rand = rand_stream(seed, "events") };
	for (size_t i = 0; i < LANES; i++)
		ev->lanes[i] =
		    (struct lane){ .events = ev, .again = { .fire = events_on_again, .arg = &ev->lanes[i] } };
	return ev;
}

struct events *
events_free(struct events *ev)
{
	for (size_t i = 0; ev != NULL && i < LANES; i++) {
		struct lane *l = &ev->lanes[i];

		client_cancel(l->call);
		loop_timer_stop(ev->transport->loop, &l->again);
		while (l->head != NULL)
			events_drop_first(l);
	}
	free(ev);
	return NULL;
}

static struct lane *
events_lane(struct events *ev, const char *name)
{
	unsigned hash = 0;

	for (; *name != '\0'; name++)
		hash = hash * 31 + (unsigned char)*name;
	return &ev->lanes[hash % LANES];
}

void
events_observe(struct events *ev, void (*on_event)(const struct plan_step *, void *), void *arg)
{
	ev->on_event = on_event;
	ev->observer_arg = arg;
}

void
events_emit(struct events *ev, const struct plan_step *s)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct meta *m = &s->about->meta;
	const char *now = time_format(a, loop_wall(ev->transport->loop));
	/* Events of cluster-scoped objects live in "default" (client-go's recorder). */
	const char *ns = m->namespace != NULL ? m->namespace : "default";
	_cleanup_(json_decrefp) json_t *involved = NULL, *j = NULL;
	struct lane *l = events_lane(ev, m->name);
	struct waiting *w;

	if (ev->on_event != NULL)
		ev->on_event(s, ev->observer_arg);
	if (ev->n == EVENTS_MAX) {
		log_warn("event queue is full; dropped one", "reason", s->reason, "message", s->message);
		return;
	}
	involved = json_pack("{s:s,s:s,s:s,s:s*,s:s,s:s}", "apiVersion", type_api_version(s->about->type, a), "kind",
	    s->about->type->kind, "name", m->name, "namespace", m->namespace, "uid", m->uid, "resourceVersion",
	    m->resource_version);
	j = json_pack("{s:s,s:s,s:{s:s,s:s},s:O,s:s,s:s,s:s,s:s,s:s,s:i,s:{s:s}}", "apiVersion", "v1", "kind", "Event",
	    "metadata", "name", arena_printf(a, "%.200s.%016" PRIx64, m->name, rand_next(&ev->rand)), "namespace", ns,
	    "involvedObject", involved, "reason", s->reason, "message", s->message, "type",
	    s->warning ? "Warning" : "Normal", "firstTimestamp", now, "lastTimestamp", now, "count", 1, "source",
	    "component", ev->component);
	w = mem_alloc(sizeof(*w));
	*w = (struct waiting){ .path = mem_strdup(client_path(a, &event_type, ns, NULL, NULL)),
		.body = mem_strdup(json_text(a, j)) };
	if (l->tail != NULL)
		l->tail->next = w;
	else
		l->head = w;
	l->tail = w;
	ev->n++;
	if (l->head == w)
		events_send_first(l);
}

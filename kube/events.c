/* kube/events.c: a list of bodies, the first of which is under way. */
#include "kube/events.h"
#include <inttypes.h>
#include <string.h>
#include "base/log.h"
#include "base/rand.h"
#include "base/time.h"
#include "kube/api/core.h"
#include "kube/client.h"

#define TRIES 5
#define RETRY_MS 500

struct waiting {
	char *path, *body;
	int tries;
	struct waiting *next;
};

struct events {
	struct transport *transport;
	const char *component;
	struct rand_stream rand;
	struct waiting *head, *tail;
	size_t n;
	struct call *call;
	struct timer again;
};

static void send_first(struct events *);

static void
drop_first(struct events *ev)
{
	struct waiting *w = ev->head;

	ev->head = w->next;
	if (ev->head == NULL)
		ev->tail = NULL;
	ev->n--;
	free(w->path);
	free(w->body);
	free(w);
}

static void
on_written(void *arg, const struct err *e, const json_t *body)
{
	struct events *ev = arg;

	(void)body;
	ev->call = NULL;
	if (e != NULL && e->class == ERR_AGAIN && ++ev->head->tries < TRIES) {
		loop_timer(ev->transport->loop, &ev->again, RETRY_MS << ev->head->tries);
		return;
	}
	if (e != NULL && e->class != ERR_EXISTS) {
		_cleanup_(arena_freep) struct arena *a = arena_new();

		log_warn("an event was not taken", "error", err_text(a, e));
	}
	drop_first(ev);
	send_first(ev);
}

static void
send_first(struct events *ev)
{
	if (ev->head != NULL && ev->call == NULL)
		ev->call = client_call(
		    ev->transport, "POST", ev->head->path, "application/json", ev->head->body, on_written, ev);
}

static void
on_again(struct timer *t, void *arg)
{
	(void)t;
	send_first(arg);
}

struct events *
events_new(struct transport *t, const char *component, uint64_t seed)
{
	struct events *ev = mem_alloc(sizeof(*ev));

	*ev = (struct events){ .transport = t,
		.component = component,
		.rand = rand_stream(seed, "events"),
		.again = { .fire = on_again, .arg = ev } };
	return ev;
}

struct events *
events_free(struct events *ev)
{
	if (ev == NULL)
		return NULL;
	client_cancel(ev->call);
	loop_timer_stop(ev->transport->loop, &ev->again);
	while (ev->head != NULL)
		drop_first(ev);
	free(ev);
	return NULL;
}

void
events_tell(struct events *ev, const struct plan_step *s)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct meta *m = &s->about->meta;
	const char *now = time_format(a, loop_wall(ev->transport->loop));
	/* Events of cluster-scoped objects live in "default" (client-go's recorder). */
	const char *ns = m->namespace != NULL ? m->namespace : "default";
	_cleanup_(json_decrefp) json_t *involved = NULL, *j = NULL;
	struct waiting *w;

	if (ev->n == EVENTS_MAX) {
		log_warn("too many events wait; one is dropped", "reason", s->reason, "message", s->message);
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
	if (ev->tail != NULL)
		ev->tail->next = w;
	else
		ev->head = w;
	ev->tail = w;
	if (ev->n++ == 0)
		send_first(ev);
}

/* kube/events.c: sending of Kubernetes Events: a queue for each object that has any, and a few calls that take the
 * first event of each queue in turn. Their texts come from the plan. */
#include "kube/events.h"
#include <inttypes.h>
#include <string.h>
#include "base/map.h"
#include "base/pool.h"
#include "base/rand.h"
#include "base/str.h"
#include "base/time.h"
#include "io/log.h"
#include "kube/api/core.h"
#include "kube/client.h"
#include "kube/event_history.h"

#define TEXT_MAX (4u << 20) /* bytes; the API server accepts less */
#define TRIES 12 /* about four minutes */
#define RETRY_MS 500
#define RETRY_MAX_MS 30000

/* client-go's event correlator writes it in front of the message too. */
#define COMBINED "(combined from similar events): "

/* An event that waits. It is started when its first request is sent: from then on it may exist. */
struct waiting {
	struct subject *subject;
	struct waiting *next; /* of the same object, younger */
	struct waiting *older, *younger; /* in events.normal */
	const char *reason, *message, *version; /* in `texts`; the resourceVersion of the object, NULL: none */
	char *combined; /* allocated; the message of the last similar event that had to join it; NULL: none had */
	int64_t first_at, last_at; /* wall ms */
	int64_t count; /* how often it happened since it began to wait */
	bool warning, started; /* of type Warning; its first request was sent */
	size_t size; /* with the texts */
	char texts[];
};

/* The queue of one object. It exists while events wait in it. */
struct subject {
	struct events *events;
	/* in `texts`; id: its key in events.subjects; namespace NULL: cluster-scoped; uid NULL: none */
	const char *id, *api_version, *namespace, *name, *uid;
	const char *kind; /* static */
	struct waiting *head, *tail;
	size_t n;
	struct subject *next_ready;
	bool is_ready; /* in the list of subjects whose next request can be sent */
	/* the request of the first event */
	struct call *call;
	struct timer again;
	int tries; /* that failed so far */
	bool is_repeat; /* it raises the count of an Event */
	struct event_record record; /* of the Event, after it */
	size_t size; /* with the texts */
	char texts[];
};

struct events {
	struct transport *transport;
	const char *component;
	struct pool *pool; /* of what waits: a fleet that is updated leaves thousands of events at once */
	struct rand_stream rand;
	struct map subjects; /* id → struct subject */
	struct subject *ready, *last_ready; /* with an event to send, and no call or timer */
	struct waiting *normal, *last_normal; /* all Normal events that are not started, the oldest first */
	size_t n, n_calls;
	bool is_dropping; /* it was logged since the queues were empty */
	struct events_observer observer;
	struct event_history history;
};

struct events *
events_new(struct transport *t, const char *component, uint64_t seed)
{
	struct events *ev = mem_alloc(sizeof(*ev));

	ev->transport = t;
	ev->pool = pool_new();
	ev->subjects.pool = ev->pool;
	ev->component = component;
	ev->rand = rand_stream(seed, "events");
	return ev;
}

void
events_observe(struct events *ev, struct events_observer observer)
{
	ev->observer = observer;
}

size_t
events_waiting(const struct events *ev)
{
	return ev->n;
}

static void
events_list_normal(struct events *ev, struct waiting *e)
{
	e->older = ev->last_normal;
	if (ev->last_normal != NULL)
		ev->last_normal->younger = e;
	else
		ev->normal = e;
	ev->last_normal = e;
}

/* From now on the event is neither dropped nor joined. */
static void
events_unlist_normal(struct events *ev, struct waiting *e)
{
	if (e->warning || e->started)
		return;
	*(e->older != NULL ? &e->older->younger : &ev->normal) = e->younger;
	*(e->younger != NULL ? &e->younger->older : &ev->last_normal) = e->older;
	e->older = e->younger = NULL;
}

static const char *
events_message(const struct waiting *e)
{
	return e->combined != NULL ? e->combined : e->message;
}

static void
events_free_event(struct waiting *e)
{
	free(e->combined);
	pool_give(e->subject->events->pool, e, e->size);
}

/* Removes an event from the queue of its object and frees it. */
static void
events_remove(struct subject *s, struct waiting *e)
{
	struct waiting *before = NULL;

	for (struct waiting *i = s->head; i != e; i = i->next)
		before = i;
	*(before != NULL ? &before->next : &s->head) = e->next;
	if (s->tail == e)
		s->tail = before;
	events_unlist_normal(s->events, e);
	events_free_event(e);
	s->n--;
	s->events->n--;
	if (s->events->n == 0)
		s->events->is_dropping = false;
}

static void
events_free_subject(struct subject *s)
{
	client_cancel(s->call);
	loop_timer_stop(s->events->transport->loop, &s->again);
	while (s->head != NULL)
		events_remove(s, s->head);
	pool_give(s->events->pool, s, s->size);
}

struct events *
events_free(struct events *ev)
{
	if (ev == NULL)
		return NULL;
	map_each (&ev->subjects, slot)
		events_free_subject(slot->value);
	map_done(&ev->subjects);
	pool_free(ev->pool);
	free(ev);
	return NULL;
}

static void
events_report_dropped(struct events *ev, bool warning)
{
	if (ev->observer.dropped != NULL)
		ev->observer.dropped(warning, ev->observer.arg);
}

static void
events_add_ready(struct subject *s)
{
	struct events *ev = s->events;

	if (s->is_ready)
		return;
	s->is_ready = true;
	*(ev->last_ready != NULL ? &ev->last_ready->next_ready : &ev->ready) = s;
	ev->last_ready = s;
}

/* The first event of the queue is done with. */
static void
events_finish_first(struct subject *s)
{
	events_remove(s, s->head);
	s->tries = 0;
	events_add_ready(s);
}

static void events_send_ready(struct events *);

static void
events_on_written(void *arg, const struct err *e, const struct item_text *body)
{
	struct subject *s = arg;
	struct events *ev = s->events;

	(void)body;
	s->call = NULL;
	ev->n_calls--;
	if (e != NULL && e->class == ERR_AGAIN && ++s->tries < TRIES) {
		int64_t delay = (int64_t)RETRY_MS << s->tries;

		delay = delay < RETRY_MAX_MS ? delay : RETRY_MAX_MS;
		loop_timer(ev->transport->loop, &s->again, delay > e->retry_after_ms ? delay : e->retry_after_ms);
	} else if (e != NULL && e->class == ERR_GONE && s->is_repeat) {
		/* the API server deletes Events after an hour */
		event_history_forget(&ev->history, &s->record);
		s->record.suffix = 0;
		events_add_ready(s);
	} else {
		if (e == NULL || e->class == ERR_EXISTS) {
			event_history_keep(&ev->history, &s->record);
		} else {
			_cleanup_(arena_freep) struct arena *a = arena_new();

			log_warn("cannot create event", "kind", s->kind, "namespace", s->namespace, "name", s->name,
			    "reason", s->head->reason, "error", err_text(a, e));
			events_report_dropped(ev, s->head->warning);
		}
		events_finish_first(s);
	}
	events_send_ready(ev);
}

static void
events_on_again(struct timer *t, void *arg)
{
	struct subject *s = arg;

	(void)t;
	events_add_ready(s);
	events_send_ready(s->events);
}

/* Appends a member of an object, unless it is NULL. */
static void
events_add_member(struct str *text, const char *key, const char *value)
{
	if (value == NULL)
		return;
	if (text->at[text->len - 1] != '{')
		str_addc(text, ',');
	json_add_string(text, key);
	str_addc(text, ':');
	json_add_string(text, value);
}

static void
events_add_object(struct str *text, const struct subject *s, const char *name, const char *ns, const char *first)
{
	const struct waiting *e = s->head;

	str_adds(text, "{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"metadata\":{");
	events_add_member(text, "name", name);
	events_add_member(text, "namespace", ns);
	str_adds(text, "},\"involvedObject\":{");
	events_add_member(text, "apiVersion", s->api_version);
	events_add_member(text, "kind", s->kind);
	events_add_member(text, "name", s->name);
	events_add_member(text, "namespace", s->namespace);
	events_add_member(text, "uid", s->uid);
	events_add_member(text, "resourceVersion", e->version);
	str_adds(text, "},\"source\":{");
	events_add_member(text, "component", s->events->component);
	str_addc(text, '}');
	events_add_member(text, "reason", e->reason);
	events_add_member(text, "message", events_message(e));
	events_add_member(text, "type", e->warning ? "Warning" : "Normal");
	events_add_member(text, "firstTimestamp", first);
}

/* Appends the body of the request: an Event, or a patch that raises the count of one. */
static void
events_add_body(struct arena *a, struct str *text, const struct subject *s, const char *name, const char *ns)
{
	if (s->is_repeat) {
		str_addc(text, '{');
	} else {
		events_add_object(text, s, name, ns, time_format(a, s->record.first_at));
		str_addc(text, ',');
	}
	str_adds(text, "\"count\":");
	str_add_int(text, s->record.count);
	events_add_member(text, "lastTimestamp", time_format(a, s->head->last_at));
	str_addc(text, '}');
}

/* Sets the record that the first event leaves. A retry keeps it: its request may have taken effect. */
static void
events_start_first(struct subject *s)
{
	struct events *ev = s->events;
	struct waiting *e = s->head;
	const struct event_record *known;

	if (e->started && s->record.suffix != 0)
		return;
	events_unlist_normal(ev, e);
	e->started = true;
	s->record = (struct event_record){ .first_at = e->first_at, .count = e->count };
	event_record_set_key(&s->record, s->id, e->warning, e->reason, events_message(e));
	known = event_history_find(&ev->history, &s->record);
	s->is_repeat = known != NULL;
	s->record.suffix = known != NULL ? known->suffix : rand_next(&ev->rand) | 1;
	if (known != NULL) {
		s->record.first_at = known->first_at;
		s->record.count += known->count;
	}
}

static void
events_send_first(struct subject *s)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	/* Events of cluster-scoped objects live in "default" (client-go's recorder). */
	const char *ns = s->namespace != NULL ? s->namespace : "default", *name;
	struct transport *t = s->events->transport;
	struct str text;

	events_start_first(s);
	name = arena_printf(a, "%.200s.%016" PRIx64, s->name, s->record.suffix);
	str_init(&text, TEXT_MAX);
	events_add_body(a, &text, s, name, ns);
	s->call = client_write_unread(t, URGENCY_EVENT, s->is_repeat ? "PATCH" : "POST",
	    client_path(a, &event_type, ns, s->is_repeat ? name : NULL, NULL),
	    s->is_repeat ? PATCH_MERGE : "application/json", str_text(&text), events_on_written, s);
	str_done(&text);
	s->events->n_calls++;
}

static void
events_send_ready(struct events *ev)
{
	while (ev->ready != NULL && ev->n_calls < EVENTS_CALLS_MAX) {
		struct subject *s = ev->ready;

		ev->ready = s->next_ready;
		if (ev->ready == NULL)
			ev->last_ready = NULL;
		s->next_ready = NULL;
		s->is_ready = false;
		if (s->head != NULL) {
			events_send_first(s);
			continue;
		}
		map_remove(&ev->subjects, s->id);
		events_free_subject(s);
	}
}

/* Copies a text to *at, and moves *at past it; NULL is NULL. */
static const char *
events_copy(char **at, const char *text)
{
	size_t n = text != NULL ? strlen(text) + 1 : 0;
	char *copy = *at;

	if (n == 0)
		return NULL;
	memcpy(copy, text, n);
	*at += n;
	return copy;
}

static size_t
events_text_size(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 0;
}

static struct subject *
events_subject(struct events *ev, const struct object *o)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct meta *m = &o->meta;
	const char *id = arena_printf(a, "%s %s/%s %s", o->type->kind, m->namespace != NULL ? m->namespace : "",
		       m->name, m->uid != NULL ? m->uid : ""),
		   *version;
	struct subject *s = map_get(&ev->subjects, id);
	size_t size;
	char *at;

	if (s != NULL)
		return s;
	version = type_api_version(o->type, a);
	size = sizeof(*s) + strlen(id) + 1 + strlen(version) + 1 + events_text_size(m->namespace) + strlen(m->name) +
	       1 + events_text_size(m->uid);
	s = pool_take(ev->pool, size);
	at = s->texts;
	*s = (struct subject){ .events = ev,
		.size = size,
		.kind = o->type->kind,
		.id = events_copy(&at, id),
		.api_version = events_copy(&at, version),
		.namespace = events_copy(&at, m->namespace),
		.name = events_copy(&at, m->name),
		.uid = events_copy(&at, m->uid),
		.again = { .fire = events_on_again, .arg = s } };
	map_set(&ev->subjects, id, s);
	return s;
}

/* Returns the youngest waiting event of the object with this type and reason, and with this message (NULL: any). */
static struct waiting *
events_find(const struct subject *s, const struct plan_step *step, const char *message)
{
	struct waiting *found = NULL;

	for (struct waiting *e = s->head; e != NULL; e = e->next)
		if (!e->started && e->warning == step->warning && strcmp(e->reason, step->reason) == 0 &&
		    (message == NULL || strcmp(events_message(e), message) == 0))
			found = e;
	return found;
}

/* The event happened again, or (`message`) a similar one that had to join it. */
static void
events_join(struct waiting *e, int64_t now, const char *message)
{
	e->count++;
	e->last_at = now;
	if (message == NULL)
		return;
	free(e->combined);
	e->combined = mem_printf(COMBINED "%s", message);
}

static void
events_drop(struct events *ev, struct waiting *e)
{
	if (!ev->is_dropping) {
		_cleanup_(freep) char *waiting = mem_printf("%zu", ev->n);

		log_warn("too many events wait to be created; dropping the oldest Normal ones", "waiting", waiting);
		ev->is_dropping = true;
	}
	events_report_dropped(ev, false);
	if (e != NULL)
		events_remove(e->subject, e);
}

/* Returns true if one more event of the object may be queued. Otherwise it joined another, or was dropped. */
static bool
events_make_space(struct subject *s, const struct plan_step *step, int64_t now)
{
	struct events *ev = s->events;
	struct waiting *oldest = ev->normal, *similar;

	if (s->n < EVENTS_OF_ONE_MAX && ev->n < EVENTS_MAX)
		return true;
	if (s->n >= EVENTS_OF_ONE_MAX)
		for (oldest = s->head; oldest != NULL && (oldest->warning || oldest->started);)
			oldest = oldest->next;
	if (oldest != NULL || !step->warning) {
		events_drop(ev, oldest);
		return oldest != NULL;
	}
	similar = events_find(s, step, NULL);
	if (similar != NULL)
		events_join(similar, now, step->message);
	return similar == NULL;
}

static void
events_append(struct subject *s, const struct plan_step *step, int64_t now)
{
	const char *version = step->about->meta.resource_version;
	size_t size =
	    sizeof(struct waiting) + strlen(step->reason) + 1 + strlen(step->message) + 1 + events_text_size(version);
	struct waiting *e = pool_take(s->events->pool, size);
	char *at = e->texts;

	*e = (struct waiting){ .subject = s,
		.size = size,
		.reason = events_copy(&at, step->reason),
		.message = events_copy(&at, step->message),
		.version = events_copy(&at, version),
		.first_at = now,
		.last_at = now,
		.count = 1,
		.warning = step->warning };
	*(s->tail != NULL ? &s->tail->next : &s->head) = e;
	s->tail = e;
	s->n++;
	s->events->n++;
	if (!e->warning)
		events_list_normal(s->events, e);
}

void
events_emit(struct events *ev, const struct plan_step *step)
{
	int64_t now = loop_wall(ev->transport->loop);
	struct subject *s;
	struct waiting *equal;

	if (ev->observer.emitted != NULL)
		ev->observer.emitted(step, ev->observer.arg);
	if (step->implied)
		return;
	s = events_subject(ev, step->about);
	equal = events_find(s, step, step->message);
	if (equal != NULL)
		events_join(equal, now, NULL);
	else if (events_make_space(s, step, now))
		events_append(s, step, now);
	if (s->call == NULL && !timer_armed(&s->again))
		events_add_ready(s);
	events_send_ready(ev);
}

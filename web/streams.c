/* web/streams.c: live updates of the dashboard: a watch is a response that is suspended until there is a change. */
#include "web/streams.h"
#include <string.h>
#include "base/json.h"
#include "base/str.h"

#define SOON_MS 100
#define BEAT_MS 15000
#define EVENT_MAX (16u << 20) /* bytes of one rollout with all its pods and runs */
#define NOT_FOUND 5 /* of google.rpc.Code */

struct stream {
	struct streams *owner;
	struct MHD_Connection *connection;
	char *ns, *name; /* NULL: all of them */
	char *user, *session; /* NULL: none */
	bool events; /* server-sent events; else lines */
	bool suspended, over; /* it waits for a change; the stream ends when everything has been sent */
	struct stream_source source;
	int64_t ends_at; /* mono ms; 0: no end */
	struct map pending, known; /* "ns/name": changed and not sent yet; sent at least once */
	struct str out;
	struct stream *next;
};

static void
streams_wake(struct stream *s)
{
	if (!s->suspended)
		return;
	s->suspended = false;
	http_server_resume(s->owner->daemon, s->connection);
}

/* Adds one message; the object is consumed. */
static void
streams_say(struct stream *s, json_t *message)
{
	_cleanup_(freep) char *text = json_dumps(message, JSON_COMPACT);

	str_addf(&s->out, s->events ? "data: %s\n\n" : "%s\n", text != NULL ? text : "{}");
	json_decref(message);
}

static json_t *
streams_change_of(struct stream *s, const char *key, const char *ns, const char *name, json_t *info)
{
	bool was_known = map_get(&s->known, key) != NULL;
	const char *type = info == NULL ? "DELETED" : was_known ? "MODIFIED" : "ADDED";

	if (info == NULL && !was_known)
		return NULL;
	if (info == NULL) {
		map_remove(&s->known, key);
		info = json_pack("{s:{s:s,s:s}}", s->source.meta, "name", name, "namespace", ns);
	} else {
		map_set(&s->known, key, s);
	}
	return json_pack("{s:{s:s,s:o}}", "result", "type", type, s->source.member, info);
}

/* Sends one object as it is now. */
static void
streams_send(struct stream *s, const char *key)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *slash = strchr(key, '/'), *ns = arena_strndup(a, key, (size_t)(slash - key)), *name = slash + 1;
	json_t *info = s->source.info(s->source.arg, ns, name), *message;

	if (s->name != NULL && info == NULL) {
		streams_say(s, json_pack("{s:{s:i,s:s}}", "error", "code", NOT_FOUND, "message",
				   arena_printf(a, "%s.%s \"%s\" not found", s->source.type->plural,
				       s->source.type->group, name)));
		s->over = true;
		return;
	}
	message = s->name != NULL ? json_pack("{s:o}", "result", info) : streams_change_of(s, key, ns, name, info);
	if (message != NULL)
		streams_say(s, message);
}

static void
streams_fill(struct stream *s)
{
	map_each (&s->pending, slot) {
		_cleanup_(freep) char *key = mem_strdup(slot->key);

		map_remove(&s->pending, key);
		streams_send(s, key);
		if (s->out.len > 0)
			return;
	}
}

static ssize_t
streams_on_read(void *arg, uint64_t pos, char *at, size_t max)
{
	struct stream *s = arg;
	size_t n;

	(void)pos;
	if (s->out.len == 0 && !s->over)
		streams_fill(s);
	n = s->out.len < max ? s->out.len : max;
	if (s->out.overflow || (n == 0 && s->over))
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n == 0) {
		s->suspended = true;
		MHD_suspend_connection(s->connection);
		return 0;
	}
	memcpy(at, s->out.at, n);
	str_cut(&s->out, n);
	return (ssize_t)n;
}

static void
streams_on_freed(void *arg)
{
	struct stream *s = arg;

	for (struct stream **at = &s->owner->list; *at != NULL; at = &(*at)->next)
		if (*at == s) {
			*at = s->next;
			s->owner->n--;
			break;
		}
	if (s->source.done != NULL)
		s->source.done(s->source.arg);
	map_done(&s->pending);
	map_done(&s->known);
	str_done(&s->out);
	free(s->ns);
	free(s->name);
	free(s->user);
	free(s->session);
	free(s);
}

static void
streams_mark(struct stream *s, const char *ns, const char *name)
{
	_cleanup_(freep) char *key = mem_printf("%s/%s", ns, name);

	map_set(&s->pending, key, s);
}

static void
streams_mark_one(const struct object *o, void *arg)
{
	streams_mark(arg, o->meta.namespace, o->meta.name);
}

static char *
streams_copy(const char *text)
{
	return text != NULL ? mem_strdup(text) : NULL;
}

static bool
streams_has_space(const struct streams *all, const char *user)
{
	size_t n = 0;

	for (const struct stream *s = all->list; s != NULL && user != NULL; s = s->next)
		n += str_eq(s->user, user);
	return all->n < STREAMS_MAX && n < STREAMS_OF_USER_MAX;
}

bool
streams_add(struct streams *all, struct MHD_Connection *c, const struct stream_settings *of, enum MHD_Result *ret)
{
	struct MHD_Response *r;
	struct stream *s;

	if (!streams_has_space(all, of->user))
		return false;
	s = mem_alloc(sizeof(*s));
	*s = (struct stream){ .owner = all,
		.connection = c,
		.ns = streams_copy(of->ns),
		.name = streams_copy(of->name),
		.user = streams_copy(of->user),
		.session = streams_copy(of->session),
		.events = of->events,
		.source = of->source,
		.ends_at = of->life_ms > 0 ? loop_mono(all->daemon->loop) + of->life_ms : 0,
		.next = all->list };
	all->list = s;
	all->n++;
	str_init(&s->out, EVENT_MAX);
	/* The client is to come back at once when the stream ends. */
	if (of->events && of->life_ms > 0)
		str_adds(&s->out, "retry: 100\n\n");
	if (of->name != NULL)
		streams_mark(s, of->ns, of->name);
	else
		all->view->each(all->view, of->source.type, of->ns, streams_mark_one, s);
	r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 65536, streams_on_read, s, streams_on_freed);
	MHD_add_response_header(r, "Content-Type", of->events ? "text/event-stream" : "application/json");
	MHD_add_response_header(r, "Cache-Control", "no-store");
	*ret = MHD_queue_response(c, 200, r);
	MHD_destroy_response(r);
	return true;
}

static void
streams_on_soon(struct timer *t, void *arg)
{
	struct streams *all = arg;

	(void)t;
	for (struct stream *s = all->list; s != NULL; s = s->next)
		if (s->pending.count > 0)
			streams_wake(s);
}

/* A stream that has ended is closed when the client has read what was sent. One that does not read until the next
 * beat would use the stream for good. */
static void
streams_on_beat(struct timer *t, void *arg)
{
	struct streams *all = arg;

	for (struct stream *s = all->list; s != NULL; s = s->next) {
		if (s->over)
			http_server_close(all->daemon, s->connection);
		s->over = s->over || (s->ends_at > 0 && loop_mono(all->daemon->loop) >= s->ends_at);
		if (s->suspended) {
			str_adds(&s->out, s->events ? ":\n\n" : "\n");
			streams_wake(s);
		}
	}
	loop_timer(all->daemon->loop, t, BEAT_MS);
}

void
streams_end_session(struct streams *all, const char *session)
{
	for (struct stream *s = all->list; s != NULL; s = s->next)
		if (str_eq(s->session, session)) {
			s->over = true;
			str_cut(&s->out, s->out.len);
			streams_wake(s);
		}
}

void
streams_changed(struct streams *all, const struct type *type, const char *ns, const char *name)
{
	for (struct stream *s = all->list; s != NULL; s = s->next)
		if (s->source.type == type && (s->ns == NULL || strcmp(s->ns, ns) == 0) &&
		    (s->name == NULL || strcmp(s->name, name) == 0))
			streams_mark(s, ns, name);
	if (all->list != NULL && !timer_armed(&all->soon))
		loop_timer(all->daemon->loop, &all->soon, SOON_MS);
}

void
streams_start(struct streams *all, struct http_server *d, const struct view *v)
{
	*all = (struct streams){ .daemon = d, .view = v };
	all->soon = (struct timer){ .fire = streams_on_soon, .arg = all };
	all->beat = (struct timer){ .fire = streams_on_beat, .arg = all };
	loop_timer(d->loop, &all->beat, BEAT_MS);
}

void
streams_stop(struct streams *all)
{
	loop_timer_stop(all->daemon->loop, &all->soon);
	loop_timer_stop(all->daemon->loop, &all->beat);
	for (struct stream *s = all->list; s != NULL; s = s->next) {
		s->over = true;
		if (s->suspended) {
			s->suspended = false;
			MHD_resume_connection(s->connection);
		}
	}
}

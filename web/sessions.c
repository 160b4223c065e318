/* web/sessions.c: reads and changes the Secret of the sessions. */
#include "web/sessions.h"
#include "base/json.h"
#include "base/str.h"
#include "io/loop.h"

#define ATTEMPTS_MAX 6 /* of a write that conflicts with those of other replicas */

struct sessions {
	struct transport *api;
	struct arena *arena;
	const char *path;
	json_t *secret; /* the copy; NULL: none */
	int64_t read_at; /* mono ms: start of the read that the copy is from */
	int64_t started_at; /* mono ms: start of the last read; 0: none */
	struct call *call; /* in progress */
	struct timer timer; /* the next read */
	struct sessions_operation *waiting;
};

static void sessions_read(struct sessions *);

static void
sessions_keep(struct sessions *s, const json_t *secret, int64_t read_at)
{
	json_decref(s->secret);
	s->secret = json_incref((json_t *)secret);
	s->read_at = read_at;
}

static struct err *
sessions_explain(struct arena *a, const struct err *e)
{
	return err_wrap(a, e,
	    e->class == ERR_GONE ? "the Secret %s does not exist: apply deploy/server"
				 : "the sessions (Secret %s) cannot be read or written",
	    SESSIONS_SECRET);
}

static void
sessions_found(struct sessions_operation *o)
{
	struct sessions *s = o->sessions;
	struct session *found = arena_alloc(o->arena, sizeof(*found));
	bool has = session_find(o->arena, json_object_get(s->secret, "data"), o->key, loop_wall(s->api->loop), found);

	o->done(o->arg, NULL, has ? found : NULL);
}

static bool
sessions_has(const struct sessions_operation *o)
{
	return json_object_get(json_object_get(o->sessions->secret, "data"), o->key) != NULL;
}

/* A session that the copy does not have may be a new one of another replica, if it was read before the request. */
static bool
sessions_copy_answers(const struct sessions_operation *o)
{
	const struct sessions *s = o->sessions;

	if (s->secret == NULL)
		return false;
	return s->read_at >= o->since || (sessions_has(o) && o->since - s->read_at <= SESSIONS_FRESH_MS);
}

static void
sessions_read_later(struct sessions *s)
{
	int64_t wait = s->started_at + SESSIONS_READ_MS - loop_mono(s->api->loop);

	if (s->call != NULL || timer_armed(&s->timer))
		return;
	loop_timer(s->api->loop, &s->timer, s->started_at != 0 && wait > 0 ? wait : 0);
}

static void
sessions_on_read(void *arg, const struct err *e, const json_t *secret)
{
	struct sessions *s = arg;
	struct sessions_operation *list = s->waiting;

	s->call = NULL;
	s->waiting = NULL;
	if (e == NULL)
		sessions_keep(s, secret, s->started_at);
	while (list != NULL) {
		struct sessions_operation *o = list;

		list = o->next;
		o->waits = false;
		if (e != NULL)
			o->done(o->arg, sessions_explain(o->arena, err_copy(o->arena, e)), NULL);
		else
			sessions_start(s, o);
	}
}

static void
sessions_read(struct sessions *s)
{
	s->started_at = loop_mono(s->api->loop);
	s->call =
	    client_call_as(s->api, URGENCY_PROGRESS, CLIENT_SOON_MS, "GET", s->path, NULL, NULL, sessions_on_read, s);
}

static void
sessions_on_timer(struct timer *t, void *arg)
{
	(void)t;
	sessions_read(arg);
}

static void sessions_write(struct sessions_operation *);

/* After a conflict the patch is composed again, from the object as it is now. */
static void
sessions_on_written(void *arg, const struct err *e, const json_t *secret)
{
	struct sessions_operation *o = arg;
	struct sessions *s = o->sessions;

	o->call = NULL;
	json_decref(o->patch);
	o->patch = NULL;
	if (e != NULL && e->class == ERR_CONFLICT && ++o->attempts < ATTEMPTS_MAX) {
		sessions_write(o);
	} else if (e != NULL) {
		o->done(o->arg, sessions_explain(o->arena, err_copy(o->arena, e)), NULL);
	} else {
		sessions_keep(s, secret, loop_mono(s->api->loop));
		o->done(o->arg, NULL, NULL);
	}
}

static void
sessions_on_current(void *arg, const struct err *e, const json_t *secret)
{
	struct sessions_operation *o = arg;
	struct sessions *s = o->sessions;
	int64_t now = loop_wall(s->api->loop);
	struct err *wrong = NULL;

	o->call = NULL;
	if (e != NULL)
		wrong = sessions_explain(o->arena, err_copy(o->arena, e));
	else if (o->kind == SESSIONS_ADD)
		wrong = session_add(o->arena, secret, o->key, &o->session, now, &o->patch);
	else
		o->patch = session_end(o->arena, secret, o->key, now);
	if (o->patch == NULL) {
		o->done(o->arg, wrong, NULL);
		return;
	}
	o->call = client_call_as(s->api, URGENCY_PROGRESS, CLIENT_SOON_MS, "PATCH", s->path, PATCH_MERGE,
	    json_text(o->arena, o->patch), sessions_on_written, o);
}

static void
sessions_write(struct sessions_operation *o)
{
	struct sessions *s = o->sessions;

	o->call = client_call_as(
	    s->api, URGENCY_PROGRESS, CLIENT_SOON_MS, "GET", s->path, NULL, NULL, sessions_on_current, o);
}

void
sessions_start(struct sessions *s, struct sessions_operation *o)
{
	if (o->sessions == NULL) {
		o->sessions = s;
		o->key = session_key(o->arena, o->id);
		o->since = loop_mono(s->api->loop);
	}
	if (o->kind != SESSIONS_FIND) {
		sessions_write(o);
	} else if (sessions_copy_answers(o)) {
		sessions_found(o);
	} else {
		o->waits = true;
		o->next = s->waiting;
		s->waiting = o;
		sessions_read_later(s);
	}
}

void
sessions_cancel(struct sessions_operation *o)
{
	struct sessions *s = o->sessions;

	if (s == NULL)
		return;
	client_cancel(o->call);
	o->call = NULL;
	json_decref(o->patch);
	o->patch = NULL;
	for (struct sessions_operation **at = &s->waiting; o->waits && *at != NULL; at = &(*at)->next)
		if (*at == o) {
			*at = o->next;
			break;
		}
	o->waits = false;
}

struct sessions *
sessions_new(struct transport *api, const char *namespace)
{
	struct sessions *s = mem_alloc(sizeof(*s));

	*s = (struct sessions){ .api = api, .arena = arena_new() };
	s->timer = (struct timer){ .fire = sessions_on_timer, .arg = s };
	s->path = arena_printf(s->arena, "/api/v1/namespaces/%s/secrets/%s", namespace, SESSIONS_SECRET);
	return s;
}

struct sessions *
sessions_free(struct sessions *s)
{
	if (s == NULL)
		return NULL;
	client_cancel(s->call);
	loop_timer_stop(s->api->loop, &s->timer);
	json_decref(s->secret);
	arena_free(s->arena);
	free(s);
	return NULL;
}

/* web/session_secret.c: reads and changes the Secret of the sessions. */
#include "web/session_secret.h"
#include <sys/random.h>
#include "base/json.h"
#include "base/rand.h"
#include "base/str.h"
#include "io/log.h"
#include "io/loop.h"

#define ATTEMPTS_MAX 8 /* of a write that conflicts with those of other replicas */
#define PAUSE_MS 20 /* after the first conflict, at most; then twice as long each */

struct session_secret {
	struct transport *api;
	struct arena *arena;
	const char *path;
	json_t *secret; /* the copy; NULL: none */
	int64_t read_at; /* mono ms: start of the read that the copy is from */
	int64_t started_at; /* mono ms: start of the last read; 0: none */
	struct call *call; /* the read in progress */
	struct timer timer; /* the next read */
	struct call *write; /* in progress */
	struct timer pause; /* before the next attempt of the write */
	int attempts; /* of the write */
	struct rand_stream rand;
	/* Lists: for a copy; for the next write; of the write in progress; done, but not reported yet. */
	struct session_operation *waiting, *queued, *writing, *ended;
};

static void session_secret_read(struct session_secret *);

static void
session_secret_append(struct session_operation **list, struct session_operation *o)
{
	while (*list != NULL)
		list = &(*list)->next;
	o->next = NULL;
	*list = o;
}

static struct session_operation *
session_secret_pop(struct session_operation **list)
{
	struct session_operation *first = *list;

	if (first != NULL)
		*list = first->next;
	return first;
}

static void
session_secret_keep(struct session_secret *s, const json_t *secret, int64_t read_at)
{
	json_decref(s->secret);
	s->secret = json_incref((json_t *)secret);
	s->read_at = read_at;
}

static struct err *
session_secret_explain(struct arena *a, const struct err *e)
{
	return err_wrap(a, e,
	    e->class == ERR_GONE ? "the Secret %s does not exist: apply deploy/server"
				 : "the sessions (Secret %s) cannot be read or written",
	    SESSION_SECRET_NAME);
}

static void
session_secret_found(struct session_operation *o)
{
	struct session_secret *s = o->sessions;
	struct session *found = arena_alloc(o->arena, sizeof(*found));
	bool has = session_find(o->arena, json_object_get(s->secret, "data"), o->key, loop_wall(s->api->loop), found);

	o->done(o->arg, NULL, has ? found : NULL);
}

static bool
session_secret_has(const struct session_operation *o)
{
	return json_object_get(json_object_get(o->sessions->secret, "data"), o->key) != NULL;
}

/* A session that the copy does not have may be a new one of another replica, if it was read before the request. */
static bool
session_secret_copy_results(const struct session_operation *o)
{
	const struct session_secret *s = o->sessions;

	if (s->secret == NULL)
		return false;
	return s->read_at >= o->since || (session_secret_has(o) && o->since - s->read_at <= SESSION_SECRET_FRESH_MS);
}

static void
session_secret_read_later(struct session_secret *s)
{
	int64_t wait = s->started_at + SESSION_SECRET_READ_MS - loop_mono(s->api->loop);

	if (s->call != NULL || timer_armed(&s->timer))
		return;
	loop_timer(s->api->loop, &s->timer, s->started_at != 0 && wait > 0 ? wait : 0);
}

/* Calls back with the new copy. A read that began before a write has an older Secret than the write's response: a
 * session that has ended would come back. */
static void
session_secret_on_read(void *arg, const struct err *e, const json_t *secret)
{
	struct session_secret *s = arg;
	struct session_operation *o, *list = NULL;

	s->call = NULL;
	if (e == NULL && (s->secret == NULL || s->started_at >= s->read_at))
		session_secret_keep(s, secret, s->started_at);
	while ((o = session_secret_pop(&s->waiting)) != NULL)
		session_secret_append(e != NULL || session_secret_copy_results(o) ? &s->ended : &list, o);
	s->waiting = list;
	if (list != NULL)
		session_secret_read_later(s);
	while ((o = session_secret_pop(&s->ended)) != NULL) {
		if (e != NULL)
			o->done(o->arg, session_secret_explain(o->arena, err_copy(o->arena, e)), NULL);
		else
			session_secret_found(o);
	}
}

static void
session_secret_read(struct session_secret *s)
{
	s->started_at = loop_mono(s->api->loop);
	s->call = client_call_as(
	    s->api, URGENCY_PROGRESS, CLIENT_SOON_MS, "GET", s->path, NULL, NULL, session_secret_on_read, s);
}

static void
session_secret_on_timer(struct timer *t, void *arg)
{
	(void)t;
	session_secret_read(arg);
}

static void session_secret_write(struct session_secret *);

/* Reports the operations of the write, and begins with the next one. */
static void
session_secret_end_write(struct session_secret *s, const struct err *e)
{
	struct session_operation *o;

	s->attempts = 0;
	while ((o = session_secret_pop(&s->writing)) != NULL) {
		o->wrong = e != NULL ? session_secret_explain(o->arena, err_copy(o->arena, e)) : NULL;
		session_secret_append(&s->ended, o);
	}
	while ((o = session_secret_pop(&s->ended)) != NULL)
		o->done(o->arg, o->wrong, NULL);
	session_secret_write(s);
}

static void
session_secret_on_pause(struct timer *t, void *arg)
{
	(void)t;
	session_secret_write(arg);
}

/* After a conflict the patch is composed again, from the object as it is then. Without the pause, replicas that write
 * at the same time would conflict again. */
static void
session_secret_on_written(void *arg, const struct err *e, const json_t *secret)
{
	struct session_secret *s = arg;
	struct session_operation *o;

	s->write = NULL;
	if (e != NULL && e->class == ERR_CONFLICT && ++s->attempts < ATTEMPTS_MAX) {
		while ((o = session_secret_pop(&s->queued)) != NULL)
			session_secret_append(&s->writing, o);
		s->queued = TAKE_PTR(s->writing);
		loop_timer(s->api->loop, &s->pause, 1 + (int64_t)rand_below(&s->rand, PAUSE_MS << s->attempts));
		return;
	}
	if (e == NULL)
		session_secret_keep(s, secret, loop_mono(s->api->loop));
	session_secret_end_write(s, e);
}

/* Adds a patch to one that follows it, and changes the Secret as the patch would. Consumes the patch. */
static void
session_secret_join(json_t *secret, json_t *patch, json_t **joined)
{
	json_t *data = json_object_get(secret, "data"), *value;
	const char *key;

	if (!json_is_object(data))
		json_object_set_new(secret, "data", data = json_object());
	json_object_foreach (json_object_get(patch, "data"), key, value) {
		if (json_is_null(value))
			json_object_del(data, key);
		else
			json_object_set(data, key, value);
	}
	if (*joined == NULL) {
		*joined = patch;
		return;
	}
	json_object_update(json_object_get(*joined, "data"), json_object_get(patch, "data"));
	json_decref(patch);
}

/* Logs whose sessions end for lack of space, as their users log in again without knowing why. */
static void
session_secret_log_removed(struct arena *a, const json_t *secret, const json_t *patch, int64_t now)
{
	const json_t *data = json_object_get(secret, "data");
	struct session removed;
	const char *key;
	json_t *value;

	json_object_foreach (json_object_get(patch, "data"), key, value)
		if (json_is_null(value) && session_find(a, data, key, now, &removed))
			log_info("a session ends, as there is no space for more", "user", removed.user);
}

/* Returns one patch for all queued operations, which the caller owns; NULL: none changes anything. Those that do not
 * have ended. */
static json_t *
session_secret_compose(struct session_secret *s, const json_t *read)
{
	_cleanup_(json_decrefp) json_t *secret = json_deep_copy(read);
	int64_t now = loop_wall(s->api->loop);
	json_t *joined = NULL, *patch;
	struct session_operation *o;

	while ((o = session_secret_pop(&s->queued)) != NULL) {
		patch = NULL;
		o->wrong = NULL;
		if (o->kind == SESSION_SECRET_ADD)
			o->wrong = session_add(o->arena, secret, o->key, &o->session, now, &patch);
		else
			patch = session_end(o->arena, secret, o->key, now);
		session_secret_log_removed(o->arena, secret, patch, now);
		session_secret_append(patch != NULL ? &s->writing : &s->ended, o);
		if (patch != NULL)
			session_secret_join(secret, patch, &joined);
	}
	return joined;
}

static void
session_secret_on_current(void *arg, const struct err *e, const json_t *secret)
{
	struct session_secret *s = arg;
	_cleanup_(json_decrefp) json_t *patch = NULL;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct session_operation *o;

	s->write = NULL;
	if (e != NULL) {
		s->writing = TAKE_PTR(s->queued);
		session_secret_end_write(s, e);
		return;
	}
	patch = session_secret_compose(s, secret);
	if (patch == NULL) {
		session_secret_end_write(s, NULL);
		return;
	}
	s->write = client_call_as(s->api, URGENCY_PROGRESS, CLIENT_SOON_MS, "PATCH", s->path, PATCH_MERGE,
	    json_text(a, patch), session_secret_on_written, s);
	while ((o = session_secret_pop(&s->ended)) != NULL)
		o->done(o->arg, o->wrong, NULL);
}

/* Begins with a write of all that are queued, unless one is in progress. */
static void
session_secret_write(struct session_secret *s)
{
	if (s->queued == NULL || s->write != NULL || timer_armed(&s->pause))
		return;
	s->write = client_call_as(
	    s->api, URGENCY_PROGRESS, CLIENT_SOON_MS, "GET", s->path, NULL, NULL, session_secret_on_current, s);
}

static size_t
session_secret_count(const struct session_operation *list)
{
	size_t n = 0;

	for (; list != NULL; list = list->next)
		n++;
	return n;
}

bool
session_secret_start(struct session_secret *s, struct session_operation *o)
{
	if (o->kind != SESSION_SECRET_FIND &&
	    session_secret_count(s->queued) + session_secret_count(s->writing) >= SESSION_SECRET_WRITES_MAX)
		return false;
	o->sessions = s;
	o->key = session_key(o->arena, o->id);
	o->since = loop_mono(s->api->loop);
	if (o->kind != SESSION_SECRET_FIND) {
		session_secret_append(&s->queued, o);
		session_secret_write(s);
	} else if (session_secret_copy_results(o)) {
		session_secret_found(o);
	} else {
		session_secret_append(&s->waiting, o);
		session_secret_read_later(s);
	}
	return true;
}

static void
session_secret_remove(struct session_operation **list, const struct session_operation *o)
{
	for (; *list != NULL; list = &(*list)->next)
		if (*list == o) {
			*list = o->next;
			return;
		}
}

void
session_secret_cancel(struct session_operation *o)
{
	struct session_secret *s = o->sessions;

	if (s == NULL)
		return;
	session_secret_remove(&s->waiting, o);
	session_secret_remove(&s->queued, o);
	session_secret_remove(&s->writing, o);
	session_secret_remove(&s->ended, o);
}

struct session_secret *
session_secret_new(struct transport *api, const char *namespace)
{
	struct session_secret *s = mem_alloc(sizeof(*s));
	uint64_t seed;

	*s = (struct session_secret){ .api = api, .arena = arena_new() };
	s->timer = (struct timer){ .fire = session_secret_on_timer, .arg = s };
	s->pause = (struct timer){ .fire = session_secret_on_pause, .arg = s };
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = (uint64_t)loop_mono(api->loop);
	s->rand = rand_stream(seed, "sessions");
	s->path = arena_printf(s->arena, "/api/v1/namespaces/%s/secrets/%s", namespace, SESSION_SECRET_NAME);
	return s;
}

struct session_secret *
session_secret_free(struct session_secret *s)
{
	if (s == NULL)
		return NULL;
	client_cancel(s->call);
	client_cancel(s->write);
	loop_timer_stop(s->api->loop, &s->timer);
	loop_timer_stop(s->api->loop, &s->pause);
	json_decref(s->secret);
	arena_free(s->arena);
	free(s);
	return NULL;
}

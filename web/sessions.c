/* web/sessions.c: reads and changes the Secret of the sessions. */
#include "web/sessions.h"
#include <sys/random.h>
#include "base/json.h"
#include "base/rand.h"
#include "base/str.h"
#include "io/log.h"
#include "io/loop.h"

#define ATTEMPTS_MAX 8 /* of a write that conflicts with those of other replicas */
#define PAUSE_MS 20 /* after the first conflict, at most; then twice as long each */

struct sessions {
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
	struct sessions_operation *waiting, *queued, *writing, *ended;
};

static void sessions_read(struct sessions *);

static void
sessions_append(struct sessions_operation **list, struct sessions_operation *o)
{
	while (*list != NULL)
		list = &(*list)->next;
	o->next = NULL;
	*list = o;
}

static struct sessions_operation *
sessions_pop(struct sessions_operation **list)
{
	struct sessions_operation *first = *list;

	if (first != NULL)
		*list = first->next;
	return first;
}

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
sessions_copy_results(const struct sessions_operation *o)
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

/* Calls back with the new copy. A read that began before a write has an older Secret than the write's response: a
 * session that has ended would come back. */
static void
sessions_on_read(void *arg, const struct err *e, const json_t *secret)
{
	struct sessions *s = arg;
	struct sessions_operation *o, *list = NULL;

	s->call = NULL;
	if (e == NULL && (s->secret == NULL || s->started_at >= s->read_at))
		sessions_keep(s, secret, s->started_at);
	while ((o = sessions_pop(&s->waiting)) != NULL)
		sessions_append(e != NULL || sessions_copy_results(o) ? &s->ended : &list, o);
	s->waiting = list;
	if (list != NULL)
		sessions_read_later(s);
	while ((o = sessions_pop(&s->ended)) != NULL) {
		if (e != NULL)
			o->done(o->arg, sessions_explain(o->arena, err_copy(o->arena, e)), NULL);
		else
			sessions_found(o);
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

static void sessions_write(struct sessions *);

/* Reports the operations of the write, and begins with the next one. */
static void
sessions_end_write(struct sessions *s, const struct err *e)
{
	struct sessions_operation *o;

	s->attempts = 0;
	while ((o = sessions_pop(&s->writing)) != NULL) {
		o->wrong = e != NULL ? sessions_explain(o->arena, err_copy(o->arena, e)) : NULL;
		sessions_append(&s->ended, o);
	}
	while ((o = sessions_pop(&s->ended)) != NULL)
		o->done(o->arg, o->wrong, NULL);
	sessions_write(s);
}

static void
sessions_on_pause(struct timer *t, void *arg)
{
	(void)t;
	sessions_write(arg);
}

/* After a conflict the patch is composed again, from the object as it is then. Without the pause, replicas that write
 * at the same time would conflict again. */
static void
sessions_on_written(void *arg, const struct err *e, const json_t *secret)
{
	struct sessions *s = arg;
	struct sessions_operation *o;

	s->write = NULL;
	if (e != NULL && e->class == ERR_CONFLICT && ++s->attempts < ATTEMPTS_MAX) {
		while ((o = sessions_pop(&s->queued)) != NULL)
			sessions_append(&s->writing, o);
		s->queued = TAKE_PTR(s->writing);
		loop_timer(s->api->loop, &s->pause, 1 + (int64_t)rand_below(&s->rand, PAUSE_MS << s->attempts));
		return;
	}
	if (e == NULL)
		sessions_keep(s, secret, loop_mono(s->api->loop));
	sessions_end_write(s, e);
}

/* Adds a patch to one that follows it, and changes the Secret as the patch would. Consumes the patch. */
static void
sessions_join(json_t *secret, json_t *patch, json_t **joined)
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
sessions_log_removed(struct arena *a, const json_t *secret, const json_t *patch, int64_t now)
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
sessions_compose(struct sessions *s, const json_t *read)
{
	_cleanup_(json_decrefp) json_t *secret = json_deep_copy(read);
	int64_t now = loop_wall(s->api->loop);
	json_t *joined = NULL, *patch;
	struct sessions_operation *o;

	while ((o = sessions_pop(&s->queued)) != NULL) {
		patch = NULL;
		o->wrong = NULL;
		if (o->kind == SESSIONS_ADD)
			o->wrong = session_add(o->arena, secret, o->key, &o->session, now, &patch);
		else
			patch = session_end(o->arena, secret, o->key, now);
		sessions_log_removed(o->arena, secret, patch, now);
		sessions_append(patch != NULL ? &s->writing : &s->ended, o);
		if (patch != NULL)
			sessions_join(secret, patch, &joined);
	}
	return joined;
}

static void
sessions_on_current(void *arg, const struct err *e, const json_t *secret)
{
	struct sessions *s = arg;
	_cleanup_(json_decrefp) json_t *patch = NULL;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct sessions_operation *o;

	s->write = NULL;
	if (e != NULL) {
		s->writing = TAKE_PTR(s->queued);
		sessions_end_write(s, e);
		return;
	}
	patch = sessions_compose(s, secret);
	if (patch == NULL) {
		sessions_end_write(s, NULL);
		return;
	}
	s->write = client_call_as(s->api, URGENCY_PROGRESS, CLIENT_SOON_MS, "PATCH", s->path, PATCH_MERGE,
	    json_text(a, patch), sessions_on_written, s);
	while ((o = sessions_pop(&s->ended)) != NULL)
		o->done(o->arg, o->wrong, NULL);
}

/* Begins with a write of all that are queued, unless one is in progress. */
static void
sessions_write(struct sessions *s)
{
	if (s->queued == NULL || s->write != NULL || timer_armed(&s->pause))
		return;
	s->write = client_call_as(
	    s->api, URGENCY_PROGRESS, CLIENT_SOON_MS, "GET", s->path, NULL, NULL, sessions_on_current, s);
}

static size_t
sessions_count(const struct sessions_operation *list)
{
	size_t n = 0;

	for (; list != NULL; list = list->next)
		n++;
	return n;
}

bool
sessions_start(struct sessions *s, struct sessions_operation *o)
{
	if (o->kind != SESSIONS_FIND && sessions_count(s->queued) + sessions_count(s->writing) >= SESSIONS_WRITES_MAX)
		return false;
	o->sessions = s;
	o->key = session_key(o->arena, o->id);
	o->since = loop_mono(s->api->loop);
	if (o->kind != SESSIONS_FIND) {
		sessions_append(&s->queued, o);
		sessions_write(s);
	} else if (sessions_copy_results(o)) {
		sessions_found(o);
	} else {
		sessions_append(&s->waiting, o);
		sessions_read_later(s);
	}
	return true;
}

static void
sessions_remove(struct sessions_operation **list, const struct sessions_operation *o)
{
	for (; *list != NULL; list = &(*list)->next)
		if (*list == o) {
			*list = o->next;
			return;
		}
}

void
sessions_cancel(struct sessions_operation *o)
{
	struct sessions *s = o->sessions;

	if (s == NULL)
		return;
	sessions_remove(&s->waiting, o);
	sessions_remove(&s->queued, o);
	sessions_remove(&s->writing, o);
	sessions_remove(&s->ended, o);
}

struct sessions *
sessions_new(struct transport *api, const char *namespace)
{
	struct sessions *s = mem_alloc(sizeof(*s));
	uint64_t seed;

	*s = (struct sessions){ .api = api, .arena = arena_new() };
	s->timer = (struct timer){ .fire = sessions_on_timer, .arg = s };
	s->pause = (struct timer){ .fire = sessions_on_pause, .arg = s };
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = (uint64_t)loop_mono(api->loop);
	s->rand = rand_stream(seed, "sessions");
	s->path = arena_printf(s->arena, "/api/v1/namespaces/%s/secrets/%s", namespace, SESSIONS_SECRET);
	return s;
}

struct sessions *
sessions_free(struct sessions *s)
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

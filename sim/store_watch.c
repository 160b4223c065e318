/* sim/store_watch.c: watches of the laptop cluster: which events are due, bookmarks, and when a watch ends. */
#include "sim/store_parts.h"
#include <string.h>
#include "base/str.h"

#define BOOKMARK_MS 30000
#define WATCH_LINE "{\"type\":\"\",\"object\":}\n" /* without type and object */

struct store_watch {
	struct store *store;
	struct arena *arena;
	struct store_query q;
	struct selector selector;
	const char *api_version; /* of what it shows */
	store_line *line;
	void (*ended)(void *);
	void *arg;
	struct timer timer, bookmark;
	long long bookmarked; /* version of the last bookmark; 0: none was sent */
	struct store_watch *next;
};

static void
watch_send(struct store_watch *w, const char *type, json_t *object)
{
	json_t *e = json_pack("{s:s,s:o}", "type", type, "object", object_shown(object, &w->q));
	char *text = json_dumps(e, JSON_COMPACT), *line = mem_printf("%s\n", text);

	w->line(w->arg, line, strlen(line));
	free(text);
	free(line);
	json_decref(e);
}

/* Writes the line of an event, and returns its length. Copied, not printed: each watch of each write comes here. */
static size_t
watch_line(char *to, const char *type, const struct version *v)
{
	static const char *const between[] = { "{\"type\":\"", "\",\"object\":", "}\n" };
	const struct bytes parts[] = { { between[0], strlen(between[0]) }, { type, strlen(type) },
		{ between[1], strlen(between[1]) }, { v->text, v->len }, { between[2], strlen(between[2]) } };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		memcpy(to + n, parts[i].at, parts[i].len);
		n += parts[i].len;
	}
	return n;
}

/* Sends an event for a stored version, whose text is made once for all watches of its API version. */
static void
watch_send_version(struct store_watch *w, const char *type, struct version *v)
{
	json_t *tree = version_tree(&w->store->versions, v);
	_cleanup_(freep) char *line = NULL;

	if (!str_eq(json_str(tree, "apiVersion"), w->api_version)) {
		watch_send(w, type, tree);
		return;
	}
	version_text(v);
	line = mem_alloc(strlen(type) + v->len + strlen(WATCH_LINE) + 1);
	w->line(w->arg, line, watch_line(line, type, v));
}

/* Sends the event of a change to a watch: entering and leaving its selection are ADDED and DELETED. */
void
store_watch_event(struct store_watch *w, const struct event *e)
{
	const json_t *object, *old;
	bool is, was, deleted = strcmp(e->type, "DELETED") == 0;

	if (w->q.resource != e->resource)
		return;
	object = version_tree(&w->store->versions, e->object);
	old = deleted ? object : version_tree(&w->store->versions, e->old);
	is = !deleted && query_selects(&w->q, &w->selector, object);
	was = query_selects(&w->q, &w->selector, old);
	if (is)
		watch_send_version(w, was ? "MODIFIED" : "ADDED", e->object);
	else if (was)
		watch_send_version(w, "DELETED", e->object);
}

bool
store_is_watch(const struct store_request *req)
{
	const char *watch = strstr(req->path, "watch=");

	/* Only lists are watched, and no value of another argument has a bare "&" or "?" before it. */
	return strcmp(req->method, "GET") == 0 && watch != NULL && (watch[-1] == '?' || watch[-1] == '&') &&
	       (str_starts(watch, "watch=true") || str_starts(watch, "watch=1"));
}

static void
send_bookmark(struct store_watch *w, bool initial_end)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *m = json_pack(
		   "{s:s,s:n}", "resourceVersion", arena_printf(a, "%lld", w->store->version), "creationTimestamp"),
	       *o;

	if (initial_end)
		json_object_set_new(m, "annotations", json_pack("{s:s}", "k8s.io/initial-events-end", "true"));
	o = json_pack("{s:s,s:s,s:o}", "kind", w->q.resource->kind, "apiVersion", "v1", "metadata", m);
	watch_send(w, "BOOKMARK", o);
	w->bookmarked = w->store->version;
	json_decref(o);
}

/* A second bookmark of the same version has no news: in the virtual time of a plan's long pause there would be millions
 * of them. */
static void
on_bookmark(struct timer *t, void *arg)
{
	struct store_watch *w = arg;

	loop_timer(w->store->loop, t, BOOKMARK_MS);
	if (w->store->version != w->bookmarked)
		send_bookmark(w, false);
}

static void
store_watch_on_timeout(struct timer *t, void *arg)
{
	struct store_watch *w = arg;

	(void)t;
	w->ended(w->arg);
}

static void
send_present(struct store_watch *w)
{
	_cleanup_(json_decrefp) json_t *found = NULL;
	struct store_query all = w->q;
	json_t *o;
	size_t i;

	all.limit = 0;
	store_list(w->store, &all, false, &found);
	json_array_foreach (json_object_get(found, "items"), i, o)
		watch_send(w, "ADDED", o);
}

/* Returns the number of the first event in the history that is newer. */
static size_t
watch_history_after(const struct store *s, long long version)
{
	size_t from = 0, to = s->n_history;

	while (from < to) {
		size_t middle = (from + to) / 2;

		if (s->history[(s->first + middle) % STORE_HISTORY].version <= version)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static struct store_watch *
store_watch_refuse(struct store_watch *w)
{
	arena_free(w->arena);
	free(w);
	return NULL;
}

struct store_watch *
store_watch_start(struct store *s, const struct store_request *req, store_line *line, void (*ended)(void *), void *arg,
    int *ret_status, json_t **ret_body)
{
	struct store_watch *w = mem_alloc(sizeof(*w));
	long long from = 0;
	struct err *e;

	s->requests++;
	*w = (struct store_watch){ .store = s, .arena = arena_new(), .line = line, .ended = ended, .arg = arg };
	w->timer = (struct timer){ .fire = store_watch_on_timeout, .arg = w };
	w->bookmark = (struct timer){ .fire = on_bookmark, .arg = w };
	if (!query_parse(s, w->arena, req->path, &w->q)) {
		*ret_status =
		    status_error(404, "NotFound", ret_body, "the server could not find the requested resource");
		return store_watch_refuse(w);
	}
	if ((*ret_status = access_check(s, w->arena, &w->q, req, ret_body)) != 0 ||
	    (*ret_status = query_check_version(&w->q, ret_body)) != 0)
		return store_watch_refuse(w);
	if (w->q.label_selector != NULL && (e = selector_parse(w->arena, w->q.label_selector, &w->selector)) != NULL) {
		*ret_status = status_error(400, "BadRequest", ret_body, "%s", err_text(w->arena, e));
		return store_watch_refuse(w);
	}
	if (w->q.resource_version != NULL)
		str_int(w->q.resource_version, 0, INT64_MAX, &from);
	if (from != 0 && !w->q.initial_events && (from < s->compacted || from > s->version)) {
		*ret_status =
		    status_error(410, "Expired", ret_body, "too old resource version: %lld (%lld)", from, s->compacted);
		return store_watch_refuse(w);
	}
	w->api_version = w->q.resource->group[0] == '\0'
			     ? w->q.version
			     : arena_printf(w->arena, "%s/%s", w->q.resource->group, w->q.version);
	w->next = s->watches;
	s->watches = w;
	if (w->q.initial_events) {
		send_present(w);
		send_bookmark(w, true);
	} else if (from == 0) {
		send_present(w);
	} else {
		for (size_t i = watch_history_after(s, from); i < s->n_history; i++)
			store_watch_event(w, &s->history[(s->first + i) % STORE_HISTORY]);
	}
	if (w->q.timeout > 0)
		loop_timer(s->loop, &w->timer, w->q.timeout * 1000);
	if (w->q.bookmarks)
		loop_timer(s->loop, &w->bookmark, BOOKMARK_MS);
	*ret_status = 200;
	return w;
}

struct store_watch *
store_watch_stop(struct store_watch *w)
{
	if (w == NULL)
		return NULL;
	for (struct store_watch **at = &w->store->watches; *at != NULL; at = &(*at)->next)
		if (*at == w) {
			*at = w->next;
			break;
		}
	loop_timer_stop(w->store->loop, &w->timer);
	loop_timer_stop(w->store->loop, &w->bookmark);
	arena_free(w->arena);
	free(w);
	return NULL;
}

void
store_watch_end(struct store *s, const struct resource *r)
{
	for (struct store_watch *w = s->watches; w != NULL; w = w->next)
		if (w->q.resource == r)
			loop_timer(s->loop, &w->timer, 0);
}

struct store_watch *
store_watch_next(const struct store_watch *w)
{
	return w->next;
}

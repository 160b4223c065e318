/* kube/watch.c: list and watch of one type: a state machine of two exchanges and a timer. */
#include "kube/watch.h"
#include <inttypes.h>
#include <string.h>
#include "base/str.h"
#include "io/log.h"
#include "kube/client.h"
#include "kube/definition.h"

#define PAGE 500
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 10000
#define LINE_MAX_BYTES (ITEM_MAX + 1024u) /* an object, and the JSON of the event around it */
#define LINE_KEPT 16384 /* bytes of memory that a stream keeps between two events */
#define LINE_END_BYTES (8u * ITEM_MAX) /* of one event: beyond it the stream ends */
#define LINE_END_MS 30000 /* from the first byte of an event to its last */
#define RECHECK_MS 30000 /* each unreadable object is fetched again after this time, but */
#define RECHECK_MIN_MS 1000 /* not more than one of a type within this time */
#define GARBLED_MS 60000 /* a stream without an unreadable event for this long resets the count */
#define WATCH_MIN_S 300
#define WATCH_GRACE_S 30
#define STREAM_SHORT_MS                                                                                                \
	1000 /* a stream that ends sooner, without an event, is a failure: no busy loop if the server closes it */

struct watch {
	struct transport *transport;
	struct cache *cache;
	const struct type *type;
	char *ns, *labels, *fields; /* the scope; NULL: all */
	char *resource_version; /* where to resume; NULL: list first */
	char *next_page;
	struct call *list;
	struct exchange *stream;
	struct str line; /* of the stream, incomplete; cut if it exceeds the limit */
	size_t line_bytes; /* bytes of the line that have arrived */
	struct timer line_end; /* fires if the line is not complete in time */
	int64_t stream_started; /* mono ms */
	struct timer timer;
	int64_t backoff; /* ms, of the last failure; 0: none */
	struct rand_stream rand;
	bool synced; /* the first list has arrived */
	bool refused; /* and has been refused until now */
	bool relist; /* the stream ends in order to list again */
	bool marked; /* this list has begun, and all older objects are marked */
	struct timer recheck; /* runs while the last list had a nameless object, or the cache has an unreadable one */
	struct call *rechecking;
	size_t rechecked; /* number of rechecks: selects the next object */
	char *rechecked_ns, *rechecked_name; /* the object that was fetched last */
	bool was_nameless; /* the last list had a nameless object */
	bool nameless; /* this list has an object whose name cannot be read */
	bool garbled; /* an event could not be read, and its object is not known */
	enum { KIND_SERVED, KIND_DOUBTFUL, KIND_ABSENT } served; /* doubtful: the last list was a 404 */
	struct definition_wait *definition; /* while the kind is absent; NULL: it has no CustomResourceDefinition */
	uint64_t seed;
	struct watch_observer observer;
};

static void watch_list_start(struct watch *);
static void watch_stream_start(struct watch *);
static void watch_stream_end(struct watch *);

static void
watch_set_version(struct watch *w, const char *rv)
{
	char *copy = rv != NULL ? mem_strdup(rv) : NULL;

	free(w->resource_version);
	w->resource_version = copy;
	if (rv != NULL)
		cache_reached(w->cache, w->type, rv);
}

static void
watch_on_timer(struct timer *t, void *arg)
{
	struct watch *w = arg;

	(void)t;
	if (w->resource_version == NULL)
		watch_list_start(w);
	else
		watch_stream_start(w);
}

/* Starts again, soon or after a failure with back-off, and not before the time that the server requested. */
static void
watch_retry(struct watch *w, bool failed, int64_t retry_after_ms)
{
	int64_t delay = 0;

	if (failed) {
		w->backoff = w->backoff == 0		       ? BACKOFF_MIN_MS
			     : w->backoff * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS
							       : w->backoff * 2;
		delay = w->backoff / 2 + (int64_t)rand_below(&w->rand, (uint64_t)w->backoff / 2 + 1);
		delay = delay > retry_after_ms ? delay : retry_after_ms;
	}
	loop_timer(w->transport->loop, &w->timer, delay);
}

static void
watch_synced(struct watch *w)
{
	if (w->synced)
		return;
	if (w->refused)
		w->observer.refused(false, w->observer.arg);
	w->refused = false;
	w->synced = true;
	w->observer.synced(w->observer.arg);
}

/* The unreadable object with the index `at`, among the n of the type. */
struct nth_unreadable {
	const struct object *object; /* NULL: there are not as many */
	size_t at, n;
};

static void
watch_count_unreadable(const struct object *o, void *arg)
{
	struct nth_unreadable *t = arg;

	if (t->n++ == t->at)
		t->object = o;
}

static struct nth_unreadable
watch_nth_unreadable(const struct watch *w, size_t at)
{
	struct nth_unreadable t = { .at = at };

	view_each_unreadable(cache_view(w->cache), w->type, NULL, watch_count_unreadable, &t);
	return t;
}

static void
watch_recheck_later(struct watch *w)
{
	size_t n = watch_nth_unreadable(w, 0).n + (w->was_nameless ? 1 : 0);

	if (n > 0 && !timer_armed(&w->recheck) && w->rechecking == NULL)
		loop_timer(w->transport->loop, &w->recheck,
		    RECHECK_MS / (int64_t)n > RECHECK_MIN_MS ? RECHECK_MS / (int64_t)n : RECHECK_MIN_MS);
}

static void
watch_on_rechecked(void *arg, const struct err *e, const json_t *body)
{
	struct watch *w = arg;

	w->rechecking = NULL;
	if (e == NULL)
		cache_put(w->cache, w->type, body, NULL);
	else if (e->class == ERR_GONE)
		cache_remove(w->cache, w->type, w->rechecked_ns, w->rechecked_name, NULL);
	w->rechecked++;
	watch_recheck_later(w);
}

/* An object may be unreadable because the transfer was damaged, and then no event follows: it is fetched again. A
 * list with a nameless object is requested again for the same reason. */
static void
watch_on_recheck(struct timer *timer, void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct watch *w = arg;
	struct nth_unreadable t = watch_nth_unreadable(w, 0);
	const struct meta *m;

	(void)timer;
	if (w->was_nameless && w->stream != NULL) {
		w->relist = true;
		watch_stream_end(w);
		return;
	}
	if (t.n == 0)
		return;
	/* One object a time, in turn: their number may have changed. */
	w->rechecked %= t.n;
	t = watch_nth_unreadable(w, w->rechecked);
	if (t.object == NULL)
		return;
	m = &t.object->meta;
	free(w->rechecked_ns);
	free(w->rechecked_name);
	w->rechecked_ns = m->namespace != NULL ? mem_strdup(m->namespace) : NULL;
	w->rechecked_name = mem_strdup(m->name);
	if (name_is_path_segment(m->name) && (m->namespace == NULL || name_is_path_segment(m->namespace))) {
		w->rechecking = client_call(w->transport, "GET", client_path(a, w->type, m->namespace, m->name, NULL),
		    NULL, NULL, watch_on_rechecked, w);
	} else {
		w->rechecked++;
		watch_recheck_later(w);
	}
}

/* The definition of an absent kind has changed, or cannot be watched. */
static void
watch_on_definition(void *arg)
{
	struct watch *w = arg;

	if (w->list != NULL)
		return;
	loop_timer_stop(w->transport->loop, &w->timer);
	watch_list_start(w);
}

static void
watch_set_served(struct watch *w, bool served)
{
	bool changes = (w->served == KIND_ABSENT) == served, synced = w->synced;

	w->served = served ? KIND_SERVED : KIND_ABSENT;
	if (!changes)
		return;
	if (served) {
		w->definition = definition_wait_stop(w->definition);
		log_info("the API server has this kind now", "kind", w->type->kind, "group", w->type->group, "version",
		    w->type->version);
	} else {
		log_warn("the API server does not have this kind; it is watched as soon as it has", "kind",
		    w->type->kind, "group", w->type->group, "version", w->type->version);
		cache_absent(w->cache, w->type);
		if (definition_is_needed(w->type))
			w->definition = definition_wait_start(w->transport, w->type, w->seed, watch_on_definition, w);
	}
	if (synced && w->observer.served != NULL)
		w->observer.served(w->observer.arg);
}

/* A type that the server does not have (Istio's, without Istio) has no objects; it may be installed later. One that it
 * had is gone only when a second list confirms it, because the objects are removed from the cache then. Returns whether
 * the list is to be retried. */
static bool
watch_list_absent(struct watch *w)
{
	bool known = w->served == KIND_ABSENT;

	if (w->synced && w->served == KIND_SERVED) {
		w->served = KIND_DOUBTFUL;
		return true;
	}
	watch_set_served(w, false);
	watch_synced(w);
	if (known && w->definition != NULL)
		definition_wait_missing(w->definition);
	return w->definition == NULL;
}

/* Returns whether a failed list means that the server does not have the type. A kind of Kubernetes itself does not
 * disappear: a 404 for one that was there is a failure of something in between. */
static bool
watch_is_absent(const struct watch *w, const struct err *e)
{
	return e->class == ERR_GONE && !e->expired && w->next_page == NULL && w->observer.failed == NULL &&
	       (!w->synced || w->served == KIND_ABSENT || definition_is_needed(w->type));
}

static void
watch_list_failed(struct watch *w, const struct err *e)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	bool absent = watch_is_absent(w, e), retries = true;

	if (w->observer.failed != NULL)
		w->observer.failed(e, w->observer.arg);
	else if (!absent)
		log_warn("list failed", "type", w->type->plural, "error", err_text(a, e));
	if (absent)
		retries = watch_list_absent(w);
	if (e->forbidden && w->observer.refused != NULL && !w->synced && !w->refused) {
		w->refused = true;
		cache_refused(w->cache, w->type);
		w->observer.refused(true, w->observer.arg);
	}
	free(w->next_page);
	w->next_page = NULL;
	w->marked = w->nameless = false;
	if (retries)
		watch_retry(w, true, e->retry_after_ms);
}

/* Objects from before the list are marked once, at its first object or its end. */
static void
watch_mark(struct watch *w)
{
	if (!w->marked)
		cache_mark(w->cache, w->type);
	w->marked = true;
}

/* An unreadable object is put with its metadata, and all that depends on it waits. */
static bool
watch_put(struct watch *w, const struct item_text *item)
{
	if (cache_put_item(w->cache, w->type, item)) {
		if (!w->marked)
			watch_recheck_later(w);
		return true;
	}
	log_warn("cannot read an object without a name", "type", w->type->plural, "error",
	    item->text == NULL ? item->why.why : "metadata.name: required, but missing");
	return false;
}

static void
watch_on_item(void *arg, const struct item_text *item)
{
	struct watch *w = arg;

	watch_mark(w);
	w->nameless |= !watch_put(w, item);
}

static void
watch_on_list(void *arg, const struct err *e, const json_t *body)
{
	struct watch *w = arg;
	const char *next;

	w->list = NULL;
	if (e != NULL) {
		watch_list_failed(w, e);
		return;
	}
	if (json_str(json_object_get(body, "metadata"), "resourceVersion") == NULL) {
		_cleanup_(arena_freep) struct arena *a = arena_new();

		watch_list_failed(w, err_new(a, ERR_AGAIN, "the list has no metadata.resourceVersion"));
		return;
	}
	next = json_str(json_object_get(body, "metadata"), "continue");
	free(w->next_page);
	w->next_page = NULL;
	if (next != NULL && next[0] != '\0') {
		w->next_page = mem_strdup(next);
		watch_list_start(w);
		return;
	}
	watch_mark(w);
	w->marked = false;
	/* An object that is missing in the list may be the nameless one: none is removed. */
	if (!w->nameless)
		cache_sweep(w->cache, w->type, json_str(json_object_get(body, "metadata"), "resourceVersion"));
	w->was_nameless = w->nameless;
	w->nameless = false;
	watch_recheck_later(w);
	watch_set_version(w, json_str(json_object_get(body, "metadata"), "resourceVersion"));
	watch_set_served(w, true);
	if (!w->garbled)
		w->backoff = 0;
	watch_synced(w);
	watch_retry(w, false, 0);
}

/* Returns "&name=value", escaped; "" without a value. */
static const char *
watch_parameter(struct arena *a, const char *name, const char *value)
{
	return value != NULL ? arena_printf(a, "&%s=%s", name, str_url_escape(a, value)) : "";
}

/* Returns the selectors for the URL. */
static const char *
watch_scope_url(struct arena *a, const struct watch *w)
{
	return arena_printf(
	    a, "%s%s", watch_parameter(a, "labelSelector", w->labels), watch_parameter(a, "fieldSelector", w->fields));
}

static void
watch_list_start(struct watch *w)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *url = arena_printf(a, "%s?limit=%d%s%s", client_path(a, w->type, w->ns, NULL, NULL), PAGE,
	    watch_scope_url(a, w), watch_parameter(a, "continue", w->next_page));

	w->list = client_list_text(w->transport, url, watch_on_item, watch_on_list, w);
}

/* An event that cannot be read, or whose object's name cannot: the change is not known until the next list. */
static void
watch_stream_garbled(struct watch *w, const char *why)
{
	w->relist = w->garbled = true;
	log_warn("cannot read a watch event; listing again", "type", w->type->plural, "error", why);
	if (w->observer.garbled != NULL)
		w->observer.garbled(w->type, w->observer.arg);
}

/* The cache has this version now. */
static void
watch_stream_reached(struct watch *w, const char *version)
{
	if (version != NULL)
		watch_set_version(w, version);
	if (w->garbled && loop_mono(w->transport->loop) - w->stream_started < GARBLED_MS)
		return;
	w->garbled = false;
	w->backoff = 0;
}

/* Takes an event. */
static void
watch_stream_event(struct watch *w, const char *type, const struct item_text *item)
{
	const char *version = item->resource_version;

	if (strcmp(type, "ERROR") == 0) {
		/* 410, and any other error that ends a watch: list again; the cache stays as it is in the meantime. */
		w->relist = true;
		return;
	}
	if (strcmp(type, "DELETED") == 0 && !str_empty(item->name)) {
		cache_remove(w->cache, w->type, item->namespace, item->name, version);
	} else if (strcmp(type, "ADDED") == 0 || strcmp(type, "MODIFIED") == 0) {
		if (!watch_put(w, item)) {
			watch_stream_garbled(w, "its object has no name");
			return;
		}
	} else if (strcmp(type, "BOOKMARK") != 0 || version == NULL) {
		watch_stream_garbled(w, "it is of no known type, or has no object");
		return;
	}
	watch_stream_reached(w, version);
}

static void
watch_stream_line(struct watch *w)
{
	_cleanup_(freep) char *echo = cache_take_echo(w->cache, w->type, str_text(&w->line), w->line.len);
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct item_text item;
	const char *type;

	if (echo != NULL) {
		watch_stream_reached(w, echo);
		return;
	}
	if (!item_event(a, str_text(&w->line), w->line.len, w->line.overflow, &type, &item)) {
		watch_stream_garbled(w, w->line.overflow ? "it is longer than any may be" : "it is no event");
		return;
	}
	watch_stream_event(w, type, &item);
	item_done(&item);
}

/* The stream has ended: watch again, or list first. */
static void
watch_stream_over(struct watch *w, bool failed, int64_t retry_after_ms)
{
	w->stream = NULL;
	loop_timer_stop(w->transport->loop, &w->line_end);
	cache_forget_echoes(w->cache, w->type);
	if (w->relist)
		watch_set_version(w, NULL);
	w->relist = false;
	str_done(&w->line);
	w->line_bytes = 0;
	watch_retry(w, failed, retry_after_ms);
}

/* Ends the stream of a watch. */
static void
watch_stream_end(struct watch *w)
{
	transport_cancel(w->transport, w->stream);
	watch_stream_over(w, true, 0);
}

/* An event that does not end would block all later events of its watch. */
static void
watch_on_line_end(struct timer *t, void *arg)
{
	struct watch *w = arg;

	(void)t;
	watch_stream_garbled(w, "it does not end");
	watch_stream_end(w);
}

/* Adds to the line, and drops bytes beyond its limit. */
static void
watch_stream_add(struct watch *w, const char *at, size_t len)
{
	w->line_bytes += len;
	str_add_most(&w->line, at, len);
}

/* Keeps the memory of the line, unless one event was much longer than others. */
static void
watch_stream_empty_line(struct watch *w)
{
	if (w->line.capacity > LINE_KEPT)
		str_done(&w->line);
	str_shorten(&w->line, 0);
	w->line.overflow = false;
}

static void
watch_on_data(void *arg, const char *at, size_t len)
{
	struct watch *w = arg;
	const char *end;

	while (!w->relist && (end = memchr(at, '\n', len)) != NULL) {
		size_t n = (size_t)(end - at);

		watch_stream_add(w, at, n);
		if (w->line.len > 0)
			watch_stream_line(w);
		watch_stream_empty_line(w);
		w->line_bytes = 0;
		loop_timer_stop(w->transport->loop, &w->line_end);
		at += n + 1;
		len -= n + 1;
	}
	if (!w->relist && len > 0) {
		if (w->line_bytes == 0)
			loop_timer(w->transport->loop, &w->line_end, LINE_END_MS);
		watch_stream_add(w, at, len);
	}
	if (!w->relist && w->line_bytes > LINE_END_BYTES)
		watch_stream_garbled(w, "it does not end");
	if (w->relist) {
		if (!w->garbled)
			log_warn(
			    "watch ended; listing again", "type", w->type->plural, "why", "the server requested it");
		watch_stream_end(w);
	}
}

static void
watch_on_stream_done(void *arg, const struct err *e, const struct reply *reply)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct watch *w = arg;

	transport_report(
	    w->transport, "WATCH", client_path(a, w->type, w->ns, NULL, NULL), e != NULL ? 0 : reply->status);
	/* 404: the kind's CustomResourceDefinition was deleted, which the list confirms. */
	if (reply->status == 410 || reply->status == 404)
		w->relist = true;
	else if (e == NULL && reply->status != 200)
		log_warn("watch refused", "type", w->type->plural, "error",
		    err_text(a, client_error(a, NULL, reply->status, reply->body)));
	watch_stream_over(w,
	    e != NULL || reply->status != 200 || loop_mono(w->transport->loop) - w->stream_started < STREAM_SHORT_MS,
	    client_retry_after_ms(reply));
}

static void
watch_stream_start(struct watch *w)
{
	static const struct receiver receiver = { .data = watch_on_data, .done = watch_on_stream_done };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	int seconds = WATCH_MIN_S + (int)rand_below(&w->rand, WATCH_MIN_S);
	struct request r = {
		.method = "GET", .timeout_ms = CLIENT_TIMEOUT_MS, .stream = true, .response_max = 1u << 20
	};

	/* If the server ignores the requested time-out, the transport ends the stream. */
	r.stream_max_ms = (seconds + WATCH_GRACE_S) * 1000;
	r.url = arena_printf(a, "%s?watch=1&allowWatchBookmarks=true&timeoutSeconds=%d%s%s",
	    client_path(a, w->type, w->ns, NULL, NULL), seconds,
	    watch_parameter(a, "resourceVersion", w->resource_version), watch_scope_url(a, w));
	w->stream_started = loop_mono(w->transport->loop);
	w->stream = transport_start(w->transport, &r, &receiver, w);
}

struct watch *
watch_start(struct transport *t, struct cache *c, const struct type *type, const struct watch_scope *of, uint64_t seed,
    struct watch_observer observer)
{
	struct watch *w = mem_alloc(sizeof(*w));

	*w = (struct watch){ .transport = t,
		.cache = c,
		.type = type,
		.observer = observer,
		.ns = of->namespace != NULL ? mem_strdup(of->namespace) : NULL,
		.labels = of->labels != NULL ? mem_strdup(of->labels) : NULL,
		.fields = of->fields != NULL ? mem_strdup(of->fields) : NULL,
		.seed = seed,
		.rand = rand_stream(seed, type->plural) };
	w->timer.fire = watch_on_timer;
	w->timer.arg = w;
	w->recheck = (struct timer){ .fire = watch_on_recheck, .arg = w };
	w->line_end = (struct timer){ .fire = watch_on_line_end, .arg = w };
	str_init(&w->line, LINE_MAX_BYTES);
	loop_timer(t->loop, &w->timer, 0);
	return w;
}

struct watch *
watch_stop(struct watch *w)
{
	if (w == NULL)
		return NULL;
	loop_timer_stop(w->transport->loop, &w->timer);
	loop_timer_stop(w->transport->loop, &w->line_end);
	loop_timer_stop(w->transport->loop, &w->recheck);
	definition_wait_stop(w->definition);
	client_cancel(w->rechecking);
	client_cancel(w->list);
	if (w->stream != NULL)
		transport_cancel(w->transport, w->stream);
	str_done(&w->line);
	free(w->resource_version);
	free(w->next_page);
	free(w->rechecked_ns);
	free(w->rechecked_name);
	free(w->ns);
	free(w->labels);
	free(w->fields);
	free(w);
	return NULL;
}

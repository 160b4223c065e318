/* kube/watch.c: a state machine of two exchanges and a timer. */
#include "kube/watch.h"
#include <inttypes.h>
#include <string.h>
#include "base/log.h"
#include "kube/client.h"

#define PAGE 500
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 10000
#define LINE_MAX_BYTES (8u << 20)
#define WATCH_MIN_S 300
#define WATCH_GRACE_S 30
#define STREAM_SHORT_MS                                                                                                \
	1000 /* one that ends sooner, without a word, is a failure: no busy loop on a server that hangs up */

struct watch {
	struct transport *transport;
	struct cache *cache;
	const struct type *type;
	char *ns, *labels, *fields; /* the scope; NULL: all */
	char *resource_version; /* where to resume; NULL: list first */
	char *next_page;
	struct call *list;
	struct exchange *stream;
	struct str line; /* of the stream, incomplete */
	int64_t stream_started; /* mono ms */
	struct timer timer;
	int64_t backoff;
	struct rand_stream rand;
	bool synced, relist;
	bool marked; /* this list has begun, and the objects from before it are marked */
	struct watch_observer observer;
};

static void list_start(struct watch *);
static void stream_start(struct watch *);

static void
set_version(struct watch *w, const char *rv)
{
	char *copy = rv != NULL ? mem_strdup(rv) : NULL;

	free(w->resource_version);
	w->resource_version = copy;
	if (rv != NULL)
		cache_reached(w->cache, w->type, rv);
}

static void
on_timer(struct timer *t, void *arg)
{
	struct watch *w = arg;

	(void)t;
	if (w->resource_version == NULL)
		list_start(w);
	else
		stream_start(w);
}

static void
again(struct watch *w, bool failed)
{
	int64_t delay = 0;

	if (failed) {
		w->backoff = w->backoff == 0		       ? BACKOFF_MIN_MS
			     : w->backoff * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS
							       : w->backoff * 2;
		delay = w->backoff / 2 + (int64_t)rand_below(&w->rand, (uint64_t)w->backoff / 2 + 1);
	}
	loop_timer(w->transport->loop, &w->timer, delay);
}

static void
synced(struct watch *w)
{
	if (w->synced)
		return;
	w->synced = true;
	w->observer.synced(w->observer.arg);
}

static void
list_failed(struct watch *w, const struct err *e)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	if (w->observer.failed != NULL)
		w->observer.failed(e, w->observer.arg);
	else if (e->class != ERR_GONE || !w->synced)
		log_warn("list failed", "type", w->type->plural, "error", err_text(a, e));
	/* A type that the server does not have (Istio's, where there is no Istio) has no objects; it may come later. */
	if (e->class == ERR_GONE && w->next_page == NULL && w->observer.failed == NULL)
		synced(w);
	free(w->next_page);
	w->next_page = NULL;
	w->marked = false;
	again(w, true);
}

/* What is there from before the list is marked once, at its first object or its end. */
static void
mark(struct watch *w)
{
	if (!w->marked)
		cache_mark(w->cache, w->type);
	w->marked = true;
}

static void
on_item(void *arg, const json_t *item)
{
	struct watch *w = arg;

	mark(w);
	cache_put(w->cache, w->type, item);
}

static void
on_list(void *arg, const struct err *e, const json_t *body)
{
	struct watch *w = arg;
	const char *next;

	w->list = NULL;
	if (e != NULL) {
		list_failed(w, e);
		return;
	}
	next = json_str(json_object_get(body, "metadata"), "continue");
	free(w->next_page);
	w->next_page = NULL;
	if (next != NULL && next[0] != '\0') {
		w->next_page = mem_strdup(next);
		list_start(w);
		return;
	}
	mark(w);
	w->marked = false;
	cache_sweep(w->cache, w->type, json_str(json_object_get(body, "metadata"), "resourceVersion"));
	set_version(w, json_str(json_object_get(body, "metadata"), "resourceVersion"));
	w->backoff = 0;
	synced(w);
	again(w, w->resource_version == NULL);
}

/* "&name=value", escaped; "" when there is no value. */
static const char *
parameter(struct arena *a, const char *name, const char *value)
{
	return value != NULL ? arena_printf(a, "&%s=%s", name, str_url_escape(a, value)) : "";
}

/* The part of the query that says which objects. */
static const char *
scope(struct arena *a, const struct watch *w)
{
	return arena_printf(
	    a, "%s%s", parameter(a, "labelSelector", w->labels), parameter(a, "fieldSelector", w->fields));
}

static void
list_start(struct watch *w)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *url = arena_printf(a, "%s?limit=%d%s%s", client_path(a, w->type, w->ns, NULL, NULL), PAGE,
	    scope(a, w), parameter(a, "continue", w->next_page));

	w->list = client_list(w->transport, url, on_item, on_list, w);
}

static void
stream_line(struct watch *w, const char *line, size_t len)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *j = NULL;
	const char *type, *rv;
	const json_t *object;

	if (json_parse(a, line, len, &j) != NULL)
		return;
	type = json_str(j, "type");
	object = json_object_get(j, "object");
	if (type == NULL)
		return;
	if (strcmp(type, "ERROR") == 0) {
		/* 410 and anything else that ends a watch: list again, the cache stays as it is meanwhile. */
		w->relist = true;
		return;
	}
	rv = json_str(json_object_get(object, "metadata"), "resourceVersion");
	if (strcmp(type, "DELETED") == 0)
		cache_remove(w->cache, w->type, json_str(json_object_get(object, "metadata"), "namespace"),
		    json_str(json_object_get(object, "metadata"), "name"), rv);
	else if (strcmp(type, "BOOKMARK") != 0)
		cache_put(w->cache, w->type, object);
	if (rv != NULL)
		set_version(w, rv);
	w->backoff = 0;
}

/* The stream is gone: another one, or a list first. */
static void
stream_over(struct watch *w, bool failed)
{
	w->stream = NULL;
	if (w->relist || w->line.overflow)
		set_version(w, NULL);
	w->relist = false;
	str_done(&w->line);
	again(w, failed);
}

static void
on_data(void *arg, const char *at, size_t len)
{
	struct watch *w = arg;
	const char *end;

	str_add(&w->line, at, len);
	while (w->line.len > 0 && (end = memchr(w->line.at, '\n', w->line.len)) != NULL) {
		size_t n = (size_t)(end - w->line.at);

		stream_line(w, w->line.at, n);
		str_cut(&w->line, n + 1);
	}
	/* An object that is too long for us, or the server's word that we are too far behind: nothing more is to be had here. */
	if (w->line.overflow || w->relist) {
		log_warn("watch ended; listing again", "type", w->type->plural, "why",
		    w->relist ? "the server said so" : "a change is longer than any object may be");
		transport_cancel(w->transport, w->stream);
		stream_over(w, true);
	}
}

static void
on_stream_done(void *arg, const struct err *e, const struct reply *reply)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct watch *w = arg;

	transport_tell(w->transport, "GET", arena_printf(a, "%s?watch=1", client_path(a, w->type, w->ns, NULL, NULL)),
	    e != NULL ? 0 : reply->status);
	if (reply->status == 410)
		w->relist = true;
	else if (e == NULL && reply->status != 200)
		log_warn("watch refused", "type", w->type->plural, "answer",
		    reply->body.len > 0 ? reply->body.at : "(nothing)");
	stream_over(w,
	    e != NULL || reply->status != 200 || loop_mono(w->transport->loop) - w->stream_started < STREAM_SHORT_MS);
}

static void
stream_start(struct watch *w)
{
	static const struct receiver receiver = { .data = on_data, .done = on_stream_done };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	int seconds = WATCH_MIN_S + (int)rand_below(&w->rand, WATCH_MIN_S);
	struct request r = { .method = "GET", .timeout_ms = CLIENT_TIMEOUT_MS, .stream = true, .answer_max = 1u << 20 };

	/* Should the server forget the end that it was asked for, the transport does not. */
	r.stream_max_ms = (seconds + WATCH_GRACE_S) * 1000;
	r.url = arena_printf(a, "%s?watch=1&allowWatchBookmarks=true&timeoutSeconds=%d%s%s",
	    client_path(a, w->type, w->ns, NULL, NULL), seconds, parameter(a, "resourceVersion", w->resource_version),
	    scope(a, w));
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
		.rand = rand_stream(seed, type->plural) };
	w->timer.fire = on_timer;
	w->timer.arg = w;
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
	client_cancel(w->list);
	if (w->stream != NULL)
		transport_cancel(w->transport, w->stream);
	str_done(&w->line);
	free(w->resource_version);
	free(w->next_page);
	free(w->ns);
	free(w->labels);
	free(w->fields);
	free(w);
	return NULL;
}

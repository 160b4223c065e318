/* kube/definition.c: a watch of one CustomResourceDefinition by name, while its kind is not served. */
#include "kube/definition.h"
#include <string.h>
#include "base/str.h"
#include "io/log.h"
#include "kube/client.h"

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 10000 /* of the watch */
#define LIST_BACKOFF_MAX_MS 2000
#define CHANGE_MS 7000 /* the kind is listed for this time after a change of its definition */
#define PERMISSION_MS 300000 /* a watch that was refused is tried again after this time */
#define WATCH_MIN_S 300
#define WATCH_GRACE_S 30
#define STREAM_SHORT_MS 1000 /* a stream that ends sooner is a failure */

struct definition_wait {
	struct transport *transport;
	const struct type *type;
	struct exchange *stream;
	struct timer open, list;
	int64_t opened_at, changed_at; /* mono ms */
	int64_t backoff, list_backoff; /* ms; 0: none */
	bool listing; /* the definition has changed, and the kind is listed until it is served, or for CHANGE_MS */
	bool forbidden; /* the watch was refused */
	struct rand_stream rand;
	void (*list_now)(void *arg);
	void *arg;
};

bool
definition_is_needed(const struct type *t)
{
	/* Of the groups of Kubernetes that are watched, only networking.k8s.io has a dot. */
	return strchr(t->group, '.') != NULL && strcmp(t->group, "networking.k8s.io") != 0;
}

static int64_t
definition_jitter(struct definition_wait *d, int64_t ms)
{
	return ms / 2 + (int64_t)rand_below(&d->rand, (uint64_t)ms / 2 + 1);
}

static void
definition_on_list(struct timer *t, void *arg)
{
	struct definition_wait *d = arg;

	(void)t;
	d->list_now(d->arg);
}

/* A watch without a resourceVersion begins with the definition, if there is one. A change in the meantime is not
 * missed, and events need not be decoded: each is a reason to list the kind. */
static void
definition_on_data(void *arg, const char *at, size_t len)
{
	struct definition_wait *d = arg;

	if (memchr(at, '\n', len) == NULL)
		return;
	d->changed_at = loop_mono(d->transport->loop);
	if (d->listing)
		return;
	d->listing = true;
	d->list_backoff = 0;
	loop_timer(d->transport->loop, &d->list, 0);
}

static void
definition_refused(struct definition_wait *d)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	if (!d->forbidden)
		log_warn("cannot watch CustomResourceDefinition; its kind is listed every 30 s until it exists. Grant "
			 "the controller the permission watch for it",
		    "name", arena_printf(a, "%s.%s", d->type->plural, d->type->group));
	d->forbidden = true;
	if (!timer_armed(&d->list))
		loop_timer(d->transport->loop, &d->list, DEFINITION_RELIST_MS);
	loop_timer(d->transport->loop, &d->open, PERMISSION_MS);
}

static void
definition_on_done(void *arg, const struct err *e, const struct reply *reply)
{
	struct definition_wait *d = arg;
	int64_t after = client_retry_after_ms(reply), delay = 0;

	d->stream = NULL;
	transport_report(d->transport, "WATCH", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
	    e != NULL ? 0 : reply->status);
	if (e == NULL && (reply->status == 403 || reply->status == 404)) {
		definition_refused(d);
		return;
	}
	if (e != NULL || reply->status != 200 || loop_mono(d->transport->loop) - d->opened_at < STREAM_SHORT_MS) {
		d->backoff = d->backoff == 0		       ? BACKOFF_MIN_MS
			     : d->backoff * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS
							       : d->backoff * 2;
		delay = definition_jitter(d, d->backoff);
	} else {
		d->backoff = 0;
	}
	loop_timer(d->transport->loop, &d->open, delay > after ? delay : after);
}

static void
definition_on_open(struct timer *t, void *arg)
{
	static const struct receiver receiver = { .data = definition_on_data, .done = definition_on_done };
	static const struct header metadata_only[] = { { "Accept",
	    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json" } };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct definition_wait *d = arg;
	int seconds = WATCH_MIN_S + (int)rand_below(&d->rand, WATCH_MIN_S);
	struct request r = { .method = "GET",
		.url = arena_printf(a,
		    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?watch=1&timeoutSeconds=%d"
		    "&fieldSelector=metadata.name%%3D%s.%s",
		    seconds, d->type->plural, d->type->group),
		.headers = metadata_only,
		.n_headers = ARRAY_SIZE(metadata_only),
		.timeout_ms = CLIENT_TIMEOUT_MS,
		.stream = true,
		.stream_max_ms = (seconds + WATCH_GRACE_S) * 1000,
		.response_max = 1u << 20 };

	(void)t;
	d->opened_at = loop_mono(d->transport->loop);
	d->stream = transport_start(d->transport, &r, &receiver, d);
}

struct definition_wait *
definition_wait_start(
    struct transport *t, const struct type *type, uint64_t seed, void (*list_now)(void *arg), void *arg)
{
	struct definition_wait *d = mem_alloc(sizeof(*d));

	*d = (struct definition_wait){
		.transport = t, .type = type, .rand = rand_stream(seed, type->kind), .list_now = list_now, .arg = arg
	};
	d->open = (struct timer){ .fire = definition_on_open, .arg = d };
	d->list = (struct timer){ .fire = definition_on_list, .arg = d };
	loop_timer(t->loop, &d->open, 0);
	return d;
}

void
definition_wait_missing(struct definition_wait *d)
{
	if (d->listing && loop_mono(d->transport->loop) - d->changed_at < CHANGE_MS) {
		d->list_backoff = d->list_backoff == 0			      ? BACKOFF_MIN_MS
				  : d->list_backoff * 2 > LIST_BACKOFF_MAX_MS ? LIST_BACKOFF_MAX_MS
									      : d->list_backoff * 2;
		loop_timer(d->transport->loop, &d->list, definition_jitter(d, d->list_backoff));
		return;
	}
	d->listing = false;
	if (d->forbidden)
		loop_timer(d->transport->loop, &d->list, DEFINITION_RELIST_MS);
}

struct definition_wait *
definition_wait_stop(struct definition_wait *d)
{
	if (d == NULL)
		return NULL;
	loop_timer_stop(d->transport->loop, &d->open);
	loop_timer_stop(d->transport->loop, &d->list);
	if (d->stream != NULL)
		transport_cancel(d->transport, d->stream);
	free(d);
	return NULL;
}

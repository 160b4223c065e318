/* kube/lease.c: leader election: gets the Lease, decides, creates or replaces it, and again after a while. */
#include "kube/lease.h"
#include <inttypes.h>
#include <string.h>
#include "base/rand.h"
#include "base/time.h"
#include "kube/api/lease.h"
#include "kube/client.h"

struct lease {
	struct transport *transport;
	struct lease_settings settings;
	char *namespace, *name, *identity;
	struct rand_stream rand;
	struct timer timer; /* of the next try */
	struct timer deadline; /* at which this process stops being the leader */
	struct call *call;
	bool leading; /* this process is the leader */
	int64_t renewed_at; /* mono ms: when the renewal that succeeded last was sent */
	int64_t sent_at; /* mono ms of the open write */
	char *seen; /* resourceVersion of the Lease as it was last read */
	int64_t seen_at; /* mono ms: when this version was first read */
	char *reported; /* the holder that was last reported by `waiting`, or "" for an error */
	void (*released)(void *arg);
	void *released_arg;
};

static void lease_try(struct lease *);

/* The error of a call; NULL: it succeeded. */
static void
lease_try_in(struct lease *l, const struct err *e)
{
	int64_t jitter = (int64_t)rand_below(&l->rand, (uint64_t)l->settings.retry_ms / 5 + 1);
	int64_t delay = l->settings.retry_ms + (l->leading ? 0 : jitter), after = e != NULL ? e->retry_after_ms : 0;

	loop_timer(l->transport->loop, &l->timer, delay > after ? delay : after);
}

bool
lease_held(const struct lease *l)
{
	return l->leading && loop_mono(l->transport->loop) - l->renewed_at < l->settings.renew_deadline_ms;
}

static void
lease_stop_leading(struct lease *l)
{
	if (!l->leading)
		return;
	l->leading = false;
	loop_timer_stop(l->transport->loop, &l->deadline);
	l->settings.stopped(l->settings.arg);
}

static void
lease_on_deadline(struct timer *t, void *arg)
{
	(void)t;
	lease_stop_leading(arg);
}

static void
lease_report_waiting(struct lease *l, const char *holder, const struct err *e)
{
	if (l->settings.waiting == NULL || l->leading || (l->reported != NULL && strcmp(l->reported, holder) == 0))
		return;
	free(l->reported);
	l->reported = mem_strdup(holder);
	l->settings.waiting(l->settings.arg, holder, e);
}

static void
lease_on_written(void *arg, const struct err *e, const json_t *body)
{
	struct lease *l = arg;

	(void)body;
	l->call = NULL;
	if (e == NULL) {
		l->renewed_at = l->sent_at;
		loop_timer(l->transport->loop, &l->deadline,
		    l->renewed_at + l->settings.renew_deadline_ms - loop_mono(l->transport->loop));
		if (!l->leading) {
			l->leading = true;
			free(l->reported);
			l->reported = NULL;
			l->settings.started(l->settings.arg);
		}
	} else if (e->class != ERR_CONFLICT && e->class != ERR_EXISTS) {
		lease_report_waiting(l, "", e);
	}
	lease_try_in(l, e);
}

static const char *
lease_time(struct arena *a, int64_t ms)
{
	const char *seconds = time_format(a, ms);

	return arena_printf(a, "%.*s.%03d000Z", (int)strlen(seconds) - 1, seconds, (int)(ms % 1000));
}

/* Writes this process into the Lease as its holder; `old` NULL: the Lease does not exist. The resourceVersion makes
 * the write fail if another process was faster. */
static void
lease_write(struct lease *l, struct arena *a, const struct lease_object *old)
{
	const char *now = lease_time(a, loop_wall(l->transport->loop));
	bool ours = old != NULL && old->spec.holder != NULL && strcmp(old->spec.holder, l->identity) == 0;
	const char *acquired = ours ? old->spec.acquire_time : NULL;
	struct lease_spec spec = { .holder = l->identity,
		.duration_seconds = (l->settings.duration_ms + 999) / 1000,
		.acquire_time = acquired != NULL ? acquired : now,
		.renew_time = now,
		.transitions = old == NULL ? 0 : old->spec.transitions + (ours ? 0 : 1) };
	_cleanup_(json_decrefp) json_t *j =
	    json_pack("{s:s,s:s,s:{s:s,s:s,s:s*},s:o}", "apiVersion", "coordination.k8s.io/v1", "kind", "Lease",
		"metadata", "name", l->name, "namespace", l->namespace, "resourceVersion",
		old != NULL ? old->object.meta.resource_version : NULL, "spec", encode(&lease_spec_type, &spec));
	l->sent_at = loop_mono(l->transport->loop);
	l->call =
	    client_call_as(l->transport, URGENCY_LEASE, client_timeout_ms(l->transport), old != NULL ? "PUT" : "POST",
		client_path(a, &lease_object_type, l->namespace, old != NULL ? l->name : NULL, NULL),
		"application/json", json_text(a, j), lease_on_written, l);
}

/* Returns whether the Lease has not changed for the duration that its holder wrote into it. */
static bool
lease_is_expired(struct lease *l, const struct lease_object *o)
{
	int64_t now = loop_mono(l->transport->loop);
	int64_t duration = o->spec.duration_seconds * 1000;

	if (l->seen == NULL || strcmp(l->seen, o->object.meta.resource_version) != 0) {
		free(l->seen);
		l->seen = mem_strdup(o->object.meta.resource_version);
		l->seen_at = now;
	}
	return now - l->seen_at > (duration > l->settings.duration_ms ? duration : l->settings.duration_ms);
}

static void
lease_on_read(void *arg, const struct err *e, const json_t *body)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct lease *l = arg;
	const struct lease_object *o;

	l->call = NULL;
	if (e != NULL && e->class == ERR_GONE) {
		lease_write(l, a, NULL);
		return;
	}
	if (e != NULL) {
		lease_report_waiting(l, "", e);
		lease_try_in(l, e);
		return;
	}
	o = (const struct lease_object *)object_decode(&lease_object_type, body, a);
	if (o->object.meta.resource_version != NULL &&
	    (o->spec.holder == NULL || o->spec.holder[0] == '\0' || strcmp(o->spec.holder, l->identity) == 0 ||
		lease_is_expired(l, o))) {
		lease_write(l, a, o);
		return;
	}
	/* Another process is the holder, even if this one was. */
	lease_stop_leading(l);
	lease_report_waiting(l, o->spec.holder != NULL ? o->spec.holder : "", NULL);
	lease_try_in(l, NULL);
}

static void
lease_try(struct lease *l)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	l->call = client_call_as(l->transport, URGENCY_LEASE, client_timeout_ms(l->transport), "GET",
	    client_path(a, &lease_object_type, l->namespace, l->name, NULL), NULL, NULL, lease_on_read, l);
}

static void
lease_on_timer(struct timer *t, void *arg)
{
	(void)t;
	lease_try(arg);
}

struct lease *
lease_new(struct transport *t, const struct lease_settings *settings)
{
	struct lease *l = mem_alloc(sizeof(*l));

	*l = (struct lease){ .transport = t,
		.settings = *settings,
		.namespace = mem_strdup(settings->namespace),
		.name = mem_strdup(settings->name),
		.identity = mem_strdup(settings->identity),
		.rand = rand_stream(settings->seed, "lease"),
		.timer = { .fire = lease_on_timer },
		.deadline = { .fire = lease_on_deadline } };
	l->timer.arg = l->deadline.arg = l;
	loop_timer(t->loop, &l->timer, 0);
	return l;
}

static void
lease_on_released(void *arg, const struct err *e, const json_t *body)
{
	struct lease *l = arg;

	(void)e; /* the Lease expires */
	(void)body;
	l->call = NULL;
	l->released(l->released_arg);
}

void
lease_release(struct lease *l, void (*done)(void *arg), void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	bool held = lease_held(l);

	loop_timer_stop(l->transport->loop, &l->timer);
	loop_timer_stop(l->transport->loop, &l->deadline);
	client_cancel(l->call);
	l->call = NULL;
	l->leading = false;
	l->released = done;
	l->released_arg = arg;
	if (!held) {
		done(arg);
		return;
	}
	/* The test prevents that the Lease of another process is released. */
	l->call = client_call_as(l->transport, URGENCY_LEASE, client_timeout_ms(l->transport), "PATCH",
	    client_path(a, &lease_object_type, l->namespace, l->name, NULL), PATCH_JSON,
	    arena_printf(a,
		"[{\"op\":\"test\",\"path\":\"/spec/holderIdentity\",\"value\":\"%s\"},"
		"{\"op\":\"replace\",\"path\":\"/spec/holderIdentity\",\"value\":\"\"}]",
		l->identity),
	    lease_on_released, l);
}

struct lease *
lease_free(struct lease *l)
{
	if (l == NULL)
		return NULL;
	loop_timer_stop(l->transport->loop, &l->timer);
	loop_timer_stop(l->transport->loop, &l->deadline);
	client_cancel(l->call);
	free(l->namespace);
	free(l->name);
	free(l->identity);
	free(l->seen);
	free(l->reported);
	free(l);
	return NULL;
}

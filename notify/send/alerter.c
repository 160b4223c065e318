/* notify/send/alerter.c: sends Flux Alerts: one job for each event reads its Alerts, and for each the Provider, the
 * Secret and sends the request. The formats are in notify/alert.c. */
#include "notify/send/alerter.h"
#include <string.h>
#include "base/map.h"
#include "base/str.h"
#include "io/log.h"
#include "kube/client.h"
#include "notify/send/queue.h"

#define FRESH_MS 10000 /* how long a list of Alerts is used */
#define FLUX_NAMESPACE "flux-system"
#define WARNED_MAX 1000 /* Alerts whose problem is logged */

/* An Alert that selects the event, and its Provider. */
struct recipient {
	struct job *job;
	const struct flux_alert *alert;
	const struct flux_provider *provider;
	json_t *secret;
	struct call *call;
	struct delivery delivery;
};

/* An event and the Providers that receive it. Each Provider is independent of the others. */
struct job {
	struct send_job head; /* without a key: no event waits for another */
	struct alerter *alerter;
	struct arena *arena;
	struct alert_event event;
	bool begun; /* its Alerts have been found */
	struct recipient *recipients;
	size_t n, left;
};

struct alerter {
	struct loop *loop;
	struct alerter_settings settings;
	struct send_queue queue;
	json_t *alerts; /* the last list; NULL: none yet */
	json_t *reading; /* the items of the next list so far; NULL: none is requested */
	struct map warned; /* "NS/NAME@GENERATION" of those whose problem was logged */
	int64_t read_at; /* mono ms */
	struct call *call;
};

static void alerter_run(struct send_job *);

struct alerter *
alerter_new(struct loop *loop, const struct alerter_settings *settings)
{
	struct alerter *a = mem_alloc(sizeof(*a));

	*a = (struct alerter){ .loop = loop, .settings = *settings };
	send_queue_init(&a->queue, loop,
	    (struct send_limits){
		ALERTER_WAITING_MAX, ALERTER_WAITING_TENANT_MAX, ALERTER_WAITING_MAX, ALERTER_WAITING_TENANT_MAX },
	    "alert", alerter_run);
	return a;
}

static void
alerter_job_free(struct job *j)
{
	send_queue_remove(&j->alerter->queue, &j->head);
	for (size_t i = 0; i < j->n; i++) {
		client_cancel(j->recipients[i].call);
		delivery_cancel(&j->recipients[i].delivery);
		json_decref(j->recipients[i].secret);
	}
	arena_free(j->arena);
	free(j);
}

struct alerter *
alerter_free(struct alerter *a)
{
	if (a == NULL)
		return NULL;
	while (a->queue.first != NULL)
		alerter_job_free((struct job *)a->queue.first);
	send_queue_done(&a->queue);
	client_cancel(a->call);
	json_decref(a->alerts);
	json_decref(a->reading);
	map_done(&a->warned);
	free(a);
	return NULL;
}

/* The event was sent, or has failed finally. */
static void
alerter_end(struct recipient *t)
{
	if (--t->job->left == 0)
		alerter_job_free(t->job);
}

static void
alerter_give_up(struct recipient *t, const struct err *e)
{
	struct arena *a = t->job->arena;
	const char *text = err_text(a, e);

	/* The address is replaced in the text, because it may contain a token. */
	if (t->delivery.query.request.url != NULL)
		text = str_replace(a, text, t->delivery.query.request.url, t->delivery.query.shown);
	log_warn("cannot send alert", "namespace", t->alert->object.meta.namespace, "name", t->alert->object.meta.name,
	    "error", text);
	alerter_end(t);
}

static struct err *
alerter_check(void *arg, const struct err *e, const struct reply *reply)
{
	struct recipient *t = arg;
	struct arena *a = t->job->arena;

	if (e != NULL)
		return err_copy(a, e);
	if (reply->status >= 200 && reply->status <= 299)
		return NULL;
	return err_new(a, reply->status == 429 || reply->status >= 500 ? ERR_AGAIN : ERR_INVALID,
	    "%s: status %d: %.200s", t->delivery.query.shown, reply->status, reply->body.len > 0 ? reply->body.at : "");
}

static void
alerter_on_sent(void *arg, struct err *failure)
{
	struct recipient *t = arg;

	if (failure != NULL) {
		alerter_give_up(t, failure);
		return;
	}
	log_info("sent alert", "namespace", t->alert->object.meta.namespace, "name", t->alert->object.meta.name,
	    "provider", t->provider->object.meta.name, "about", t->job->event.name);
	alerter_end(t);
}

static bool
alerter_is_trusted(const struct recipient *t)
{
	const char *ns = t->alert->object.meta.namespace;

	return str_eq(ns, t->job->alerter->settings.home) || str_eq(ns, FLUX_NAMESPACE);
}

static void
alerter_compose_request(struct recipient *t)
{
	struct err *e = alert_compose(t->job->arena, t->provider, t->alert, json_object_get(t->secret, "data"),
	    &t->job->event, &t->delivery.query);

	if (e != NULL)
		alerter_give_up(t, e);
	else if (t->delivery.query.request.url == NULL)
		alerter_end(t);
	else
		delivery_start(&t->delivery);
}

/* Reads the certificate of the Provider. Its ca.crt takes precedence over that of the Provider's other Secret. */
static void
alerter_on_certificate(void *arg, const struct err *e, const json_t *body)
{
	struct recipient *t = arg;
	json_t *ca = e == NULL ? json_object_get(json_object_get(body, "data"), "ca.crt") : NULL, *data;

	t->call = NULL;
	if (ca == NULL) {
		alerter_give_up(t, e != NULL ? err_wrap(t->job->arena, err_copy(t->job->arena, e),
						   "spec.certSecretRef of Provider %s", t->provider->object.meta.name)
					     : err_new(t->job->arena, ERR_INVALID,
						   "spec.certSecretRef of Provider %s: the Secret %s has no ca.crt",
						   t->provider->object.meta.name, t->provider->spec.certificate->name));
		return;
	}
	data = json_object_get(t->secret, "data");
	data = json_is_object(data) ? json_copy(data) : json_object();
	json_object_set(data, "ca.crt", ca);
	json_decref(t->secret);
	t->secret = json_pack("{s:o}", "data", data);
	alerter_compose_request(t);
}

static void
alerter_query_certificate(struct recipient *t)
{
	if (t->provider->spec.certificate == NULL)
		alerter_compose_request(t);
	else
		t->call = client_call(t->job->alerter->settings.api, "GET",
		    arena_printf(t->job->arena, "/api/v1/namespaces/%s/secrets/%s", t->alert->object.meta.namespace,
			t->provider->spec.certificate->name),
		    NULL, NULL, alerter_on_certificate, t);
}

static void
alerter_on_secret(void *arg, const struct err *e, const json_t *body)
{
	struct recipient *t = arg;

	t->call = NULL;
	if (e != NULL) {
		alerter_give_up(t, err_wrap(t->job->arena, err_copy(t->job->arena, e), "Secret %s of Provider %s",
				       t->provider->spec.secret->name, t->provider->object.meta.name));
		return;
	}
	t->secret = json_incref((json_t *)body);
	alerter_query_certificate(t);
}

static void
alerter_on_provider(void *arg, const struct err *e, const json_t *body)
{
	struct recipient *t = arg;
	struct arena *a = t->job->arena;

	t->call = NULL;
	if (e != NULL) {
		alerter_give_up(t, err_wrap(a, err_copy(a, e), "Provider %s", t->alert->spec.provider->name));
		return;
	}
	t->provider = (const struct flux_provider *)object_decode(&flux_provider_type, body, a);
	if (t->provider->spec.suspend)
		alerter_end(t);
	else if (t->provider->spec.secret == NULL)
		alerter_query_certificate(t);
	else
		t->call = client_call(t->job->alerter->settings.api, "GET",
		    arena_printf(a, "/api/v1/namespaces/%s/secrets/%s", t->alert->object.meta.namespace,
			t->provider->spec.secret->name),
		    NULL, NULL, alerter_on_secret, t);
}

/* Sends the event to the Providers of all Alerts that select it, at the same time. */
static void
alerter_begin(struct job *j)
{
	const json_t *items = json_object_get(j->alerter->alerts, "items"), *item;
	size_t i;

	j->begun = true;
	j->recipients = arena_new_array(j->arena, struct recipient, json_array_size(items) + 1);
	json_array_foreach (items, i, item) {
		const struct flux_alert *alert =
		    (const struct flux_alert *)object_decode(&flux_alert_type, item, j->arena);
		struct recipient *t = &j->recipients[j->n];

		if (object_problem(&alert->object, "spec") != NULL ||
		    !alert_concerns(alert, j->alerter->settings.reach, &j->event))
			continue;
		*t = (struct recipient){ .job = j, .alert = alert };
		t->delivery = (struct delivery){ .loop = j->alerter->loop,
			.transport = j->alerter->settings.outside,
			.tenant = alert->object.meta.namespace,
			.outside_only = !alerter_is_trusted(t),
			.check = alerter_check,
			.done = alerter_on_sent,
			.arg = t };
		j->n++;
	}
	j->left = j->n;
	for (i = 0; i < j->n; i++)
		j->recipients[i].call = client_call(j->alerter->settings.api, "GET",
		    client_path(j->arena, &flux_provider_type, j->recipients[i].alert->object.meta.namespace,
			j->recipients[i].alert->spec.provider->name, NULL),
		    NULL, NULL, alerter_on_provider, &j->recipients[i]);
	if (j->n == 0)
		alerter_job_free(j);
}

/* Logs the problem of each alert, once for each generation of it, for at most WARNED_MAX alerts. */
static void
alerter_warn_of_problems(struct alerter *a)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	const json_t *items = json_object_get(a->alerts, "items"), *item;
	size_t i;

	json_array_foreach (items, i, item) {
		const struct flux_alert *alert =
		    (const struct flux_alert *)object_decode(&flux_alert_type, item, scratch);
		const struct meta *m = &alert->object.meta;
		const char *problem = alert_problem(scratch, alert, a->settings.reach);

		if (problem == NULL || a->warned.count >= WARNED_MAX ||
		    map_set(&a->warned,
			arena_printf(scratch, "%s/%s@%lld", m->namespace != NULL ? m->namespace : "",
			    m->name != NULL ? m->name : "", (long long)m->generation),
			a) != NULL)
			continue;
		log_warn("alert is ignored in whole or in part", "namespace", m->namespace, "name", m->name, "problem",
		    problem);
	}
}

static void
alerter_begin_all(struct alerter *a)
{
	for (struct send_job *s = a->queue.first, *next; s != NULL; s = next) {
		struct job *j = (struct job *)s;

		next = s->next;
		if (s->running && !j->begun)
			alerter_begin(j);
	}
}

/* An Alert that cannot be decoded does not disable the Alerts of other tenants. */
static void
alerter_on_alert(void *arg, const json_t *item, const struct unreadable *unreadable)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct alerter *a = arg;
	const json_t *meta = json_object_get(item, "metadata");
	const char *ns = json_str(meta, "namespace");

	if (unreadable == NULL)
		json_array_append(a->reading, (json_t *)item);
	else if (a->warned.count < WARNED_MAX &&
		 map_set(&a->warned,
		     arena_printf(scratch, "%s/%s unreadable", ns != NULL ? ns : "", item_name(item) ?: ""), a) == NULL)
		log_warn("an alert has no effect", "namespace", ns, "name", item_name(item), "problem",
		    item_problem(scratch, flux_alert_type.kind, NULL, item_name(item), unreadable->why));
}

static void
alerter_on_alerts(void *arg, const struct err *e, const json_t *list)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct alerter *a = arg;
	json_t *items = a->reading;

	(void)list;
	a->call = NULL;
	a->reading = NULL;
	a->read_at = loop_mono(a->loop);
	/* Without Alerts there is nothing to send. If Alerts cannot be listed, the last list stays in use. */
	if (e == NULL || a->alerts == NULL || e->class == ERR_GONE) {
		json_decref(a->alerts);
		a->alerts = json_object();
		if (e == NULL)
			json_object_set(a->alerts, "items", items);
		alerter_warn_of_problems(a);
	}
	json_decref(items);
	if (e != NULL && e->class != ERR_GONE)
		log_warn("cannot read alerts", "error", err_text(scratch, err_copy(scratch, e)));
	alerter_begin_all(a);
}

/* Starts a job when a list of Alerts is available that is not older than FRESH_MS. */
static void
alerter_run(struct send_job *s)
{
	struct job *j = (struct job *)s;
	struct alerter *a = j->alerter;

	if (a->alerts != NULL && loop_mono(a->loop) - a->read_at < FRESH_MS)
		alerter_begin(j);
	else if (a->call == NULL) {
		a->reading = json_array();
		a->call = client_list(a->settings.api,
		    client_path(j->arena, &flux_alert_type, a->settings.namespace, NULL, NULL), alerter_on_alert,
		    alerter_on_alerts, a);
	}
}

void
alerter_on_event(struct alerter *a, const struct plan_step *event)
{
	const struct object *o = event->about;
	struct string_map *labels;
	struct job *j;

	if (!send_queue_has_capacity(&a->queue, o->meta.namespace))
		return;
	j = mem_alloc(sizeof(*j));
	*j = (struct job){ .alerter = a, .arena = arena_new() };
	j->event =
	    (struct alert_event){ .api_version = arena_printf(j->arena, "%s/%s", o->type->group, o->type->version),
		    .kind = o->type->kind,
		    .namespace = arena_strdup(j->arena, o->meta.namespace),
		    .name = arena_strdup(j->arena, o->meta.name),
		    .uid = arena_strdup(j->arena, o->meta.uid),
		    .failed = event->warning,
		    .reason = arena_strdup(j->arena, event->reason),
		    .message = arena_strdup(j->arena, event->message != NULL ? event->message : ""),
		    .revision = arena_strdup(j->arena, event->revision),
		    .at = loop_wall(a->loop) };
	labels = &j->event.labels;
	labels->at = arena_new_array(j->arena, struct string_pair, o->meta.labels.n + 1);
	for (size_t i = 0; i < o->meta.labels.n; i++)
		labels->at[labels->n++] = (struct string_pair){ arena_strdup(j->arena, o->meta.labels.at[i].key),
			arena_strdup(j->arena, o->meta.labels.at[i].value) };
	j->head.tenant = j->event.namespace;
	send_queue_add(&a->queue, &j->head);
}

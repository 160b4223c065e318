/* notify/send/alerter.c: a job an event: the alerts, and for each its provider, its Secret, its question. */
#include "notify/send/alerter.h"
#include <string.h>
#include "base/map.h"
#include "base/str.h"
#include "io/log.h"
#include "kube/client.h"

#define FRESH_MS 10000 /* a list of Alerts is used for this time */
#define TRIES_MAX 4
#define RETRY_MS 1000 /* doubled each time */
#define FLUX_NAMESPACE "flux-system"
#define WARNED_MAX 1000 /* alerts whose problem is logged */

/* One alert that is about an event. */
struct telling {
	struct job *job;
	const struct flux_alert *alert;
	const struct flux_provider *provider;
	json_t *secret;
	struct call *call;
	struct question question;
	struct exchange *exchange;
	int tries;
	struct timer retry;
};

/* An event and the Providers that receive it. Each Provider is independent of the others. */
struct job {
	struct alerter *alerter;
	struct job *next;
	struct arena *arena;
	struct alert_event event;
	struct timer begin;
	bool begun;
	struct telling *tellings;
	size_t n, left;
};

struct alerter {
	struct loop *loop;
	struct alerter_settings settings;
	struct job *jobs, **end; /* in the order in which the events came */
	size_t n_jobs;
	bool dropping;
	json_t *alerts; /* the last list; NULL: none yet */
	json_t *reading; /* the items of the next one that have come; NULL: none is asked for */
	struct map warned; /* "NS/NAME@GENERATION" of those whose problem was logged */
	int64_t read_at; /* mono ms */
	struct call *call;
};

struct alerter *
alerter_new(struct loop *loop, const struct alerter_settings *settings)
{
	struct alerter *a = mem_alloc(sizeof(*a));

	*a = (struct alerter){ .loop = loop, .settings = *settings };
	a->end = &a->jobs;
	return a;
}

static void
alerter_job_free(struct job *j)
{
	struct alerter *a = j->alerter;

	for (struct job **at = &a->jobs; *at != NULL; at = &(*at)->next)
		if (*at == j) {
			*at = j->next;
			if (a->end == &j->next)
				a->end = at;
			break;
		}
	a->n_jobs--;
	for (size_t i = 0; i < j->n; i++) {
		struct telling *t = &j->tellings[i];

		client_cancel(t->call);
		if (t->exchange != NULL)
			transport_cancel(a->settings.outside, t->exchange);
		loop_timer_stop(a->loop, &t->retry);
		json_decref(t->secret);
	}
	loop_timer_stop(a->loop, &j->begin);
	arena_free(j->arena);
	free(j);
}

struct alerter *
alerter_free(struct alerter *a)
{
	if (a == NULL)
		return NULL;
	while (a->jobs != NULL)
		alerter_job_free(a->jobs);
	client_cancel(a->call);
	json_decref(a->alerts);
	json_decref(a->reading);
	map_done(&a->warned);
	free(a);
	return NULL;
}

/* The event was sent, or will not be. */
static void
alerter_end(struct telling *t)
{
	if (--t->job->left == 0)
		alerter_job_free(t->job);
}

static void
alerter_give_up(struct telling *t, const struct err *e)
{
	struct arena *a = t->job->arena;
	const char *text = err_text(a, e);

	/* An address may have a token in it. */
	if (t->question.url != NULL)
		text = str_replace(a, text, t->question.url, t->question.shown);
	log_warn("cannot send alert", "namespace", t->alert->object.meta.namespace, "name", t->alert->object.meta.name,
	    "error", text);
	alerter_end(t);
}

static void
alerter_on_answer(void *arg, const struct err *e, const struct reply *reply)
{
	struct telling *t = arg;
	struct arena *a = t->job->arena;
	struct err *wrong = NULL;

	t->exchange = NULL;
	if (e != NULL)
		wrong = err_copy(a, e);
	else if (reply->status < 200 || reply->status > 299)
		wrong = err_new(a, reply->status == 429 || reply->status >= 500 ? ERR_AGAIN : ERR_INVALID,
		    "%s answered %d: %.200s", t->question.shown, reply->status,
		    reply->body.len > 0 ? reply->body.at : "");
	if (wrong != NULL && wrong->class == ERR_AGAIN && ++t->tries < TRIES_MAX) {
		loop_timer(t->job->alerter->loop, &t->retry, (int64_t)RETRY_MS << (t->tries - 1));
		return;
	}
	if (wrong != NULL) {
		alerter_give_up(t, wrong);
		return;
	}
	log_info("sent alert", "namespace", t->alert->object.meta.namespace, "name", t->alert->object.meta.name,
	    "provider", t->provider->object.meta.name, "about", t->job->event.name);
	alerter_end(t);
}

static bool
is_trusted(const struct telling *t)
{
	const char *ns = t->alert->object.meta.namespace;

	return str_eq(ns, t->job->alerter->settings.home) || str_eq(ns, FLUX_NAMESPACE);
}

static void
alerter_ask(struct telling *t)
{
	static const struct receiver receiver = { .done = alerter_on_answer };
	struct request r = request_of(&t->question);

	r.outside_only = !is_trusted(t);
	r.tenant = t->alert->object.meta.namespace;
	t->exchange = transport_start(t->job->alerter->settings.outside, &r, &receiver, t);
}

static void
alerter_on_retry(struct timer *timer, void *arg)
{
	(void)timer;
	alerter_ask(arg);
}

static void
compose(struct telling *t)
{
	struct err *e = alert_compose(
	    t->job->arena, t->provider, t->alert, json_object_get(t->secret, "data"), &t->job->event, &t->question);

	if (e != NULL)
		alerter_give_up(t, e);
	else if (t->question.url == NULL)
		alerter_end(t);
	else
		alerter_ask(t);
}

/* Its ca.crt counts before that of the Provider's other Secret. */
static void
on_certificate(void *arg, const struct err *e, const json_t *body)
{
	struct telling *t = arg;
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
	compose(t);
}

static void
ask_for_certificate(struct telling *t)
{
	if (t->provider->spec.certificate == NULL)
		compose(t);
	else
		t->call = client_call(t->job->alerter->settings.api, "GET",
		    arena_printf(t->job->arena, "/api/v1/namespaces/%s/secrets/%s", t->alert->object.meta.namespace,
			t->provider->spec.certificate->name),
		    NULL, NULL, on_certificate, t);
}

static void
alerter_on_secret(void *arg, const struct err *e, const json_t *body)
{
	struct telling *t = arg;

	t->call = NULL;
	if (e != NULL) {
		alerter_give_up(t, err_wrap(t->job->arena, err_copy(t->job->arena, e), "Secret %s of Provider %s",
				       t->provider->spec.secret->name, t->provider->object.meta.name));
		return;
	}
	t->secret = json_incref((json_t *)body);
	ask_for_certificate(t);
}

static void
on_provider(void *arg, const struct err *e, const json_t *body)
{
	struct telling *t = arg;
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
		ask_for_certificate(t);
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
	j->tellings = arena_new_array(j->arena, struct telling, json_array_size(items) + 1);
	json_array_foreach (items, i, item) {
		const struct flux_alert *alert =
		    (const struct flux_alert *)object_decode(&flux_alert_type, item, j->arena);
		struct telling *t = &j->tellings[j->n];

		if (object_problem(&alert->object, "spec") != NULL ||
		    !alert_concerns(alert, j->alerter->settings.reach, &j->event))
			continue;
		*t = (struct telling){ .job = j, .alert = alert, .retry = { .fire = alerter_on_retry, .arg = t } };
		j->n++;
	}
	j->left = j->n;
	for (i = 0; i < j->n; i++)
		j->tellings[i].call = client_call(j->alerter->settings.api, "GET",
		    client_path(j->arena, &flux_provider_type, j->tellings[i].alert->object.meta.namespace,
			j->tellings[i].alert->spec.provider->name, NULL),
		    NULL, NULL, on_provider, &j->tellings[i]);
	if (j->n == 0)
		alerter_job_free(j);
}

/* The problem of each alert is logged once. */
static void
warn_of_problems(struct alerter *a)
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
begin_all(struct alerter *a)
{
	for (struct job *j = a->jobs, *next; j != NULL; j = next) {
		next = j->next;
		if (!j->begun)
			alerter_begin(j);
	}
}

/* An Alert that cannot be decoded does not disable the Alerts of other tenants. */
static void
on_alert(void *arg, const json_t *item, const struct unreadable *unreadable)
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
on_alerts(void *arg, const struct err *e, const json_t *list)
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
		warn_of_problems(a);
	}
	json_decref(items);
	if (e != NULL && e->class != ERR_GONE)
		log_warn("cannot read alerts", "error", err_text(scratch, err_copy(scratch, e)));
	begin_all(a);
}

static void
alerter_on_begin(struct timer *t, void *arg)
{
	struct job *j = arg;
	struct alerter *a = j->alerter;

	(void)t;
	if (j->begun)
		return;
	if (a->alerts != NULL && loop_mono(a->loop) - a->read_at < FRESH_MS)
		begin_all(a);
	else if (a->call == NULL) {
		a->reading = json_array();
		a->call = client_list(a->settings.api,
		    client_path(j->arena, &flux_alert_type, a->settings.namespace, NULL, NULL), on_alert, on_alerts, a);
	}
}

void
alerter_on_event(struct alerter *a, const struct plan_step *event)
{
	const struct object *o = event->about;
	struct string_map *labels;
	struct job *j;
	size_t same = 0;

	for (const struct job *other = a->jobs; other != NULL; other = other->next)
		same += str_eq(other->event.namespace, o->meta.namespace);
	if (a->n_jobs >= ALERTER_WAITING_MAX || same >= ALERTER_WAITING_TENANT_MAX) {
		if (!a->dropping)
			log_warn("alert queue is full; dropping new alerts", "namespace", o->meta.namespace);
		a->dropping = true;
		return;
	}
	a->dropping = false;
	j = mem_alloc(sizeof(*j));
	*j = (struct job){ .alerter = a, .arena = arena_new() };
	j->event =
	    (struct alert_event){ .api_version = arena_printf(j->arena, "%s/%s", o->type->group, o->type->version),
		    .kind = o->type->kind,
		    .namespace = arena_strdup(j->arena, o->meta.namespace),
		    .name = arena_strdup(j->arena, o->meta.name),
		    .uid = arena_strdup(j->arena, o->meta.uid),
		    .bad = event->warning,
		    .reason = arena_strdup(j->arena, event->reason),
		    .message = arena_strdup(j->arena, event->message != NULL ? event->message : ""),
		    .revision = arena_strdup(j->arena, event->revision),
		    .at = loop_wall(a->loop) };
	labels = &j->event.labels;
	labels->at = arena_new_array(j->arena, struct string_pair, o->meta.labels.n + 1);
	for (size_t i = 0; i < o->meta.labels.n; i++)
		labels->at[labels->n++] = (struct string_pair){ arena_strdup(j->arena, o->meta.labels.at[i].key),
			arena_strdup(j->arena, o->meta.labels.at[i].value) };
	j->begin = (struct timer){ .fire = alerter_on_begin, .arg = j };
	*a->end = j;
	a->end = &j->next;
	a->n_jobs++;
	loop_timer(a->loop, &j->begin, 0);
}

/* notify/send/notifier.c: sends notifications of Rollouts: one job for each event, from its configuration to the
 * last response. Texts are made in notify/templates.c. */
#include "notify/send/notifier.h"
#include <string.h>
#include "base/map.h"
#include "base/str.h"
#include "io/log.h"
#include "kube/api/rollout.h"
#include "kube/api/workload.h"
#include "kube/client.h"
#include "notify/config.h"
#include "notify/send/queue.h"
#include "notify/services/services.h"
#include "notify/subscriptions.h"
#include "notify/templates.h"
#include "notify/triggers.h"

#define FRESH_MS 10000 /* how long a ConfigMap is used */
#define AGAIN_MS 1000 /* until a ConfigMap is requested again after an error */
#define RUNNING_MAX 64
#define RUNNING_TENANT_MAX 16 /* of RUNNING_MAX, for objects of one namespace, whose services may be slow */
#define NOTIFIED_MAX 100 /* keys in the annotation; the oldest are removed */

/* A namespace's ConfigMap. */
struct source {
	struct notifier *notifier;
	char *ns;
	struct call *call; /* its request in flight */
	int64_t read_at; /* mono ms; 0: never */
	struct notify_config config; /* all NULL: there is no ConfigMap */
	char *error; /* error of the last read; NULL: none */
	struct arena *arena;
};

/* One notification to one recipient. */
struct send {
	const char *trigger, *key; /* key: of the condition in the annotation; NULL: an event */
	struct destination to;
	const json_t *templates; /* borrowed from the configuration that the job holds */
};

struct job {
	struct send_job head; /* its key is "NS/NAME": the jobs of an object run in order */
	struct notifier *notifier;
	struct arena *arena;
	const char *ns, *name;
	const char *trigger; /* NULL: the Rollout has changed */
	const char *reason;
	bool warning; /* the event is of type Warning */
	struct string_map labels, annotations;
	size_t source; /* index of the current source */
	struct call *call;
	json_t *rollout, *secret; /* NULL until they are read */
	bool has_secret, has_workload; /* it has been requested */
	json_t *state; /* the annotation; NULL: not read yet */
	bool state_changed; /* the annotation must be written */
	bool planned; /* `sends` is set, for the current source */
	struct notify_config config; /* a reference to each part of the source's configuration */
	struct send *sends;
	size_t n_sends, at; /* `at`: the index of the one that is sent now */
	int64_t began; /* mono ms, of this send */
	struct delivery delivery; /* of this send */
};

struct notifier {
	struct loop *loop;
	struct notifier_settings settings;
	struct map sources; /* namespace → struct source */
	struct send_queue queue;
};

static void notifier_go_on(struct job *);

static void
notifier_job_free(struct job *j)
{
	send_queue_remove(&j->notifier->queue, &j->head);
	client_cancel(j->call);
	delivery_cancel(&j->delivery);
	json_decref(j->rollout);
	json_decref(j->secret);
	json_decref(j->state);
	notify_config_done(&j->config);
	arena_free(j->arena);
	free(j);
}

static void
notifier_run(struct send_job *j)
{
	notifier_go_on((struct job *)j);
}

/* Copies only annotations with this prefix: an object may have many kB of others. */
static void
notifier_copy_with(struct arena *a, const char *prefix, const struct string_map *from, struct string_map *to)
{
	to->at = arena_new_array(a, struct string_pair, from->n + 1);
	for (size_t i = 0; i < from->n; i++)
		if (str_starts(from->at[i].key, prefix))
			to->at[to->n++] = (struct string_pair){ arena_strdup(a, from->at[i].key),
				arena_strdup(a, from->at[i].value) };
}

static void
notifier_job_new(struct notifier *n, const struct object *o, const char *trigger, const char *reason, bool warning)
{
	struct job *j;

	if (!send_queue_has_capacity(&n->queue, o->meta.namespace))
		return;
	j = mem_alloc(sizeof(*j));
	*j = (struct job){ .notifier = n, .arena = arena_new(), .warning = warning };
	j->ns = arena_strdup(j->arena, o->meta.namespace);
	j->name = arena_strdup(j->arena, o->meta.name);
	j->head.tenant = j->ns;
	j->head.key = arena_printf(j->arena, "%s/%s", j->ns, j->name);
	j->trigger = trigger != NULL ? arena_strdup(j->arena, trigger) : NULL;
	j->reason = arena_strdup(j->arena, reason);
	notifier_copy_with(j->arena, "", &o->meta.labels, &j->labels);
	notifier_copy_with(j->arena, NOTIFY_PREFIX, &o->meta.annotations, &j->annotations);
	send_queue_add(&n->queue, &j->head);
}

static void
notifier_source_clear(struct source *s)
{
	notify_config_done(&s->config);
	s->arena = arena_free(s->arena);
}

/* Logs an error once, not at each read. NULL: the read had no error. */
static void
notifier_set_error(struct source *s, const char *text)
{
	if (text != NULL && !str_eq(text, s->error))
		log_warn("the notifications' ConfigMap", "namespace", s->ns, "error", text);
	free(s->error);
	s->error = text != NULL ? mem_strdup(text) : NULL;
}

/* Returns the errors in the configuration as one text. NULL: there are none. */
static const char *
notifier_problems(struct source *s)
{
	const char *text = NULL;
	json_t *problem;
	size_t i;

	json_array_foreach (s->config.problems, i, problem)
		text = arena_printf(
		    s->arena, "%s%s%s", text != NULL ? text : "", text != NULL ? "; " : "", json_string_value(problem));
	return text;
}

static void
notifier_on_config(void *arg, const struct err *e, const json_t *body)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct source *s = arg;
	struct notifier *n = s->notifier;

	s->call = NULL;
	s->read_at = loop_mono(n->loop) + 1;
	if (e != NULL && e->class == ERR_AGAIN) {
		/* The last configuration stays in use, and the ConfigMap is requested again soon. */
		s->read_at -= FRESH_MS - AGAIN_MS;
	} else {
		notifier_source_clear(s);
		s->arena = arena_new();
	}
	if (e == NULL && body != NULL)
		notify_config_read(s->arena, json_object_get(body, "data"), &s->config);
	notifier_set_error(s, e == NULL		     ? notifier_problems(s)
			      : e->class != ERR_GONE ? err_text(a, err_copy(a, e))
						     : NULL);
	for (struct send_job *at = n->queue.first, *next; at != NULL; at = next) {
		struct job *j = (struct job *)at;

		next = at->next;
		if (at->running && j->call == NULL && !delivery_is_open(&j->delivery) && j->sends == NULL)
			notifier_go_on(j);
	}
}

static struct source *
notifier_source_of(struct notifier *n, const char *ns)
{
	struct source *s = map_get(&n->sources, ns);

	if (s == NULL) {
		s = mem_alloc(sizeof(*s));
		*s = (struct source){ .notifier = n, .ns = mem_strdup(ns) };
		map_set(&n->sources, ns, s);
	}
	return s;
}

static bool
notifier_source_is_fresh(const struct source *s)
{
	return s->read_at != 0 && loop_mono(s->notifier->loop) - s->read_at < FRESH_MS;
}

/* Returns true if the configuration is at most FRESH_MS old. False: it is being read. */
static bool
notifier_source_ready(struct source *s)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	if (notifier_source_is_fresh(s))
		return true;
	if (s->call == NULL)
		s->call = client_call(s->notifier->settings.api, "GET",
		    arena_printf(a, "/api/v1/namespaces/%s/configmaps/%s", s->ns, NOTIFY_CONFIG_MAP), NULL, NULL,
		    notifier_on_config, s);
	return false;
}

/* Returns the i-th namespace whose configuration is used; NULL: there are no more. */
static const char *
notifier_namespace_at(const struct job *j, size_t i)
{
	const struct notifier_settings *s = &j->notifier->settings;
	bool own = s->self_service && strcmp(j->ns, s->namespace) != 0;

	if (i == 0)
		return s->namespace;
	return i == 1 && own ? j->ns : NULL;
}

static void
notifier_on_rollout(void *arg, const struct err *e, const json_t *body)
{
	struct job *j = arg;

	j->call = NULL;
	if (e != NULL || body == NULL) {
		if (e != NULL && e->class != ERR_GONE)
			log_warn("cannot send notification", "namespace", j->ns, "name", j->name, "error",
			    err_text(j->arena, err_copy(j->arena, e)));
		notifier_job_free(j);
		return;
	}
	j->rollout = json_incref((json_t *)body);
	notifier_go_on(j);
}

/* The workload's template becomes the Rollout's (as in rollout/workload.c). Without the workload, notifications that
 * do not use the template are sent. */
static void
notifier_on_workload(void *arg, const struct err *e, const json_t *body)
{
	struct job *j = arg;
	json_t *rollout = json_deep_copy(j->rollout);

	j->call = NULL;
	if (e != NULL)
		log_warn("cannot read a Rollout's workload for its notifications", "namespace", j->ns, "name", j->name,
		    "error", err_text(j->arena, err_copy(j->arena, e)));
	workload_fill(rollout, body);
	json_decref(j->rollout);
	j->rollout = rollout;
	notifier_go_on(j);
}

/* Returns the path of the workload that the Rollout takes its template from; NULL: it has its own template. */
static const char *
notifier_workload_path_of(const struct job *j)
{
	const char *name;
	const struct type *t = workload_missing(j->rollout, &name);

	return t != NULL ? client_path(j->arena, t, j->ns, name, NULL) : NULL;
}

/* Without its Secret, "$key" in a configuration is not replaced. */
static void
notifier_on_secret(void *arg, const struct err *e, const json_t *body)
{
	struct job *j = arg;

	j->call = NULL;
	if (e != NULL)
		log_warn("the notifications' Secret cannot be read", "namespace", notifier_namespace_at(j, j->source),
		    "error", err_text(j->arena, err_copy(j->arena, e)));
	j->secret = json_incref(json_object_get(body, "data"));
	notifier_go_on(j);
}

static const char *
notifier_path_of(const struct job *j)
{
	return client_path(j->arena, &rollout_type, j->ns, j->name, NULL);
}

/* Returns whether a destination is subscribed to the event of this job. */
static bool
notifier_concerns(const struct job *j, const struct notify_config *c)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct destination *to;
	const char *trigger;
	json_t *conditions, *one;
	size_t i;

	if (c->triggers == NULL)
		return false;
	if (j->trigger != NULL)
		return json_object_get(c->triggers, j->trigger) != NULL &&
		       notify_destinations(c, &j->labels, &j->annotations, j->trigger, a, &to) > 0;
	json_object_foreach (c->triggers, trigger, conditions)
		json_array_foreach (conditions, i, one)
			if (!str_empty(json_str(one, "when")) &&
			    notify_destinations(c, &j->labels, &j->annotations, trigger, a, &to) > 0)
				return true;
	return false;
}

static void
notifier_complain(const struct job *j, const struct send *s, const struct err *e)
{
	log_warn("cannot send notification", "namespace", j->ns, "name", j->name, "trigger", s->trigger, "service",
	    s->to.service, "error", err_text(j->arena, e));
}

static void
notifier_state_set(struct job *j, const char *key, bool notified)
{
	const char *oldest, *k;
	json_t *v;

	if ((json_object_get(j->state, key) != NULL) == notified)
		return;
	j->state_changed = true;
	if (!notified) {
		json_object_del(j->state, key);
		return;
	}
	json_object_set_new(j->state, key, json_integer(loop_wall(j->notifier->loop) / 1000));
	while (json_object_size(j->state) > NOTIFIED_MAX) {
		oldest = key;
		json_object_foreach (j->state, k, v)
			if (json_integer_value(v) < json_integer_value(json_object_get(j->state, oldest)))
				oldest = k;
		json_object_del(j->state, arena_strdup(j->arena, oldest));
	}
}

/* Adds the notifications of one trigger. A trigger without a condition always fires on its event; a condition
 * (`when`) fires once each time that it becomes true. */
static void
notifier_plan_trigger(struct job *j, const char *trigger)
{
	struct destination *to;
	size_t n = notify_destinations(&j->config, &j->labels, &j->annotations, trigger, j->arena, &to);
	_cleanup_(json_decrefp) json_t *vars = notify_vars(&j->config, json_incref(j->rollout), j->secret, NULL);
	struct notify_condition *conditions;
	size_t n_conditions =
	    notify_conditions(&j->config, trigger, vars, loop_wall(j->notifier->loop), j->arena, &conditions);
	struct send *more = arena_new_array(j->arena, struct send, j->n_sends + n * n_conditions + 1);

	if (n == NOTIFY_DESTINATIONS_MAX)
		log_warn("an object has more recipients of a trigger than are notified", "trigger", trigger);
	if (j->n_sends > 0)
		memcpy(more, j->sends, j->n_sends * sizeof(*more));
	j->sends = more;
	for (size_t k = 0; k < n_conditions; k++) {
		const struct notify_condition *c = &conditions[k];

		if (c->err != NULL)
			log_warn("cannot evaluate notification trigger", "trigger", trigger, "error",
			    err_text(j->arena, c->err));
		for (size_t i = 0; i < n; i++) {
			const char *key = arena_printf(j->arena, "%s%s%s:%s:%s:%s", c->once_per,
			    c->once_per[0] != '\0' ? ":" : "", trigger, c->key, to[i].service, to[i].recipient);

			if (j->trigger != NULL ? c->holds || c->when[0] == '\0'
					       : c->holds && json_object_get(j->state, key) == NULL)
				j->sends[j->n_sends++] =
				    (struct send){ trigger, j->trigger == NULL ? key : NULL, to[i], c->send };
			else if (j->trigger == NULL && !c->holds && c->err == NULL)
				notifier_state_set(j, key, false);
		}
	}
}

static void
notifier_plan_sends(struct job *j)
{
	const json_t *annotations = json_object_get(json_object_get(j->rollout, "metadata"), "annotations");
	const char *text = json_str(annotations, NOTIFY_NOTIFIED), *trigger;
	json_t *conditions;

	j->planned = true;
	j->at = j->n_sends = 0;
	j->sends = arena_new_array(j->arena, struct send, 1);
	if (j->state == NULL)
		j->state = text != NULL ? json_loads(text, 0, NULL) : NULL;
	if (!json_is_object(j->state)) {
		json_decref(j->state);
		j->state = json_object();
	}
	if (j->trigger != NULL)
		notifier_plan_trigger(j, j->trigger);
	else
		json_object_foreach (j->config.triggers, trigger, conditions)
			notifier_plan_trigger(j, trigger);
}

/* The current notification was sent, or has failed finally. */
static void
notifier_settle(struct job *j, const struct send *s, bool well)
{
	struct notifier *n = j->notifier;

	n->settings.sent(n->settings.arg, j->ns, j->name, j->warning, j->trigger != NULL ? j->reason : s->trigger, well,
	    loop_mono(n->loop) - j->began);
	if (well && s->key != NULL)
		notifier_state_set(j, s->key, true);
	j->at++;
}

static struct err *
notifier_check(void *arg, const struct err *e, const struct reply *reply)
{
	struct job *j = arg;
	struct response got = { .err = e, .status = reply->status, .body = reply->body };

	return notify_check_response(j->arena, &j->config, &j->sends[j->at].to, &got);
}

static void
notifier_on_sent(void *arg, struct err *failure)
{
	struct job *j = arg;
	const struct send *s = &j->sends[j->at];

	if (failure != NULL)
		/* The address is replaced in the text, because it may contain a token. */
		notifier_complain(j, s,
		    err_new(j->arena, failure->class, "%s",
			str_replace(j->arena, err_text(j->arena, failure), j->delivery.query.request.url,
			    arena_printf(j->arena, "service %s", s->to.service))));
	else
		log_info("sent notification", "namespace", j->ns, "name", j->name, "trigger", s->trigger, "service",
		    s->to.service, "recipient", s->to.recipient);
	notifier_settle(j, s, failure == NULL);
	notifier_go_on(j);
}

/* Starts the next notification. Returns false if it cannot be made, and is finished. */
static bool
notifier_send_one(struct job *j)
{
	const struct send *s = &j->sends[j->at];
	_cleanup_(json_decrefp) json_t *vars = notify_vars(&j->config, json_incref(j->rollout), j->secret, &s->to);
	_cleanup_(json_decrefp) json_t *notification = NULL;
	int64_t now = loop_wall(j->notifier->loop);
	struct err *e = notify_render(j->arena, &j->config, s->templates, vars, &notification);

	j->began = loop_mono(j->notifier->loop);
	j->delivery = (struct delivery){ .loop = j->notifier->loop,
		.transport = j->notifier->settings.outside,
		.tenant = j->ns,
		.outside_only = j->source > 0,
		.check = notifier_check,
		.done = notifier_on_sent,
		.arg = j };
	if (e == NULL)
		e = notify_compose(j->arena, &j->config, j->secret, &s->to, notification, now, &j->delivery.query);
	if (e != NULL) {
		notifier_complain(j, s, e);
		notifier_settle(j, s, false);
		return false;
	}
	delivery_start(&j->delivery);
	return true;
}

static void
notifier_on_noted(void *arg, const struct err *e, const json_t *body)
{
	struct job *j = arg;

	(void)body;
	j->call = NULL;
	if (e != NULL && e->class != ERR_GONE)
		log_warn("cannot record sent notification", "namespace", j->ns, "name", j->name, "error",
		    err_text(j->arena, err_copy(j->arena, e)));
	notifier_job_free(j);
}

/* All notifications are sent: the conditions that fired are recorded in the Rollout's annotation. */
static void
notifier_finish(struct job *j)
{
	_cleanup_(freep) char *text = NULL;
	json_t *value, *patch;

	if (!j->state_changed) {
		notifier_job_free(j);
		return;
	}
	text = json_dumps(j->state, JSON_COMPACT);
	value = json_object_size(j->state) > 0 ? json_string(text) : json_null();
	patch = json_pack("{s:{s:{s:o}}}", "metadata", "annotations", NOTIFY_NOTIFIED, value);
	j->call = client_call(j->notifier->settings.api, "PATCH", notifier_path_of(j), PATCH_MERGE,
	    json_text(j->arena, patch), notifier_on_noted, j);
	json_decref(patch);
}

/* Continues with the next configuration. */
static void
notifier_next_source(struct job *j)
{
	notify_config_done(&j->config);
	json_decref(j->secret);
	j->secret = NULL;
	j->has_secret = j->planned = false;
	j->sends = NULL;
	j->source++;
}

static void
notifier_hold_config(struct notify_config *to, const struct notify_config *from)
{
	*to = *from;
	json_incref(to->services);
	json_incref(to->templates);
	json_incref(to->triggers);
	json_incref(to->subscriptions);
	json_incref(to->default_triggers);
	json_incref(to->service_default_triggers);
	json_incref(to->context);
	json_incref(to->problems);
}

/* Requests the next object that the job needs. Its response calls this function again. */
static void
notifier_go_on(struct job *j)
{
	const struct notifier_settings *s = &j->notifier->settings;
	const char *ns;

	for (; (ns = notifier_namespace_at(j, j->source)) != NULL; notifier_next_source(j)) {
		struct source *source = notifier_source_of(j->notifier, ns);

		if (j->config.triggers == NULL) {
			if (!notifier_source_ready(source))
				return;
			if (!notifier_concerns(j, &source->config))
				continue;
			notifier_hold_config(&j->config, &source->config);
		}
		if (j->rollout == NULL) {
			j->call = client_call(s->api, "GET", notifier_path_of(j), NULL, NULL, notifier_on_rollout, j);
			return;
		}
		if (!j->has_workload) {
			const char *path = notifier_workload_path_of(j);

			j->has_workload = true;
			if (path != NULL) {
				j->call = client_call(s->api, "GET", path, NULL, NULL, notifier_on_workload, j);
				return;
			}
		}
		if (!j->has_secret && notify_needs_secret(&j->config)) {
			j->has_secret = true;
			j->call = client_call(s->api, "GET",
			    arena_printf(j->arena, "/api/v1/namespaces/%s/secrets/%s", ns, NOTIFY_SECRET), NULL, NULL,
			    notifier_on_secret, j);
			return;
		}
		if (!j->planned)
			notifier_plan_sends(j);
		while (j->at < j->n_sends)
			if (notifier_send_one(j))
				return;
	}
	notifier_finish(j);
}

/* Returns whether nothing subscribes to the trigger for this object, so that no job is needed. */
static bool
notifier_is_idle(struct notifier *n, const struct object *o, const char *trigger)
{
	struct job probe = { .notifier = n,
		.ns = o->meta.namespace,
		.trigger = trigger,
		.labels = o->meta.labels,
		.annotations = o->meta.annotations };
	const char *ns;

	for (size_t i = 0; (ns = notifier_namespace_at(&probe, i)) != NULL; i++) {
		struct source *s = notifier_source_of(n, ns);

		if (!notifier_source_is_fresh(s) || notifier_concerns(&probe, &s->config))
			return false;
	}
	return true;
}

void
notifier_on_event(struct notifier *n, const struct object *rollout, const char *reason, bool warning)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *trigger = notify_trigger(a, reason);

	if (!notifier_is_idle(n, rollout, trigger))
		notifier_job_new(n, rollout, trigger, reason, warning);
}

/* A job that waits will read the newest state. */
void
notifier_changed(struct notifier *n, const struct object *o, bool deleted)
{
	_cleanup_(freep) char *key = NULL;

	if (o->type != &rollout_type || deleted || notifier_is_idle(n, o, NULL))
		return;
	key = mem_printf("%s/%s", o->meta.namespace, o->meta.name);
	for (const struct send_job *j = n->queue.first; j != NULL; j = j->next)
		if (((const struct job *)j)->trigger == NULL && !j->running && strcmp(j->key, key) == 0)
			return;
	notifier_job_new(n, o, NULL, "", false);
}

struct notifier *
notifier_new(struct loop *l, const struct notifier_settings *s)
{
	struct notifier *n = mem_alloc(sizeof(*n));

	*n = (struct notifier){ .loop = l, .settings = *s };
	send_queue_init(&n->queue, l,
	    (struct send_limits){ NOTIFIER_WAITING_MAX, NOTIFIER_WAITING_TENANT_MAX, RUNNING_MAX, RUNNING_TENANT_MAX },
	    "notification", notifier_run);
	return n;
}

struct notifier *
notifier_free(struct notifier *n)
{
	if (n == NULL)
		return NULL;
	/* Each takes itself off the list, which the analyzer does not follow. */
	while (n->queue.first != NULL)
		notifier_job_free((struct job *)n->queue.first); // NOLINT(clang-analyzer-unix.Malloc)
	send_queue_done(&n->queue);
	map_each (&n->sources, slot) {
		struct source *s = slot->value;

		client_cancel(s->call);
		notifier_source_clear(s);
		free(s->error);
		free(s->ns);
		free(s);
	}
	map_done(&n->sources);
	free(n);
	return NULL;
}

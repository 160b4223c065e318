/* notify/alert.c: Flux Alerts and Providers: the request body for each type of Provider (Slack, Teams, generic,
 * ...). notify/send/alerter.c sends them. */
#include "notify/alert.h"
#include <ctype.h>
#include <string.h>
#include "base/base64.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/regex.h"
#include "kube/api/secret.h"
#include "kube/api/yaml.h"
#include "notify/commit_status.h"

#define CONTROLLER "sluice"
#define TIMEOUT_MS 15000
#define RESPONSE_MAX (64u << 10)
#define HEADERS_MAX 32
#define SLACK_API "https://slack.com/api/"

static bool
alert_any_matches(const struct strings *expressions, const char *text)
{
	for (size_t i = 0; i < expressions->n; i++)
		if (regex_finds(expressions->at[i], text))
			return true;
	return false;
}

static bool
alert_is_source(const struct flux_event_source *s, const char *own, const struct alert_event *e)
{
	if (!str_eq(s->kind, e->kind) || !str_eq(str_empty(s->namespace) ? own : s->namespace, e->namespace))
		return false;
	if (!str_eq(s->name, "*"))
		return str_eq(s->name, e->name);
	for (size_t i = 0; i < s->labels.n; i++)
		if (!str_eq(string_map_get(&e->labels, s->labels.at[i].key), s->labels.at[i].value))
			return false;
	return true;
}

/* The kinds of objects that emit events. */
static const char *const kinds_with_events[] = { "AnalysisRun", "Application", "Experiment", "GitRepository",
	"HelmChart", "HelmRelease", "HelmRepository", "Kustomization", "OCIRepository", "Rollout" };

static bool
alert_has_events(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds_with_events); i++)
		if (str_eq(kinds_with_events[i], kind))
			return true;
	return false;
}

static bool
alert_is_within_reach(const struct flux_event_source *s, const char *own, enum alert_reach reach)
{
	return reach == ALERT_REACHES_ALL || str_empty(s->namespace) || str_eq(s->namespace, own);
}

const char *
alert_problem(struct arena *a, const struct flux_alert *alert, enum alert_reach reach)
{
	const struct problem *problem = object_problem(&alert->object, "spec");
	const char *known = "";

	if (problem != NULL)
		return arena_printf(a, "%s: %s", problem->path, problem->text);
	for (size_t i = 0; i < ARRAY_SIZE(kinds_with_events); i++)
		known = arena_printf(a, "%s%s%s", known, i > 0 ? ", " : "", kinds_with_events[i]);
	for (size_t i = 0; i < alert->spec.sources.n; i++) {
		const struct flux_event_source *s = &alert->spec.sources.at[i];

		if (!alert_has_events(s->kind))
			return arena_printf(a,
			    "spec.eventSources[%zu].kind: Sluice emits no events of a %s; it does of %s", i, s->kind,
			    known);
		if (!alert_is_within_reach(s, alert->object.meta.namespace, reach))
			return arena_printf(a,
			    "spec.eventSources[%zu].namespace: can't access '%s/%s/%s', cross-namespace references "
			    "have been "
			    "blocked",
			    i, s->kind, s->namespace, s->name);
	}
	return NULL;
}

bool
alert_concerns(const struct flux_alert *a, enum alert_reach reach, const struct alert_event *e)
{
	bool of_source = false;

	if (a->spec.suspend || (str_eq(a->spec.severity, "error") && !e->failed))
		return false;
	for (size_t i = 0; i < a->spec.sources.n && !of_source; i++)
		of_source = alert_is_within_reach(&a->spec.sources.at[i], a->object.meta.namespace, reach) &&
			    alert_is_source(&a->spec.sources.at[i], a->object.meta.namespace, e);
	return of_source && (a->spec.inclusion.n == 0 || alert_any_matches(&a->spec.inclusion, e->message)) &&
	       !alert_any_matches(&a->spec.exclusion, e->message);
}

struct composing {
	struct arena *arena;
	const struct flux_provider *provider;
	const struct flux_alert *alert;
	const json_t *secret;
	const struct alert_event *event;
	struct header *headers;
	size_t n_headers;
	struct err *error; /* a header that cannot be sent */
};

/* Returns a value of the Secret; NULL: it has no such key. */
static const char *
alert_secret_value(const struct composing *c, const char *key)
{
	return secret_line(c->arena, c->secret, key);
}

static void
alert_header(struct composing *c, const char *name, const char *text)
{
	if (c->n_headers == HEADERS_MAX)
		c->error = err_new(c->arena, ERR_INVALID, "Provider %s: more than %d headers",
		    c->provider->object.meta.name, HEADERS_MAX);
	else if (strpbrk(name, "\r\n:") != NULL || strpbrk(text, "\r\n") != NULL)
		c->error = err_new(c->arena, ERR_INVALID, "Provider %s: a header with a line break cannot be sent",
		    c->provider->object.meta.name);
	else
		c->headers[c->n_headers++] = (struct header){ name, text };
}

/* Returns the revision that the event is about, or that its message names, in the arena; NULL: it has none. */
static const char *
alert_revision_of(const struct composing *c)
{
	const char *from = strstr(c->event->message, "sha1:");

	if (!str_empty(c->event->revision))
		return c->event->revision;
	while (from != NULL && from > c->event->message && from[-1] != ' ' && from[-1] != '\'')
		from--;
	return from != NULL ? arena_strndup(c->arena, from, strcspn(from, " '\n,;")) : NULL;
}

/* Returns the metadata of a message, a new reference: the Alert's eventMetadata, the event's, and the revision. */
static json_t *
alert_metadata(const struct composing *c)
{
	json_t *all = string_map_encode(&c->alert->spec.metadata);

	if (all == NULL)
		all = json_object();
	json_put(all, "summary", c->alert->spec.summary);
	json_put(all, "revision", alert_revision_of(c));
	return all;
}

/* Returns the event in Flux's own format. */
static json_t *
alert_generic_body(struct composing *c)
{
	const struct alert_event *e = c->event;
	json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "apiVersion", e->api_version, "kind", e->kind, "namespace",
	    e->namespace, "name", e->name);

	json_put(object, "uid", e->uid);
	alert_header(c, "Gotk-Component", CONTROLLER);
	return json_pack("{s:o, s:s, s:s, s:s, s:s, s:o, s:s}", "involvedObject", object, "severity",
	    e->failed ? "error" : "info", "timestamp", time_format(c->arena, e->at), "message", e->message, "reason",
	    e->reason, "metadata", alert_metadata(c), "reportingController", CONTROLLER);
}

/* Returns a message in Slack's format, which Rocket and Mattermost accept too. */
static json_t *
alert_slack_body(struct composing *c)
{
	const struct alert_event *e = c->event;
	json_t *fields = json_array(), *about = alert_metadata(c), *body, *v;
	const char *key, *token = alert_secret_value(c, "token"), *user = c->provider->spec.username;

	json_object_foreach (about, key, v)
		json_array_append_new(fields, json_pack("{s:s, s:O, s:b}", "title", key, "value", v, "short", 0));
	json_decref(about);
	if (token != NULL)
		alert_header(c, "Authorization", arena_printf(c->arena, "Bearer %s", token));
	body = json_pack("{s:s, s:[{s:s, s:s, s:s, s:[s], s:o}]}", "username", !str_empty(user) ? user : CONTROLLER,
	    "attachments", "color", e->failed ? "danger" : "good", "author_name",
	    arena_printf(c->arena, "%s/%s.%s", e->kind, e->name, e->namespace), "text", e->message, "mrkdwn_in", "text",
	    "fields", fields);
	json_put(body, "channel", c->provider->spec.channel);
	return body;
}

static json_t *
alert_alertmanager_body(struct composing *c)
{
	const struct alert_event *e = c->event;
	json_t *labels = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "alertname",
	    arena_printf(c->arena, "Flux%s%s", e->kind, e->reason), "severity", e->failed ? "error" : "info", "reason",
	    e->reason, "kind", e->kind, "name", e->name, "namespace", e->namespace, "reportingcontroller", CONTROLLER);
	json_t *annotations = alert_metadata(c), *v;
	const char *key;

	json_put(annotations, "message", e->message);
	json_object_foreach (annotations, key, v)
		if (!json_is_string(v))
			json_object_set_new(annotations, key, json_string(""));
	return json_pack("[{s:o, s:o, s:s, s:s}]", "labels", labels, "annotations", annotations, "startsAt",
	    time_format(c->arena, e->at), "status", "firing");
}

/* Reads the Secret's `headers`: YAML, names and values. */
static struct err *
alert_read_headers(struct composing *c)
{
	const char *text = alert_secret_value(c, "headers"), *name;
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct err *e;
	json_t *v;

	if (text == NULL)
		return NULL;
	if ((e = yaml_parse(c->arena, text, strlen(text), &docs)) != NULL)
		return err_wrap(c->arena, e, "headers of Secret %s", c->provider->spec.secret->name);
	json_object_foreach (json_array_get(docs, 0), name, v)
		if (json_is_string(v))
			alert_header(c, arena_strdup(c->arena, name), arena_strdup(c->arena, json_string_value(v)));
	return NULL;
}

/* Returns a reason ("ReconciliationSucceeded") as words, and the error. */
static const char *
alert_description(const struct composing *c)
{
	char *words = arena_alloc(c->arena, 2 * strlen(c->event->reason) + 1), *to = words;

	for (const char *at = c->event->reason; *at != '\0'; at++) {
		if (isupper((unsigned char)*at) && at > c->event->reason)
			*to++ = ' ';
		*to++ = (char)tolower((unsigned char)*at);
	}
	*to = '\0';
	return c->event->failed ? arena_printf(c->arena, "%s: %s", words, c->event->message) : words;
}

/* Returns the context of a commit status, "kustomization/NAME/1a2b3c4d". The last part is the beginning of the
 * Provider's uid, so that two clusters have different contexts. */
static const char *
alert_status_context(const struct composing *c)
{
	const char *uid = c->provider->object.meta.uid ?: "";
	char *text = arena_printf(c->arena, "%s/%s/%.*s", c->event->kind, c->event->name, (int)strcspn(uid, "-"), uid);

	for (char *at = text; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	return text;
}

/* Returns whether the event sets a commit status; one that only reports progress, or that is about another commit,
 * does not. */
static bool
alert_is_outcome(const struct alert_event *e)
{
	static const char *const others[] = { "Progressing", "OperationStarted", "ResourceUpdated", "RevisionReleased",
		"DependencyNotReady" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(others[i], e->reason) == 0)
			return false;
	return true;
}

static struct err *
alert_compose_status(struct composing *c, const char *address, struct query *ret)
{
	const struct commit_status s = { .type = c->provider->spec.type,
		.address = address,
		.revision = alert_is_outcome(c->event) ? alert_revision_of(c) : NULL,
		.context = alert_status_context(c),
		.failed = c->event->failed,
		.description = alert_description(c) };
	const char *token = alert_secret_value(c, "token"), *name, *text;

	if (token == NULL)
		return err_new(
		    c->arena, ERR_INVALID, "Provider %s: its Secret has no token", c->provider->object.meta.name);
	name = commit_status_header(c->arena, s.type, token, &text);
	alert_header(c, name, text);
	return commit_status_compose(c->arena, &s, &ret->request.url, &ret->request.body);
}

static const struct provider_kind {
	const char *type;
	json_t *(*body)(struct composing *);
	const char *suffix; /* appended to the Provider's address */
} kinds[] = {
	{ "alertmanager", alert_alertmanager_body, NULL },
	{ "discord", alert_slack_body, "/slack" },
	{ "generic", alert_generic_body, NULL },
	{ "generic-hmac", alert_generic_body, NULL },
	{ "rocket", alert_slack_body, NULL },
	{ "slack", alert_slack_body, NULL },
};

static struct err *
alert_compose_message(struct composing *c, const struct provider_kind *k, const char *address, struct query *ret)
{
	_cleanup_(json_decrefp) json_t *body = k->body(c);
	const char *token = alert_secret_value(c, "token");
	char hex[2 * SHA256_SIZE + 1];

	ret->request.body = json_text(c->arena, body);
	ret->request.url = k->suffix != NULL && !str_ends(address, k->suffix)
			       ? arena_printf(c->arena, "%s%s", address, k->suffix)
			       : address;
	if (strcmp(k->type, "generic-hmac") != 0)
		return NULL;
	if (token == NULL)
		return err_new(c->arena, ERR_INVALID, "Provider %s: its Secret has no token to sign with",
		    c->provider->object.meta.name);
	hmac_sha256_hex(token, strlen(token), ret->request.body, strlen(ret->request.body), hex);
	alert_header(c, "X-Signature", arena_printf(c->arena, "sha256=%s", hex));
	return NULL;
}

struct err *
alert_compose(struct arena *a, const struct flux_provider *p, const struct flux_alert *alert, const json_t *secret,
    const struct alert_event *event, struct query *ret)
{
	struct composing c = { a, p, alert, secret, event, arena_new_array(a, struct header, HEADERS_MAX), 0, NULL };
	const char *address_of_secret = alert_secret_value(&c, "address"),
		   *address = address_of_secret != NULL ? address_of_secret : p->spec.address;
	const struct problem *problem = object_problem(&p->object, "spec");
	const struct provider_kind *k = NULL;
	struct err *e;

	if (problem != NULL)
		return err_new(
		    a, ERR_INVALID, "Provider %s: %s: %s", p->object.meta.name, problem->path, problem->text);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (str_eq(kinds[i].type, p->spec.type))
			k = &kinds[i];
	if ((k == NULL && !commit_status_is(p->spec.type)) || str_empty(address))
		return err_new(
		    a, ERR_INVALID, "Provider %s: set spec.address, or address in its Secret", p->object.meta.name);
	if (!str_starts(address, "https://") && !str_starts(address, "http://"))
		return err_new(
		    a, ERR_INVALID, "Provider %s: its address is no URL of http or https", p->object.meta.name);
	if ((e = alert_read_headers(&c)) != NULL)
		return e;
	*ret = (struct query){ .request = { .method = "POST",
				   .headers = c.headers,
				   .ca = alert_secret_value(&c, "ca.crt"),
				   .content_type = "application/json",
				   .timeout_ms = p->spec.timeout.ms > 0 ? p->spec.timeout.ms : TIMEOUT_MS,
				   .response_max = RESPONSE_MAX },
		.shown = arena_printf(a, "the %s of Provider %s", p->spec.type, p->object.meta.name) };
	e = k != NULL ? alert_compose_message(&c, k, address, ret) : alert_compose_status(&c, address, ret);
	ret->request.n_headers = c.n_headers;
	return e != NULL ? e : c.error;
}

/* notify/services.c: notification services (Slack, webhooks, ...): one row for each, with its request and how its
 * response reports success. The configuration is read in config.c. */
#include <ctype.h>
#include <string.h>
#include "analysis/http.h"
#include "base/base64.h"
#include "base/str.h"
#include "base/time.h"
#include "notify/notify.h"

#define TIMEOUT_MS 15000
#define RESPONSE_MAX 65536 /* bytes of a response */
#define HEADERS_MAX 32

/* The request of a notification to its service, while it is made. */
struct composing {
	struct arena *arena;
	const char *type, *name; /* of the service */
	const json_t *options; /* with the Secret's values in them */
	const json_t *notification;
	const char *message, *recipient;
	int64_t now;
	struct query *query;
	struct header *headers;
	struct err *error; /* too many headers; NULL: none */
};

struct service {
	const char *type;
	struct err *(*compose)(struct composing *);
	/* Returns why a response with status 2xx is a refusal, by its body; NULL if it is a success. If this member is
	 * NULL, every 2xx is a success. */
	const char *(*refusal)(struct arena *, const json_t *body);
};

static const char *
services_option(const struct composing *c, const char *name, const char *otherwise)
{
	const char *text = json_str(c->options, name);

	return str_empty(text) ? otherwise : text;
}

static struct err *
services_missing(struct composing *c, const char *name)
{
	return err_new(c->arena, ERR_INVALID, "service.%s: %s is missing", c->type, name);
}

/* Returns the part of the template that is for this service, or NULL. */
static const json_t *
services_part(const struct composing *c)
{
	return json_object_get(c->notification, c->type);
}

/* Returns a text of the part of the template that is for this service, or the default. */
static const char *
services_template_text(const struct composing *c, const char *name, const char *otherwise)
{
	const char *text = json_str(services_part(c), name);

	return str_empty(text) ? otherwise : text;
}

static void
services_header(struct composing *c, const char *name, const char *value)
{
	if (c->query->request.n_headers < HEADERS_MAX)
		http_add_header(c->query, c->headers, name, value);
	else
		c->error = err_new(
		    c->arena, ERR_INVALID, "service.%s.%s: more than %d headers", c->type, c->name, HEADERS_MAX);
}

/* Makes the request a POST of JSON, which is consumed. */
static struct err *
services_post(struct composing *c, const char *url, json_t *body)
{
	c->query->request.method = "POST";
	c->query->request.url = url;
	c->query->request.content_type = "application/json";
	c->query->request.body = json_text(c->arena, body);
	json_decref(body);
	return http_is_address(url)
		   ? NULL
		   : err_new(c->arena, ERR_INVALID, "service.%s: the address is neither http:// nor https://", c->type);
}

/* Returns "BASE/PATH", with one slash between them. */
static const char *
services_url(struct arena *a, const char *base, const char *path)
{
	size_t n = strlen(base);

	while (n > 0 && base[n - 1] == '/')
		n--;
	return arena_printf(a, "%.*s%s%s", (int)n, base, path[0] == '/' ? "" : "/", path);
}

/* Sets a member to the value of a text that is JSON. An empty text sets nothing. */
static struct err *
services_set_json(struct composing *c, json_t *body, const char *name, const char *text)
{
	json_t *v = NULL;
	struct err *e;

	if (str_empty(text))
		return NULL;
	if ((e = json_parse(c->arena, text, strlen(text), &v)) != NULL)
		return err_wrap(c->arena, e, "%s.%s is no JSON", c->type, name);
	json_object_set_new(body, name, v);
	return NULL;
}

static void
services_set_text(json_t *body, const char *name, const char *text)
{
	if (!str_empty(text))
		json_object_set_new(body, name, json_string(text));
}

/* Returns the URL or key of this recipient in a map of recipients. */
static struct err *
services_recipient(struct composing *c, const char *map, const char **ret)
{
	*ret = json_str(json_object_get(c->options, map), c->recipient);
	return !str_empty(*ret) ? NULL
				: err_new(c->arena, ERR_INVALID, "service.%s: %s has no recipient \"%s\"", c->type, map,
				      c->recipient);
}

static struct err *
services_webhook(struct composing *c)
{
	const json_t *own = json_object_get(json_object_get(c->notification, "webhook"), c->name);
	const json_t *basic = json_object_get(c->options, "basicAuth");
	const char *url = services_option(c, "url", NULL), *path = json_str(own, "path"),
		   *method = json_str(own, "method");
	json_t *h;
	size_t i;

	if (url == NULL)
		return services_missing(c, "url");
	if (!http_is_address(url))
		return err_new(c->arena, ERR_INVALID, "service.webhook.%s: url: neither http:// nor https://", c->name);
	c->query->request.url = str_empty(path) ? url : services_url(c->arena, url, path);
	c->query->request.method = str_empty(method) ? "GET" : method;
	c->query->request.body = json_str(own, "body");
	if (own == NULL)
		c->query->request.body = c->message;
	json_array_foreach (json_object_get(c->options, "headers"), i, h)
		services_header(c, json_str(h, "name") ?: "", json_str(h, "value") ?: "");
	if (basic != NULL)
		services_header(c, "Authorization",
		    http_basic(c->arena, json_str(basic, "username") ?: "", json_str(basic, "password") ?: ""));
	return NULL;
}

static struct err *
services_slack(struct composing *c)
{
	const char *token = services_option(c, "token", NULL),
		   *icon = services_template_text(c, "icon", services_option(c, "icon", NULL));
	json_t *body;
	struct err *e;

	if (token == NULL)
		return services_missing(c, "token");
	body = json_pack("{s:s,s:s}", "channel", c->recipient, "text", c->message);
	services_set_text(
	    body, "username", services_template_text(c, "username", services_option(c, "username", NULL)));
	if (icon != NULL)
		services_set_text(body, icon[0] == ':' ? "icon_emoji" : "icon_url", icon);
	if ((e = services_set_json(c, body, "attachments", services_template_text(c, "attachments", NULL))) != NULL ||
	    (e = services_set_json(c, body, "blocks", services_template_text(c, "blocks", NULL))) != NULL) {
		json_decref(body);
		return e;
	}
	services_header(c, "Authorization", arena_printf(c->arena, "Bearer %s", token));
	return services_post(
	    c, services_url(c->arena, services_option(c, "apiURL", "https://slack.com/api"), "chat.postMessage"), body);
}

/* Returns the error of a response of Slack, which has status 200: {"ok": false, "error": "channel_not_found"}. */
static const char *
services_slack_refusal(struct arena *a, const json_t *body)
{
	return json_is_true(json_object_get(body, "ok")) ? NULL
							 : arena_strdup(a, json_str(body, "error") ?: "it is not ok");
}

static struct err *
services_mattermost(struct composing *c)
{
	const char *token = services_option(c, "token", NULL), *url = services_option(c, "apiURL", NULL);
	json_t *body, *props;
	struct err *e;

	if (token == NULL || url == NULL)
		return services_missing(c, token == NULL ? "token" : "apiURL");
	props = json_object();
	if ((e = services_set_json(c, props, "attachments", services_template_text(c, "attachments", NULL))) != NULL) {
		json_decref(props);
		return e;
	}
	body = json_pack("{s:s,s:s,s:o}", "channel_id", c->recipient, "message", c->message, "props", props);
	services_header(c, "Authorization", arena_printf(c->arena, "Bearer %s", token));
	return services_post(c, services_url(c->arena, url, "api/v4/posts"), body);
}

/* A number is a chat's id, anything else a public channel's name. */
static struct err *
services_telegram(struct composing *c)
{
	const char *token = services_option(c, "token", NULL), *to = c->recipient;
	long long id;

	if (token == NULL)
		return services_missing(c, "token");
	if (!str_int(to, INT64_MIN, INT64_MAX, &id) && to[0] != '@')
		to = arena_printf(c->arena, "@%s", to);
	return services_post(c,
	    services_url(c->arena, services_option(c, "apiURL", "https://api.telegram.org"),
		arena_printf(c->arena, "bot%s/sendMessage", token)),
	    json_pack("{s:s,s:s,s:s}", "chat_id", to, "text", c->message, "parse_mode", "Markdown"));
}

static struct err *
services_webex(struct composing *c)
{
	const char *token = services_option(c, "token", NULL);

	if (token == NULL)
		return services_missing(c, "token");
	services_header(c, "Authorization", arena_printf(c->arena, "Bearer %s", token));
	return services_post(c,
	    services_url(c->arena, services_option(c, "apiURL", "https://webexapis.com"), "v1/messages"),
	    json_pack("{s:s,s:s}", strchr(c->recipient, '@') != NULL ? "toPersonEmail" : "roomId", c->recipient,
		"markdown", c->message));
}

static struct err *
services_googlechat(struct composing *c)
{
	json_t *body = json_object();
	const char *url;
	struct err *e = services_recipient(c, "webhooks", &url);

	if (e == NULL)
		e = services_set_json(c, body, "cardsV2", services_template_text(c, "cardsV2", NULL));
	if (e == NULL)
		e = services_set_json(c, body, "cards", services_template_text(c, "cards", NULL));
	if (e != NULL) {
		json_decref(body);
		return e;
	}
	if (json_object_size(body) == 0)
		services_set_text(body, "text", c->message);
	return services_post(c, url, body);
}

static struct err *
services_teams(struct composing *c)
{
	static const char *const lists[] = { "sections", "potentialAction" };
	const char *url, *whole = services_template_text(c, "template", NULL);
	json_t *body = json_pack("{s:s,s:s}", "@type", "MessageCard", "@context", "https://schema.org/extensions"),
	       *facts;
	struct err *e = services_recipient(c, "recipientUrls", &url);

	services_set_text(body, "title", services_template_text(c, "title", NULL));
	services_set_text(body, "text", services_template_text(c, "text", c->message));
	services_set_text(
	    body, "summary", services_template_text(c, "summary", services_template_text(c, "title", c->message)));
	services_set_text(body, "themeColor", services_template_text(c, "themeColor", NULL));
	for (size_t i = 0; e == NULL && i < ARRAY_SIZE(lists); i++)
		e = services_set_json(c, body, lists[i], services_template_text(c, lists[i], NULL));
	if (e == NULL && (e = services_set_json(c, body, "facts", services_template_text(c, "facts", NULL))) == NULL &&
	    (facts = json_incref(json_object_get(body, "facts"))) != NULL) {
		/* They are a section of their own. */
		json_object_del(body, "facts");
		if (json_object_get(body, "sections") == NULL)
			json_object_set_new(body, "sections", json_array());
		json_array_append_new(json_object_get(body, "sections"), json_pack("{s:o}", "facts", facts));
	}
	if (e == NULL && whole != NULL) {
		json_decref(body);
		body = NULL;
		e = json_parse(c->arena, whole, strlen(whole), &body);
	}
	if (e != NULL) {
		json_decref(body);
		return err_wrap(c->arena, e, "teams");
	}
	return services_post(c, url, body);
}

static struct err *
services_grafana(struct composing *c)
{
	const char *url = services_option(c, "apiUrl", services_option(c, "apiURL", NULL)),
		   *key = services_option(c, "apiKey", NULL);
	char *save = NULL;
	json_t *tags;

	if (url == NULL || key == NULL)
		return services_missing(c, url == NULL ? "apiUrl" : "apiKey");
	tags = json_array();
	/* The recipient is the tags, "|" between. */
	for (char *t = strtok_r(arena_strdup(c->arena, c->recipient), "|", &save); t != NULL;
	     t = strtok_r(NULL, "|", &save))
		json_array_append_new(tags, json_string(t));
	services_header(c, "Authorization", arena_printf(c->arena, "Bearer %s", key));
	return services_post(c, services_url(c->arena, url, "annotations"),
	    json_pack(
		"{s:I,s:b,s:o,s:s}", "time", (json_int_t)c->now, "isRegion", 0, "tags", tags, "text", c->message));
}

static struct err *
services_alertmanager(struct composing *c)
{
	const char *scheme = services_option(c, "scheme", "http"),
		   *path = services_option(c, "apiPath", "/api/v2/alerts"),
		   *target = json_string_value(json_array_get(json_object_get(c->options, "targets"), 0));
	const json_t *basic = json_object_get(c->options, "basicAuth"), *own = services_part(c);
	json_t *labels, *annotations;

	if (target == NULL)
		return services_missing(c, "targets");
	labels = json_deep_copy(json_object_get(own, "labels")) ?: json_object();
	annotations = json_deep_copy(json_object_get(own, "annotations")) ?: json_object();
	if (json_object_size(labels) == 0)
		json_object_set_new(
		    labels, "alertname", json_string(!str_empty(c->recipient) ? c->recipient : "Rollout"));
	if (json_object_size(annotations) == 0)
		json_object_set_new(annotations, "message", json_string(c->message));
	if (basic != NULL)
		services_header(c, "Authorization",
		    http_basic(c->arena, json_str(basic, "username") ?: "", json_str(basic, "password") ?: ""));
	else if (services_option(c, "bearerToken", NULL) != NULL)
		services_header(
		    c, "Authorization", arena_printf(c->arena, "Bearer %s", services_option(c, "bearerToken", "")));
	return services_post(c, services_url(c->arena, arena_printf(c->arena, "%s://%s", scheme, target), path),
	    json_pack("[{s:o,s:o,s:s,s:s}]", "labels", labels, "annotations", annotations, "startsAt",
		time_format(c->arena, c->now), "generatorURL", services_template_text(c, "generatorURL", "")));
}

static struct err *
services_opsgenie(struct composing *c)
{
	json_t *body;
	const char *key;
	struct err *e = services_recipient(c, "apiKeys", &key);

	if (e != NULL)
		return e;
	body = json_pack(
	    "{s:s,s:s}", "message", c->message, "description", services_template_text(c, "description", c->message));
	services_set_text(body, "priority", services_template_text(c, "priority", NULL));
	services_set_text(body, "alias", services_template_text(c, "alias", NULL));
	services_set_text(body, "note", services_template_text(c, "note", NULL));
	services_header(c, "Authorization", arena_printf(c->arena, "GenieKey %s", key));
	return services_post(
	    c, services_url(c->arena, services_option(c, "apiUrl", "https://api.opsgenie.com"), "v2/alerts"), body);
}

static struct err *
services_pagerduty(struct composing *c)
{
	json_t *payload;
	const char *key;
	struct err *e = services_recipient(c, "serviceKeys", &key);

	if (e != NULL)
		return e;
	payload = json_pack("{s:s,s:s,s:s}", "summary", services_template_text(c, "summary", c->message), "severity",
	    services_template_text(c, "severity", "info"), "source", services_template_text(c, "source", "sluice"));
	services_set_text(payload, "component", services_template_text(c, "component", NULL));
	services_set_text(payload, "group", services_template_text(c, "group", NULL));
	services_set_text(payload, "class", services_template_text(c, "class", NULL));
	return services_post(c,
	    services_url(c->arena, services_option(c, "apiURL", "https://events.pagerduty.com"), "v2/enqueue"),
	    json_pack("{s:s,s:s,s:o}", "routing_key", key, "event_action", "trigger", "payload", payload));
}

static const struct service services[] = {
	{ "alertmanager", services_alertmanager, NULL },
	{ "googlechat", services_googlechat, NULL },
	{ "grafana", services_grafana, NULL },
	{ "mattermost", services_mattermost, NULL },
	{ "opsgenie", services_opsgenie, NULL },
	{ "pagerdutyv2", services_pagerduty, NULL },
	{ "slack", services_slack, services_slack_refusal },
	{ "teams", services_teams, NULL },
	{ "telegram", services_telegram, services_slack_refusal }, /* {"ok": false, ...} too */
	{ "webex", services_webex, NULL },
	{ "webhook", services_webhook, NULL },
};

static const struct service *
services_find(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		if (str_eq(services[i].type, type))
			return &services[i];
	return NULL;
}

/* Returns the text with each "$KEY" replaced by the value of that key of the Secret. Without such a key it stays. */
static const char *
services_with_secrets(struct arena *a, const char *text, const json_t *secret)
{
	const char *made, *at = text;
	struct str s;

	str_init(&s, 1u << 20);
	while (*at != '\0') {
		const char *dollar = strchr(at, '$');
		size_t n = 0;
		const char *value;

		if (dollar == NULL) {
			str_adds(&s, at);
			break;
		}
		str_add(&s, at, (size_t)(dollar - at));
		while (isalnum((unsigned char)dollar[1 + n]) || dollar[1 + n] == '_' || dollar[1 + n] == '-')
			n++;
		value = json_str(secret, arena_strndup(a, dollar + 1, n));
		value = value != NULL ? base64_decode(a, value, NULL) : NULL;
		if (value != NULL)
			str_adds(&s, value);
		else
			str_add(&s, dollar, n + 1);
		at = dollar + 1 + n;
	}
	made = arena_strdup(a, str_text(&s));
	str_done(&s);
	return made;
}

/* Returns a copy with the Secret's values in its texts. The nesting was limited when the ConfigMap was read. */
static json_t *
services_open_secrets(struct arena *a, const json_t *v, const json_t *secret)
{
	json_t *copy, *e;
	const char *key;
	size_t i;

	if (json_is_string(v))
		return json_string(services_with_secrets(a, json_string_value(v), secret)) ?: json_string("");
	if (!json_is_object(v) && !json_is_array(v))
		return json_incref((json_t *)v);
	copy = json_is_object(v) ? json_object() : json_array();
	json_object_foreach ((json_t *)v, key, e)
		json_object_set_new(copy, key, services_open_secrets(a, e, secret));
	json_array_foreach (v, i, e)
		json_array_append_new(copy, services_open_secrets(a, e, secret));
	return copy;
}

/* Copies all that the query points at into the arena. */
static void
services_settle(struct arena *a, struct query *q)
{
	struct header *headers = (struct header *)q->request.headers;

	q->request.url = arena_strdup(a, q->request.url);
	q->request.method = arena_strdup(a, q->request.method);
	q->request.body = arena_strdup(a, q->request.body);
	for (size_t i = 0; i < q->request.n_headers; i++)
		headers[i] = (struct header){ arena_strdup(a, headers[i].name), arena_strdup(a, headers[i].value) };
}

struct err *
notify_compose(struct arena *a, const struct notify_config *config, const json_t *secret, const struct destination *d,
    const json_t *notification, int64_t now, struct query *ret)
{
	const json_t *entry = json_object_get(config->services, d->service);
	const char *type = json_str(entry, "type");
	const struct service *s = services_find(type);
	_cleanup_(json_decrefp) json_t *options = NULL;
	struct composing c = { .arena = a,
		.type = type,
		.name = d->service,
		.notification = notification,
		.message = json_str(notification, "message") ?: "",
		.recipient = d->recipient,
		.now = now,
		.query = ret };
	struct err *e;

	if (entry == NULL)
		return err_new(a, ERR_INVALID, "there is no service.%s in the ConfigMap", d->service);
	if (s == NULL)
		return err_new(a, ERR_INVALID, "service.%s: not supported; use a webhook", type);
	c.options = options = services_open_secrets(a, json_object_get(entry, "options"), secret);
	c.headers = arena_new_array(a, struct header, HEADERS_MAX);
	*ret = (struct query){ .request = { .headers = c.headers,
				   .timeout_ms = TIMEOUT_MS,
				   .response_max = RESPONSE_MAX,
				   .insecure = json_is_true(json_object_get(options, "insecureSkipVerify")) } };
	if ((e = s->compose(&c)) != NULL || (e = c.error) != NULL)
		return e;
	services_settle(a, ret);
	return NULL;
}

struct err *
notify_check_response(
    struct arena *a, const struct notify_config *config, const struct destination *d, const struct response *got)
{
	const struct service *s = services_find(json_str(json_object_get(config->services, d->service), "type"));
	_cleanup_(json_decrefp) json_t *body = NULL;
	const char *why;

	if (got->err != NULL)
		return err_copy(a, got->err);
	if (got->status < 200 || got->status > 299)
		return err_new(a, got->status >= 500 || got->status == 429 ? ERR_AGAIN : ERR_INVALID, "status %d: %.*s",
		    got->status, (int)(got->body.len < 300 ? got->body.len : 300), got->body.at);
	if (s == NULL || s->refusal == NULL)
		return NULL;
	body = json_loadb(got->body.at, got->body.len, 0, NULL);
	why = s->refusal(a, body);
	return why != NULL ? err_new(a, ERR_INVALID, "refused: %s", why) : NULL;
}

/* notify/services/services.c: list of the notification services: one row each. The request of a notification has the
 * values of the Secret in the options of its service. */
#include "notify/services/services.h"
#include <ctype.h>
#include <string.h>
#include "base/base64.h"
#include "base/str.h"
#include "notify/config.h"
#include "notify/services/service.h"
#include "notify/subscriptions.h"

#define SERVICES_TIMEOUT_MS 15000
#define SERVICES_RESPONSE_MAX 65536 /* bytes of a response */

static const struct notify_service *const services[] = {
	&alertmanager_service,
	&googlechat_service,
	&grafana_service,
	&mattermost_service,
	&opsgenie_service,
	&pagerduty_service,
	&slack_service,
	&teams_service,
	&telegram_service,
	&webex_service,
	&webhook_service,
};

static const struct notify_service *
services_find(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		if (str_eq(services[i]->type, type))
			return services[i];
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
	const struct notify_service *s = services_find(type);
	_cleanup_(json_decrefp) json_t *options = NULL;
	struct service_request r = { .arena = a,
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
	r.options = options = services_open_secrets(a, json_object_get(entry, "options"), secret);
	r.headers = arena_new_array(a, struct header, SERVICE_HEADERS_MAX);
	*ret = (struct query){ .request = { .headers = r.headers,
				   .timeout_ms = SERVICES_TIMEOUT_MS,
				   .response_max = SERVICES_RESPONSE_MAX,
				   .insecure = json_is_true(json_object_get(options, "insecureSkipVerify")) } };
	if ((e = s->compose(&r)) != NULL || (e = r.error) != NULL)
		return e;
	services_settle(a, ret);
	return NULL;
}

struct err *
notify_check_response(
    struct arena *a, const struct notify_config *config, const struct destination *d, const struct response *got)
{
	const struct notify_service *s = services_find(json_str(json_object_get(config->services, d->service), "type"));
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

/* notify/services/service.h: how a notification becomes a request to a service (Slack, webhooks, ...).
 *
 * A service is a row, and does no input or output. Its request depends on the options in the ConfigMap, the
 * notification and the recipient. Add a service by adding a file, its name at the end of this header, and a line in
 * services.c.
 */
#pragma once
#include "base/json.h"
#include "kube/plan/query.h"

#define SERVICE_HEADERS_MAX 32 /* of a request */

/* The request of a notification, while a service makes it. What it points at is borrowed until it is made. */
struct service_request {
	struct arena *arena;
	const char *type, *name; /* of the service: "webhook" and "ci" for the key "service.webhook.ci" */
	const json_t *options; /* of the service, with the Secret's values in them */
	const json_t *notification; /* the template, expanded; it may have a part for each service */
	const char *message, *recipient; /* "": none */
	int64_t now; /* wall ms */
	struct query *query; /* to fill in; it has its limits already */
	struct header *headers; /* of the query; SERVICE_HEADERS_MAX */
	struct err *error; /* too many headers; NULL: none */
};

struct notify_service {
	const char *type; /* as in the key "service.TYPE" of the ConfigMap */

	/* Sets method, URL, headers and body of the query. They may be borrowed from the request. An error names the
	 * service and what is missing or invalid. */
	struct err *(*compose)(struct service_request *);

	/* Returns why a response with status 2xx is a refusal, by its body (NULL: it is no JSON), in the arena; NULL if
	 * it is a success. If this member is NULL, every 2xx is a success. */
	const char *(*refusal)(struct arena *, const json_t *body);
};

/* Returns a text of the options, or the default if it is absent or empty. */
const char *service_option(const struct service_request *, const char *name, const char *default_text);

/* Returns the error that an option is missing. */
struct err *service_missing(struct service_request *, const char *name);

/* Returns the value of the options' map `map` for the recipient: its URL or key. An error if it has none. */
struct err *service_recipient(struct service_request *, const char *map, const char **ret);

/* Returns the part of the template that is for this service, or NULL. */
const json_t *service_template(const struct service_request *);

/* Returns a text of that part, or the default if it is absent or empty. */
const char *service_template_text(const struct service_request *, const char *name, const char *default_text);

/* Returns "BASE/PATH", with one slash between them. In the arena. */
const char *service_url(struct arena *, const char *base, const char *path);

/* Adds a header, whose value is borrowed. Sets `error` if there are too many. */
void service_add_header(struct service_request *, const char *name, const char *value);

/* Sets a member of a body. An empty text, and NULL, sets nothing. */
void service_set_text(json_t *body, const char *name, const char *text);

/* Sets a member of a body to the value of a text that is JSON. An empty text, and NULL, sets nothing. An error names
 * the member. */
struct err *service_set_json(struct service_request *, json_t *body, const char *name, const char *text);

/* Makes the request a POST of JSON, which is consumed. An error if the URL is neither http:// nor https://. */
struct err *service_post(struct service_request *, const char *url, json_t *body);

/* For `refusal`: returns the error of a body such as {"ok": false, "error": "channel_not_found"}, in the arena; NULL if
 * "ok" is true. */
const char *service_refusal_unless_ok(struct arena *, const json_t *body);

extern const struct notify_service alertmanager_service, googlechat_service, grafana_service, mattermost_service,
    opsgenie_service, pagerduty_service, slack_service, teams_service, telegram_service, webex_service, webhook_service;

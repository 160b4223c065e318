/* notify/services/slack.c: a message in a channel of Slack. */
#include "notify/services/service.h"

static struct err *slack_compose(struct service_request *);

const struct notify_service slack_service = {
	.type = "slack",
	.compose = slack_compose,
	.refusal = service_refusal_unless_ok,
};

static struct err *
slack_compose(struct service_request *r)
{
	const char *token = service_option(r, "token", NULL),
		   *icon = service_template_text(r, "icon", service_option(r, "icon", NULL));
	json_t *body;
	struct err *e;

	if (token == NULL)
		return service_missing(r, "token");
	body = json_pack("{s:s,s:s}", "channel", r->recipient, "text", r->message);
	service_set_text(body, "username", service_template_text(r, "username", service_option(r, "username", NULL)));
	if (icon != NULL)
		service_set_text(body, icon[0] == ':' ? "icon_emoji" : "icon_url", icon);
	if ((e = service_set_json(r, body, "attachments", service_template_text(r, "attachments", NULL))) != NULL ||
	    (e = service_set_json(r, body, "blocks", service_template_text(r, "blocks", NULL))) != NULL) {
		json_decref(body);
		return e;
	}
	service_add_header(r, "Authorization", arena_printf(r->arena, "Bearer %s", token));
	return service_post(
	    r, service_url(r->arena, service_option(r, "apiURL", "https://slack.com/api"), "chat.postMessage"), body);
}

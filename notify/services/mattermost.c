/* notify/services/mattermost.c: a post in a channel of Mattermost. */
#include "notify/services/service.h"

static struct err *mattermost_compose(struct service_request *);

const struct notify_service mattermost_service = {
	.type = "mattermost",
	.compose = mattermost_compose,
};

static struct err *
mattermost_compose(struct service_request *r)
{
	const char *token = service_option(r, "token", NULL), *url = service_option(r, "apiURL", NULL);
	json_t *body, *props;
	struct err *e;

	if (token == NULL || url == NULL)
		return service_missing(r, token == NULL ? "token" : "apiURL");
	props = json_object();
	if ((e = service_set_json(r, props, "attachments", service_template_text(r, "attachments", NULL))) != NULL) {
		json_decref(props);
		return e;
	}
	body = json_pack("{s:s,s:s,s:o}", "channel_id", r->recipient, "message", r->message, "props", props);
	service_add_header(r, "Authorization", arena_printf(r->arena, "Bearer %s", token));
	return service_post(r, service_url(r->arena, url, "api/v4/posts"), body);
}

/* notify/services/webex.c: a message in a room of Webex, or to a user. */
#include <string.h>
#include "notify/services/service.h"

static struct err *webex_compose(struct service_request *);

const struct notify_service webex_service = {
	.type = "webex",
	.compose = webex_compose,
};

static struct err *
webex_compose(struct service_request *r)
{
	const char *token = service_option(r, "token", NULL);

	if (token == NULL)
		return service_missing(r, "token");
	service_add_header(r, "Authorization", arena_printf(r->arena, "Bearer %s", token));
	return service_post(r,
	    service_url(r->arena, service_option(r, "apiURL", "https://webexapis.com"), "v1/messages"),
	    json_pack("{s:s,s:s}", strchr(r->recipient, '@') != NULL ? "toPersonEmail" : "roomId", r->recipient,
		"markdown", r->message));
}

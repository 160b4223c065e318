/* notify/services/opsgenie.c: an alert of Opsgenie. */
#include "notify/services/service.h"

static struct err *opsgenie_compose(struct service_request *);

const struct notify_service opsgenie_service = {
	.type = "opsgenie",
	.compose = opsgenie_compose,
};

static struct err *
opsgenie_compose(struct service_request *r)
{
	json_t *body;
	const char *key;
	struct err *e = service_recipient(r, "apiKeys", &key);

	if (e != NULL)
		return e;
	body = json_pack(
	    "{s:s,s:s}", "message", r->message, "description", service_template_text(r, "description", r->message));
	service_set_text(body, "priority", service_template_text(r, "priority", NULL));
	service_set_text(body, "alias", service_template_text(r, "alias", NULL));
	service_set_text(body, "note", service_template_text(r, "note", NULL));
	service_add_header(r, "Authorization", arena_printf(r->arena, "GenieKey %s", key));
	return service_post(
	    r, service_url(r->arena, service_option(r, "apiUrl", "https://api.opsgenie.com"), "v2/alerts"), body);
}

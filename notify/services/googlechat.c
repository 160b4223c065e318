/* notify/services/googlechat.c: a message in a space of Google Chat. */
#include "notify/services/service.h"

static struct err *googlechat_compose(struct service_request *);

const struct notify_service googlechat_service = {
	.type = "googlechat",
	.compose = googlechat_compose,
};

static struct err *
googlechat_compose(struct service_request *r)
{
	json_t *body = json_object();
	const char *url;
	struct err *e = service_recipient(r, "webhooks", &url);

	if (e == NULL)
		e = service_set_json(r, body, "cardsV2", service_template_text(r, "cardsV2", NULL));
	if (e == NULL)
		e = service_set_json(r, body, "cards", service_template_text(r, "cards", NULL));
	if (e != NULL) {
		json_decref(body);
		return e;
	}
	if (json_object_size(body) == 0)
		service_set_text(body, "text", r->message);
	return service_post(r, url, body);
}

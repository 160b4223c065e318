/* notify/services/teams.c: a card in a channel of Microsoft Teams. */
#include <string.h>
#include "base/str.h"
#include "notify/services/service.h"

static struct err *teams_compose(struct service_request *);

const struct notify_service teams_service = {
	.type = "teams",
	.compose = teams_compose,
};

static struct err *
teams_compose(struct service_request *r)
{
	static const char *const lists[] = { "sections", "potentialAction" };
	const char *url, *whole = service_template_text(r, "template", NULL);
	json_t *body = json_pack("{s:s,s:s}", "@type", "MessageCard", "@context", "https://schema.org/extensions"),
	       *facts;
	struct err *e = service_recipient(r, "recipientUrls", &url);

	service_set_text(body, "title", service_template_text(r, "title", NULL));
	service_set_text(body, "text", service_template_text(r, "text", r->message));
	service_set_text(
	    body, "summary", service_template_text(r, "summary", service_template_text(r, "title", r->message)));
	service_set_text(body, "themeColor", service_template_text(r, "themeColor", NULL));
	for (size_t i = 0; e == NULL && i < ARRAY_SIZE(lists); i++)
		e = service_set_json(r, body, lists[i], service_template_text(r, lists[i], NULL));
	if (e == NULL && (e = service_set_json(r, body, "facts", service_template_text(r, "facts", NULL))) == NULL &&
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
		e = json_parse(r->arena, whole, strlen(whole), &body);
	}
	if (e != NULL) {
		json_decref(body);
		return err_wrap(r->arena, e, "teams");
	}
	return service_post(r, url, body);
}

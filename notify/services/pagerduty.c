/* notify/services/pagerduty.c: an event of PagerDuty (version 2 of its Events API). */
#include "notify/services/service.h"

static struct err *pagerduty_compose(struct service_request *);

const struct notify_service pagerduty_service = {
	.type = "pagerdutyv2",
	.compose = pagerduty_compose,
};

static struct err *
pagerduty_compose(struct service_request *r)
{
	json_t *payload;
	const char *key;
	struct err *e = service_recipient(r, "serviceKeys", &key);

	if (e != NULL)
		return e;
	payload = json_pack("{s:s,s:s,s:s}", "summary", service_template_text(r, "summary", r->message), "severity",
	    service_template_text(r, "severity", "info"), "source", service_template_text(r, "source", "sluice"));
	service_set_text(payload, "component", service_template_text(r, "component", NULL));
	service_set_text(payload, "group", service_template_text(r, "group", NULL));
	service_set_text(payload, "class", service_template_text(r, "class", NULL));
	return service_post(r,
	    service_url(r->arena, service_option(r, "apiURL", "https://events.pagerduty.com"), "v2/enqueue"),
	    json_pack("{s:s,s:s,s:o}", "routing_key", key, "event_action", "trigger", "payload", payload));
}

/* notify/services/alertmanager.c: an alert of the Alertmanager of Prometheus. */
#include "analysis/http.h"
#include "base/str.h"
#include "base/time.h"
#include "notify/services/service.h"

static struct err *alertmanager_compose(struct service_request *);

const struct notify_service alertmanager_service = {
	.type = "alertmanager",
	.compose = alertmanager_compose,
};

static struct err *
alertmanager_compose(struct service_request *r)
{
	const char *scheme = service_option(r, "scheme", "http"),
		   *path = service_option(r, "apiPath", "/api/v2/alerts"),
		   *target = json_string_value(json_array_get(json_object_get(r->options, "targets"), 0));
	const json_t *basic = json_object_get(r->options, "basicAuth"), *own = service_template(r);
	json_t *labels, *annotations;

	if (target == NULL)
		return service_missing(r, "targets");
	labels = json_deep_copy(json_object_get(own, "labels")) ?: json_object();
	annotations = json_deep_copy(json_object_get(own, "annotations")) ?: json_object();
	if (json_object_size(labels) == 0)
		json_object_set_new(
		    labels, "alertname", json_string(!str_empty(r->recipient) ? r->recipient : "Rollout"));
	if (json_object_size(annotations) == 0)
		json_object_set_new(annotations, "message", json_string(r->message));
	if (basic != NULL)
		service_add_header(r, "Authorization",
		    http_basic(r->arena, json_str(basic, "username") ?: "", json_str(basic, "password") ?: ""));
	else if (service_option(r, "bearerToken", NULL) != NULL)
		service_add_header(
		    r, "Authorization", arena_printf(r->arena, "Bearer %s", service_option(r, "bearerToken", "")));
	return service_post(r, service_url(r->arena, arena_printf(r->arena, "%s://%s", scheme, target), path),
	    json_pack("[{s:o,s:o,s:s,s:s}]", "labels", labels, "annotations", annotations, "startsAt",
		time_format(r->arena, r->now), "generatorURL", service_template_text(r, "generatorURL", "")));
}

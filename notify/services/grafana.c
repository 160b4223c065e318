/* notify/services/grafana.c: an annotation of Grafana. */
#include <string.h>
#include "notify/services/service.h"

static struct err *grafana_compose(struct service_request *);

const struct notify_service grafana_service = {
	.type = "grafana",
	.compose = grafana_compose,
};

static struct err *
grafana_compose(struct service_request *r)
{
	const char *url = service_option(r, "apiUrl", service_option(r, "apiURL", NULL)),
		   *key = service_option(r, "apiKey", NULL);
	char *save = NULL;
	json_t *tags;

	if (url == NULL || key == NULL)
		return service_missing(r, url == NULL ? "apiUrl" : "apiKey");
	tags = json_array();
	/* The recipient is the tags, "|" between. */
	for (char *t = strtok_r(arena_strdup(r->arena, r->recipient), "|", &save); t != NULL;
	     t = strtok_r(NULL, "|", &save))
		json_array_append_new(tags, json_string(t));
	service_add_header(r, "Authorization", arena_printf(r->arena, "Bearer %s", key));
	return service_post(r, service_url(r->arena, url, "annotations"),
	    json_pack(
		"{s:I,s:b,s:o,s:s}", "time", (json_int_t)r->now, "isRegion", 0, "tags", tags, "text", r->message));
}

/* notify/services/webhook.c: a request to any HTTP server. */
#include "analysis/http.h"
#include "base/str.h"
#include "notify/services/service.h"

static struct err *webhook_compose(struct service_request *);

const struct notify_service webhook_service = {
	.type = "webhook",
	.compose = webhook_compose,
};

static struct err *
webhook_compose(struct service_request *r)
{
	const json_t *own = json_object_get(json_object_get(r->notification, "webhook"), r->name);
	const json_t *basic = json_object_get(r->options, "basicAuth");
	const char *url = service_option(r, "url", NULL), *path = json_str(own, "path"),
		   *method = json_str(own, "method");
	json_t *h;
	size_t i;

	if (url == NULL)
		return service_missing(r, "url");
	if (!http_is_address(url))
		return err_new(r->arena, ERR_INVALID, "service.webhook.%s: url: neither http:// nor https://", r->name);
	r->query->request.url = str_empty(path) ? url : service_url(r->arena, url, path);
	r->query->request.method = str_empty(method) ? "GET" : method;
	r->query->request.body = json_str(own, "body");
	if (own == NULL)
		r->query->request.body = r->message;
	json_array_foreach (json_object_get(r->options, "headers"), i, h)
		service_add_header(r, json_str(h, "name") ?: "", json_str(h, "value") ?: "");
	if (basic != NULL)
		service_add_header(r, "Authorization",
		    http_basic(r->arena, json_str(basic, "username") ?: "", json_str(basic, "password") ?: ""));
	return NULL;
}

/* notify/services/service.c: parts of the requests of several notification services. */
#include "notify/services/service.h"
#include <string.h>
#include "analysis/http.h"
#include "base/str.h"

const char *
service_option(const struct service_request *r, const char *name, const char *default_text)
{
	const char *text = json_str(r->options, name);

	return str_empty(text) ? default_text : text;
}

struct err *
service_missing(struct service_request *r, const char *name)
{
	return err_new(r->arena, ERR_INVALID, "service.%s: %s is missing", r->type, name);
}

const json_t *
service_template(const struct service_request *r)
{
	return json_object_get(r->notification, r->type);
}

const char *
service_template_text(const struct service_request *r, const char *name, const char *default_text)
{
	const char *text = json_str(service_template(r), name);

	return str_empty(text) ? default_text : text;
}

void
service_add_header(struct service_request *r, const char *name, const char *value)
{
	if (r->query->request.n_headers < SERVICE_HEADERS_MAX)
		http_add_header(r->query, r->headers, name, value);
	else
		r->error = err_new(r->arena, ERR_INVALID, "service.%s.%s: more than %d headers", r->type, r->name,
		    SERVICE_HEADERS_MAX);
}

struct err *
service_post(struct service_request *r, const char *url, json_t *body)
{
	r->query->request.method = "POST";
	r->query->request.url = url;
	r->query->request.content_type = "application/json";
	r->query->request.body = json_text(r->arena, body);
	json_decref(body);
	return http_is_address(url)
		   ? NULL
		   : err_new(r->arena, ERR_INVALID, "service.%s: the address is neither http:// nor https://", r->type);
}

const char *
service_url(struct arena *a, const char *base, const char *path)
{
	size_t n = strlen(base);

	while (n > 0 && base[n - 1] == '/')
		n--;
	return arena_printf(a, "%.*s%s%s", (int)n, base, path[0] == '/' ? "" : "/", path);
}

struct err *
service_set_json(struct service_request *r, json_t *body, const char *name, const char *text)
{
	json_t *v = NULL;
	struct err *e;

	if (str_empty(text))
		return NULL;
	if ((e = json_parse(r->arena, text, strlen(text), &v)) != NULL)
		return err_wrap(r->arena, e, "%s.%s is no JSON", r->type, name);
	json_object_set_new(body, name, v);
	return NULL;
}

void
service_set_text(json_t *body, const char *name, const char *text)
{
	if (!str_empty(text))
		json_object_set_new(body, name, json_string(text));
}

struct err *
service_recipient(struct service_request *r, const char *map, const char **ret)
{
	*ret = json_str(json_object_get(r->options, map), r->recipient);
	return !str_empty(*ret) ? NULL
				: err_new(r->arena, ERR_INVALID, "service.%s: %s has no recipient \"%s\"", r->type, map,
				      r->recipient);
}

const char *
service_refusal_unless_ok(struct arena *a, const json_t *body)
{
	return json_is_true(json_object_get(body, "ok")) ? NULL
							 : arena_strdup(a, json_str(body, "error") ?: "it is not ok");
}

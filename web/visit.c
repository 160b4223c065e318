/* web/visit.c: responses of the dashboard, and requests that wait. */
#include "web/visit.h"
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "io/log.h"

struct MHD_Response *
visit_response_new(const char *content_type, struct bytes body)
{
	static const char *const headers[][2] = {
		{ "Cache-Control", "no-store" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Frame-Options", "DENY" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Content-Security-Policy",
		    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
		    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" },
	};
	struct MHD_Response *r = MHD_create_response_from_buffer(body.len, (void *)body.at, MHD_RESPMEM_MUST_COPY);

	MHD_add_response_header(r, "Content-Type", content_type);
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		MHD_add_response_header(r, headers[i][0], headers[i][1]);
	return r;
}

enum MHD_Result
visit_queue(struct MHD_Connection *c, int status, struct MHD_Response *r)
{
	enum MHD_Result ok = MHD_queue_response(c, (unsigned)status, r);

	MHD_destroy_response(r);
	return ok;
}

enum MHD_Result
visit_respond(struct MHD_Connection *c, int status, const char *content_type, struct bytes body)
{
	return visit_queue(c, status, visit_response_new(content_type, body));
}

enum MHD_Result
visit_respond_text(struct MHD_Connection *c, int status, const char *text)
{
	return visit_respond(c, status, "application/json", (struct bytes){ text, strlen(text) });
}

enum MHD_Result
visit_respond_json(struct visit *v, json_t *body)
{
	const char *text = json_text(v->arena, body);

	json_decref(body);
	return visit_respond_text(v->connection, 200, text);
}

static int
visit_status_of(enum visit_code code)
{
	switch (code) {
	case VISIT_INVALID: return 400;
	case VISIT_NOT_FOUND: return 404;
	case VISIT_FORBIDDEN: return 403;
	case VISIT_ABORTED: return 409;
	case VISIT_UNAVAILABLE: return 503;
	case VISIT_INTERNAL: break;
	}
	return 500;
}

static const char *
visit_error_text(struct arena *a, enum visit_code code, const char *message)
{
	_cleanup_(json_decrefp) json_t *j =
	    json_pack("{s:s,s:i,s:s}", "error", message, "code", (int)code, "message", message);

	return json_text(a, j);
}

enum MHD_Result
visit_refuse(struct visit *v, enum visit_code code, const char *message)
{
	return visit_respond_text(v->connection, visit_status_of(code), visit_error_text(v->arena, code, message));
}

void
visit_finish(struct visit *v, int status, const char *text)
{
	v->status = status;
	v->response = text;
	visit_resume(v);
}

static enum visit_code
visit_code_of(const struct err *e)
{
	switch (e->class) {
	case ERR_GONE: return VISIT_NOT_FOUND;
	case ERR_INVALID: return e->forbidden ? VISIT_FORBIDDEN : VISIT_INVALID;
	case ERR_CONFLICT:
	case ERR_EXISTS: return VISIT_ABORTED;
	case ERR_AGAIN: return VISIT_UNAVAILABLE;
	case ERR_CLASS_MAX: break;
	}
	return VISIT_INTERNAL;
}

void
visit_suspend(struct visit *v)
{
	v->suspended = true;
	MHD_suspend_connection(v->connection);
}

void
visit_resume(struct visit *v)
{
	if (!v->suspended)
		return;
	v->suspended = false;
	http_server_resume(&v->dashboard->daemon, v->connection);
}

enum MHD_Result
visit_refuse_error(struct visit *v, const struct err *e)
{
	return visit_refuse(v, visit_code_of(e), err_text(v->arena, e));
}

void
visit_finish_error(struct visit *v, const struct err *e)
{
	enum visit_code code = visit_code_of(e);

	visit_finish(v, visit_status_of(code), visit_error_text(v->arena, code, err_text(v->arena, e)));
}

bool
visit_stream(struct visit *v, const char *ns, const char *name, const struct stream_source *from, enum MHD_Result *ret)
{
	const char *accept = MHD_lookup_connection_value(v->connection, MHD_HEADER_KIND, "Accept");
	const struct identity *who = v->dashboard->settings.impersonation != NULL ? v->identity : NULL;

	if (streams_add(&v->dashboard->streams, v->connection,
		&(struct stream_settings){ .ns = ns,
		    .name = name,
		    .user = who != NULL ? who->user : NULL,
		    .session = who != NULL ? who->session : NULL,
		    .events = accept != NULL && strstr(accept, "text/event-stream") != NULL,
		    .life_ms = v->dashboard->settings.impersonation != NULL ? REVIEWS_LIFE_MS : 0,
		    .source = *from },
		ret))
		return true;
	*ret = visit_refuse(v, VISIT_UNAVAILABLE, "too many clients watch already, or too many of yours");
	return false;
}

void
visit_log_write(
    struct visit *v, const char *verb, const char *kind, const char *ns, const char *name, const struct err *e)
{
	if (v->dashboard->settings.impersonation == NULL)
		return;
	log_line(e == NULL ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
	    e == NULL ? "a user changes an object" : "a change by a user failed", "user", v->identity->user, "verb",
	    verb, "kind", kind, "object", arena_printf(v->arena, "%s/%s", ns, name), "error",
	    e != NULL ? err_text(v->arena, e) : NULL, NULL);
}

static void
visit_on_reviewed(void *arg, const struct err *e, struct allowed_namespaces *allowed)
{
	struct visit *v = arg;

	v->access_review = NULL;
	v->reviewed = true;
	v->review_error = e != NULL ? err_copy(v->arena, e) : NULL;
	if (e == NULL) {
		v->allowed = *allowed;
		*allowed = (struct allowed_namespaces){ 0 };
	}
	visit_resume(v);
}

bool
visit_review_access(struct visit *v, const char *ns)
{
	const char *after = MHD_lookup_connection_value(v->connection, MHD_GET_ARGUMENT_KIND, "continue");
	const struct dashboard_settings *s = &v->dashboard->settings;

	if (v->reviewed)
		return true;
	v->reviewed = true;
	v->allowed.all = s->impersonation == NULL;
	if (v->allowed.all)
		return true;
	impersonation_of(v->arena, s->impersonation, v->identity, &v->who);
	v->access_review = access_review_start(&(struct access_review_settings){ .api = s->api,
						   .reviews = &v->dashboard->reviews,
						   .view = s->view,
						   .who = &v->who,
						   .namespace = ns,
						   .after = str_empty(after) ? NULL : after,
						   .done = visit_on_reviewed,
						   .arg = v },
	    &v->allowed);
	v->reviewed = v->access_review == NULL;
	if (!v->reviewed)
		visit_suspend(v);
	return v->reviewed;
}

struct transport *
visit_api(struct visit *v)
{
	const struct dashboard_settings *s = &v->dashboard->settings;

	if (s->impersonation == NULL)
		return s->api;
	impersonation_of(v->arena, s->impersonation, v->identity, &v->who);
	transport_as_init(&v->api, s->api, v->who.user, v->who.groups.at, v->who.groups.n);
	return &v->api.transport;
}

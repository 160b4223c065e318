/* web/request.c: a request to the dashboard: its responses, and how it waits for the API server. */
#include "web/request.h"
#include <string.h>
#include "base/json.h"
#include "base/str.h"

enum MHD_Result
web_request_respond_json(struct web_request *req, json_t *body)
{
	const char *text = json_text(req->arena, body);

	json_decref(body);
	return web_response_send_json(req->connection, 200, text);
}

static int
request_status_of(enum rpc_code code)
{
	switch (code) {
	case RPC_INVALID: return 400;
	case RPC_NOT_FOUND: return 404;
	case RPC_FORBIDDEN: return 403;
	case RPC_ABORTED: return 409;
	case RPC_UNAVAILABLE: return 503;
	case RPC_INTERNAL: break;
	}
	return 500;
}

static const char *
request_error_text(struct arena *a, enum rpc_code code, const char *message)
{
	_cleanup_(json_decrefp) json_t *j =
	    json_pack("{s:s,s:i,s:s}", "error", message, "code", (int)code, "message", message);

	return json_text(a, j);
}

enum MHD_Result
web_request_refuse(struct web_request *req, enum rpc_code code, const char *message)
{
	return web_response_send_json(
	    req->connection, request_status_of(code), request_error_text(req->arena, code, message));
}

void
web_request_finish(struct web_request *req, int status, const char *text)
{
	req->status = status;
	req->response = text;
	web_request_resume(req);
}

static enum rpc_code
request_code_of(const struct err *e)
{
	switch (e->class) {
	case ERR_GONE: return RPC_NOT_FOUND;
	case ERR_INVALID: return e->forbidden ? RPC_FORBIDDEN : RPC_INVALID;
	case ERR_CONFLICT:
	case ERR_EXISTS: return RPC_ABORTED;
	case ERR_AGAIN: return RPC_UNAVAILABLE;
	case ERR_CLASS_MAX: break;
	}
	return RPC_INTERNAL;
}

void
web_request_suspend(struct web_request *req)
{
	req->suspended = true;
	MHD_suspend_connection(req->connection);
}

void
web_request_resume(struct web_request *req)
{
	if (!req->suspended)
		return;
	req->suspended = false;
	http_server_resume(&req->dashboard->daemon, req->connection);
}

enum MHD_Result
web_request_refuse_error(struct web_request *req, const struct err *e)
{
	return web_request_refuse(req, request_code_of(e), err_text(req->arena, e));
}

void
web_request_finish_error(struct web_request *req, const struct err *e)
{
	enum rpc_code code = request_code_of(e);

	web_request_finish(req, request_status_of(code), request_error_text(req->arena, code, err_text(req->arena, e)));
}

bool
web_request_stream(
    struct web_request *req, const char *ns, const char *name, const struct stream_source *from, enum MHD_Result *ret)
{
	const char *accept = MHD_lookup_connection_value(req->connection, MHD_HEADER_KIND, "Accept");
	const struct identity *who = req->dashboard->settings.impersonation != NULL ? req->identity : NULL;

	if (streams_add(&req->dashboard->streams, req->connection,
		&(struct stream_settings){ .ns = ns,
		    .name = name,
		    .user = who != NULL ? who->user : NULL,
		    .session = who != NULL ? who->session : NULL,
		    .events = accept != NULL && strstr(accept, "text/event-stream") != NULL,
		    .life_ms = req->dashboard->settings.impersonation != NULL ? REVIEWS_LIFE_MS : 0,
		    .source = *from },
		ret))
		return true;
	*ret = web_request_refuse(req, RPC_UNAVAILABLE, "too many clients watch already, or too many of yours");
	return false;
}

static void
request_on_reviewed(void *arg, const struct err *e, struct allowed_namespaces *allowed)
{
	struct web_request *req = arg;

	req->access_review = NULL;
	req->reviewed = true;
	req->review_error = e != NULL ? err_copy(req->arena, e) : NULL;
	if (e == NULL) {
		req->allowed = *allowed;
		*allowed = (struct allowed_namespaces){ 0 };
	}
	web_request_resume(req);
}

bool
web_request_review_access(struct web_request *req, const char *ns)
{
	const char *after = MHD_lookup_connection_value(req->connection, MHD_GET_ARGUMENT_KIND, "continue");
	const struct dashboard_settings *s = &req->dashboard->settings;

	if (req->reviewed)
		return true;
	req->reviewed = true;
	req->allowed.all = s->impersonation == NULL;
	if (req->allowed.all)
		return true;
	impersonation_of(req->arena, s->impersonation, req->identity, &req->who);
	req->access_review = access_review_start(&(struct access_review_settings){ .api = s->api,
						     .reviews = &req->dashboard->reviews,
						     .view = s->view,
						     .who = &req->who,
						     .namespace = ns,
						     .after = str_empty(after) ? NULL : after,
						     .done = request_on_reviewed,
						     .arg = req },
	    &req->allowed);
	req->reviewed = req->access_review == NULL;
	if (!req->reviewed)
		web_request_suspend(req);
	return req->reviewed;
}

struct transport *
web_request_api(struct web_request *req)
{
	const struct dashboard_settings *s = &req->dashboard->settings;

	if (s->impersonation == NULL)
		return s->api;
	impersonation_of(req->arena, s->impersonation, req->identity, &req->who);
	transport_as_init(&req->api, s->api, req->who.user, req->who.groups.at, req->who.groups.n);
	return &req->api.transport;
}

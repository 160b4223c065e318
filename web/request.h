/* web/request.h: the dashboard and its requests, for the files that serve them.
 *
 * If a request needs something from the API server first, it is suspended. web_request_resume then has it routed again
 * from the start, with what it has learned; web_request_finish ends it.
 */
#pragma once
#include "io/http_server.h"
#include "web/dashboard.h"
#include "web/access_review.h"
#include "web/response.h"
#include "web/streams.h"

/* Codes of google.rpc.Code; each has an HTTP status. */
enum rpc_code {
	RPC_INVALID = 3, /* 400 */
	RPC_NOT_FOUND = 5, /* 404 */
	RPC_FORBIDDEN = 7, /* 403 */
	RPC_ABORTED = 10, /* 409 */
	RPC_INTERNAL = 13, /* 500 */
	RPC_UNAVAILABLE = 14, /* 503 */
};

struct policy_text;

struct dashboard {
	struct loop *loop;
	struct dashboard_settings settings;
	struct http_server daemon;
	struct streams streams;
	struct web_request *requests; /* a list of the requests in progress */
	struct reviews reviews;
	struct policy_text *policy; /* the last version of argocd-rbac-cm; NULL: none yet */
};

struct web_request {
	struct dashboard *dashboard;
	struct MHD_Connection *connection;
	struct arena *arena;
	struct str body;
	struct login_check *check; /* in progress */
	bool checked;
	const struct identity *identity; /* of the user; NULL without a login */
	const struct login_response *login_response; /* of the login instead; else NULL */
	struct impersonated who; /* the identity for Kubernetes; only with settings.impersonation */
	struct access_review *access_review; /* in progress */
	bool reviewed; /* `allowed` or `review_error` is known */
	struct allowed_namespaces allowed;
	const struct err *review_error;
	struct transport_as api; /* as the user; only with settings.impersonation */
	const char *ns, *name; /* of the Rollout that the action changes */
	const char *verb; /* of that action */
	struct web_action *action; /* in progress */
	struct application_request *request; /* about an Application; in the arena, ended by its cancel */
	bool suspended;
	int status; /* of the response; 0: not known yet */
	const char *response; /* JSON */
	struct web_request *next;
};

/* Responds with an object, which is consumed. */
enum MHD_Result web_request_respond_json(struct web_request *, json_t *body);

/* Respond with an error, as an object {error, code, message}. */
enum MHD_Result web_request_refuse(struct web_request *, enum rpc_code, const char *message);
enum MHD_Result web_request_refuse_error(struct web_request *, const struct err *);

/* Responds with a stream, of all objects for a NULL name and namespace. Returns false if there are too many: *ret is
 * the refusal, and nothing was taken. */
bool web_request_stream(
    struct web_request *, const char *ns, const char *name, const struct stream_source *, enum MHD_Result *ret);

/* The request waits, until one of the functions below. */
void web_request_suspend(struct web_request *);

/* Routes a suspended request again. */
void web_request_resume(struct web_request *);

/* Sets the response of a request, which is in its arena, and resumes the request if it is suspended. */
void web_request_finish(struct web_request *, int status, const char *text);
void web_request_finish_error(struct web_request *, const struct err *);

/* Finds out in which namespaces the user may list Rollouts (NULL: in any namespace). Returns true if req->allowed or
 * req->review_error is the result. False: the request is suspended, and is routed again with the result. */
bool web_request_review_access(struct web_request *, const char *ns);

/* Returns the transport for the writes of a request: as its user. */
struct transport *web_request_api(struct web_request *);

/* dashboard_rollouts.c: /api/v1/namespace, and /api/v1/rollouts/...: `parts` are the segments after "rollouts". */
enum MHD_Result dashboard_list_namespaces(struct web_request *);
enum MHD_Result dashboard_get_rollouts(struct web_request *, const char *const *parts, size_t n);
enum MHD_Result dashboard_put_rollout(struct web_request *, const char *const *parts, size_t n);

/* dashboard_applications.c: /api/v1/applications/...: `parts` are the segments after "applications". */
enum MHD_Result dashboard_get_applications(struct web_request *, const char *const *parts, size_t n);
enum MHD_Result dashboard_post_application(struct web_request *, const char *const *parts, size_t n);

/* /api/v1/stream/applications. */
enum MHD_Result dashboard_watch_applications(struct web_request *);

/* Ends the part of a request that is about an Application. Takes NULL. */
void dashboard_application_cancel(struct application_request *);

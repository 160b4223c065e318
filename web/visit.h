/* web/visit.h: the dashboard and its requests, for the files that serve them.
 *
 * A request is a visit from its first line to its response. If it needs something from the API server first, it is
 * suspended. visit_resume then has it routed again from the start, with what it has learned; visit_finish ends it.
 */
#pragma once
#include "io/http_server.h"
#include "web/dashboard.h"
#include "web/access_review.h"
#include "web/streams.h"

/* Codes of google.rpc.Code; each has an HTTP status. */
enum visit_code {
	VISIT_INVALID = 3, /* 400 */
	VISIT_NOT_FOUND = 5, /* 404 */
	VISIT_FORBIDDEN = 7, /* 403 */
	VISIT_ABORTED = 10, /* 409 */
	VISIT_INTERNAL = 13, /* 500 */
	VISIT_UNAVAILABLE = 14, /* 503 */
};

struct policy_text;

struct dashboard {
	struct loop *loop;
	struct dashboard_settings settings;
	struct http_server daemon;
	struct streams streams;
	struct visit *visits; /* a list of the requests in progress */
	struct reviews reviews;
	struct policy_text *policy; /* the last version of argocd-rbac-cm; NULL: none yet */
};

struct visit {
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
	struct visit *next;
};

/* Returns a response with the headers that all have, and a copy of the body. */
struct MHD_Response *visit_response_new(const char *content_type, struct bytes body);

/* Responds; the response is consumed. */
enum MHD_Result visit_queue(struct MHD_Connection *, int status, struct MHD_Response *);

enum MHD_Result visit_respond(struct MHD_Connection *, int status, const char *content_type, struct bytes body);

/* Responds with JSON as text. */
enum MHD_Result visit_respond_text(struct MHD_Connection *, int status, const char *text);

/* Responds with an object, which is consumed. */
enum MHD_Result visit_respond_json(struct visit *, json_t *body);

/* Respond with an error, as an object {error, code, message}. */
enum MHD_Result visit_refuse(struct visit *, enum visit_code, const char *message);
enum MHD_Result visit_refuse_error(struct visit *, const struct err *);

/* Responds with a stream, of all objects for a NULL name and namespace. Returns false if there are too many: *ret is
 * the refusal, and nothing was taken. */
bool visit_stream(struct visit *, const char *ns, const char *name, const struct stream_source *, enum MHD_Result *ret);

/* The visit waits, until one of the functions below. */
void visit_suspend(struct visit *);

/* Routes a suspended visit again. */
void visit_resume(struct visit *);

/* Sets the response of a visit, which is in its arena, and resumes it if it is suspended. */
void visit_finish(struct visit *, int status, const char *text);
void visit_finish_error(struct visit *, const struct err *);

/* Logs that the user makes a write; or, with an error, that it failed. Without a login nothing is logged: the user is
 * the one who runs the dashboard. */
void visit_log_write(
    struct visit *, const char *verb, const char *kind, const char *ns, const char *name, const struct err *);

/* Finds out in which namespaces the user may list Rollouts (NULL: in any namespace). Returns true if v->allowed or
 * v->review_error is the result. False: the visit is suspended, and is routed again with the result. */
bool visit_review_access(struct visit *, const char *ns);

/* Returns the transport for writes of the visit: as its user. */
struct transport *visit_api(struct visit *);

/* dashboard_rollouts.c: /api/v1/namespace, and /api/v1/rollouts/...: `parts` are the segments after "rollouts". */
enum MHD_Result dashboard_list_namespaces(struct visit *);
enum MHD_Result dashboard_get_rollouts(struct visit *, const char *const *parts, size_t n);
enum MHD_Result dashboard_put_rollout(struct visit *, const char *const *parts, size_t n);

/* dashboard_applications.c: /api/v1/applications/...: `parts` are the segments after "applications". */
enum MHD_Result dashboard_get_applications(struct visit *, const char *const *parts, size_t n);
enum MHD_Result dashboard_post_application(struct visit *, const char *const *parts, size_t n);

/* /api/v1/stream/applications. */
enum MHD_Result dashboard_watch_applications(struct visit *);

/* Ends the request of a visit. Takes NULL. */
void dashboard_application_cancel(struct application_request *);

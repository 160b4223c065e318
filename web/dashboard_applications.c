/* web/dashboard_applications.c: Applications in the dashboard: lists, watches, syncs and rollbacks, under the paths of
 * Argo CD's API.
 *
 * With a login, argocd-rbac-cm and the roles of projects decide who sees and does what, and the writes are made with
 * the dashboard's own permissions, as in Argo CD. A user who may not get an Application does not learn whether it
 * exists.
 */
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "gitops/argocd/application_action.h"
#include "gitops/argocd/application_status.h"
#include "gitops/argocd/application_view.h"
#include "kube/api/app_project.h"
#include "kube/api/core.h"
#include "web/access/policy.h"
#include "web/access/policy_text.h"
#include "web/application_write.h"
#include "web/audit_log.h"
#include "web/request.h"

/* The Applications that a user may see, for a request or a stream. It has its own memory, because a stream outlives the
 * request's. */
struct application_reader {
	struct arena *arena;
	const struct view *view;
	bool all; /* there is no policy: the user has our permissions */
	struct policy_text *text; /* of the policy; NULL with `all` */
	struct policy policy;
};

static struct application_reader *
reader_free(struct application_reader *r)
{
	if (!r->all)
		policy_done(&r->policy);
	policy_text_unref(r->text);
	arena_free(r->arena);
	free(r);
	return NULL;
}

static void
reader_done(void *arg)
{
	reader_free(arg);
}

static void
reader_freep(struct application_reader **r)
{
	if (*r != NULL)
		reader_free(*r);
}

static const struct identity *
reader_copy_identity(struct arena *a, const struct identity *from)
{
	struct identity *to = arena_alloc(a, sizeof(*to));
	const char **groups = arena_new_array(a, const char *, from->ngroups + 1);

	for (size_t i = 0; i < from->ngroups; i++)
		groups[i] = arena_strdup(a, from->groups[i]);
	*to = (struct identity){ .user = arena_strdup(a, from->user), .groups = groups, .ngroups = from->ngroups };
	return to;
}

/* Returns the error of a policy that cannot be read. */
static const struct err *
reader_read_policy(struct application_reader *r, struct dashboard *d, const struct identity *who)
{
	const struct dashboard_settings *s = &d->settings;

	r->text = policy_text_get(&d->policy, s->view, s->argocd_namespace);
	if (r->text->error == NULL)
		policy_init(&r->policy, r->arena, s->view, arena_strdup(r->arena, s->argocd_namespace), &r->text->rbac,
		    reader_copy_identity(r->arena, who));
	return r->text->error;
}

/* Before its first list, a line that denies would be missing. */
static bool
reader_policy_is_known(const struct view *view)
{
	return view_knows(view, &application_type) && view_knows(view, &app_project_type) &&
	       view_knows(view, &config_map_type);
}

/* Returns NULL after the refusal *ret, if the policy cannot be read, or is not known yet. */
static struct application_reader *
reader_new(struct web_request *req, enum MHD_Result *ret)
{
	const struct dashboard_settings *s = &req->dashboard->settings;
	struct application_reader *r = mem_alloc(sizeof(*r));
	const struct err *e = NULL;

	*r = (struct application_reader){ .arena = arena_new(), .view = s->view, .all = s->impersonation == NULL };
	if (!r->all && !reader_policy_is_known(s->view)) {
		*ret = web_request_refuse(req, RPC_UNAVAILABLE,
		    "the first lists of Applications, AppProjects and ConfigMap " POLICY_CONFIG_MAP
		    " are not in yet: if this lasts, the log of sluice server has the reason");
		return reader_free(r);
	}
	if (!r->all)
		e = reader_read_policy(r, req->dashboard, req->identity);
	if (e == NULL)
		return r;
	*ret = web_request_refuse(req, RPC_FORBIDDEN,
	    arena_printf(req->arena, "ConfigMap " POLICY_CONFIG_MAP " allows nothing, as it cannot be read: %s",
		err_text(req->arena, e)));
	return reader_free(r);
}

static bool
reader_allows(struct application_reader *r, const char *action, const struct application *app)
{
	return r->all || policy_allows(&r->policy, action, app);
}

/* Returns the Application if the user may get it, or NULL. */
static const struct application *
reader_find(struct application_reader *r, const char *ns, const char *name)
{
	const struct application *app = (const struct application *)view_get(r->view, &application_type, ns, name);

	return app != NULL && reader_allows(r, "get", app) ? app : NULL;
}

/* `may` is Sluice's own: which actions the user may do. */
static json_t *
reader_view(struct application_reader *r, const struct application *app, bool whole)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *j = application_view(a, app, whole);

	json_object_set_new(j, "may", json_pack("{s:b}", "sync", reader_allows(r, "sync", app)));
	return j;
}

struct application_list {
	struct application_reader *reader;
	json_t *items;
};

static void
dashboard_collect_application(const struct object *o, void *arg)
{
	struct application_list *l = arg;

	if (reader_allows(l->reader, "get", (const struct application *)o))
		json_array_append_new(l->items, reader_view(l->reader, (const struct application *)o, false));
}

static enum MHD_Result
dashboard_list_applications(struct web_request *req)
{
	enum MHD_Result refused = MHD_NO;
	_cleanup_(reader_freep) struct application_reader *r = reader_new(req, &refused);
	struct application_list list = { .reader = r };

	if (r == NULL)
		return refused;
	list.items = json_array();
	r->view->each(r->view, &application_type, NULL, dashboard_collect_application, &list);
	return web_request_respond_json(
	    req, json_pack("{s:s,s:{},s:o}", "kind", "ApplicationList", "metadata", "items", list.items));
}

static json_t *
dashboard_stream_application(void *arg, const char *ns, const char *name)
{
	struct application_reader *r = arg;
	const struct application *app = reader_find(r, ns, name);

	return app != NULL ? reader_view(r, app, false) : NULL;
}

enum MHD_Result
dashboard_watch_applications(struct web_request *req)
{
	enum MHD_Result ret = MHD_NO;
	struct application_reader *r = reader_new(req, &ret);

	if (r != NULL && !web_request_stream(req, NULL, NULL,
			     &(struct stream_source){ .type = &application_type,
				 .member = "application",
				 .meta = "metadata",
				 .info = dashboard_stream_application,
				 .done = reader_done,
				 .arg = r },
			     &ret))
		reader_free(r);
	return ret;
}

/* The namespace of an Application that is named without one. */
static const char *
dashboard_application_namespace(struct web_request *req)
{
	const char *ns = MHD_lookup_connection_value(req->connection, MHD_GET_ARGUMENT_KIND, "appNamespace");

	return str_empty(ns) ? req->dashboard->settings.argocd_namespace : arena_strdup(req->arena, ns);
}

/* As in Argo CD: the same response for an Application that does not exist. */
static enum MHD_Result
dashboard_refuse_application(struct web_request *req, const char *action, const char *ns, const char *name)
{
	if (req->dashboard->settings.impersonation == NULL)
		return web_request_refuse(req, RPC_NOT_FOUND,
		    arena_printf(req->arena, "applications.argoproj.io \"%s\" not found in namespace %s", name, ns));
	return web_request_refuse(req, RPC_FORBIDDEN,
	    arena_printf(req->arena,
		"permission denied: applications, %s, %s/%s, sub: %s; `sluice rbac can` shows what " POLICY_CONFIG_MAP
		" allows",
		action, ns, name, req->identity->user));
}

static enum MHD_Result
dashboard_get_application(struct web_request *req, const char *name)
{
	const char *ns = dashboard_application_namespace(req);
	enum MHD_Result refused = MHD_NO;
	_cleanup_(reader_freep) struct application_reader *r = reader_new(req, &refused);
	const struct application *app = r != NULL ? reader_find(r, ns, name) : NULL;

	if (r == NULL)
		return refused;
	if (app == NULL)
		return dashboard_refuse_application(req, "get", ns, name);
	return web_request_respond_json(req, reader_view(r, app, true));
}

/* One action of a user. */
struct application_request {
	struct web_request *web_request;
	struct application_reader *reader;
	struct application_write *write; /* in progress */
	const char *ns, *name;
	bool rollback;
	struct app_operation operation; /* of a sync */
	int64_t id; /* of a rollback; negative: the entry before the last one */
};

void
dashboard_application_cancel(struct application_request *q)
{
	if (q == NULL)
		return;
	application_write_cancel(q->write);
	reader_free(q->reader);
}

/* The policy is evaluated for the Application as it was read now: its project may have changed. */
static struct err *
dashboard_build_operation(void *arg, struct arena *a, const json_t *app, json_t **ret)
{
	const struct application_request *q = arg;
	const struct application *decoded = (const struct application *)object_decode(&application_type, app, a);
	const struct identity *who = q->web_request->identity;
	const char *user = who != NULL && !str_empty(who->user) ? who->user : "sluice", *revision;
	json_t *operation;
	struct err *e;

	if (!reader_allows(q->reader, "sync", decoded)) {
		e = err_new(a, ERR_INVALID, "permission denied: applications, sync, %s/%s, sub: %s",
		    application_project(decoded), q->name, user);
		e->forbidden = true;
		return e;
	}
	if (q->rollback)
		return application_action_rollback(a, app, q->id, q->operation.sync.prune, user, ret, &revision);
	operation = encode(&app_operation_type, &q->operation);
	e = application_action_sync(a, app, json_incref(json_object_get(operation, "sync")), user, ret);
	json_decref(operation);
	return e;
}

static void
dashboard_on_written(void *arg, const struct err *e, const json_t *app)
{
	struct application_request *q = arg;
	struct web_request *req = q->web_request;
	_cleanup_(json_decrefp) json_t *j = NULL;

	q->write = NULL;
	if (e != NULL) {
		audit_log_write(req, q->rollback ? "rollback" : "sync", application_type.kind, q->ns, q->name, e);
		web_request_finish_error(req, e);
		return;
	}
	j = reader_view(q->reader, (const struct application *)object_decode(&application_type, app, req->arena), true);
	web_request_finish(req, 200, json_text(req->arena, j));
}

/* Reads the members of Argo CD's requests that an operation has too. Returns why one is not of its type. */
static const char *
dashboard_read_sync(struct web_request *req, struct application_request *q)
{
	static const char *const members[][2] = { { "revision", "revision" }, { "prune", "prune" },
		{ "dryRun", "dryRun" }, { "resources", "resources" }, { "syncOptions", "syncOptions" },
		{ "strategy", "syncStrategy" } };
	_cleanup_(json_decrefp) json_t *body = NULL, *sync = json_object();
	struct problems problems = { .arena = req->arena };
	json_t *value, *operation;

	if (req->body.len > 0 &&
	    (json_parse(req->arena, str_text(&req->body), req->body.len, &body) != NULL || !json_is_object(body)))
		return "the body is no JSON object";
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if ((value = json_object_get(body, members[i][0])) != NULL && !json_is_null(value))
			json_object_set(sync, members[i][1], value);
	operation = json_pack("{s:O}", "sync", sync);
	decode(&app_operation_type, operation, "", &problems, &q->operation);
	json_decref(operation);
	q->id = json_int(body, "id", -1);
	if (problems.n == 0)
		return NULL;
	return arena_printf(req->arena, "%s: %s", problems.at[0].path, problems.at[0].text);
}

/* POST NAME/sync, NAME/rollback. */
enum MHD_Result
dashboard_post_application(struct web_request *req, const char *const *parts, size_t n)
{
	const struct dashboard_settings *s = &req->dashboard->settings;
	struct application_request *q;
	enum MHD_Result refused = MHD_NO;
	const struct application *app;
	const char *wrong;

	if (n != 2 || (strcmp(parts[1], "sync") != 0 && strcmp(parts[1], "rollback") != 0))
		return web_request_refuse(
		    req, RPC_NOT_FOUND, "there are POST api/v1/applications/NAME/sync, and .../rollback");
	if (s->read_only)
		return web_request_refuse(
		    req, RPC_FORBIDDEN, "this dashboard only shows: it was started with --read-only");
	q = arena_alloc(req->arena, sizeof(*q));
	*q = (struct application_request){ .web_request = req,
		.ns = dashboard_application_namespace(req),
		.name = arena_strdup(req->arena, parts[0]),
		.rollback = strcmp(parts[1], "rollback") == 0 };
	if ((wrong = dashboard_read_sync(req, q)) != NULL)
		return web_request_refuse(req, RPC_INVALID, wrong);
	if ((q->reader = reader_new(req, &refused)) == NULL)
		return refused;
	req->request = q;
	app = reader_find(q->reader, q->ns, q->name);
	if (app == NULL || !reader_allows(q->reader, "sync", app))
		return dashboard_refuse_application(req, "sync", q->ns, q->name);
	audit_log_write(req, q->rollback ? "rollback" : "sync", application_type.kind, q->ns, q->name, NULL);
	web_request_suspend(req);
	q->write = application_write_start(&(struct application_write_settings){ .api = s->api,
	    .namespace = q->ns,
	    .name = q->name,
	    .build = dashboard_build_operation,
	    .done = dashboard_on_written,
	    .arg = q });
	return MHD_YES;
}

/* GET, or GET NAME. */
enum MHD_Result
dashboard_get_applications(struct web_request *req, const char *const *parts, size_t n)
{
	if (n > 1)
		return web_request_refuse(req, RPC_NOT_FOUND, "there are GET api/v1/applications, and .../NAME");
	return n == 0 ? dashboard_list_applications(req) : dashboard_get_application(req, parts[0]);
}

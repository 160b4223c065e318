/* web/dashboard_rollouts.c: Rollouts in the dashboard: lists, watches and actions. */
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "kube/api/rollout.h"
#include "rollout/view/info.h"
#include "web/rollout_action.h"
#include "web/audit_log.h"
#include "web/request.h"

/* Why the Rollout of this name cannot be read, if it is one of the unreadable ones. */
struct seeking {
	struct web_request *web_request;
	const char *name, *problem;
};

static void
dashboard_find_problem(const struct object *o, void *arg)
{
	struct seeking *s = arg;

	if (str_eq(o->meta.name, s->name))
		s->problem = item_problem(
		    s->web_request->arena, o->type->kind, o->meta.namespace, o->meta.name, o->unreadable->why);
}

/* Responds that the Rollout does not exist, or why it cannot be read. */
static enum MHD_Result
dashboard_refuse_unknown(struct web_request *req, const char *ns, const char *name)
{
	struct seeking s = { .web_request = req, .name = name };

	view_each_unreadable(req->dashboard->settings.view, &rollout_type, ns, dashboard_find_problem, &s);
	if (s.problem != NULL)
		return web_request_refuse(req, RPC_INTERNAL, s.problem);
	return web_request_refuse(
	    req, RPC_NOT_FOUND, arena_printf(req->arena, "rollouts.argoproj.io \"%s\" not found", name));
}

static void
dashboard_on_acted(void *arg, const struct err *e, const json_t *rollout)
{
	struct web_request *req = arg;

	req->action = NULL;
	if (e != NULL) {
		audit_log_write(req, req->verb, rollout_type.kind, req->ns, req->name, e);
		web_request_finish_error(req, e);
	} else {
		web_request_finish(req, 200, rollout != NULL ? json_text(req->arena, rollout) : "{}");
	}
}

/* Returns whether the user may list the Rollouts of the namespace (NULL: of any). If not, *ret is the result of the
 * handler: a refusal, or the request waits. Users who may not list Rollouts do not learn which ones exist. */
static bool
dashboard_may_list(struct web_request *req, const char *ns, enum MHD_Result *ret)
{
	*ret = MHD_YES;
	if (!web_request_review_access(req, ns))
		return false;
	if (req->review_error != NULL)
		*ret = web_request_refuse_error(req, req->review_error);
	else if (ns != NULL && !allowed_namespaces_has(&req->allowed, ns))
		*ret = web_request_refuse(req, RPC_FORBIDDEN,
		    arena_printf(req->arena,
			"you may not list rollouts.argoproj.io in the namespace \"%s\", or it has none: bind a Role to "
			"one of your groups, such as %s",
			ns, req->who.groups.n > 0 ? req->who.groups.at[0] : "those that the dashboard impersonates"));
	else
		return true;
	return false;
}

/* Starts the action on the Rollout of the request, which gets the result. */
static enum MHD_Result
dashboard_act(struct web_request *req, struct web_action_settings s)
{
	s.api = web_request_api(req);
	s.namespace = req->ns;
	s.name = req->name;
	s.done = dashboard_on_acted;
	s.arg = req;
	audit_log_write(req, req->verb, rollout_type.kind, req->ns, req->name, NULL);
	web_request_suspend(req);
	req->action = web_action_start(&s);
	return MHD_YES;
}

/* Returns CONTAINER=IMAGE:TAG for "CONTAINER/IMAGE/TAG"; the image may have slashes. NULL: the path has another
 * form. */
static const char *
dashboard_image_of(struct arena *a, const char *const *parts, size_t n)
{
	const char *text;

	if (n < 3)
		return NULL;
	text = arena_printf(a, "%s=%s", parts[0], parts[1]);
	for (size_t i = 2; i + 1 < n; i++)
		text = arena_printf(a, "%s/%s", text, parts[i]);
	return arena_printf(a, "%s:%s", text, parts[n - 1]);
}

/* PUT NS/NAME/VERB...: `parts` are the segments after "rollouts". */
enum MHD_Result
dashboard_put_rollout(struct web_request *req, const char *const *parts, size_t n)
{
	_cleanup_(json_decrefp) json_t *body = NULL;
	const struct dashboard_settings *s = &req->dashboard->settings;
	enum MHD_Result refused;
	long long revision;
	const char *verb;

	if (n < 3)
		return web_request_refuse(req, RPC_NOT_FOUND, "there is PUT api/v1/rollouts/NAMESPACE/NAME/VERB");
	if (s->read_only)
		return web_request_refuse(
		    req, RPC_FORBIDDEN, "this dashboard only shows: it was started with --read-only");
	req->ns = arena_strdup(req->arena, parts[0]);
	req->name = arena_strdup(req->arena, parts[1]);
	verb = req->verb = arena_strdup(req->arena, parts[2]);
	if (!dashboard_may_list(req, req->ns, &refused))
		return refused;
	if (view_get(s->view, &rollout_type, req->ns, req->name) == NULL)
		return dashboard_refuse_unknown(req, req->ns, req->name);
	if (req->body.len > 0 && json_parse(req->arena, str_text(&req->body), req->body.len, &body) != NULL)
		return web_request_refuse(req, RPC_INVALID, "the body is no JSON");
	if (n == 3 && strcmp(verb, "restart") == 0)
		return dashboard_act(req, (struct web_action_settings){ .verb = VERB_RESTART });
	if (n == 3 && strcmp(verb, "promote") == 0)
		return dashboard_act(
		    req, (struct web_action_settings){ .verb = VERB_PROMOTE,
			     .promote = json_is_true(json_object_get(body, "full")) ? PROMOTE_FULL : PROMOTE_NEXT });
	if (n == 3 && strcmp(verb, "abort") == 0)
		return dashboard_act(req, (struct web_action_settings){ .verb = VERB_ABORT });
	if (n == 3 && strcmp(verb, "retry") == 0)
		return dashboard_act(req, (struct web_action_settings){ .verb = VERB_RETRY });
	if (strcmp(verb, "set") == 0) {
		const char *image = dashboard_image_of(req->arena, parts + 3, n - 3);

		return image != NULL
			   ? dashboard_act(req, (struct web_action_settings){ .verb = VERB_SET_IMAGE, .image = image })
			   : web_request_refuse(req, RPC_INVALID, "want set/CONTAINER/IMAGE/TAG");
	}
	if (n == 4 && strcmp(verb, "undo") == 0)
		return str_int(parts[3], 0, INT32_MAX, &revision)
			   ? dashboard_act(req, (struct web_action_settings){ .verb = VERB_UNDO, .revision = revision })
			   : web_request_refuse(req, RPC_INVALID,
				 arena_printf(req->arena, "\"%s\" is not a revision's number", parts[3]));
	return web_request_refuse(req, RPC_NOT_FOUND, "there are restart, promote, abort, retry, set and undo");
}

struct collecting {
	const struct view *view;
	const struct allowed_namespaces *allowed;
	json_t *list;
	const char *last; /* namespace */
};

static void
dashboard_collect(const struct object *o, void *arg)
{
	struct collecting *c = arg;

	if (allowed_namespaces_has(c->allowed, o->meta.namespace))
		json_array_append_new(c->list, info_rollout(c->view, o->meta.namespace, o->meta.name));
}

static void
dashboard_collect_namespace(const struct object *o, void *arg)
{
	struct collecting *c = arg;

	if (!str_eq(c->last, o->meta.namespace) && allowed_namespaces_has(c->allowed, o->meta.namespace))
		json_array_append_new(c->list, json_string(o->meta.namespace));
	c->last = o->meta.namespace;
}

static enum MHD_Result
dashboard_list(struct web_request *req, const char *ns)
{
	const struct view *view = req->dashboard->settings.view;
	struct collecting c = { .view = view, .allowed = &req->allowed, .list = json_array() };

	view->each(view, &rollout_type, ns, dashboard_collect, &c);
	return web_request_respond_json(
	    req, json_pack("{s:o,s:s*}", "rollouts", c.list, "continue", req->allowed.next));
}

enum MHD_Result
dashboard_list_namespaces(struct web_request *req)
{
	const struct dashboard_settings *s = &req->dashboard->settings;
	struct collecting c = { .allowed = &req->allowed };
	enum MHD_Result refused;

	if (!dashboard_may_list(req, NULL, &refused))
		return refused;
	c.list = json_array();
	s->view->each(s->view, &rollout_type, NULL, dashboard_collect_namespace, &c);
	return web_request_respond_json(
	    req, json_pack("{s:s,s:o,s:b,s:s*}", "namespace", s->namespace, "availableNamespaces", c.list, "readOnly",
		     s->read_only, "continue", req->allowed.next));
}

/* The source of a stream of Rollouts. */
struct rollout_source {
	const struct view *view;
	struct allowed_namespaces allowed;
};

static json_t *
dashboard_stream_rollout(void *arg, const char *ns, const char *name)
{
	const struct rollout_source *from = arg;

	return allowed_namespaces_has(&from->allowed, ns) ? info_rollout(from->view, ns, name) : NULL;
}

static void
dashboard_stream_done(void *arg)
{
	struct rollout_source *from = arg;

	allowed_namespaces_done(&from->allowed);
	free(from);
}

static enum MHD_Result
dashboard_watch_rollouts(struct web_request *req, const char *ns, const char *name)
{
	const struct view *view = req->dashboard->settings.view;
	struct rollout_source *from;
	enum MHD_Result ok = MHD_NO;

	if (name != NULL && view_get(view, &rollout_type, ns, name) == NULL)
		return dashboard_refuse_unknown(req, ns, name);
	from = mem_alloc(sizeof(*from));
	*from = (struct rollout_source){ view, req->allowed };
	req->allowed = (struct allowed_namespaces){ 0 };
	if (web_request_stream(req, ns, name,
		&(struct stream_source){ .type = &rollout_type,
		    .member = "rolloutInfo",
		    .meta = "objectMeta",
		    .info = dashboard_stream_rollout,
		    .done = dashboard_stream_done,
		    .arg = from },
		&ok))
		return ok;
	dashboard_stream_done(from);
	return ok;
}

static enum MHD_Result
dashboard_get_info(struct web_request *req, const char *ns, const char *name)
{
	json_t *j = info_rollout(req->dashboard->settings.view, ns, name);

	return j != NULL ? web_request_respond_json(req, j) : dashboard_refuse_unknown(req, ns, name);
}

/* GET [NS/[NAME/]]info[/watch]. Without a namespace: all Rollouts (not in Argo Rollouts' API). */
enum MHD_Result
dashboard_get_rollouts(struct web_request *req, const char *const *parts, size_t n)
{
	bool watches = n > 0 && strcmp(parts[n - 1], "watch") == 0;
	enum MHD_Result refused;
	const char *ns, *name;

	if (watches)
		n--;
	if (n == 0 || n > 3 || strcmp(parts[n - 1], "info") != 0)
		return web_request_refuse(
		    req, RPC_NOT_FOUND, "there is GET api/v1/rollouts/NAMESPACE/NAME/info, and .../info/watch");
	ns = n > 1 ? parts[0] : NULL;
	name = n > 2 ? parts[1] : NULL;
	if (!dashboard_may_list(req, ns, &refused))
		return refused;
	if (watches)
		return dashboard_watch_rollouts(req, ns, name);
	return name != NULL ? dashboard_get_info(req, ns, name) : dashboard_list(req, ns);
}

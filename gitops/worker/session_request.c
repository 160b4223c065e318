/* gitops/worker/session_request.c: from the JSON of a request to the state of its session. The fields are in
 * gitops/protocol.c. */
#include "gitops/worker/session_request.h"
#include <string.h>
#include "gitops/argocd/project.h"
#include "gitops/source/arguments.h"
#include "gitops/worker/session_state.h"

/* Field managers of server-side apply. They are those of Argo CD and Flux, so that we own the fields that these have
 * applied. */
#define MANAGER_ARGOCD "argocd-controller"
#define MANAGER_FLUX "kustomize-controller"
#define MANAGER_HELM "helm-controller"

static enum phase
session_request_phase(const char *name)
{
	for (int p = 0; p < PHASE_MAX; p++)
		if (str_eq(name, phase_name((enum phase)p)))
			return (enum phase)p;
	return PHASE_SYNC;
}

static void
session_request_read_operation(struct session *s, const struct worker_operation *o)
{
	struct sync_selection *selected = arena_new_array(s->arena, struct sync_selection, o->selected.n);

	s->request.syncing = true;
	s->request.operation = (struct sync_operation){ .id = o->id != NULL ? o->id : "0",
		.prune = o->prune,
		.dry_run = o->dry_run,
		.deleting = s->request.message.deleting,
		.confirmed = o->confirmed,
		.without_hooks = o->without_hooks,
		.force = o->force,
		.options = o->options,
		.selected = o->selected.n > 0 ? selected : NULL,
		.n_selected = o->selected.n };
	for (size_t i = 0; i < o->selected.n; i++) {
		const struct worker_object *object = &o->selected.at[i];

		selected[i] = (struct sync_selection){ object->group, object->kind, object->namespace, object->name };
	}
	for (size_t i = 0; i < o->results.n; i++) {
		const struct worker_sync_result *r = &o->results.at[i];

		if (r->kind != NULL && r->name != NULL)
			sync_results_put(
			    &s->apply.results, &(struct sync_result){ r->group != NULL ? r->group : "", r->version,
						   r->kind, str_empty(r->namespace) ? NULL : r->namespace, r->name,
						   r->status, r->message != NULL ? r->message : "", r->hook_type,
						   r->hook_phase, session_request_phase(r->sync_phase) });
	}
}

static struct meta
session_request_meta(const struct worker_metadata *m)
{
	return (struct meta){ .name = m->name, .namespace = m->namespace, .uid = m->uid };
}

static struct err *
session_request_read_metadata(struct session *s, const struct worker_metadata *m)
{
	s->request.name = m->name;
	s->request.own_namespace = m->namespace;
	return str_empty(s->request.name) || str_empty(s->request.own_namespace)
		   ? err_new(s->arena, ERR_INVALID, "the request lacks the object's name or namespace")
		   : NULL;
}

static struct err *
session_request_read_project(struct session *s, const struct worker_project *from)
{
	struct app_project *project = arena_alloc(s->arena, sizeof(*project));
	const char *problem;

	project->object.type = &app_project_type;
	project->object.meta.name = from->metadata.name;
	project->spec = from->spec;
	s->request.project = project;
	problem = project_problem(s->arena, project);
	return problem != NULL ? err_new(s->arena, ERR_INVALID, "%s", problem) : NULL;
}

/* Returns the i-th revision of the request ("A,B" for several sources); NULL: the spec's. */
static const char *
session_request_pinned(struct session *s, size_t i)
{
	const char *at = s->request.message.revision;

	for (; at != NULL && i > 0; i--)
		at = strchr(at, ',') != NULL ? strchr(at, ',') + 1 : NULL;
	return at != NULL && *at != '\0' && *at != ',' ? arena_strndup(s->arena, at, strcspn(at, ",")) : NULL;
}

static struct err *
session_request_read_application(struct session *s, const struct worker_application *from)
{
	static const char *former[] = { "kubectl-client-side-apply", MANAGER_ARGOCD };
	struct application *app = arena_alloc(s->arena, sizeof(*app));
	const struct application_source *sources;
	struct err *e;
	size_t n;

	app->object.type = &application_type;
	app->object.meta = session_request_meta(&from->metadata);
	app->spec = from->spec;
	s->request.app = app;
	if ((e = session_request_read_metadata(s, &from->metadata)) != NULL)
		return e;
	if ((n = application_sources(s->request.app, &sources)) == 0 || s->request.message.namespace == NULL)
		return err_new(
		    s->arena, ERR_INVALID, "the request lacks the application's source, or the controller's namespace");
	s->request.manager = MANAGER_ARGOCD;
	s->request.former = (struct strings){ former, ARRAY_SIZE(former) };
	s->sources.at = arena_new_array(s->arena, struct fetched_source, n);
	for (size_t i = 0; i < n; i++)
		s->sources.at[s->sources.n++] = (struct fetched_source){ .spec = &sources[i],
			.where = s->request.app->spec.sources.n > 0 ? arena_printf(s->arena, "spec.sources[%zu]", i)
								    : "spec.source",
			.url = sources[i].repo_url,
			.target_revision = sources[i].target_revision,
			.pinned = session_request_pinned(s, i) };
	s->request.default_namespace = s->request.app->spec.destination.namespace;
	s->request.mark.application = str_eq(s->request.own_namespace, s->request.message.namespace)
					  ? s->request.name
					  : arena_printf(s->arena, "%s_%s", s->request.own_namespace, s->request.name);
	s->request.operation.options = s->request.app->spec.sync_policy.options;
	if ((e = cluster_read_destination(s)) != NULL)
		return e;
	return s->request.message.project != NULL ? session_request_read_project(s, s->request.message.project) : NULL;
}

/* Warns of options of the Application, or of its operation, that have no effect. */
static void
session_request_check_options(struct session *s)
{
	for (size_t i = 0; i < s->request.operation.options.n; i++) {
		const char *option = s->request.operation.options.at[i],
			   *problem = sync_option_problem(s->arena, option, false),
			   *why = sync_option_without_effect(option);

		if (problem == NULL && why != NULL)
			problem = arena_printf(s->arena, "sync option \"%s\" has no effect: %s", option, why);
		if (problem != NULL)
			resources_warn(&s->desired.resources, "SyncOptionWarning",
			    arena_printf(s->arena, "spec.syncPolicy.syncOptions[%zu]: %s", i, problem));
	}
}

static void
session_request_warn_without_effect(struct session *s, const char *field, const char *why)
{
	resources_warn(
	    &s->desired.resources, "SettingsWarning", arena_printf(s->arena, "%s has no effect here: %s", field, why));
}

/* Warns of fields that have an effect only in Argo CD. */
static void
session_request_check_fields(struct session *s)
{
	for (size_t i = 0; i < s->sources.n; i++) {
		const struct application_source *src = s->sources.at[i].spec;

		if (src->helm != NULL && src->helm->pass_credentials)
			session_request_warn_without_effect(s,
			    arena_printf(s->arena, "%s.helm.passCredentials", s->sources.at[i].where),
			    "credentials go only to the host of their own repository");
	}
	if (s->request.project != NULL && !str_empty(s->request.project->spec.orphaned_resources) &&
	    strcmp(s->request.project->spec.orphaned_resources, "null") != 0)
		session_request_warn_without_effect(s,
		    arena_printf(
			s->arena, "AppProject %s: spec.orphanedResources", s->request.project->object.meta.name),
		    "objects that no Application has are not searched for");
	for (size_t i = 0; s->request.project != NULL && i < s->request.project->spec.roles.n; i++)
		if (!str_empty(s->request.project->spec.roles.at[i].tokens) &&
		    strcmp(s->request.project->spec.roles.at[i].tokens, "[]") != 0)
			session_request_warn_without_effect(s,
			    arena_printf(s->arena, "AppProject %s: spec.roles[%zu].jwtTokens",
				s->request.project->object.meta.name, i),
			    "the dashboard accepts sessions and ID tokens of the OpenID provider only");
}

/* A Kustomization is one sync without waves. Objects that are in sync are not applied again, so that each session
 * continues where the one before ended. */
static struct err *
session_request_read_kustomization(struct session *s, const struct worker_kustomization *from)
{
	static const char *options[] = { "ApplyOutOfSyncOnly=true", "PrunePropagationPolicy=background" };
	static const char *former[] = { "kubectl-client-side-apply", "kubectl", "before-first-apply", MANAGER_FLUX };
	struct flux_kustomization *ks = arena_alloc(s->arena, sizeof(*ks));
	struct err *e;

	ks->object.type = &flux_kustomization_type;
	ks->object.meta = session_request_meta(&from->metadata);
	ks->spec = from->spec;
	s->request.ks = ks;
	if ((e = session_request_read_metadata(s, &from->metadata)) != NULL)
		return e;
	s->cluster.target = s->cluster.api;
	if (!str_empty(s->request.ks->spec.service_account) &&
	    (e = cluster_impersonate(s, s->request.own_namespace, s->request.ks->spec.service_account)) != NULL)
		return e;
	s->request.manager = MANAGER_FLUX;
	s->request.former = (struct strings){ former, ARRAY_SIZE(former) };
	s->request.mark =
	    (struct owner_mark){ .flux_name = s->request.name, .flux_namespace = s->request.own_namespace };
	s->request.default_namespace = s->request.ks->spec.target_namespace;
	s->request.syncing = true;
	s->request.operation = (struct sync_operation){ .id = "flux",
		.prune = s->request.message.deleting || s->request.ks->spec.prune,
		.deleting = s->request.message.deleting,
		.force = s->request.ks->spec.force,
		.options = { options, ARRAY_SIZE(options) } };
	return NULL;
}

/* Objects that have drifted from a release are applied with their ignored fields as they are. */
static struct err *
session_request_read_release(struct session *s, const struct worker_release *from)
{
	static const char *options[] = { "ApplyOutOfSyncOnly=true", "RespectIgnoreDifferences=true" };
	struct err *e;

	s->request.release = from;
	if ((e = session_request_read_metadata(s, &from->metadata)) != NULL ||
	    (e = grammar_check(s->arena, GRAMMAR_RELEASE, "spec.releaseName", from->name)) != NULL ||
	    (e = grammar_check(s->arena, GRAMMAR_NAMESPACE, "spec.targetNamespace", from->namespace)) != NULL)
		return e;
	s->cluster.target = s->cluster.api;
	if (!str_empty(from->spec.service_account) &&
	    (e = cluster_impersonate(s, s->request.own_namespace, from->spec.service_account)) != NULL)
		return e;
	s->request.manager = MANAGER_HELM;
	s->request.mark = (struct owner_mark){ .helm = true };
	s->request.default_namespace = from->namespace;
	s->request.operation = (struct sync_operation){ .id = "helm", .options = { options, ARRAY_SIZE(options) } };
	return NULL;
}

struct err *
session_request_read(struct session *s, const char *request, size_t len)
{
	struct worker_request *r = &s->request.message;
	struct err *e = worker_decode(s->arena, &worker_request_type, request, len, r);

	s->apply.results.arena = s->arena;
	if (e != NULL)
		return e;
	s->request.message.namespace = r->namespace;
	s->request.message.diff = r->diff;
	s->request.message.deleting = r->deleting;
	if (r->repository != NULL) {
		s->sources.at = arena_new_array(s->arena, struct fetched_source, 1);
		s->sources.at[s->sources.n++] = (struct fetched_source){ .where = "spec",
			.url = r->repository->url,
			.target_revision = r->repository->revision,
			.pinned = session_request_pinned(s, 0) };
	}
	if (r->kustomization != NULL && r->repository != NULL)
		e = session_request_read_kustomization(s, r->kustomization);
	else if (r->release != NULL)
		e = session_request_read_release(s, r->release);
	else if (r->application != NULL)
		e = session_request_read_application(s, r->application);
	if (e == NULL && (s->sources.n == 0 || s->sources.at[0].url == NULL))
		e = err_new(s->arena, ERR_INVALID, "the request names no repository");
	if (e != NULL)
		return e;
	if (r->operation != NULL)
		session_request_read_operation(s, r->operation);
	if (s->request.app != NULL) {
		session_request_check_options(s);
		session_request_check_fields(s);
	}
	return NULL;
}

/* gitops/worker/message.c: JSON in and out of a session: a request becomes its state, and the state a response. The
 * fields are in gitops/protocol.c. */
#include "gitops/worker/message.h"
#include <string.h>
#include "base/utf8.h"
#include "base/map.h"
#include "gitops/argocd/project.h"
#include "gitops/source/arguments.h"
#include "gitops/worker/session_state.h"

#define RESULTS_MAX 1000 /* results of a sync that are reported in full */
#define IMAGES_MAX 2000 /* in a status; a warning has the number of the others */

static enum phase
message_phase(const char *name)
{
	for (int p = 0; p < PHASE_MAX; p++)
		if (str_eq(name, phase_name((enum phase)p)))
			return (enum phase)p;
	return PHASE_SYNC;
}

static void
message_read_operation(struct session *s, const struct worker_operation *o)
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
						   r->hook_phase, message_phase(r->sync_phase) });
	}
}

static struct meta
message_meta(const struct worker_metadata *m)
{
	return (struct meta){ .name = m->name, .namespace = m->namespace, .uid = m->uid };
}

static struct err *
message_read_metadata(struct session *s, const struct worker_metadata *m)
{
	s->request.name = m->name;
	s->request.own_namespace = m->namespace;
	return str_empty(s->request.name) || str_empty(s->request.own_namespace)
		   ? err_new(s->arena, ERR_INVALID, "the request lacks the object's name or namespace")
		   : NULL;
}

static struct err *
message_read_project(struct session *s, const struct worker_project *from)
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
message_pinned(struct session *s, size_t i)
{
	const char *at = s->request.message.revision;

	for (; at != NULL && i > 0; i--)
		at = strchr(at, ',') != NULL ? strchr(at, ',') + 1 : NULL;
	return at != NULL && *at != '\0' && *at != ',' ? arena_strndup(s->arena, at, strcspn(at, ",")) : NULL;
}

static struct err *
message_read_application(struct session *s, const struct worker_application *from)
{
	static const char *former[] = { "kubectl-client-side-apply", MESSAGE_MANAGER };
	struct application *app = arena_alloc(s->arena, sizeof(*app));
	const struct application_source *sources;
	struct err *e;
	size_t n;

	app->object.type = &application_type;
	app->object.meta = message_meta(&from->metadata);
	app->spec = from->spec;
	s->request.app = app;
	if ((e = message_read_metadata(s, &from->metadata)) != NULL)
		return e;
	if ((n = application_sources(s->request.app, &sources)) == 0 || s->request.message.namespace == NULL)
		return err_new(
		    s->arena, ERR_INVALID, "the request lacks the application's source, or the controller's namespace");
	s->request.manager = MESSAGE_MANAGER;
	s->request.former = (struct strings){ former, ARRAY_SIZE(former) };
	s->sources.at = arena_new_array(s->arena, struct fetched_source, n);
	for (size_t i = 0; i < n; i++)
		s->sources.at[s->sources.n++] = (struct fetched_source){ .spec = &sources[i],
			.where = s->request.app->spec.sources.n > 0 ? arena_printf(s->arena, "spec.sources[%zu]", i)
								    : "spec.source",
			.url = sources[i].repo_url,
			.target_revision = sources[i].target_revision,
			.pinned = message_pinned(s, i) };
	s->request.default_namespace = s->request.app->spec.destination.namespace;
	s->request.mark.application = str_eq(s->request.own_namespace, s->request.message.namespace)
					  ? s->request.name
					  : arena_printf(s->arena, "%s_%s", s->request.own_namespace, s->request.name);
	s->request.operation.options = s->request.app->spec.sync_policy.options;
	if ((e = cluster_read_destination(s)) != NULL)
		return e;
	return s->request.message.project != NULL ? message_read_project(s, s->request.message.project) : NULL;
}

/* Warns of options of the Application, or of its operation, that have no effect. */
static void
message_check_options(struct session *s)
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
message_warn_without_effect(struct session *s, const char *field, const char *why)
{
	resources_warn(
	    &s->desired.resources, "SettingsWarning", arena_printf(s->arena, "%s has no effect here: %s", field, why));
}

/* Warns of fields that have an effect only in Argo CD. */
static void
message_check_fields(struct session *s)
{
	for (size_t i = 0; i < s->sources.n; i++) {
		const struct application_source *src = s->sources.at[i].spec;

		if (src->helm != NULL && src->helm->pass_credentials)
			message_warn_without_effect(s,
			    arena_printf(s->arena, "%s.helm.passCredentials", s->sources.at[i].where),
			    "credentials go only to the host of their own repository");
	}
	if (s->request.project != NULL && !str_empty(s->request.project->spec.orphaned_resources) &&
	    strcmp(s->request.project->spec.orphaned_resources, "null") != 0)
		message_warn_without_effect(s,
		    arena_printf(
			s->arena, "AppProject %s: spec.orphanedResources", s->request.project->object.meta.name),
		    "objects that no Application has are not searched for");
	for (size_t i = 0; s->request.project != NULL && i < s->request.project->spec.roles.n; i++)
		if (!str_empty(s->request.project->spec.roles.at[i].tokens) &&
		    strcmp(s->request.project->spec.roles.at[i].tokens, "[]") != 0)
			message_warn_without_effect(s,
			    arena_printf(s->arena, "AppProject %s: spec.roles[%zu].jwtTokens",
				s->request.project->object.meta.name, i),
			    "the dashboard accepts sessions and ID tokens of the OpenID provider only");
}

/* A Kustomization is one sync without waves. Objects that are in sync are not applied again, so that each session
 * continues where the one before ended. */
static struct err *
message_read_kustomization(struct session *s, const struct worker_kustomization *from)
{
	static const char *options[] = { "ApplyOutOfSyncOnly=true", "PrunePropagationPolicy=background" };
	static const char *former[] = { "kubectl-client-side-apply", "kubectl", "before-first-apply",
		MESSAGE_FLUX_MANAGER };
	struct flux_kustomization *ks = arena_alloc(s->arena, sizeof(*ks));
	struct err *e;

	ks->object.type = &flux_kustomization_type;
	ks->object.meta = message_meta(&from->metadata);
	ks->spec = from->spec;
	s->request.ks = ks;
	if ((e = message_read_metadata(s, &from->metadata)) != NULL)
		return e;
	s->cluster.target = s->cluster.api;
	if (!str_empty(s->request.ks->spec.service_account) &&
	    (e = cluster_impersonate(s, s->request.own_namespace, s->request.ks->spec.service_account)) != NULL)
		return e;
	s->request.manager = MESSAGE_FLUX_MANAGER;
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
message_read_release(struct session *s, const struct worker_release *from)
{
	static const char *options[] = { "ApplyOutOfSyncOnly=true", "RespectIgnoreDifferences=true" };
	struct err *e;

	s->request.release = from;
	if ((e = message_read_metadata(s, &from->metadata)) != NULL ||
	    (e = grammar_check(s->arena, GRAMMAR_RELEASE, "spec.releaseName", from->name)) != NULL ||
	    (e = grammar_check(s->arena, GRAMMAR_NAMESPACE, "spec.targetNamespace", from->namespace)) != NULL)
		return e;
	s->cluster.target = s->cluster.api;
	if (!str_empty(from->spec.service_account) &&
	    (e = cluster_impersonate(s, s->request.own_namespace, from->spec.service_account)) != NULL)
		return e;
	s->request.manager = MESSAGE_HELM_MANAGER;
	s->request.mark = (struct owner_mark){ .helm = true };
	s->request.default_namespace = from->namespace;
	s->request.operation = (struct sync_operation){ .id = "helm", .options = { options, ARRAY_SIZE(options) } };
	return NULL;
}

struct err *
message_read(struct session *s, const char *request, size_t len)
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
			.pinned = message_pinned(s, 0) };
	}
	if (r->kustomization != NULL && r->repository != NULL)
		e = message_read_kustomization(s, r->kustomization);
	else if (r->release != NULL)
		e = message_read_release(s, r->release);
	else if (r->application != NULL)
		e = message_read_application(s, r->application);
	if (e == NULL && (s->sources.n == 0 || s->sources.at[0].url == NULL))
		e = err_new(s->arena, ERR_INVALID, "the request names no repository");
	if (e != NULL)
		return e;
	if (r->operation != NULL)
		message_read_operation(s, r->operation);
	if (s->request.app != NULL) {
		message_check_options(s);
		message_check_fields(s);
	}
	return NULL;
}

static struct worker_resource
message_resource(const struct session *s, const struct app_resource *r)
{
	return (struct worker_resource){ .group = r->kind.group,
		.version = r->kind.version,
		.kind = r->kind.kind,
		.namespace = r->namespace,
		.name = r->name,
		.status = r->status,
		.health = { r->health, r->health != HEALTH_NONE ? r->health_message : NULL },
		/* An object that the Kustomization does not apply stays in its inventory, so that it is pruned when
		 * Git drops it. */
		.hook = s->request.ks == NULL && (r->hooks != 0 || r->skip),
		.requires_pruning = r->manifest == NULL,
		.sync_wave = r->wave,
		.error = r->error,
		.aborted = r->status == SYNC_SYNCED || s->request.release != NULL ? r->aborted : NULL,
		.live = r->wanted_text != NULL || r->manifest == NULL ? r->live_text : NULL,
		.wanted = r->wanted_text,
		.kept = r->kept,
		.extraneous = r->extraneous };
}

static int
message_by_name(const void *x, const void *y)
{
	const struct app_resource *const *r = x, *const *s = y;
	int by = strcmp((*r)->kind.group, (*s)->kind.group);

	if (by == 0)
		by = strcmp((*r)->kind.kind, (*s)->kind.kind);
	if (by == 0)
		by = strcmp(
		    (*r)->namespace != NULL ? (*r)->namespace : "", (*s)->namespace != NULL ? (*s)->namespace : "");
	return by != 0 ? by : strcmp((*r)->name, (*s)->name);
}

static struct worker_resources
message_resources(struct session *s)
{
	const struct app_resource **order =
	    arena_new_array(s->arena, const struct app_resource *, s->desired.resources.n + 1);
	struct worker_resources list = { 0 };

	for (size_t i = 0; i < s->desired.resources.n; i++) {
		const struct app_resource *r = &s->desired.resources.at[i];

		/* A pruned object does not exist any more. A hook is reported while it exists. */
		if (r->implicit || (r->manifest == NULL && !r->live) || ((r->hooks != 0 || r->skip) && !r->live))
			continue;
		order[list.n++] = r;
	}
	qsort(order, list.n, sizeof(const struct app_resource *), message_by_name);
	list.at = arena_new_array(s->arena, struct worker_resource, list.n);
	for (size_t i = 0; i < list.n; i++)
		list.at[i] = message_resource(s, order[i]);
	return list;
}

/* Returns the results of a sync for the response. If there are more than RESULTS_MAX, the successful ones only have
 * the members that the next step needs, because an object in etcd has a maximum size. */
static struct worker_sync_results
message_results(const struct session *s)
{
	struct worker_sync_results list = { arena_new_array(s->arena, struct worker_sync_result, s->apply.results.n),
		s->apply.results.n };

	for (size_t i = 0; i < list.n; i++) {
		const struct sync_result *r = &s->apply.results.at[i];
		bool brief = list.n > RESULTS_MAX && r->status == RESULT_SYNCED && r->hook_phase == OPERATION_SUCCEEDED;

		list.at[i] = (struct worker_sync_result){ r->group, brief ? NULL : r->version, r->kind, r->namespace,
			r->name, r->status, brief ? NULL : r->message, brief ? NULL : r->hook_type, r->hook_phase,
			phase_name(r->phase) };
	}
	return list;
}

/* Adds the images of all containers, at any depth. */
static void
message_find_images(const json_t *v, struct map *images)
{
	const char *key;
	json_t *member, *container;
	size_t i;

	json_object_foreach ((json_t *)v, key, member) {
		if (strcmp(key, "containers") != 0 && strcmp(key, "initContainers") != 0) {
			message_find_images(member, images);
			continue;
		}
		json_array_foreach (member, i, container)
			if (json_str(container, "image") != NULL)
				map_set(images, json_str(container, "image"), images);
	}
}

static int
message_by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static struct strings
message_images(struct session *s)
{
	struct map images = { 0 };
	struct strings list = { 0 };
	size_t n;

	for (size_t i = 0; i < s->sources.manifests.n; i++) {
		_cleanup_(json_decrefp) json_t *object = json_loads(s->sources.manifests.at[i].text, 0, NULL);

		message_find_images(json_object_get(object, "spec"), &images);
	}
	list.at = arena_new_array(s->arena, const char *, images.count + 1);
	map_each (&images, slot)
		list.at[list.n++] = arena_strdup(s->arena, slot->key);
	map_done(&images);
	qsort(list.at, list.n, sizeof(*list.at), message_by_text);
	n = list.n;
	if (n > IMAGES_MAX && s->request.app != NULL)
		resources_warn(&s->desired.resources, "SettingsWarning",
		    arena_printf(s->arena, "status.summary.images has %d of %zu images", IMAGES_MAX, n));
	list.n = n < IMAGES_MAX ? n : IMAGES_MAX;
	return list;
}

static void
message_add_warnings(struct session *s, struct worker_response *response)
{
	size_t n = s->desired.resources.n_warnings < WARNINGS_MAX ? s->desired.resources.n_warnings : WARNINGS_MAX;
	struct worker_warning *list = arena_new_array(s->arena, struct worker_warning, n + 1);

	for (size_t i = 0; i < n; i++)
		list[i] = (struct worker_warning){ s->desired.resources.warnings[i].type,
			utf8_shown(s->arena, s->desired.resources.warnings[i].message, SIZE_MAX) };
	if (s->desired.resources.n_warnings > n) {
		list[n] = (struct worker_warning){ list[n - 1].type,
			arena_printf(s->arena, "and %zu more warnings", s->desired.resources.n_warnings - n) };
		n++;
	}
	response->warnings.at = list;
	response->warnings.n = n;
}

const char *
message_response(struct session *s)
{
	struct worker_response response = { .revision = s->sources.revision,
		.skipped = s->request.skipped,
		.reference = s->sources.n > 0 ? s->sources.at[0].reference : NULL };
	struct worker_error error;
	struct worker_step step;

	if (s->error != NULL) {
		error = (struct worker_error){ s->error_type,
			utf8_shown(s->arena, err_text(s->arena, s->error), SIZE_MAX), s->error->class == ERR_AGAIN };
		response.error = &error;
	} else if (s->request.release != NULL) {
		release_report(s, &response);
		response.resources = message_resources(s);
		message_add_warnings(s, &response);
	} else if (s->request.app == NULL && s->request.ks == NULL) {
		if (s->request.message.chart != NULL)
			response.chart = &s->release.chart;
		message_add_warnings(s, &response);
	} else {
		response.source_type = source_type_name(s->sources.type);
		response.resources = message_resources(s);
		response.images = message_images(s);
		message_add_warnings(s, &response);
		checks_report(s, &response);
	}
	if (s->error == NULL && (s->request.app != NULL || s->request.ks != NULL) && s->request.syncing) {
		step = (struct worker_step){ .phase = s->apply.step.phase,
			.message =
			    utf8_shown(s->arena, s->apply.step.message != NULL ? s->apply.step.message : "", SIZE_MAX),
			.wait = s->apply.step.wait_ms,
			.unconfirmed = s->apply.step.unconfirmed,
			.prune_failed = s->apply.step.prune_failed,
			.results = message_results(s) };
		response.operation = &step;
	}
	return worker_encode(s->arena, &worker_response_type, &response);
}

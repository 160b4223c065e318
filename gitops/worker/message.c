/* gitops/worker/message.c: what is asked of a piece of work, and what it found, as JSON. */
#include <string.h>
#include "base/letters.h"
#include "base/map.h"
#include "gitops/worker/session_parts.h"

#define RESULTS_MAX 1000 /* of a sync, that are told in full */
#define IMAGES_MAX 2000 /* in a status; a warning names how many more there are */

static enum phase
phase_named(const char *name)
{
	for (int p = 0; p < PHASE_MAX; p++)
		if (str_eq(name, phase_name((enum phase)p)))
			return (enum phase)p;
	return PHASE_SYNC;
}

static void
read_operation(struct work *w, const struct worker_operation *o)
{
	struct sync_selection *selected = arena_new_array(w->arena, struct sync_selection, o->selected.n);

	w->syncing = true;
	w->operation = (struct sync_operation){ .id = o->id != NULL ? o->id : "0",
		.prune = o->prune,
		.dry_run = o->dry_run,
		.deleting = w->deleting,
		.confirmed = o->confirmed,
		.without_hooks = o->without_hooks,
		.force = o->force,
		.options = o->options,
		.selected = o->selected.n > 0 ? selected : NULL,
		.n_selected = o->selected.n };
	for (size_t i = 0; i < o->selected.n; i++) {
		const struct worker_object *s = &o->selected.at[i];

		selected[i] = (struct sync_selection){ s->group, s->kind, s->namespace, s->name };
	}
	for (size_t i = 0; i < o->results.n; i++) {
		const struct worker_sync_result *r = &o->results.at[i];

		if (r->kind != NULL && r->name != NULL)
			sync_results_put(
			    &w->results, &(struct sync_result){ r->group != NULL ? r->group : "", r->version, r->kind,
					     str_empty(r->namespace) ? NULL : r->namespace, r->name, r->status,
					     r->message != NULL ? r->message : "", r->hook_type, r->hook_phase,
					     phase_named(r->sync_phase) });
	}
}

static struct meta
meta_of(const struct worker_metadata *m)
{
	return (struct meta){ .name = m->name, .namespace = m->namespace, .uid = m->uid };
}

static struct err *
read_metadata(struct work *w, const struct worker_metadata *m)
{
	w->name = m->name;
	w->own_namespace = m->namespace;
	return str_empty(w->name) || str_empty(w->own_namespace)
		   ? err_new(w->arena, ERR_INVALID, "the request lacks the object's name or namespace")
		   : NULL;
}

static struct err *
read_project(struct work *w, const struct worker_project *from)
{
	struct app_project *project = arena_alloc(w->arena, sizeof(*project));
	const char *problem;

	project->object.type = &app_project_type;
	project->object.meta.name = from->metadata.name;
	project->spec = from->spec;
	w->project = project;
	problem = project_problem(w->arena, project);
	return problem != NULL ? err_new(w->arena, ERR_INVALID, "%s", problem) : NULL;
}

/* The revision to take of a source instead of the spec's: of several, "A,B". NULL: none is said. */
static const char *
pinned_at(struct work *w, size_t i)
{
	const char *at = w->request.revision;

	for (; at != NULL && i > 0; i--)
		at = strchr(at, ',') != NULL ? strchr(at, ',') + 1 : NULL;
	return at != NULL && *at != '\0' && *at != ',' ? arena_strndup(w->arena, at, strcspn(at, ",")) : NULL;
}

static struct err *
read_application(struct work *w, const struct worker_application *from)
{
	static const char *former[] = { "kubectl-client-side-apply", WORK_MANAGER };
	struct application *app = arena_alloc(w->arena, sizeof(*app));
	const struct application_source *sources;
	struct err *e;
	size_t n;

	app->object.type = &application_type;
	app->object.meta = meta_of(&from->metadata);
	app->spec = from->spec;
	w->app = app;
	if ((e = read_metadata(w, &from->metadata)) != NULL)
		return e;
	if ((n = application_sources(w->app, &sources)) == 0 || w->namespace == NULL)
		return err_new(
		    w->arena, ERR_INVALID, "the request lacks the application's source, or the controller's namespace");
	w->manager = WORK_MANAGER;
	w->former = (struct strings){ former, ARRAY_SIZE(former) };
	w->sources.at = arena_new_array(w->arena, struct work_source, n);
	for (size_t i = 0; i < n; i++)
		w->sources.at[w->sources.n++] = (struct work_source){ .spec = &sources[i],
			.where =
			    w->app->spec.sources.n > 0 ? arena_printf(w->arena, "spec.sources[%zu]", i) : "spec.source",
			.url = sources[i].repo_url,
			.target_revision = sources[i].target_revision,
			.pinned = pinned_at(w, i) };
	w->default_namespace = w->app->spec.destination.namespace;
	w->mark.application = str_eq(w->own_namespace, w->namespace)
				  ? w->name
				  : arena_printf(w->arena, "%s_%s", w->own_namespace, w->name);
	w->operation.options = w->app->spec.sync_policy.options;
	if ((e = work_read_destination(w)) != NULL)
		return e;
	return w->request.project != NULL ? read_project(w, w->request.project) : NULL;
}

/* Options of the Application, or of its operation, that have no effect. */
static void
check_options(struct work *w)
{
	for (size_t i = 0; i < w->operation.options.n; i++) {
		const char *option = w->operation.options.at[i],
			   *problem = sync_option_problem(w->arena, option, false),
			   *why = sync_option_without_effect(option);

		if (problem == NULL && why != NULL)
			problem = arena_printf(w->arena, "sync option \"%s\" has no effect: %s", option, why);
		if (problem != NULL)
			resources_warn(&w->resources, "SyncOptionWarning",
			    arena_printf(w->arena, "spec.syncPolicy.syncOptions[%zu]: %s", i, problem));
	}
}

static void
warn_without_effect(struct work *w, const char *field, const char *why)
{
	resources_warn(
	    &w->resources, "SettingsWarning", arena_printf(w->arena, "%s has no effect here: %s", field, why));
}

/* Fields of the Application and of its project that Argo CD has a use for. */
static void
check_fields(struct work *w)
{
	for (size_t i = 0; i < w->sources.n; i++) {
		const struct application_source *s = w->sources.at[i].spec;

		if (s->helm != NULL && s->helm->pass_credentials)
			warn_without_effect(w,
			    arena_printf(w->arena, "%s.helm.passCredentials", w->sources.at[i].where),
			    "credentials go only to the host of their own repository");
	}
	if (w->project != NULL && !str_empty(w->project->spec.orphaned_resources) &&
	    strcmp(w->project->spec.orphaned_resources, "null") != 0)
		warn_without_effect(w,
		    arena_printf(w->arena, "AppProject %s: spec.orphanedResources", w->project->object.meta.name),
		    "objects that no Application has are not searched for");
	for (size_t i = 0; w->project != NULL && i < w->project->spec.roles.n; i++)
		if (!str_empty(w->project->spec.roles.at[i].tokens) &&
		    strcmp(w->project->spec.roles.at[i].tokens, "[]") != 0)
			warn_without_effect(w,
			    arena_printf(
				w->arena, "AppProject %s: spec.roles[%zu].jwtTokens", w->project->object.meta.name, i),
			    "Sluice has no server with logins");
}

/* One that applies all at once: what is as it is to be is not applied again, so that each look goes on where the one before ended. */
static struct err *
read_kustomization(struct work *w, const struct worker_kustomization *from)
{
	static const char *options[] = { "ApplyOutOfSyncOnly=true", "PrunePropagationPolicy=background" };
	static const char *former[] = { "kubectl-client-side-apply", "kubectl", "before-first-apply",
		WORK_FLUX_MANAGER };
	struct flux_kustomization *ks = arena_alloc(w->arena, sizeof(*ks));
	struct err *e;

	ks->object.type = &flux_kustomization_type;
	ks->object.meta = meta_of(&from->metadata);
	ks->spec = from->spec;
	w->ks = ks;
	if ((e = read_metadata(w, &from->metadata)) != NULL)
		return e;
	w->target = w->api;
	if (!str_empty(w->ks->spec.service_account) &&
	    (e = work_impersonate(w, w->own_namespace, w->ks->spec.service_account)) != NULL)
		return e;
	w->manager = WORK_FLUX_MANAGER;
	w->former = (struct strings){ former, ARRAY_SIZE(former) };
	w->mark = (struct owner_mark){ .flux_name = w->name, .flux_namespace = w->own_namespace };
	w->default_namespace = w->ks->spec.target_namespace;
	w->syncing = true;
	w->operation = (struct sync_operation){ .id = "flux",
		.prune = w->deleting || w->ks->spec.prune,
		.deleting = w->deleting,
		.force = w->ks->spec.force,
		.options = { options, ARRAY_SIZE(options) } };
	return NULL;
}

struct err *
work_read(struct work *w, const char *request, size_t len)
{
	struct worker_request *r = &w->request;
	struct err *e = worker_decode(w->arena, &worker_request_type, request, len, r);

	w->results.arena = w->arena;
	if (e != NULL)
		return e;
	w->namespace = r->namespace;
	w->diffing = r->diff;
	w->deleting = r->deleting;
	if (r->repository != NULL) {
		w->sources.at = arena_new_array(w->arena, struct work_source, 1);
		w->sources.at[w->sources.n++] = (struct work_source){ .where = "spec",
			.url = r->repository->url,
			.target_revision = r->repository->revision,
			.pinned = pinned_at(w, 0) };
	}
	if (r->kustomization != NULL && r->repository != NULL)
		e = read_kustomization(w, r->kustomization);
	else if (r->application != NULL)
		e = read_application(w, r->application);
	if (e == NULL && (w->sources.n == 0 || w->sources.at[0].url == NULL))
		e = err_new(w->arena, ERR_INVALID, "the request names no repository");
	if (e != NULL)
		return e;
	if (r->operation != NULL)
		read_operation(w, r->operation);
	if (w->app != NULL) {
		check_options(w);
		check_fields(w);
	}
	return NULL;
}

static struct worker_resource
resource_of(const struct work *w, const struct app_resource *r)
{
	return (struct worker_resource){ .group = r->kind.group,
		.version = r->kind.version,
		.kind = r->kind.kind,
		.namespace = r->namespace,
		.name = r->name,
		.status = r->status == SYNC_SYNCED	  ? "Synced"
			  : r->status == SYNC_OUT_OF_SYNC ? "OutOfSync"
							  : NULL,
		.health = { r->health != HEALTH_NONE ? health_name(r->health) : NULL,
		    r->health != HEALTH_NONE ? r->health_message : NULL },
		/* One that a Kustomization does not apply stays in its inventory: when Git drops it, it is pruned. */
		.hook = w->ks == NULL && (r->hooks != 0 || r->skip),
		.requires_pruning = r->manifest == NULL,
		.sync_wave = r->wave,
		.error = r->error,
		.aborted = r->status == SYNC_SYNCED ? r->aborted : NULL,
		.live = r->wanted_text != NULL || r->manifest == NULL ? r->live_text : NULL,
		.wanted = r->wanted_text,
		.kept = r->kept,
		.extraneous = r->extraneous };
}

static int
by_name(const void *x, const void *y)
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
resources_of(struct work *w)
{
	const struct app_resource **order = arena_new_array(w->arena, const struct app_resource *, w->resources.n + 1);
	struct worker_resources list = { 0 };

	for (size_t i = 0; i < w->resources.n; i++) {
		const struct app_resource *r = &w->resources.at[i];

		/* What was pruned is not there any more; a hook is reported while it is there. */
		if (r->implicit || (r->manifest == NULL && !r->live) || ((r->hooks != 0 || r->skip) && !r->live))
			continue;
		order[list.n++] = r;
	}
	qsort(order, list.n, sizeof(const struct app_resource *), by_name);
	list.at = arena_new_array(w->arena, struct worker_resource, list.n);
	for (size_t i = 0; i < list.n; i++)
		list.at[i] = resource_of(w, order[i]);
	return list;
}

/* Of more than RESULTS_MAX, those that went well have only what the next step needs: an object in etcd has a maximum size. */
static struct worker_sync_results
results_of(const struct work *w)
{
	struct worker_sync_results list = { arena_new_array(w->arena, struct worker_sync_result, w->results.n),
		w->results.n };

	for (size_t i = 0; i < list.n; i++) {
		const struct sync_result *r = &w->results.at[i];
		bool brief = list.n > RESULTS_MAX && str_eq(r->status, "Synced") && str_eq(r->hook_phase, "Succeeded");

		list.at[i] = (struct worker_sync_result){ r->group, brief ? NULL : r->version, r->kind, r->namespace,
			r->name, r->status, brief ? NULL : r->message, brief ? NULL : r->hook_type, r->hook_phase,
			phase_name(r->phase) };
	}
	return list;
}

/* The images of all containers, wherever they stand. */
static void
find_images(const json_t *v, struct map *images)
{
	const char *key;
	json_t *member, *container;
	size_t i;

	json_object_foreach ((json_t *)v, key, member) {
		if (strcmp(key, "containers") != 0 && strcmp(key, "initContainers") != 0) {
			find_images(member, images);
			continue;
		}
		json_array_foreach (member, i, container)
			if (json_str(container, "image") != NULL)
				map_set(images, json_str(container, "image"), images);
	}
}

static int
by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static struct strings
images_of(struct work *w)
{
	struct map images = { 0 };
	struct strings list = { 0 };
	size_t n;

	for (size_t i = 0; i < w->manifests.n; i++) {
		_cleanup_(json_decrefp) json_t *object = json_loads(w->manifests.at[i].text, 0, NULL);

		find_images(json_object_get(object, "spec"), &images);
	}
	list.at = arena_new_array(w->arena, const char *, images.count + 1);
	map_each (&images, slot)
		list.at[list.n++] = arena_strdup(w->arena, slot->key);
	map_done(&images);
	qsort(list.at, list.n, sizeof(*list.at), by_text);
	n = list.n;
	if (n > IMAGES_MAX && w->app != NULL)
		resources_warn(&w->resources, "SettingsWarning",
		    arena_printf(w->arena, "status.summary.images has %d of %zu images", IMAGES_MAX, n));
	list.n = n < IMAGES_MAX ? n : IMAGES_MAX;
	return list;
}

static void
add_warnings(struct work *w, struct worker_response *response)
{
	size_t n = w->resources.n_warnings < WARNINGS_MAX ? w->resources.n_warnings : WARNINGS_MAX;
	struct worker_warning *list = arena_new_array(w->arena, struct worker_warning, n + 1);

	for (size_t i = 0; i < n; i++)
		list[i] = (struct worker_warning){ w->resources.warnings[i].type,
			letters_shown(w->arena, w->resources.warnings[i].message, SIZE_MAX) };
	if (w->resources.n_warnings > n) {
		list[n] = (struct worker_warning){ list[n - 1].type,
			arena_printf(w->arena, "and %zu more warnings", w->resources.n_warnings - n) };
		n++;
	}
	response->warnings.at = list;
	response->warnings.n = n;
}

const char *
work_answer(struct work *w)
{
	struct worker_response response = { .revision = w->revision,
		.reference = w->sources.n > 0 ? w->sources.at[0].reference : NULL };
	struct worker_error error;
	struct worker_step step;

	if (w->error != NULL) {
		error = (struct worker_error){ w->error_type,
			letters_shown(w->arena, err_text(w->arena, w->error), SIZE_MAX), w->error->class == ERR_AGAIN };
		response.error = &error;
	} else if (w->app == NULL && w->ks == NULL) {
		add_warnings(w, &response);
	} else {
		response.source_type = source_type_name(w->source_type);
		response.resources = resources_of(w);
		response.images = images_of(w);
		add_warnings(w, &response);
		work_add_checks(w, &response);
	}
	if (w->error == NULL && (w->app != NULL || w->ks != NULL) && w->syncing) {
		step = (struct worker_step){ .phase = w->step.phase,
			.message = letters_shown(w->arena, w->step.message != NULL ? w->step.message : "", SIZE_MAX),
			.wait = w->step.wait_ms,
			.unconfirmed = w->step.unconfirmed,
			.prune_failed = w->step.prune_failed,
			.results = results_of(w) };
		response.operation = &step;
	}
	return worker_encode(w->arena, &worker_response_type, &response);
}

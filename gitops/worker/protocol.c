/* gitops/worker/protocol.c: what is asked of a piece of work, and what it found, as JSON. */
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
read_operation(struct work *w, const json_t *o)
{
	const json_t *results = json_object_get(o, "results"), *selected = json_object_get(o, "selected"), *r;
	struct sync_selection *to = arena_new_array(w->arena, struct sync_selection, json_array_size(selected) + 1);
	size_t i;

	w->syncing = true;
	w->operation = (struct sync_operation){ .id = json_str(o, "id") ?: "0",
		.prune = json_is_true(json_object_get(o, "prune")),
		.dry_run = json_is_true(json_object_get(o, "dryRun")),
		.deleting = w->deleting,
		.confirmed = json_is_true(json_object_get(o, "confirmed")),
		.without_hooks = json_is_true(json_object_get(o, "withoutHooks")),
		.force = json_is_true(json_object_get(o, "force")),
		.options = strings_decode(w->arena, json_object_get(o, "options")),
		.selected = json_array_size(selected) > 0 ? to : NULL,
		.n_selected = json_array_size(selected) };
	json_array_foreach (selected, i, r)
		to[i] = (struct sync_selection){ json_str(r, "group"), json_str(r, "kind"), json_str(r, "namespace"),
			json_str(r, "name") };
	json_array_foreach (results, i, r)
		if (json_str(r, "kind") != NULL && json_str(r, "name") != NULL)
			sync_results_put(
			    &w->results, &(struct sync_result){ json_str(r, "group") ?: "", json_str(r, "version"),
					     json_str(r, "kind"),
					     str_empty(json_str(r, "namespace")) ? NULL : json_str(r, "namespace"),
					     json_str(r, "name"), json_str(r, "status"), json_str(r, "message") ?: "",
					     json_str(r, "hookType"), json_str(r, "hookPhase"),
					     phase_named(json_str(r, "syncPhase")) });
}

/* What every object of a request has. The error names the field that is wrong. */
static struct err *
read_object(struct work *w, const struct object *o)
{
	const struct problem *problem = object_problem(o, "spec");

	w->name = o->meta.name;
	w->own_namespace = o->meta.namespace;
	if (problem != NULL)
		return err_new(w->arena, ERR_INVALID, "%s: %s", problem->path, problem->text);
	return str_empty(w->name) || str_empty(w->own_namespace)
		   ? err_new(w->arena, ERR_INVALID, "the request lacks the object's name or namespace")
		   : NULL;
}

static struct err *
read_project(struct work *w, const json_t *project)
{
	const char *problem;

	w->project = (const struct app_project *)object_decode(&app_project_type, project, w->arena);
	problem = project_problem(w->arena, w->project);
	return problem != NULL ? err_new(w->arena, ERR_INVALID, "%s", problem) : NULL;
}

/* The revision to take of a source instead of the spec's: of several, "A,B". NULL: none is said. */
static const char *
pinned_at(struct work *w, size_t i)
{
	const char *at = json_str(w->request, "revision");

	for (; at != NULL && i > 0; i--)
		at = strchr(at, ',') != NULL ? strchr(at, ',') + 1 : NULL;
	return at != NULL && *at != '\0' && *at != ',' ? arena_strndup(w->arena, at, strcspn(at, ",")) : NULL;
}

static struct err *
read_application(struct work *w, const json_t *app)
{
	static const char *former[] = { "kubectl-client-side-apply", WORK_MANAGER };
	const struct application_source *sources;
	struct err *e;
	size_t n;

	w->app = (const struct application *)object_decode(&application_type, app, w->arena);
	if ((e = read_object(w, &w->app->object)) != NULL)
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
	if (json_object_get(w->request, "project") != NULL)
		return read_project(w, json_object_get(w->request, "project"));
	return NULL;
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
read_kustomization(struct work *w, const json_t *ks)
{
	static const char *options[] = { "ApplyOutOfSyncOnly=true", "PrunePropagationPolicy=background" };
	static const char *former[] = { "kubectl-client-side-apply", "kubectl", "before-first-apply",
		WORK_FLUX_MANAGER };
	struct err *e;

	w->ks = (const struct flux_kustomization *)object_decode(&flux_kustomization_type, ks, w->arena);
	if ((e = read_object(w, &w->ks->object)) != NULL)
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
	const json_t *repository, *operation;
	struct err *e = json_parse(w->arena, request, len, &w->request);

	if (e != NULL)
		return e;
	w->results.arena = w->arena;
	w->namespace = json_str(w->request, "namespace");
	w->diffing = json_is_true(json_object_get(w->request, "diff"));
	w->deleting = json_is_true(json_object_get(w->request, "deleting"));
	repository = json_object_get(w->request, "repository");
	if (repository != NULL) {
		w->sources.at = arena_new_array(w->arena, struct work_source, 1);
		w->sources.at[w->sources.n++] = (struct work_source){ .where = "spec",
			.url = json_str(repository, "url"),
			.target_revision = json_str(repository, "revision"),
			.pinned = pinned_at(w, 0) };
	}
	if (json_object_get(w->request, "kustomization") != NULL)
		e = read_kustomization(w, json_object_get(w->request, "kustomization"));
	else if (json_object_get(w->request, "application") != NULL)
		e = read_application(w, json_object_get(w->request, "application"));
	if (e == NULL && (w->sources.n == 0 || w->sources.at[0].url == NULL))
		e = err_new(w->arena, ERR_INVALID, "the request names no repository");
	if (e != NULL)
		return e;
	operation = json_object_get(w->request, "operation");
	if (json_is_object(operation))
		read_operation(w, operation);
	if (w->app != NULL) {
		check_options(w);
		check_fields(w);
	}
	return NULL;
}

static json_t *
resource_json(const struct app_resource *r)
{
	json_t *o = json_object();

	json_put(o, "group", r->kind.group);
	json_put(o, "version", r->kind.version);
	json_put(o, "kind", r->kind.kind);
	json_put(o, "namespace", r->namespace);
	json_put(o, "name", r->name);
	json_put(o, "status", r->status == SYNC_SYNCED ? "Synced" : r->status == SYNC_OUT_OF_SYNC ? "OutOfSync" : NULL);
	if (r->health != HEALTH_NONE) {
		json_t *health = json_object();

		json_put(health, "status", health_name(r->health));
		json_put(health, "message", r->health_message);
		json_object_set_new(o, "health", health);
	}
	if (r->hooks != 0 || r->skip)
		json_object_set_new(o, "hook", json_true());
	if (r->manifest == NULL)
		json_object_set_new(o, "requiresPruning", json_true());
	if (r->wave != 0)
		json_object_set_new(o, "syncWave", json_integer(r->wave));
	json_put(o, "error", r->error);
	json_put(o, "aborted", r->status == SYNC_SYNCED ? r->aborted : NULL);
	json_put(o, "live", r->wanted_text != NULL || r->manifest == NULL ? r->live_text : NULL);
	json_put(o, "wanted", r->wanted_text);
	if (r->kept)
		json_object_set_new(o, "kept", json_true());
	if (r->extraneous)
		json_object_set_new(o, "extraneous", json_true());
	return o;
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

static json_t *
resources_json(struct work *w)
{
	const struct app_resource **order = arena_new_array(w->arena, const struct app_resource *, w->resources.n + 1);
	json_t *list = json_array();
	size_t n = 0;

	for (size_t i = 0; i < w->resources.n; i++) {
		const struct app_resource *r = &w->resources.at[i];

		/* What was pruned is gone; a hook is told of while it is there. */
		if (r->implicit || (r->manifest == NULL && !r->live) || ((r->hooks != 0 || r->skip) && !r->live))
			continue;
		order[n++] = r;
	}
	qsort(order, n, sizeof(const struct app_resource *), by_name);
	for (size_t i = 0; i < n; i++) {
		json_t *o = resource_json(order[i]);

		/* One that a Kustomization leaves alone stays in its inventory: when Git drops it, it is pruned. */
		if (w->ks != NULL)
			json_object_del(o, "hook");
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
brief_result(const struct sync_result *r)
{
	json_t *o = json_object();

	json_put(o, "group", r->group);
	json_put(o, "kind", r->kind);
	json_put(o, "namespace", r->namespace);
	json_put(o, "name", r->name);
	json_put(o, "status", r->status);
	json_put(o, "hookPhase", r->hook_phase);
	json_put(o, "syncPhase", phase_name(r->phase));
	return o;
}

/* Of very many, those that went well say only that: all of them are needed to go on with, and an object in etcd has an end. */
static json_t *
results_json(const struct work *w)
{
	json_t *list = json_array();
	bool brief = w->results.n > RESULTS_MAX;

	for (size_t i = 0; i < w->results.n; i++) {
		const struct sync_result *r = &w->results.at[i];
		json_t *o = json_object();

		if (brief && str_eq(r->status, "Synced") && str_eq(r->hook_phase, "Succeeded")) {
			json_array_append_new(list, brief_result(r));
			json_decref(o);
			continue;
		}
		json_object_set_new(o, "group", json_string(r->group));
		json_put(o, "version", r->version);
		json_put(o, "kind", r->kind);
		json_object_set_new(o, "namespace", json_string(r->namespace != NULL ? r->namespace : ""));
		json_put(o, "name", r->name);
		json_put(o, "status", r->status);
		json_put(o, "message", r->message);
		json_put(o, "hookType", r->hook_type);
		json_put(o, "hookPhase", r->hook_phase);
		json_put(o, "syncPhase", phase_name(r->phase));
		json_array_append_new(list, o);
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

static json_t *
images_json(struct work *w)
{
	struct map images = { 0 };
	json_t *list = json_array();
	const char **names;
	size_t n = 0;

	for (size_t i = 0; i < w->manifests.n; i++) {
		_cleanup_(json_decrefp) json_t *object = json_loads(w->manifests.at[i].text, 0, NULL);

		find_images(json_object_get(object, "spec"), &images);
	}
	names = arena_new_array(w->arena, const char *, images.count + 1);
	map_each (&images, slot)
		names[n++] = arena_strdup(w->arena, slot->key);
	qsort(names, n, sizeof(*names), by_text);
	for (size_t i = 0; i < n && i < IMAGES_MAX; i++)
		json_array_append_new(list, json_string(names[i]));
	if (n > IMAGES_MAX && w->app != NULL)
		resources_warn(&w->resources, "SettingsWarning",
		    arena_printf(w->arena, "status.summary.images has %d of %zu images", IMAGES_MAX, n));
	map_done(&images);
	return list;
}

static json_t *
warnings_json(const struct work *w)
{
	json_t *list = json_array();

	for (size_t i = 0; i < w->resources.n_warnings && i < WARNINGS_MAX; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "type", w->resources.warnings[i].type, "message",
						letters_shown(w->arena, w->resources.warnings[i].message, SIZE_MAX)));
	if (w->resources.n_warnings > WARNINGS_MAX)
		json_array_append_new(
		    list, json_pack("{s:s, s:o}", "type", w->resources.warnings[WARNINGS_MAX - 1].type, "message",
			      json_sprintf("and %zu more warnings", w->resources.n_warnings - WARNINGS_MAX)));
	return list;
}

const char *
work_answer(struct work *w)
{
	_cleanup_(json_decrefp) json_t *answer = json_object();

	json_put(answer, "revision", w->revision);
	json_put(answer, "reference", w->sources.n > 0 ? w->sources.at[0].reference : NULL);
	if (w->error != NULL) {
		json_object_set_new(answer, "error",
		    json_pack("{s:s, s:s, s:b}", "type", w->error_type, "message",
			letters_shown(w->arena, err_text(w->arena, w->error), SIZE_MAX), "again",
			w->error->class == ERR_AGAIN));
		return json_text(w->arena, answer);
	}
	if (w->app == NULL && w->ks == NULL) {
		json_object_set_new(answer, "warnings", warnings_json(w));
		return json_text(w->arena, answer);
	}
	json_put(answer, "sourceType", source_type_name(w->source_type));
	json_object_set_new(answer, "resources", resources_json(w));
	json_object_set_new(answer, "images", images_json(w));
	json_object_set_new(answer, "warnings", warnings_json(w));
	if (w->ks != NULL)
		json_object_set_new(answer, "checks", work_checks_json(w));
	if (w->syncing)
		json_object_set_new(answer, "operation",
		    json_pack("{s:s, s:s, s:I, s:b, s:b, s:o}", "phase", w->step.phase, "message",
			letters_shown(w->arena, w->step.message ?: "", SIZE_MAX), "wait", (json_int_t)w->step.wait_ms,
			"unconfirmed", w->step.unconfirmed, "pruneFailed", w->step.prune_failed, "results",
			results_json(w)));
	return json_text(w->arena, answer);
}

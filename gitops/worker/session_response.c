/* gitops/worker/session_response.c: from the state of a session to the JSON of its response. The fields are in
 * gitops/protocol.c. */
#include "gitops/worker/session_response.h"
#include <string.h>
#include "base/map.h"
#include "base/utf8.h"
#include "gitops/worker/session_state.h"

#define RESULTS_MAX 1000 /* results of a sync that are reported in full */
#define IMAGES_MAX 2000 /* in a status; a warning has the number of the others */

static struct worker_resource
session_response_resource(const struct session *s, const struct app_resource *r)
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
session_response_by_name(const void *x, const void *y)
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
session_response_resources(struct session *s)
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
	qsort(order, list.n, sizeof(const struct app_resource *), session_response_by_name);
	list.at = arena_new_array(s->arena, struct worker_resource, list.n);
	for (size_t i = 0; i < list.n; i++)
		list.at[i] = session_response_resource(s, order[i]);
	return list;
}

/* Returns the results of a sync for the response. If there are more than RESULTS_MAX, the successful ones only have
 * the members that the next step needs, because an object in etcd has a maximum size. */
static struct worker_sync_results
session_response_results(const struct session *s)
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
session_response_find_images(const json_t *v, struct map *images)
{
	const char *key;
	json_t *member, *container;
	size_t i;

	json_object_foreach ((json_t *)v, key, member) {
		if (strcmp(key, "containers") != 0 && strcmp(key, "initContainers") != 0) {
			session_response_find_images(member, images);
			continue;
		}
		json_array_foreach (member, i, container)
			if (json_str(container, "image") != NULL)
				map_set(images, json_str(container, "image"), images);
	}
}

static int
session_response_by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static struct strings
session_response_images(struct session *s)
{
	struct map images = { 0 };
	struct strings list = { 0 };
	size_t n;

	for (size_t i = 0; i < s->sources.manifests.n; i++) {
		_cleanup_(json_decrefp) json_t *object = json_loads(s->sources.manifests.at[i].text, 0, NULL);

		session_response_find_images(json_object_get(object, "spec"), &images);
	}
	list.at = arena_new_array(s->arena, const char *, images.count + 1);
	map_each (&images, slot)
		list.at[list.n++] = arena_strdup(s->arena, slot->key);
	map_done(&images);
	qsort(list.at, list.n, sizeof(*list.at), session_response_by_text);
	n = list.n;
	if (n > IMAGES_MAX && s->request.app != NULL)
		resources_warn(&s->desired.resources, "SettingsWarning",
		    arena_printf(s->arena, "status.summary.images has %d of %zu images", IMAGES_MAX, n));
	list.n = n < IMAGES_MAX ? n : IMAGES_MAX;
	return list;
}

static void
session_response_add_warnings(struct session *s, struct worker_response *response)
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
session_response_text(struct session *s)
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
		response.resources = session_response_resources(s);
		session_response_add_warnings(s, &response);
	} else if (s->request.app == NULL && s->request.ks == NULL) {
		if (s->request.message.chart != NULL)
			response.chart = &s->release.chart;
		session_response_add_warnings(s, &response);
	} else {
		response.source_type = source_type_name(s->sources.type);
		response.resources = session_response_resources(s);
		response.images = session_response_images(s);
		session_response_add_warnings(s, &response);
		checks_report(s, &response);
	}
	if (s->error == NULL && (s->request.app != NULL || s->request.ks != NULL) && s->request.syncing) {
		step = (struct worker_step){ .phase = s->apply.step.phase,
			.message =
			    utf8_shown(s->arena, s->apply.step.message != NULL ? s->apply.step.message : "", SIZE_MAX),
			.wait = s->apply.step.wait_ms,
			.unconfirmed = s->apply.step.unconfirmed,
			.prune_failed = s->apply.step.prune_failed,
			.results = session_response_results(s) };
		response.operation = &step;
	}
	return worker_encode(s->arena, &worker_response_type, &response);
}

/* gitops/argocd/application_request.c: request to the gitops worker about an Application: made from the Application,
 * its project and its sync. */
#include "gitops/argocd/application_request.h"

#define WORK_MS 300000 /* limit for one comparison or one step of a sync, with its fetch */

/* Returns the objects in the status. Those that are no longer desired are pruned. */
static struct worker_objects
app_request_known(const struct app_pass *p)
{
	const struct worker_resources *resources = &p->status.resources;
	struct worker_objects list = { .at = arena_new_array(p->arena, struct worker_object, resources->n) };

	for (size_t i = 0; i < resources->n; i++) {
		const struct worker_resource *r = &resources->at[i];

		list.at[list.n++] = (struct worker_object){ r->group, r->version, r->kind, r->namespace, r->name };
	}
	return list;
}

/* Returns an id that is different for each sync and each retry. */
static struct worker_operation
app_request_operation(const struct app_pass *p)
{
	const struct app_operation_state *state = &p->status.operation_state;
	/* A deletion does not use the options of the last sync. */
	const struct app_sync none = { 0 }, *sync = app_pass_is_deleting(p) ? &none : &p->synced.sync;
	const struct app_strategy no_strategy = { 0 }, *strategy = sync->strategy ?: &no_strategy;
	const struct app_force *force = strategy->apply ?: strategy->hook;

	return (struct worker_operation){ .id = arena_printf(p->arena, "%lld-%lld",
					      (long long)(state->started_at / 1000), (long long)state->retry_count),
		.prune = app_pass_is_deleting(p) || sync->prune,
		.dry_run = sync->dry_run,
		.confirmed = app_pass_is_confirmed(p),
		.without_hooks = strategy->apply != NULL && strategy->hook == NULL,
		.force = force != NULL && force->force,
		.options = sync->options.n > 0 ? sync->options : p->w.app->spec.sync_policy.options,
		.selected = sync->resources,
		.results = state->result != NULL && !app_pass_is_deleting(p) ? state->result->resources
									     : (struct worker_sync_results){ 0 } };
}

void
app_request_send(struct app_pass *p, bool step)
{
	const struct meta *meta = &p->w.app->object.meta;
	const struct application_source *sources;
	const char *namespace = pass_settings(p->w.pass)->gitops_namespace,
		   *project_name = p->w.project != NULL ? p->w.project->object.meta.name : "";
	const struct worker_application app = { { meta->name, meta->namespace, meta->uid }, p->w.app->spec };
	struct worker_project project;
	struct worker_operation operation;
	struct worker_request request = { .application = &app,
		.namespace = namespace != NULL ? namespace : meta->namespace,
		.known = app_request_known(p),
		.deleting = app_pass_is_deleting(p) };

	if (step || app_pass_is_deleting(p)) {
		operation = app_request_operation(p);
		request.operation = &operation;
		request.revision = app_pass_synced_revision(p);
		if (str_empty(request.revision))
			request.revision =
			    app_revision_text(p->arena, p->synced.sync.revision, &p->synced.sync.revisions);
	}
	if (p->w.project != NULL) {
		project = (struct worker_project){ { .name = project_name }, p->w.project->spec };
		request.project = &project;
	}
	/* The refresh annotation that causes this request. */
	request_send(p->plan, p->w.pass, object_annotation(&p->w.app->object, ANNOTATION_REFRESH) ?: "", &request,
	    WORK_MS, arena_printf(p->arena, "%s/%s", meta->namespace, project_name),
	    application_sources(p->w.app, &sources) > 0 ? sources[0].repo_url : NULL);
	p->memory.refreshed_at = p->w.now;
	p->memory.spec = p->w.spec_number;
	p->memory.awaits_response = true;
}

/* gitops/argocd/application_result.c: status of an Application after a comparison: sync status, health, resources,
 * images, warnings. The comparison itself is in engine/compare.c. */
#include "gitops/argocd/application_result.h"
#include <string.h>
#include "base/map.h"
#include "gitops/engine/health.h"

#define RESOURCES_MAX 2000 /* in a status; each has about 200 bytes */

static void
app_result_sum(struct app_pass *p, const struct worker_resources *resources, struct app_summed *ret)
{
	*ret = (struct app_summed){ .health = HEALTH_HEALTHY };
	for (size_t i = 0; i < resources->n; i++) {
		const struct worker_resource *r = &resources->at[i];
		enum health h = r->health.status;

		if (r->hook)
			continue;
		ret->n++;
		if (r->requires_pruning)
			ret->to_prune += r->extraneous ? 0 : 1;
		else
			ret->desired++;
		if (r->status == SYNC_OUT_OF_SYNC && !r->extraneous)
			ret->out_of_sync++;
		if (r->kept && !r->extraneous)
			ret->kept++;
		ret->live += h != HEALTH_MISSING;
		if (h == HEALTH_MISSING || h == HEALTH_NONE || h <= ret->health)
			continue;
		ret->health = h;
		ret->message = str_empty(r->health.message)
				   ? NULL
				   : arena_printf(p->arena, "%s %s: %s", r->kind, r->name, r->health.message);
	}
	if (ret->n > 0 && ret->live == 0)
		ret->health = HEALTH_MISSING;
}

static bool
app_result_is_well(const struct worker_resource *r)
{
	return r->status == SYNC_SYNCED && r->health.status <= HEALTH_HEALTHY;
}

/* Returns the resources for the status, without members that only the controller needs. An object in etcd has a
 * maximum size: above RESOURCES_MAX, only one resource of each kind and namespace is listed if it is Synced, which
 * is enough for the next comparison. *ret_left: the number of those that are not listed. */
static struct worker_resources
app_result_resources(struct app_pass *p, const struct worker_resources *resources, size_t *ret_left)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct worker_resources list = { .at = arena_new_array(p->arena, struct worker_resource, resources->n) };
	struct map scopes = { 0 };
	bool all = resources->n <= RESOURCES_MAX;

	*ret_left = 0;
	for (size_t i = 0; i < resources->n; i++) {
		const struct worker_resource *r = &resources->at[i];
		const char *scope = arena_printf(a, "%s/%s/%s", r->group ?: "", r->kind ?: "", r->namespace ?: "");
		struct worker_resource *listed = &list.at[list.n];

		if (!all && map_get(&scopes, scope) != NULL && (app_result_is_well(r) || list.n >= RESOURCES_MAX)) {
			++*ret_left;
			continue;
		}
		map_set(&scopes, scope, listed);
		*listed = *r;
		listed->error = listed->aborted = NULL;
		listed->extraneous = listed->kept = false;
		list.n++;
	}
	map_done(&scopes);
	return list;
}

static void
app_result_warn(struct app_pass *p, const struct worker_response *response)
{
	static const char *const types[] = { "RepeatedResourceWarning", "SharedResourceWarning",
		"ExcludedResourceWarning", "SyncOptionWarning", "SettingsWarning", "UnreadableObject" };

	for (size_t k = 0; k < ARRAY_SIZE(types); k++) {
		const char *all = NULL;

		for (size_t i = 0; i < response->warnings.n; i++) {
			const struct worker_warning *w = &response->warnings.at[i];

			if (str_eq(w->type, types[k]))
				all = all == NULL ? w->message : arena_printf(p->arena, "%s; %s", all, w->message);
		}
		app_pass_set_condition(p, types[k], all);
	}
}

void
app_result_read(struct app_pass *p, const struct worker_response *response, struct app_summed *ret)
{
	size_t left;

	app_result_sum(p, &response->resources, ret);
	app_pass_set_condition(p, "ComparisonError", NULL);
	app_pass_set_condition(p, "InvalidSpecError", NULL);
	app_result_warn(p, response);
	app_pass_set_sync(p, ret->out_of_sync > 0 ? SYNC_OUT_OF_SYNC : SYNC_SYNCED, response->revision);
	app_pass_set_health(p, ret->health, ret->message);
	p->status.resources = app_result_resources(p, &response->resources, &left);
	app_pass_set_condition(p, "ResourcesNotListed",
	    left > 0 ? arena_printf(p->arena,
			   "status.resources leaves out %zu of %zu objects, with which nothing is wrong: it would be "
			   "too large",
			   left, ret->n)
		     : NULL);
	p->status.source_type = response->source_type;
	p->status.summary = (struct app_summary){ .images = response->images };
	p->status.controller_namespace = pass_settings(p->w.pass)->gitops_namespace;
}

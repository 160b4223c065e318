/* gitops/argocd/application_status.c: what an Application's status says. */
#include <string.h>
#include "base/letters.h"
#include "base/map.h"
#include "base/time.h"
#include "gitops/argocd/application_parts.h"

#define MESSAGE_MAX 4000
#define RESOURCES_MAX 2000 /* in a status; each has some 200 bytes */

int64_t
app_time_of(const json_t *object, const char *key)
{
	int64_t t = 0;
	const char *text = json_str(object, key);

	return text != NULL && time_parse(text, &t) ? t : 0;
}

json_t *
app_stamp(struct deciding *d)
{
	return json_string(time_format(d->arena, d->now));
}

json_t *
app_spec_json(const struct deciding *d)
{
	return encode(&application_spec_type, &d->app->spec);
}

/* The state of the sync that is under way, or of the last one; NULL: there was none. Borrowed. */
json_t *
app_state(const struct deciding *d)
{
	return json_object_get(d->status, "operationState");
}

bool
app_is_running(const struct deciding *d)
{
	return d->operation != NULL && str_eq(json_str(app_state(d), "phase"), "Running");
}

bool
app_is_deleting(const struct deciding *d)
{
	return d->app->object.meta.deletion_timestamp != 0;
}

/* Argo CD's rule: the time in the annotation is not before the sync, or the deletion, began. */
bool
app_is_confirmed(const struct deciding *d)
{
	const char *text = object_annotation(&d->app->object, ANNOTATION_DELETION_APPROVED);
	int64_t since = app_is_deleting(d) ? d->app->object.meta.deletion_timestamp
					   : app_time_of(app_state(d), "startedAt"),
		at;

	return text != NULL && time_parse(text, &at) && at >= since;
}

void
app_set_confirmation(struct deciding *d, const struct worker_step *step)
{
	bool unconfirmed = step != NULL && step->unconfirmed;

	d->memory.unconfirmed = unconfirmed;
	app_set_condition(d, "ConfirmationRequired",
	    unconfirmed ? arena_printf(d->arena,
			      "%s: nothing is done until it is confirmed with `sluice app confirm-deletion %s`, or the "
			      "annotation %s with the time now (RFC 3339) on this Application",
			      step->message, d->app->object.meta.name, ANNOTATION_DELETION_APPROVED)
			: NULL);
}

json_t *
app_more(struct deciding *d)
{
	json_t *meta;

	if (d->more == NULL)
		d->more = json_object();
	meta = json_object_get(d->more, "metadata");
	if (meta == NULL)
		json_object_set_new(d->more, "metadata", meta = json_object());
	if (json_object_get(meta, "annotations") == NULL)
		json_object_set_new(meta, "annotations", json_object());
	return d->more;
}

/* Conditions of other types stay; one that says the same keeps its time. */
void
app_set_condition(struct deciding *d, const char *type, const char *message)
{
	json_t *list = json_object_get(d->status, "conditions"), *c;
	size_t i;

	if (message != NULL)
		message = letters_shown(d->arena, message, MESSAGE_MAX);
	if (list == NULL)
		json_object_set_new(d->status, "conditions", list = json_array());
	json_array_foreach (list, i, c)
		if (str_eq(json_str(c, "type"), type)) {
			if (str_eq(json_str(c, "message"), message))
				return;
			json_array_remove(list, i);
			break;
		}
	if (message != NULL)
		plan_reason(d->plan, "%s: %s", type, message);
	if (message != NULL)
		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:o}", "type", type, "message", message, "lastTransitionTime", app_stamp(d)));
	if (json_array_size(list) == 0)
		json_object_del(d->status, "conditions");
}

void
app_set_sync(struct deciding *d, const char *to, const char *revision)
{
	json_t *sync = json_object_get(d->status, "sync"), *compared = json_object(), *spec;
	const char *was = json_str(sync, "status");

	if (!str_eq(was, to))
		plan_status_event(d->plan, &d->app->object, false, "ResourceUpdated", "Updated sync status: %s -> %s",
		    was != NULL ? was : "", to);
	if (sync == NULL)
		json_object_set_new(d->status, "sync", sync = json_object());
	json_put(sync, "status", to);
	application_set_revision(sync, revision);
	spec = app_spec_json(d);
	if (json_object_get(spec, "source") != NULL)
		json_object_set(compared, "source", json_object_get(spec, "source"));
	if (json_object_get(spec, "sources") != NULL)
		json_object_set(compared, "sources", json_object_get(spec, "sources"));
	json_object_set(compared, "destination", json_object_get(spec, "destination"));
	if (json_object_get(spec, "ignoreDifferences") != NULL)
		json_object_set(compared, "ignoreDifferences", json_object_get(spec, "ignoreDifferences"));
	json_object_set_new(sync, "comparedTo", compared);
	json_decref(spec);
}

void
app_set_health(struct deciding *d, enum health to, const char *message)
{
	json_t *health = json_object_get(d->status, "health");
	const char *was = json_str(health, "status");

	if (str_eq(was, health_name(to)) && str_eq(json_str(health, "message"), str_empty(message) ? NULL : message))
		return;
	if (health == NULL)
		json_object_set_new(d->status, "health", health = json_object());
	if (!str_eq(was, health_name(to))) {
		plan_status_event(d->plan, &d->app->object, false, "ResourceUpdated", "Updated health status: %s -> %s",
		    was != NULL ? was : "", health_name(to));
		json_object_set_new(health, "lastTransitionTime", app_stamp(d));
	}
	json_put(health, "status", health_name(to));
	json_put(health, "message", message);
}

static void
sum_up(struct deciding *d, const struct worker_resources *resources, struct sum *ret)
{
	*ret = (struct sum){ .health = HEALTH_HEALTHY };
	for (size_t i = 0; i < resources->n; i++) {
		const struct worker_resource *r = &resources->at[i];
		enum health h = health_named(r->health.status);

		if (r->hook)
			continue;
		ret->n++;
		if (r->requires_pruning)
			ret->to_prune += r->extraneous ? 0 : 1;
		else
			ret->wanted++;
		if (str_eq(r->status, "OutOfSync") && !r->extraneous)
			ret->out_of_sync++;
		if (r->kept && !r->extraneous)
			ret->kept++;
		ret->live += h != HEALTH_MISSING;
		if (h == HEALTH_MISSING || h == HEALTH_NONE || h <= ret->health)
			continue;
		ret->health = h;
		ret->message = str_empty(r->health.message)
				   ? NULL
				   : arena_printf(d->arena, "%s %s: %s", r->kind, r->name, r->health.message);
	}
	if (ret->n > 0 && ret->live == 0)
		ret->health = HEALTH_MISSING;
}

static json_t *
as_in_status(const struct worker_resource *r)
{
	struct worker_resource copy = *r;

	copy.error = copy.aborted = NULL;
	copy.extraneous = copy.kept = false;
	return encode(&worker_resource_type, &copy);
}

/* Nothing is wrong with it: of many such, a status can do without most. */
static bool
is_well(const struct worker_resource *r)
{
	return str_eq(r->status, "Synced") && (r->health.status == NULL || strcmp(r->health.status, "Healthy") == 0);
}

/* The resources as the status has them: with what an error says, without what only we need. An object in etcd has an end: of very many, those
 * with which all is well are told only once for each kind and namespace, which is what the next look needs. *ret_left: how many are not told. */
static json_t *
for_status(const struct worker_resources *resources, size_t *ret_left)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct map scopes = { 0 };
	json_t *list = json_array();
	bool all = resources->n <= RESOURCES_MAX;

	*ret_left = 0;
	for (size_t i = 0; i < resources->n; i++) {
		const struct worker_resource *r = &resources->at[i];
		const char *scope = arena_printf(a, "%s/%s/%s", r->group ?: "", r->kind ?: "", r->namespace ?: "");

		if (!all && map_get(&scopes, scope) != NULL && (is_well(r) || json_array_size(list) >= RESOURCES_MAX)) {
			++*ret_left;
			continue;
		}
		map_set(&scopes, scope, list);
		json_array_append_new(list, as_in_status(r));
	}
	map_done(&scopes);
	return list;
}

static void
set_warnings(struct deciding *d, const struct worker_response *response)
{
	static const char *const types[] = { "RepeatedResourceWarning", "SharedResourceWarning",
		"ExcludedResourceWarning", "SyncOptionWarning", "SettingsWarning", "UnreadableObject" };

	for (size_t k = 0; k < ARRAY_SIZE(types); k++) {
		const char *all = NULL;

		for (size_t i = 0; i < response->warnings.n; i++) {
			const struct worker_warning *w = &response->warnings.at[i];

			if (str_eq(w->type, types[k]))
				all = all == NULL ? w->message : arena_printf(d->arena, "%s; %s", all, w->message);
		}
		app_set_condition(d, types[k], all);
	}
}

static json_t *
images_json(const struct worker_response *response)
{
	json_t *list = json_array();

	for (size_t i = 0; i < response->images.n; i++)
		json_array_append_new(list, json_string(response->images.at[i]));
	return list;
}

void
app_read_comparison(struct deciding *d, const struct worker_response *response, struct sum *ret)
{
	size_t left;

	sum_up(d, &response->resources, ret);
	app_set_condition(d, "ComparisonError", NULL);
	app_set_condition(d, "InvalidSpecError", NULL);
	set_warnings(d, response);
	app_set_sync(d, ret->out_of_sync > 0 ? "OutOfSync" : "Synced", response->revision);
	app_set_health(d, ret->health, ret->message);
	json_object_set_new(d->status, "resources", for_status(&response->resources, &left));
	app_set_condition(d, "ResourcesNotListed",
	    left > 0 ? arena_printf(d->arena,
			   "status.resources leaves out %zu of %zu objects, with which nothing is wrong: it would be "
			   "too large",
			   left, ret->n)
		     : NULL);
	json_put(d->status, "sourceType", response->source_type);
	json_object_del(d->status, "summary");
	if (response->images.n > 0)
		json_object_set_new(d->status, "summary", json_pack("{s:o}", "images", images_json(response)));
	json_put(d->status, "controllerNamespace", string_map_get(d->pass->settings, GITOPS_NAMESPACE));
}

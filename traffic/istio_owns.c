/* traffic/istio_owns.c: what of a VirtualService and a DestinationRule is a rollout's. */
#include <string.h>
#include "base/str.h"
#include "traffic/istio.h"

static const char *const kinds[] = { "http", "tls", "tcp" };

static const struct istio_routing *
config(const struct rollout *r)
{
	return r->spec.strategy.canary->traffic_routing->istio;
}

/* "name", or "name.namespace", is this object. */
static bool
is_named(const struct rollout *r, const char *ref, const json_t *object)
{
	const char *name = json_str(json_object_get(object, "metadata"), "name");
	const char *ns = json_str(json_object_get(object, "metadata"), "namespace"), *dot;
	size_t n = name != NULL ? strlen(name) : 0;

	if (ref == NULL || n == 0 || strncmp(ref, name, n) != 0)
		return false;
	dot = ref + n;
	return *dot == '\0' ? str_eq(ns, r->object.meta.namespace) : *dot == '.' && str_eq(ns, dot + 1);
}

static const struct istio_virtual_service_ref *
ref_of(const struct rollout *r, const json_t *object)
{
	const struct istio_routing *i = config(r);

	if (i->virtual_service != NULL && is_named(r, i->virtual_service->name, object))
		return i->virtual_service;
	for (size_t k = 0; k < i->virtual_services.n; k++)
		if (is_named(r, i->virtual_services.at[k].name, object))
			return &i->virtual_services.at[k];
	return NULL;
}

static enum istio_side
side(const struct rollout *r, const json_t *destination)
{
	const json_t *d = json_object_get(destination, "destination");

	return istio_side(
	    r->spec.strategy.canary, &(struct istio_destination){ json_str(d, "host"), json_str(d, "subset") });
}

/* The destination of that side, or NULL. Borrowed. */
static json_t *
destination(const struct rollout *r, const json_t *route, enum istio_side which)
{
	json_t *d;
	size_t i;

	json_array_foreach (json_object_get(route, "route"), i, d)
		if (side(r, d) == which)
			return d;
	return NULL;
}

static bool
is_split(const struct rollout *r, const json_t *route)
{
	return destination(r, route, SIDE_CANARY) != NULL && destination(r, route, SIDE_STABLE) != NULL;
}

/* The strategy means this route: it names it, or names none. */
static bool
is_meant(const struct istio_virtual_service_ref *ref, const char *kind, const json_t *route)
{
	const char *name = json_str(route, "name");

	if (strcmp(kind, "http") != 0 || ref->routes.n == 0)
		return true;
	for (size_t i = 0; i < ref->routes.n; i++)
		if (str_eq(ref->routes.at[i], name))
			return true;
	return false;
}

/* Among the live routes the one that the desired one became: of its name, or, without one, the same in number among those that are split. */
static const json_t *
live_route(const struct rollout *r, const json_t *routes, const json_t *route, size_t number)
{
	const char *name = json_str(route, "name");
	const json_t *other;
	size_t i;

	json_array_foreach (routes, i, other) {
		if (name != NULL ? str_eq(json_str(other, "name"), name) && is_split(r, other)
				 : json_object_get(other, "name") == NULL && is_split(r, other) && number-- == 0)
			return other;
	}
	return NULL;
}

/* A Service of the experiment that is running, by what the status says. */
static bool
is_additional(const struct rollout *r, const json_t *d)
{
	const struct traffic_weights *w = r->status.canary.weights;
	const char *host = json_str(json_object_get(d, "destination"), "host");

	for (size_t i = 0; w != NULL && i < w->additional.n; i++)
		if (istio_host_is(host, w->additional.at[i].service_name))
			return true;
	return false;
}

static void
keep_weights(const struct rollout *r, const json_t *live, json_t *route)
{
	static const enum istio_side sides[] = { SIDE_CANARY, SIDE_STABLE };
	json_t *d;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sides); i++) {
		json_t *weight = json_object_get(destination(r, live, sides[i]), "weight");

		/* None is 0, or 100 of the only one; the other side's says which. */
		if (weight != NULL)
			json_object_set(destination(r, route, sides[i]), "weight", weight);
		else
			json_object_del(destination(r, route, sides[i]), "weight");
	}
	json_array_foreach (json_object_get(live, "route"), i, d)
		if (side(r, d) == SIDE_OTHER && is_additional(r, d))
			json_array_append_new(json_object_get(route, "route"), json_deep_copy(d));
}

static bool
is_managed(const struct rollout *r, const json_t *route)
{
	const struct traffic_routing *t = r->spec.strategy.canary->traffic_routing;
	const char *name = json_str(route, "name");

	for (size_t i = 0; i < t->managed_routes.n && name != NULL; i++)
		if (str_eq(t->managed_routes.at[i].name, name))
			return true;
	return false;
}

/* Routes that steps have made, as they are, ahead of all others; Git's of the same name are theirs too. */
static void
keep_managed_routes(const struct rollout *r, const json_t *live, json_t *desired)
{
	json_t *route;
	size_t i, n = 0;

	for (i = json_array_size(desired); i-- > 0;)
		if (is_managed(r, json_array_get(desired, i)))
			json_array_remove(desired, i);
	json_array_foreach (live, i, route)
		if (is_managed(r, route))
			json_array_insert_new(desired, n++, json_deep_copy(route));
}

static void
overlay_virtual_service(
    const struct rollout *r, const struct istio_virtual_service_ref *ref, const json_t *live, json_t *desired)
{
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		const json_t *is = json_object_get(json_object_get(live, "spec"), kinds[k]), *from;
		json_t *wanted = json_object_get(json_object_get(desired, "spec"), kinds[k]), *route;
		size_t i, unnamed = 0;

		json_array_foreach (wanted, i, route) {
			if (!is_split(r, route) || !is_meant(ref, kinds[k], route))
				continue;
			from = live_route(r, is, route, unnamed);
			unnamed += json_object_get(route, "name") == NULL;
			if (from != NULL)
				keep_weights(r, from, route);
		}
		if (k == 0 && json_is_array(wanted))
			keep_managed_routes(r, is, wanted);
	}
}

static const json_t *
subset_named(const json_t *object, const char *name)
{
	const json_t *s;
	size_t i;

	json_array_foreach (json_object_get(json_object_get(object, "spec"), "subsets"), i, s)
		if (str_eq(json_str(s, "name"), name))
			return s;
	return NULL;
}

static void
keep_subset(const json_t *live, json_t *desired, const char *name)
{
	const json_t *hash =
	    json_object_get(json_object_get(subset_named(live, name), "labels"), LABEL_POD_TEMPLATE_HASH);
	json_t *subset = (json_t *)subset_named(desired, name), *labels = json_object_get(subset, "labels");

	if (hash == NULL || subset == NULL)
		return;
	if (!json_is_object(labels))
		json_object_set_new(subset, "labels", labels = json_object());
	json_object_set(labels, LABEL_POD_TEMPLATE_HASH, (json_t *)hash);
}

/* Subsets that are live for an experiment are not in Git. */
static void
keep_experiment_subsets(const struct istio_destination_rule_ref *rule, const json_t *live, json_t *desired)
{
	json_t *list = json_object_get(json_object_get(desired, "spec"), "subsets");
	const json_t *s;
	size_t i;

	json_array_foreach (json_object_get(json_object_get(live, "spec"), "subsets"), i, s) {
		const json_t *labels = json_object_get(s, "labels");

		if (json_is_array(list) && subset_named(desired, json_str(s, "name")) == NULL &&
		    istio_is_of_experiment(
			rule, json_str(s, "name"), json_object_size(labels), json_str(labels, LABEL_POD_TEMPLATE_HASH)))
			json_array_append_new(list, json_deep_copy(s));
	}
}

void
istio_overlay(const struct rollout *r, const struct type *type, const json_t *live, json_t *desired)
{
	const struct istio_destination_rule_ref *rule = config(r)->destination_rule;
	const struct istio_virtual_service_ref *ref;

	if (type == &virtual_service_type && (ref = ref_of(r, live)) != NULL)
		overlay_virtual_service(r, ref, live, desired);
	if (type == &destination_rule_type && rule != NULL && is_named(r, rule->name, live)) {
		keep_subset(live, desired, rule->canary_subset_name);
		keep_subset(live, desired, rule->stable_subset_name);
		keep_experiment_subsets(rule, live, desired);
	}
}

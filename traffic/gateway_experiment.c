/* traffic/gateway_experiment.c: the Services of experiments in the rules of HTTPRoutes.
 *
 * A route may have destinations of its user too. Those of an experiment are known by their Services: the statuses of
 * the rollout's Experiments name them, or the rollout's status, which keeps the name until the routing is observed
 * without it.
 */
#include "base/str.h"
#include "kube/api/experiment.h"
#include "traffic/gateway_api.h"

#define PORT_NAME "http" /* of a container with several ports, as in the plugin of Argo Rollouts */

/* The port of a template's Service: those of its containers have the same numbers. 0: it has none. */
static int64_t
gateway_template_port(const struct experiment_template *t)
{
	_cleanup_(json_decrefp) json_t *template = json_loads(t->template != NULL ? t->template : "{}", 0, NULL);
	json_t *container, *port;
	int64_t first = 0;
	size_t i, k;

	json_array_foreach (json_at(template, "/spec/containers"), i, container)
		json_array_foreach (json_object_get(container, "ports"), k, port) {
			if (str_eq(json_str(port, "name"), PORT_NAME))
				return json_int(port, "containerPort", 0);
			first = first != 0 ? first : json_int(port, "containerPort", 0);
		}
	return first;
}

const struct gateway_service *
gateway_service_of(const struct gateway_services *all, const char *name)
{
	for (size_t i = 0; name != NULL && i < all->n; i++)
		if (str_eq(all->at[i].name, name))
			return &all->at[i];
	return NULL;
}

static size_t
gateway_experiment_services(const struct experiment *e, struct gateway_service *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < e->status.templates.n; i++) {
		const struct template_status *s = &e->status.templates.at[i];

		if (str_empty(s->service_name))
			continue;
		ret[n].name = s->service_name;
		ret[n].port = 0;
		for (size_t k = 0; k < e->spec.templates.n; k++)
			if (str_eq(e->spec.templates.at[k].name, s->name))
				ret[n].port = gateway_template_port(&e->spec.templates.at[k]);
		n++;
	}
	return n;
}

struct gateway_services
gateway_read_services(const struct rollout *r, const struct view *view, struct arena *a)
{
	const struct traffic_weights *weights = r->status.canary.weights;
	size_t known = weights != NULL ? weights->additional.n : 0, n = known, n_experiments = 0;
	struct gateway_services all = { 0 };
	const struct object **list = NULL;
	struct gateway_service *at;

	if (r->object.meta.uid != NULL)
		n_experiments =
		    view_owned(view, &experiment_type, r->object.meta.namespace, r->object.meta.uid, a, &list);
	for (size_t i = 0; i < n_experiments; i++)
		n += ((const struct experiment *)list[i])->status.templates.n;
	all.at = at = arena_new_array(a, struct gateway_service, n);
	for (size_t i = 0; i < n_experiments; i++)
		all.n += gateway_experiment_services((const struct experiment *)list[i], at + all.n);
	for (size_t i = 0; i < known; i++)
		if (gateway_service_of(&all, weights->additional.at[i].service_name) == NULL)
			at[all.n++].name = weights->additional.at[i].service_name;
	return all;
}

/* The weight of all destinations of a rule that are this Service. */
static int64_t
gateway_service_weight(const struct rollout *r, const struct gateway_rule *rule, const char *name)
{
	int64_t weight = 0;

	for (size_t i = 0; i < rule->backend_refs.n; i++)
		if (gateway_ref_is(r, &rule->backend_refs.at[i], name))
			weight += gateway_weight(&rule->backend_refs.at[i]);
	return weight;
}

int64_t
gateway_services_weight(
    const struct rollout *r, const struct gateway_rule *rule, const struct gateway_services *services)
{
	int64_t weight = 0;

	for (size_t i = 0; i < services->n; i++)
		weight += gateway_service_weight(r, rule, services->at[i].name);
	return weight;
}

void
gateway_read_additional(const struct rollout *r, const struct gateway_rule *rule,
    const struct gateway_services *services, bool first, struct arena *a, struct routing *ret)
{
	struct weight_destination *list =
	    arena_new_array(a, struct weight_destination, ret->n_additional + services->n);
	size_t n = ret->n_additional, met = 0;

	for (size_t i = 0; i < n; i++)
		list[i] = ret->additional[i];
	for (size_t i = 0; i < services->n; i++) {
		int64_t weight = gateway_service_weight(r, rule, services->at[i].name);
		size_t k = 0;

		if (weight == 0)
			continue;
		while (k < n && !str_eq(list[k].service_name, services->at[i].name))
			k++;
		met++;
		ret->routes_differ |= !first && (k == n || list[k].weight != weight);
		if (k == n)
			list[n++] = (struct weight_destination){ .service_name = services->at[i].name };
		list[k].weight = weight > list[k].weight ? weight : list[k].weight;
	}
	ret->routes_differ |= !first && met != n;
	ret->additional = list;
	ret->n_additional = n;
}

const struct weight_destination *
gateway_wanted_service(const struct rollout *r, const struct wanted_split *want, const struct backend_ref *ref)
{
	for (size_t i = 0; i < want->n_additional; i++)
		if (gateway_ref_is(r, ref, want->additional[i].service_name))
			return &want->additional[i];
	return NULL;
}

/* Removes destinations from the last to the first, so that none moves another, and then adds missing ones. */
json_t *
gateway_service_edits(struct arena *a, const struct rollout *r, const struct gateway_rule *rule, const char *base,
    const struct gateway_services *services, const struct wanted_split *want)
{
	_cleanup_(json_decrefp) json_t *json = json_loads(rule->raw, 0, NULL);
	json_t *edits = NULL;

	for (size_t i = rule->backend_refs.n; i-- > 0;) {
		const struct backend_ref *ref = &rule->backend_refs.at[i];

		for (size_t k = 0; k < services->n && gateway_wanted_service(r, want, ref) == NULL; k++)
			if (gateway_ref_is(r, ref, services->at[k].name)) {
				json_patch_add(
				    json_patch_of(&edits), "remove", arena_printf(a, "%s/%zu", base, i), NULL);
				break;
			}
	}
	for (size_t k = 0; k < want->n_additional; k++) {
		const char *name = want->additional[k].service_name;
		const struct gateway_service *service = gateway_service_of(services, name);
		json_t *ref;

		if (gateway_refers_to(r, rule, name))
			continue;
		/* where its route refers to the canary's Service, it refers to this one */
		ref = gateway_canary_ref(r, rule, json);
		json_object_del(ref, "filters");
		json_object_set_new(ref, "name", json_string(name));
		if (service != NULL && service->port != 0)
			json_object_set_new(ref, "port", json_integer(service->port));
		json_object_set_new(ref, "weight", json_integer(want->additional[k].weight));
		json_patch_add(json_patch_of(&edits), "add", arena_printf(a, "%s/-", base), ref);
	}
	return edits;
}

void
gateway_check_experiments(const struct canary_strategy *c, struct problems *p)
{
	struct gateway_reference ref;

	for (size_t i = 0; gateway_reference_at(c, i, &ref); i++)
		if (ref.kind == GATEWAY_HTTP)
			return;
	if (gateway_selector(c, GATEWAY_HTTP) != NULL)
		return;
	for (size_t i = 0; i < c->steps.n; i++) {
		const struct experiment_step *s = c->steps.at[i].experiment;

		for (size_t k = 0; s != NULL && k < s->templates.n; k++)
			if (s->templates.at[k].weight.present)
				problem_add(p,
				    arena_printf(p->arena,
					"spec.strategy.canary.steps[%zu].experiment.templates[%zu].weight", i, k),
				    "Invalid value: routes of the Gateway API give weight to experiments in HTTPRoutes "
				    "only, and the strategy has none");
	}
}

/* traffic/alb_action.c: the texts of actions and conditions, as Argo Rollouts writes them. */
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "traffic/alb.h"

#define DEFAULT_PREFIX "alb.ingress.kubernetes.io"

const char *
alb_root_service(const struct rollout *r)
{
	const struct canary_strategy *c = r->spec.strategy.canary;

	return !str_empty(alb_of(c)->root_service) ? alb_of(c)->root_service : c->stable_service ?: "";
}

const char *
alb_key(struct arena *a, const struct alb_routing *alb, const char *what, const char *name)
{
	return arena_printf(
	    a, "%s/%s.%s", !str_empty(alb->annotation_prefix) ? alb->annotation_prefix : DEFAULT_PREFIX, what, name);
}

static json_t *
alb_target_group(struct arena *a, const struct rollout *r, const char *service, int64_t weight)
{
	int64_t port = alb_of(r->spec.strategy.canary)->service_port.value;

	return json_pack("{s:s,s:s,s:I}", "ServiceName", service, "ServicePort", arena_printf(a, "%d", (int)port),
	    "Weight", (json_int_t)weight);
}

/* The members of an action are in the order of Argo Rollouts' structs. Consumes the groups. */
static const char *
alb_forward(struct arena *a, const struct rollout *r, json_t *groups)
{
	const struct alb_stickiness *s = alb_of(r->spec.strategy.canary)->stickiness_config;
	_cleanup_(json_decrefp) json_t *action =
	    json_pack("{s:s,s:{s:o}}", "Type", "forward", "ForwardConfig", "TargetGroups", groups);

	if (s != NULL && s->enabled)
		json_object_set_new(json_object_get(action, "ForwardConfig"), "TargetGroupStickinessConfig",
		    json_pack("{s:b,s:I}", "Enabled", true, "DurationSeconds", (json_int_t)s->duration_seconds));
	return json_text_go_struct(a, action);
}

const char *
alb_split_action(struct arena *a, const struct rollout *r, const struct wanted_split *want)
{
	json_t *groups = json_array();
	int64_t rest = 100 - want->weight;

	json_array_append_new(
	    groups, alb_target_group(a, r, r->spec.strategy.canary->turn_canary_service, want->weight));
	for (size_t i = 0; i < want->n_additional; i++) {
		json_array_append_new(
		    groups, alb_target_group(a, r, want->additional[i].service_name, want->additional[i].weight));
		rest -= want->additional[i].weight;
	}
	json_array_append_new(groups, alb_target_group(a, r, r->spec.strategy.canary->turn_stable_service, rest));
	return alb_forward(a, r, groups);
}

const char *
alb_header_action(struct arena *a, const struct rollout *r)
{
	return alb_forward(
	    a, r, json_pack("[o]", alb_target_group(a, r, r->spec.strategy.canary->turn_canary_service, 100)));
}

/* Values of one header are alternatives; different headers must all match. */
const char *
alb_header_conditions(struct arena *a, const struct header_route *route)
{
	_cleanup_(json_decrefp) json_t *list = json_array();
	json_t *one;
	size_t k;

	for (size_t i = 0; i < route->match.n; i++) {
		const struct header_match *m = &route->match.at[i];
		json_t *values = NULL;

		json_array_foreach (list, k, one)
			if (str_eq(
				json_str(json_object_get(one, "httpHeaderConfig"), "httpHeaderName"), m->header_name))
				values = json_object_get(json_object_get(one, "httpHeaderConfig"), "values");
		if (values == NULL) {
			values = json_array();
			json_array_append_new(
			    list, json_pack("{s:s,s:{s:s,s:o}}", "field", "http-header", "httpHeaderConfig",
				      "httpHeaderName", m->header_name, "values", values));
		}
		json_array_append_new(values, json_string(m->header_value->exact ?: ""));
	}
	return json_text_go_struct(a, list);
}

static const json_t *
alb_groups(const json_t *action)
{
	return json_object_get(json_object_get(action, "ForwardConfig"), "TargetGroups");
}

/* AWS allows at most 999. A larger weight of a user counts as much, and is not lost. */
static json_int_t
alb_group_weight(const json_t *group)
{
	json_int_t weight = json_int(group, "Weight", 0);

	return weight < 0 ? 0 : weight > INT32_MAX ? INT32_MAX : weight;
}

enum alb_action
alb_read_action(
    struct arena *a, const struct rollout *r, const char *action, struct wanted_split *ret, int64_t *ret_least)
{
	_cleanup_(json_decrefp) json_t *j = action != NULL ? json_loads(action, 0, NULL) : NULL;
	const json_t *groups = alb_groups(j);
	struct weight_destination *more = arena_new_array(a, struct weight_destination, json_array_size(groups));
	json_int_t all = 0, canary = 0;
	json_t *one;
	size_t i;

	*ret = (struct wanted_split){ .additional = more };
	json_array_foreach (groups, i, one)
		all += alb_group_weight(one);
	json_array_foreach (groups, i, one) {
		const char *service = json_str(one, "ServiceName") ?: "";
		json_int_t weight = all > 0 ? (100 * alb_group_weight(one) + all - 1) / all : 0;

		if (str_eq(service, r->spec.strategy.canary->turn_canary_service))
			canary += alb_group_weight(one);
		else if (!str_eq(service, r->spec.strategy.canary->turn_stable_service) && weight > 0)
			more[ret->n_additional++] =
			    (struct weight_destination){ .service_name = arena_strdup(a, service), .weight = weight };
	}
	ret->weight = all > 0 ? (100 * canary + all - 1) / all : 0;
	*ret_least = all > 0 ? 100 * canary / all : 0;
	if (action != NULL && !json_is_array(groups))
		return ALB_ACTION_UNREADABLE;
	return all > 0 ? ALB_ACTION_SPLITS : ALB_ACTION_NONE;
}

int64_t
alb_action_port(const char *action)
{
	_cleanup_(json_decrefp) json_t *j = action != NULL ? json_loads(action, 0, NULL) : NULL;
	const char *port = json_str(json_array_get(alb_groups(j), 0), "ServicePort");
	long long n = 0;

	return port != NULL && str_int(port, 1, 65535, &n) ? n : 0;
}

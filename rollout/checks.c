/* rollout/checks.c: errors of values that several objects have: feature of a router, duration, unique name,
 * selector. The rules of a Rollout: validate.c. */
#include "rollout/checks.h"
#include "base/str.h"
#include "kube/api/pod_check.h"
#include "kube/api/selector.h"
#include "traffic/router.h"

/* The texts of Argo Rollouts for features that no router in use has. */
static const struct {
	enum router_feature feature;
	const char *text;
} checks_texts[] = {
	{ ROUTER_HEADER_ROUTES, "SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix" },
	{ ROUTER_MIRROR_ROUTES, "SetMirrorRoute requires TrafficRouting, supports Istio and Plugins" },
	{ ROUTER_EXPERIMENTS,
	    "Experiment template weight is only available for TrafficRouting with SMI, ALB, Istio and "
	    "Plugins at this time" },
	{ ROUTER_PING_PONG, "Ping-pong feature works with the ALB, Istio, and plugin-based traffic routers only" },
	{ ROUTER_MAX_WEIGHT, "Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins" },
};

/* Returns what the error of a feature ends with: the text of Argo Rollouts, unless that would be untrue. Its "Plugins"
 * are all of them. */
static const char *
checks_text(struct arena *a, const struct canary_strategy *c, enum router_feature feature)
{
	const struct router *router;

	for (size_t n = 0; (router = router_at(c, n)) != NULL; n++)
		if (str_starts(router->name, "plugins["))
			return "";
	if ((c == NULL || c->traffic_routing == NULL) && feature == ROUTER_EXPERIMENTS)
		return ": Experiment template weight cannot be set unless TrafficRouting is enabled";
	for (size_t i = 0; i < ARRAY_SIZE(checks_texts); i++)
		if (checks_texts[i].feature == feature)
			return arena_printf(a, ": %s", checks_texts[i].text);
	return "";
}

bool
check_feature(struct problems *p, const struct canary_strategy *c, enum router_feature feature, const char *path)
{
	const struct router *router, *without = NULL;
	const char *names = router_names(p->arena, feature);
	size_t n = 0, with = 0;

	for (; (router = router_at(c, n)) != NULL; n++)
		if ((router->features & feature) != 0)
			with++;
		else
			without = router;
	if (with > 0 && (with == n || (feature & ROUTER_OF_ALL) == 0))
		return true;
	if (with > 0)
		problem_add(p, path, "Invalid value: %s does not have it; all routers of a Rollout must: %s do",
		    without->name, names);
	else
		problem_add(p, path, "Invalid value: can only be used with traffic routing by %s%s", names,
		    checks_text(p->arena, c, feature));
	return false;
}

bool
check_duration(struct problems *p, const char *text, const char *path)
{
	int64_t ms;

	if (seconds_or_duration(text, &ms) != DURATION_INVALID)
		return true;
	problem_add(p, path, "\"%s\" is neither seconds nor a duration such as 10m", text);
	return false;
}

/* Returns the name of the k-th item. */
static const char *
checks_name_at(const void *names, size_t size, size_t k)
{
	return *(const char *const *)((const char *)names + k * size);
}

void
check_unique(struct problems *p, const void *names, size_t size, size_t i, const char *path)
{
	const char *name = checks_name_at(names, size, i);

	for (size_t k = 0; name != NULL && k < i; k++)
		if (str_eq(checks_name_at(names, size, k), name))
			problem_add(p, path, "Duplicate value: \"%s\"", name);
}

void
check_selector(struct problems *p, const struct label_selector *want, const char *template_json, const char *path,
    const char *template_path)
{
	_cleanup_(json_decrefp) json_t *template = NULL;
	struct string_map labels = { 0 };
	const char *key;
	json_t *value;

	template = template_json != NULL ? json_loads(template_json, 0, NULL) : NULL;
	pod_template_problems(p, template, template_path, POD_OF_REPLICASET);
	if (label_selector_is_empty(want)) {
		problem_add(p, path, "Invalid value: empty selector is invalid for deployment");
		return;
	}
	for (size_t i = 0; i < want->match_expressions.n; i++) {
		const struct label_requirement *q = &want->match_expressions.at[i];
		bool set = str_eq(q->operator, "In") || str_eq(q->operator, "NotIn");

		if (set != (q->values.n > 0))
			problem_add(p, arena_printf(p->arena, "%s.matchExpressions[%zu].values", path, i),
			    "Invalid value: %s %s", q->operator, set ? "needs values" : "has none");
	}
	labels.at =
	    arena_new_array(p->arena, struct string_pair, json_object_size(json_at(template, "/metadata/labels")));
	json_object_foreach (json_at(template, "/metadata/labels"), key, value)
		labels.at[labels.n++] = (struct string_pair){ arena_strdup(p->arena, key),
			arena_strdup(p->arena, json_string_value(value) ?: "") };
	if (!label_selector_matches(want, &labels))
		problem_add(p, arena_printf(p->arena, "%s.metadata.labels", template_path),
		    "Invalid value: `selector` does not match template `labels`: the selector wants %s",
		    label_selector_text(p->arena, want));
}

/* cli/plan/stand_ins.c: stand-ins of objects that a Rollout refers to: with the destinations that it needs. */
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "cli/plan/objects.h"
#include "kube/api/analysis.h"
#include "kube/api/core.h"
#include "traffic/router.h"

static json_t *
stand_in_of(struct arena *a, const struct type *t, const char *ns, const char *name, json_t *spec)
{
	json_t *o = json_pack("{s:s,s:s,s:{s:s},s:o}", "apiVersion", type_api_version(t, a), "kind", t->kind,
	    "metadata", "name", name, "spec", spec);

	if (o != NULL && !t->cluster_scoped)
		json_object_set_new(json_object_get(o, "metadata"), "namespace", json_string(ns));
	return o;
}

/* It selects the Rollout's pods. */
static json_t *
stand_in_service(struct arena *a, const struct rollout *r, const struct type *t, const char *ns, const char *name)
{
	const struct label_selector *s = r->spec.selector;

	return stand_in_of(a, t, ns, name,
	    json_pack("{s:o,s:[{s:i}]}", "selector", s != NULL ? string_map_encode(&s->match_labels) : json_object(),
		"ports", "port", 80));
}

/* One measurement, whose name is that of the template: two templates of an analysis may not have the same one. */
static json_t *
stand_in_template(struct arena *a, const struct type *t, const char *ns, const char *name)
{
	return stand_in_of(a, t, ns, name, json_pack("{s:[{s:s,s:i}]}", "metrics", "name", name, "count", 1));
}

/* The first router of the Rollout that has one. */
static json_t *
stand_in_route(struct arena *a, const struct rollout *r, const struct type *t, const char *ns, const char *name)
{
	const struct router *router;
	json_t *spec = NULL;

	for (size_t i = 0; spec == NULL && (router = router_at(r->spec.strategy.canary, i)) != NULL; i++)
		if (router->stand_in != NULL && router_has_type(router, t))
			spec = router->stand_in(r, t, ns, name);
	return spec != NULL ? stand_in_of(a, t, ns, name, spec) : NULL;
}

json_t *
plan_stand_in(struct arena *a, const struct rollout *r, const struct type *t, const char *ns, const char *name)
{
	if (t == &service_type)
		return stand_in_service(a, r, t, ns, name);
	if (t == &analysis_template_type || t == &cluster_analysis_template_type)
		return stand_in_template(a, t, ns, name);
	return stand_in_route(a, r, t, ns, name);
}

/* tests/unit/rollout/mapping.c: a change of an object gives a pass to the rollouts that it concerns, and no other. */
#include "tests/unit/unit.h"
#include "kube/api/analysis.h"
#include "kube/api/core.h"
#include "kube/api/istio.h"
#include "kube/api/replicaset.h"
#include "kube/api/rollout.h"
#include "kube/api/workload.h"
#include "rollout/mapping.h"
#include "tests/listed.h"

struct world {
	struct arena *arena;
	struct listed listed;
	const char *emitted; /* "ns/name ns/name" */
};

/* `rest`: its spec or template, or further members of its metadata and "}". */
static const struct object *
world_add(struct world *w, const struct type *t, const char *ns, const char *name, const char *rest)
{
	json_t *j =
	    yaml(w->arena, arena_printf(w->arena, "{metadata: {uid: u, name: %s%s%s%s%s}", name,
			       ns != NULL ? ", namespace: " : "", ns != NULL ? ns : "",
			       strncmp(rest, "spec", 4) == 0 || strncmp(rest, "temp", 4) == 0 ? "}, " : ", ", rest));

	w->listed.at[w->listed.n] = object_decode(t, j, w->arena);
	json_decref(j);
	return w->listed.at[w->listed.n++];
}

static void
world_emit(const char *ns, const char *name, void *arg)
{
	struct world *w = arg;

	w->emitted = arena_printf(w->arena, "%s%s%s/%s", w->emitted, w->emitted[0] != '\0' ? " " : "", ns, name);
}

static void
world_check(struct world *w, void (*map)(const struct view *, const struct object *, emit_key *, void *),
    const struct object *o, const char *want)
{
	w->emitted = "";
	map(&w->listed.view, o, world_emit, w);
	assert_string_equal(w->emitted, want);
}

static void
world_setup(struct world *w)
{
	*w = (struct world){ .arena = arena_new(), .listed = LISTED };
	world_add(w, &rollout_type, "a", "canary",
	    "spec: {selector: {matchLabels: {app: x, tier: y}}, strategy: {canary: {canaryService: c, stableService: "
	    "s, "
	    "trafficRouting: {istio: {virtualService: {name: vs.shared}, destinationRule: {name: dr, canarySubsetName: "
	    "c, stableSubsetName: s}}}, steps: [{analysis: {templates: [{templateName: t}]}}, {experiment: {analyses: "
	    "[{name: e, templateName: e, clusterScope: true}]}}]}}}");
	world_add(w, &rollout_type, "a", "green",
	    "spec: {workloadRef: {kind: Deployment, name: d}, selector: {matchExpressions: [{key: app, operator: "
	    "Exists}]}, strategy: {blueGreen: {activeService: s, previewService: p, prePromotionAnalysis: {templates: "
	    "[{templateName: u}]}}}}");
	world_add(w, &rollout_type, "b", "canary",
	    "spec: {strategy: {canary: {canaryService: c, analysis: {templates: [{templateName: cl, clusterScope: "
	    "true}]}, trafficRouting: {istio: {virtualService: {name: vs}}}}}}");
}

static void
services_concern_the_rollouts_that_name_them(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w);
	world_check(&w, mapping_service, world_add(&w, &service_type, "a", "s", "spec: {}"), "a/canary a/green");
	world_check(&w, mapping_service, world_add(&w, &service_type, "a", "p", "spec: {}"), "a/green");
	world_check(&w, mapping_service, world_add(&w, &service_type, "b", "c", "spec: {}"), "b/canary");
	world_check(&w, mapping_service, world_add(&w, &service_type, "b", "s", "spec: {}"), "");
	arena_free(w.arena);
}

static void
routing_objects_concern_the_rollouts_that_name_them(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w);
	world_check(&w, mapping_routed, world_add(&w, &virtual_service_type, "shared", "vs", "spec: {}"), "a/canary");
	world_check(&w, mapping_routed, world_add(&w, &virtual_service_type, "b", "vs", "spec: {}"), "b/canary");
	world_check(&w, mapping_routed, world_add(&w, &virtual_service_type, "a", "vs", "spec: {}"), "");
	world_check(&w, mapping_routed, world_add(&w, &destination_rule_type, "a", "dr", "spec: {}"), "a/canary");
	world_check(&w, mapping_routed, world_add(&w, &destination_rule_type, "b", "dr", "spec: {}"), "");
	arena_free(w.arena);
}

static void
a_template_concerns_rollouts_that_name_it_through_other_templates(void **state)
{
	const struct type *own = &analysis_template_type, *cluster = &cluster_analysis_template_type;
	struct world w;

	(void)state;
	world_setup(&w);
	world_check(
	    &w, mapping_template, world_add(&w, own, "a", "t", "spec: {templates: [{templateName: v}]}"), "a/canary");
	world_check(
	    &w, mapping_template, world_add(&w, own, "a", "v", "spec: {templates: [{templateName: t}]}"), "a/canary");
	world_check(&w, mapping_template, world_add(&w, own, "b", "t", "spec: {}"), "");
	world_check(&w, mapping_template, world_add(&w, cluster, NULL, "e", "spec: {}"), "a/canary");
	world_check(&w, mapping_template,
	    world_add(&w, own, "a", "u",
		"spec: {templates: [{templateName: base, "
		"clusterScope: true}]}"),
	    "a/green");
	world_check(&w, mapping_template,
	    world_add(&w, cluster, NULL, "base", "spec: {templates: [{templateName: local}]}"), "a/green");
	/* a cluster-scoped template names one of the rollout's namespace */
	world_check(&w, mapping_template, world_add(&w, own, "a", "local", "spec: {}"), "a/green");
	world_check(&w, mapping_template, world_add(&w, own, "b", "local", "spec: {}"), "");
	world_check(&w, mapping_template,
	    world_add(&w, cluster, NULL, "cl", "spec: {templates: [{templateName: local}]}"), "b/canary");
	world_check(&w, mapping_template, world_add(&w, own, "b", "local", "spec: {}"), "b/canary");
	arena_free(w.arena);
}

static void
replicasets_without_an_owner_concern_the_rollouts_that_select_them(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w);
	world_check(&w, mapping_replicaset, world_add(&w, &replicaset_type, "a", "r1", "labels: {app: x, tier: y}}"),
	    "a/green a/canary");
	world_check(&w, mapping_replicaset, world_add(&w, &replicaset_type, "a", "r2", "labels: {app: x}}"), "a/green");
	world_check(
	    &w, mapping_replicaset, world_add(&w, &replicaset_type, "b", "r3", "labels: {app: x, tier: y}}"), "");
	world_check(&w, mapping_replicaset,
	    world_add(&w, &replicaset_type, "b", "r4",
		"ownerReferences: [{kind: Rollout, name: z, uid: u, controller: true}]}"),
	    "b/z");
	arena_free(w.arena);
}

static void
a_workload_concerns_the_rollouts_that_name_it(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w);
	world_check(&w, mapping_workload, world_add(&w, &deployment_type, "a", "d", "spec: {}"), "a/green");
	world_check(&w, mapping_workload, world_add(&w, &deployment_type, "b", "d", "spec: {}"), "");
	world_check(&w, mapping_workload, world_add(&w, &pod_template_object_type, "a", "d", "template: {}"), "");
	arena_free(w.arena);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_concern_the_rollouts_that_name_them),
		cmocka_unit_test(routing_objects_concern_the_rollouts_that_name_them),
		cmocka_unit_test(a_template_concerns_rollouts_that_name_it_through_other_templates),
		cmocka_unit_test(replicasets_without_an_owner_concern_the_rollouts_that_select_them),
		cmocka_unit_test(a_workload_concerns_the_rollouts_that_name_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

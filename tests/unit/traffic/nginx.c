/* tests/unit/traffic/nginx.c: the router of ingress-nginx: where it differs from Argo Rollouts on purpose. */
#include "kube/api/ingress.h"
#include "tests/listed.h"
#include "tests/unit/unit.h"
#include "traffic/router.h"

struct world {
	struct arena *arena;
	struct listed listed;
	const struct rollout *rollout;
	struct routing routing;
};

#define PATH(service) "{path: /, pathType: Prefix, backend: {service: {name: " service ", port: {number: 80}}}}"
#define RULE(service) "{host: a.example, http: {paths: [" PATH(service) "]}}"
#define OWNED                                                                                                          \
	"ownerReferences: [{apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: web, uid: u, controller: true}]"
#define NGINX "nginx.ingress.kubernetes.io"

static const struct object *
world_add(struct world *w, const struct type *t, const char *text)
{
	_cleanup_(json_decrefp) json_t *j = yaml(w->arena, text);

	w->listed.at[w->listed.n] = object_decode(t, j, w->arena);
	return w->listed.at[w->listed.n++];
}

/* A rollout with the Ingress i, whose canary Ingress is web-i-canary. `routing` is what trafficRouting has too. */
static void
world_setup(struct world *w, const char *nginx, const char *routing)
{
	*w = (struct world){ .arena = arena_new(), .listed = LISTED };
	w->rollout = (const struct rollout *)world_add(w, &rollout_type,
	    arena_printf(w->arena,
		"{metadata: {name: web, namespace: shop, uid: u}, spec: {strategy: {canary: {canaryService: c, "
		"stableService: s, trafficRouting: {nginx: {stableIngress: i%s}%s}}}}}",
		nginx, routing));
}

static void
world_ingress(struct world *w, const char *name, const char *meta, const char *spec)
{
	world_add(w, &ingress_type,
	    arena_printf(w->arena, "{metadata: {name: %s, namespace: shop, resourceVersion: '7'%s}, spec: {%s}}", name,
		meta, spec));
}

static const char *
world_error(struct world *w)
{
	struct err *e = nginx_router.read(w->rollout, &w->listed.view, w->arena, &w->routing);

	return e != NULL ? err_text(w->arena, e) : NULL;
}

/* The body of the write that sets a weight; NULL: nothing is written. */
static const char *
world_write(struct world *w, int64_t weight, enum plan_op *ret_op)
{
	struct wanted_split want = { .weight = weight };
	struct plan *plan = plan_new(w->arena);

	assert_null(nginx_router.set_weight(w->rollout, &w->routing, &want, plan));
	if (plan->n_steps == 0)
		return NULL;
	*ret_op = plan->steps[0].op;
	return plan->steps[0].body;
}

static void
a_patch_tests_what_it_replaces_and_keeps_labels_and_annotations_of_others(void **state)
{
	enum plan_op op;
	struct world w;

	(void)state;
	world_setup(&w, "", "");
	world_ingress(&w, "i", "", "rules: [" RULE("s") "]");
	world_ingress(&w, "web-i-canary",
	    ", labels: {team: edge}, annotations: {" NGINX "/canary: 'true', " NGINX "/canary-weight: '20', " NGINX
	    "/canary-by-header: x-stale, example.com/note: kept}, " OWNED,
	    "rules: [" RULE("c") "]");
	assert_null(world_error(&w));
	assert_int_equal(w.routing.weight, 20);
	assert_true(w.routing.routes_differ);
	assert_string_equal(world_write(&w, 40, &op),
	    "[{\"op\":\"test\",\"path\":\"/metadata/annotations/nginx.ingress.kubernetes.io~1canary-weight\",\"value\":"
	    "\"20\"},{\"op\":\"add\",\"path\":\"/metadata/annotations/nginx.ingress.kubernetes.io~1canary-weight\","
	    "\"value\":\"40\"},{\"op\":\"test\",\"path\":\"/metadata/annotations/"
	    "nginx.ingress.kubernetes.io~1canary-by-header\",\"value\":\"x-stale\"},{\"op\":\"remove\",\"path\":"
	    "\"/metadata/annotations/nginx.ingress.kubernetes.io~1canary-by-header\"}]");
	assert_int_equal(op, PLAN_PATCH);
	arena_free(w.arena);
}

static void
nothing_is_written_when_the_canary_ingress_is_as_wanted(void **state)
{
	enum plan_op op;
	struct world w;

	(void)state;
	world_setup(&w, "", "");
	world_ingress(&w, "i", "", "rules: [" RULE("s") "]");
	world_ingress(&w, "web-i-canary",
	    ", annotations: {" NGINX "/canary: 'true', " NGINX "/canary-weight: '20'}, " OWNED,
	    "rules: [" RULE("c") "]");
	assert_null(world_error(&w));
	assert_false(w.routing.routes_differ);
	assert_null(world_write(&w, 20, &op));
	arena_free(w.arena);
}

/* Argo Rollouts crashes at a rule without http, and at a path to a resource. */
static void
a_rule_without_http_is_left_out_and_a_path_to_a_resource_is_copied(void **state)
{
	enum plan_op op;
	struct world w;

	(void)state;
	world_setup(&w, "", "");
	world_ingress(&w, "i", "",
	    "rules: [{host: empty.example}, {http: {paths: [{path: /static, pathType: Prefix, backend: {resource: "
	    "{kind: Bucket, name: icons}}}, " PATH("s") "]}}]");
	assert_null(world_error(&w));
	assert_non_null(strstr(world_write(&w, 10, &op),
	    "\"spec\":{\"rules\":[{\"http\":{\"paths\":[{\"path\":\"/static\",\"pathType\":\"Prefix\",\"backend\":"
	    "{\"resource\":{\"kind\":\"Bucket\",\"name\":\"icons\"}}},{\"path\":\"/\",\"pathType\":\"Prefix\","
	    "\"backend\":{\"service\":{\"name\":\"c\",\"port\":{\"number\":80}}}}]}}]}"));
	assert_int_equal(op, PLAN_CREATE);
	arena_free(w.arena);
}

/* Writes that an API server would refuse each time are refused beforehand. */
static void
an_ingress_that_no_api_server_accepts_is_an_error_of_the_field(void **state)
{
	static const struct {
		const char *nginx, *meta, *spec, *want;
	} cases[] = {
		{ ", annotationPrefix: nginx.org, additionalIngressAnnotations: {" NGINX "/canary-by-cookie: x}", "",
		    "rules: [" RULE("s") "]",
		    "nginx.additionalIngressAnnotations: Invalid value: \"nginx.org/" NGINX "/canary-by-cookie\"" },
		{ ", canaryIngressAnnotations: {kubernetes.io/ingress.class: other}", "",
		    "ingressClassName: nginx, rules: [" RULE("s") "]",
		    "nginx.canaryIngressAnnotations: Invalid value: \"other\": annotation kubernetes.io/ingress.class "
		    "must be the ingressClassName \"nginx\" of Ingress i" },
		{ "", ", annotations: {kubernetes.io/ingress.class: other}",
		    "ingressClassName: nginx, rules: [" RULE("s") "]",
		    "nginx.stableIngress: Invalid value: \"i\": its annotation kubernetes.io/ingress.class is "
		    "\"other\"" },
		{ "", "", "rules: [" RULE("x") "]", "ingress `i` has no rules using service s backend" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum plan_op op;
		struct world w;

		world_setup(&w, cases[i].nginx, "");
		world_ingress(&w, "i", cases[i].meta, cases[i].spec);
		assert_non_null(strstr(world_error(&w), cases[i].want));
		assert_null(world_write(&w, 10, &op));
		arena_free(w.arena);
	}
}

/* The canary Ingress has had it since before its Ingress got an ingressClassName. */
static void
a_class_that_contradicts_the_ingress_is_removed_from_the_canary_ingress(void **state)
{
	enum plan_op op;
	struct world w;

	(void)state;
	world_setup(&w, "", "");
	world_ingress(&w, "i", "", "ingressClassName: nginx, rules: [" RULE("s") "]");
	world_ingress(&w, "web-i-canary",
	    ", annotations: {kubernetes.io/ingress.class: old, " NGINX "/canary: 'true', " NGINX
	    "/canary-weight: '20'}, " OWNED,
	    "rules: [" RULE("c") "]");
	assert_null(world_error(&w));
	assert_non_null(strstr(world_write(&w, 20, &op),
	    "{\"op\":\"remove\",\"path\":\"/metadata/annotations/kubernetes.io~1ingress.class\"}"));
	arena_free(w.arena);
}

static void
an_ingress_of_others_is_never_written(void **state)
{
	enum plan_op op;
	struct world w;

	(void)state;
	world_setup(&w, "", "");
	world_ingress(&w, "i", "", "rules: [" RULE("s") "]");
	world_ingress(&w, "web-i-canary", "", "rules: [" RULE("c") "]");
	assert_non_null(strstr(world_error(&w), "canary ingress `web-i-canary` controlled by different object"));
	assert_null(world_write(&w, 0, &op));
	assert_null(world_write(&w, 10, &op));
	arena_free(w.arena);
}

static void
a_weight_of_another_total_is_read_as_its_part_rounded_both_ways(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w, "", ", maxTrafficWeight: 1000");
	world_ingress(&w, "i", "", "rules: [" RULE("s") "]");
	world_ingress(&w, "web-i-canary",
	    ", annotations: {" NGINX "/canary: 'true', " NGINX "/canary-weight: '1', " NGINX
	    "/canary-weight-total: '3'}, " OWNED,
	    "rules: [" RULE("c") "]");
	assert_null(world_error(&w));
	assert_int_equal(w.routing.weight_min, 333);
	assert_int_equal(w.routing.weight, 334);
	arena_free(w.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_patch_tests_what_it_replaces_and_keeps_labels_and_annotations_of_others),
		cmocka_unit_test(nothing_is_written_when_the_canary_ingress_is_as_wanted),
		cmocka_unit_test(a_rule_without_http_is_left_out_and_a_path_to_a_resource_is_copied),
		cmocka_unit_test(an_ingress_that_no_api_server_accepts_is_an_error_of_the_field),
		cmocka_unit_test(a_class_that_contradicts_the_ingress_is_removed_from_the_canary_ingress),
		cmocka_unit_test(an_ingress_of_others_is_never_written),
		cmocka_unit_test(a_weight_of_another_total_is_read_as_its_part_rounded_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

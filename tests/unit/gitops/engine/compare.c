/* tests/unit/gitops/engine/compare.c: comparisons with and without a dry run. */
#include "gitops/engine/compare.h"
#include "kube/api/managed_fields.h"
#include "tests/unit/unit.h"

#define MANAGER "argocd-controller"

/* The object as it is once we have applied it over `live` (NULL: nothing), YAML. */
static json_t *
applied(struct arena *a, const char *live, const char *config)
{
	json_t *before = live != NULL ? yaml(a, live) : NULL, *want = yaml(a, config), *after = NULL;

	assert_null(managed_fields_apply(
	    a, before, want, &(struct field_manager){ MANAGER, NULL, "2026-11-24T12:00:00Z" }, true, &after, NULL));
	json_decref(before);
	json_decref(want);
	return after;
}

#define DEPLOYMENT                                                                                                     \
	"{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, labels: {app: web}}, spec: "   \
	"{replicas: 3, "                                                                                               \
	"template: {spec: {containers: [{name: app, image: \"web:1\", ports: [{containerPort: 80}], resources: "       \
	"{limits: {cpu: \"0.1\"}}}, "                                                                                  \
	"{name: side, image: \"side:1\", args: [a, b]}]}}}}"

static void
what_was_applied_needs_no_question(void **state)
{
	static const struct {
		const char *want; /* NULL: the deployment itself */
		const char *pointer, *to; /* a change of the live object, JSON */
		bool surely;
	} cases[] = {
		{ NULL, NULL, NULL, true },
		{ NULL, "/spec/replicas", "5", false },
		{ NULL, "/metadata/labels/app", "\"other\"", false },
		{ NULL, "/spec/paused", "true", true }, /* not ours */
		{ NULL, "/status", "{\"replicas\":3}", true },
		{ NULL, "/spec/template/spec/containers/1/args", "[\"a\"]", false },
		{ NULL, "/spec/template/spec/containers/0/imagePullPolicy", "\"Always\"", true },
		/* The API server writes amounts in its own way. */
		{ NULL, "/spec/template/spec/containers/0/resources/limits/cpu", "\"100m\"", true },
		{ NULL, "/spec/template/spec/containers/0/resources/limits/cpu", "\"101m\"", false },
		/* Git names less, or more, than was applied. */
		{ "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: "
		  "3}}",
		    NULL, NULL, false },
		{ "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, labels: {app: web}, "
		  "annotations: {a: b}}}",
		    NULL, NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		json_t *live = applied(a, NULL, DEPLOYMENT),
		       *want = yaml(a, cases[i].want != NULL ? cases[i].want : DEPLOYMENT);

		if (cases[i].pointer != NULL) {
			const char *last = strrchr(cases[i].pointer, '/');
			json_t *in =
			    last == cases[i].pointer
				? live
				: json_at(live, arena_strndup(a, cases[i].pointer, (size_t)(last - cases[i].pointer)));

			json_object_set_new(in, last + 1, json_loads(cases[i].to, JSON_DECODE_ANY, NULL));
		}
		if (compare_is_applied(a, want, live, MANAGER) != cases[i].surely)
			fail_msg("case %zu, %s: want %d", i, cases[i].pointer, cases[i].surely);
		json_decref(live);
		json_decref(want);
		arena_free(a);
	}
}

static void
what_others_made_needs_a_dry_run(void **state)
{
	struct arena *a = arena_new();
	json_t *live = yaml(a, DEPLOYMENT), *want = yaml(a, DEPLOYMENT);

	(void)state;
	assert_false(compare_is_applied(a, want, live, MANAGER));
	/* The dry run shows no difference. */
	assert_true(compare_is_same(live, want));
	json_object_set_new(json_object_get(want, "spec"), "replicas", json_real(3.0));
	assert_true(compare_is_same(live, want));
	json_object_set_new(json_object_get(want, "metadata"), "resourceVersion", json_string("9"));
	json_object_set_new(want, "status", json_object());
	assert_true(compare_is_same(live, want));
	json_object_set_new(json_object_get(want, "spec"), "replicas", json_integer(4));
	assert_false(compare_is_same(live, want));
	json_decref(live);
	json_decref(want);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_applied_needs_no_question),
		cmocka_unit_test(what_others_made_needs_a_dry_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

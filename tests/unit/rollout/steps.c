/* tests/unit/rollout/steps.c: kinds of steps. */
#include "tests/unit/unit.h"
#include "base/str.h"
#include "kube/api/rollout.h"
#include "kube/api/yaml.h"
#include "kube/plan/controller.h"
#include "rollout/gather.h"
#include "rollout/steps.h"
#include "rollout/validate.h"
#include "rollout/world.h"
#include "tests/listed.h"

#define ROLLOUT                                                                                                        \
	"apiVersion: argoproj.io/v1alpha1\n"                                                                           \
	"kind: Rollout\n"                                                                                              \
	"metadata: {name: web, namespace: default}\n"                                                                  \
	"spec: {strategy: {canary: {steps: [{}]}}}\n"

static const struct field *
field_of(const struct type *t, const char *name)
{
	for (size_t i = 0; i < t->n_fields; i++)
		if (str_eq(t->fields[i].name, name))
			return &t->fields[i];
	fail_msg("no field %s", name);
	return NULL;
}

/* The error of a step without a field lists the kinds in steps.c; the fields are the rows in kube/api/rollout.c. */
static void
every_field_of_a_step_has_a_kind(void **state)
{
	const struct type *step = field_of(&canary_strategy_type, "steps")->of;
	struct arena *a = arena_new();
	struct problems found = { .arena = a };
	struct listed l = LISTED;
	struct seen seen = { 0 };
	struct pass pass = { .view = &l.view, .namespace = "default", .name = "web", .seen = &seen };
	struct rollout_world w;
	const char *names = "", *want, *got = NULL;
	json_t *docs;

	(void)state;
	assert_null(yaml_parse(a, ROLLOUT, strlen(ROLLOUT), &docs));
	world_gather(&pass, (const struct rollout *)object_decode(&rollout_type, json_array_get(docs, 0), a), a, &w);
	validate_problems(&w, &found);
	for (size_t i = 0; i < found.n; i++)
		if (str_eq(found.at[i].path, "spec.strategy.canary.steps[0]"))
			got = found.at[i].text;
	for (size_t i = 0; i < step->n_fields; i++)
		names = arena_printf(a, "%s%s%s", names, i > 0 ? ", " : "", step->fields[i].name);
	want = arena_printf(a, "Invalid value: has none of %s; one is needed", names);
	assert_non_null(got);
	assert_string_equal(got, want);
	json_decref(docs);
	arena_free(a);
}

/* The dashboard shows this label of each step. */
static void
every_kind_of_step_has_a_label(void **state)
{
	static const struct {
		const char *step, *label;
	} cases[] = {
		{ "{setWeight: 20}", "weight 20 %" },
		{ "{pause: {}}", "pause until promoted" },
		{ "{pause: {duration: 30}}", "pause 30 s" },
		{ "{pause: {duration: 1m}}", "pause 1m" },
		{ "{setCanaryScale: {replicas: 3}}", "scale 3 pods" },
		{ "{setCanaryScale: {weight: 25}}", "scale 25 %" },
		{ "{setCanaryScale: {matchTrafficWeight: true}}", "scale as the weight" },
		{ "{analysis: {templates: [{templateName: errors}, {templateName: latency}]}}",
		    "analysis errors, latency" },
		{ "{experiment: {templates: [{name: old}, {name: new}]}}", "experiment old, new" },
		{ "{setHeaderRoute: {name: beta, match: [{headerName: x}]}}", "header route beta" },
		{ "{setHeaderRoute: {name: beta}}", "header route beta ends" },
		{ "{setMirrorRoute: {name: copy, percentage: 35}}", "mirror copy 35 %" },
		{ "{setMirrorRoute: {name: copy}}", "mirror copy" },
		{ "{plugin: {name: acme/check}}", "plugin acme/check" },
		{ "{pause: {}, setCanaryScale: {replicas: 3}}", "pause until promoted, scale 3 pods" },
		{ "{}", "" },
	};
	const struct type *type = field_of(&canary_strategy_type, "steps")->of;
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct problems problems = { .arena = a };
		struct canary_step step = { 0 };
		json_t *docs;

		assert_null(yaml_parse(a, cases[i].step, strlen(cases[i].step), &docs));
		decode(type, json_array_get(docs, 0), "", &problems, &step);
		assert_string_equal(steps_label(a, &step), cases[i].label);
		json_decref(docs);
	}
	arena_free(a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_of_a_step_has_a_kind),
		cmocka_unit_test(every_kind_of_step_has_a_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

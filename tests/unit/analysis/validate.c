/* tests/unit/analysis/validate.c: arguments, limits, and the phases of metrics and runs. */
#include "tests/unit/unit.h"
#include "analysis/args.h"
#include "analysis/validate.h"
#include "base/str.h"

static const struct analysis_spec *
spec(struct arena *a, const char *text)
{
	json_t *j = yaml(a, text);
	const struct analysis_template *t =
	    (const struct analysis_template *)object_decode(&analysis_template_type, j, a);

	json_decref(j);
	assert_null(t->object.problems);
	return &t->spec;
}

#define TEMPLATE(args, name)                                                                                           \
	"{metadata: {name: t}, spec: {args: " args ", metrics: [{name: " name                                          \
	", provider: {prometheus: {query: 'up{job=\"{{args.job}}\"}'}}}]}}"

static void
merged_arguments_are_those_of_argo_rollouts(void **state)
{
	static const struct {
		const char *templates[2], *given, *want; /* want: an error's text, or the arguments */
	} cases[] = {
		{ { TEMPLATE("[{name: job}]", "x"), NULL }, "[{name: job, value: web}]", "job=web " },
		{ { TEMPLATE("[{name: job, value: one}]", "x"), NULL }, "[]", "job=one " },
		{ { TEMPLATE("[{name: job, value: one}]", "x"), NULL },
		    "[{name: job, value: two}, {name: other, value: y}]", "job=two " },
		{ { TEMPLATE("[{name: job}]", "x"), TEMPLATE("[{name: job, value: b}]", "y") }, "[]", "job=b " },
		{ { TEMPLATE("[{name: job, value: a}]", "x"), TEMPLATE("[{name: job, value: b}]", "y") }, "[]",
		    "template second: args job: two templates give it different values" },
		{ { TEMPLATE("[{name: job, value: a}]", "x"), TEMPLATE("[]", "x") }, "[]",
		    "template second: metric \"x\" is in another template too" },
		{ { TEMPLATE("[{name: job}]", "x"), NULL }, "[]",
		    "args.job was not resolved: no value in the template or the rollout" },
		{ { TEMPLATE("[{name: job}]", "x"), NULL }, "[{name: job, valueFrom: {podTemplateHashValue: Latest}}]",
		    "job=new " },
		{ { TEMPLATE("[{name: job}]", "x"), NULL }, "[{name: job, valueFrom: {podTemplateHashValue: Stable}}]",
		    "job=old " },
		{ { TEMPLATE("[{name: job}]", "x"), NULL },
		    "[{name: job, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['a.b/c']\"}}}]", "job=label " },
		{ { TEMPLATE("[{name: job}]", "x"), NULL },
		    "[{name: job, valueFrom: {fieldRef: {fieldPath: spec.replicas}}}]", "job=3 " },
		{ { TEMPLATE("[{name: job}]", "x"), NULL },
		    "[{name: job, valueFrom: {fieldRef: {fieldPath: spec.none}}}]",
		    "args job: the rollout has no spec.none" },
		{ { TEMPLATE("[{name: job}, {name: pw, valueFrom: {secretKeyRef: {name: s, key: k}}}]", "x"), NULL },
		    "[{name: job, value: web}]", "job=web pw=(later) " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		json_t *rollout = yaml(a, "{metadata: {labels: {'a.b/c': label}}, spec: {replicas: 3}}");
		struct template_source sources[2] = { { "first", spec(a, cases[i].templates[0]) } };
		struct args_source from = { rollout, "new", "old" };
		const struct analysis_spec *given =
		    spec(a, arena_printf(a, "{metadata: {name: g}, spec: {args: %s}}", cases[i].given));
		struct rollout_analysis override = { .args.at = given->args.at, .args.n = given->args.n };
		const char *got = "";
		struct analysis_spec merged;
		size_t n = 1;
		struct err *e;

		if (cases[i].templates[1] != NULL)
			sources[n++] = (struct template_source){ "second", spec(a, cases[i].templates[1]) };
		e = args_merge(a, sources, n, &override, &from, &merged);
		for (size_t k = 0; e == NULL && k < merged.args.n; k++)
			got = arena_printf(a, "%s%s=%s ", got, merged.args.at[k].name,
			    merged.args.at[k].value != NULL ? merged.args.at[k].value : "(later)");
		if (e != NULL)
			got = err_text(a, e);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("case %zu: got %s, want %s", i, got, cases[i].want);
		json_decref(rollout);
		arena_free(a);
	}
}

static void
templates_with_the_maximum_of_arguments_are_merged(void **state)
{
	struct arena *a = arena_new();
	const char *args = "";
	struct template_source source = { .name = "first" };
	struct args_source from = { 0 };
	struct analysis_spec merged;

	(void)state;
	for (int i = 0; i < ARGUMENTS_MAX; i++)
		args = arena_printf(a, "%s{name: a%d, value: x},", args, i);
	source.spec = spec(a, arena_printf(a, "{metadata: {name: t}, spec: {args: [%s]}}", args));
	assert_null(args_merge(a, &source, 1, &(struct rollout_analysis){ 0 }, &from, &merged));
	assert_int_equal(merged.args.n, ARGUMENTS_MAX);
	arena_free(a);
}

static void
substituted_arguments_are_escaped_as_in_json(void **state)
{
	static const struct argument args[] = { { "a", "x\"y\\z\n", NULL }, { "b", "{{args.a}}", NULL } };
	struct arena *a = arena_new();
	const char *text = NULL;

	(void)state;
	assert_null(args_substitute(a, "{\"q\":\"{{args.a}} {{ args.b }} {{other}}\"}", args, 2, &text));
	assert_string_equal(text, "{\"q\":\"x\\\"y\\\\z\\n {{args.a}} {{other}}\"}");
	assert_non_null(args_substitute(a, "{{args.none}}", args, 2, &text));
	arena_free(a);
}

static void
invalid_metrics_are_errors_before_they_are_measured(void **state)
{
	static const char *const cases[][2] = {
		{ "[]", "spec.metrics: no metric" },
		{ "[{name: x}]", "spec.metrics[0].provider: required, but missing" },
		{ "[{name: x, provider: {}}]", "spec.metrics[0]: provider: none given; Sluice has prometheus" },
		{ "[{name: x, provider: {plugin: {acme/metric: {}}}}]",
		    "spec.metrics[0].provider.plugin.acme/metric: unknown field; a metric plugin has sluice/hook, "
		    "sluice/dynatrace, sluice/google-cloud-monitoring, sluice/compare" },
		{ "[{name: x, provider: {job: {}}}]", "spec.metrics[0].provider.job.spec: required, but missing" },
		{ "[{name: x, provider: {job: {spec: {template: {spec: {containers: [{name: c}]}}}}}}]",
		    "restartPolicy: a Job needs Never or OnFailure" },
		{ "[{name: x, count: 3, provider: {prometheus: {query: q}}}]", "metric x: count 3 needs an interval" },
		{ "[{name: x, count: many, provider: {prometheus: {query: q}}}]",
		    "count: \"many\" is not a whole number from 0" },
		{ "[{name: x, interval: often, provider: {prometheus: {query: q}}}]",
		    "spec.metrics[0].interval: \"often\" is not a duration" },
		{ "[{name: x, count: 2, interval: 1s, failureLimit: 3, provider: {prometheus: {query: q}}}]",
		    "count 2 is less than failureLimit 3" },
		{ "[{name: x, count: 3, interval: 1s, failureLimit: 2, consecutiveSuccessLimit: 2, provider: "
		  "{prometheus: "
		  "{query: q}}}]",
		    "count 3 is less than failureLimit 2 and consecutiveSuccessLimit 2 together" },
		{ "[{name: x, interval: 1s, failureLimit: -1, provider: {prometheus: {query: q}}}]",
		    "failureLimit -1 needs a consecutiveSuccessLimit" },
		{ "[{name: x, successCondition: 'result[0] <', provider: {prometheus: {query: q}}}]",
		    "successCondition `result[0] <`: column" },
		{ "[{name: x, provider: {prometheus: {query: q}}}, {name: x, provider: {prometheus: {query: q}}}]",
		    "spec.metrics[1].name: \"x\" is there twice" },
		{ "[{name: x, provider: {prometheus: {query: '{{args.a}}'}}}]",
		    "{{args.a}}: no argument of that name has a value" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		json_t *j = yaml(a, cases[i][0]);
		struct metric_set set;
		struct analysis_spec only = { .metrics = json_text(a, j) };
		struct err *e = metrics_prepare(a, &only, NULL, 0, &set);

		if (e == NULL || strstr(err_text(a, e), cases[i][1]) == NULL)
			fail_msg(
			    "%s: got %s, want %s", cases[i][0], e != NULL ? err_text(a, e) : "no error", cases[i][1]);
		json_decref(j);
		arena_free(a);
	}
}

static void
only_what_depends_on_an_unresolved_argument_is_not_checked(void **state)
{
	static const char *const cases[][2] = {
		{ "interval: '{{args.a}}', count: 3", NULL },
		{ "interval: 1s, count: '{{args.a}}', failureLimit: 9, inconclusiveLimit: 9", NULL },
		{ "interval: 1s, count: 3, consecutiveSuccessLimit: '{{args.a}}', failureLimit: -1", NULL },
		{ "interval: 1s, count: 3, failureLimit: '{{args.a}}', consecutiveSuccessLimit: 4",
		    "count 3 is less than failureLimit 0 and consecutiveSuccessLimit 4 together" },
		{ "count: 3, failureLimit: '{{args.a}}'", "count 3 needs an interval" },
		{ "successCondition: 'result[0] < {{args.a}}'", NULL },
		{ "successCondition: 'result[0] {{ args.a }} 5 && \"{{args.b}}\" != \"\"'", NULL },
		{ "successCondition: '{{args.a}}'", NULL },
		{ "failureCondition: 'result[0] < {{args.a}} &&& true'", "failureCondition" },
		{ "failureCondition: 'now() - {{args.a}'", "failureCondition" },
	};
	const struct argument args[] = { { .name = "a" }, { .name = "b" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		json_t *j =
		    yaml(a, arena_printf(a, "[{name: x, provider: {prometheus: {query: q}}, %s}]", cases[i][0]));
		struct metric_set set;
		struct analysis_spec only = { .metrics = json_text(a, j) };
		struct err *e = metrics_prepare(a, &only, args_unresolved(a, args, 2), 2, &set);

		if ((e == NULL) != (cases[i][1] == NULL) || (e != NULL && strstr(err_text(a, e), cases[i][1]) == NULL))
			fail_msg(
			    "%s: got %s, want %s", cases[i][0], e != NULL ? err_text(a, e) : "no error", cases[i][1]);
		json_decref(j);
		arena_free(a);
	}
}

static void
conditions_determine_the_phase_of_a_measurement(void **state)
{
	static const struct {
		const char *success, *failure;
		double value;
		const char *want;
	} cases[] = {
		{ NULL, NULL, 5, "Successful" },
		{ "result < 1", NULL, 0, "Successful" },
		{ "result < 1", NULL, 2, "Failed" },
		{ NULL, "result > 1", 0, "Successful" },
		{ NULL, "result > 1", 2, "Failed" },
		{ "result < 1", "result > 3", 2, "Inconclusive" },
		{ "result < 5", "result > 3", 4, "Failed" },
		{ "result[0] < 1", NULL, 0, "Error" },
		{ "result", NULL, 0, "Error" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		struct metric m = { .success_condition = cases[i].success, .failure_condition = cases[i].failure };
		struct value v = value_float(cases[i].value);
		const char *message = NULL;

		assert_string_equal(run_phase_name(measurement_phase(a, &m, &v, false, 0, &message)), cases[i].want);
		assert_int_equal(message != NULL, strcmp(cases[i].want, "Error") == 0);
		arena_free(a);
	}
}

static void
a_condition_that_fails_without_data_is_an_error_that_reports_it(void **state)
{
	struct arena *a = arena_new();
	struct metric m = { .success_condition = "result[0] < 1" };
	struct value v = value_from_floats(a, NULL, 0);
	const char *message = NULL;

	(void)state;
	assert_int_equal(measurement_phase(a, &m, &v, true, 0, &message), RUN_ERROR);
	assert_non_null(strstr(message, "no data: the query returned no sample"));
	arena_free(a);
}

static void
limits_end_a_metric(void **state)
{
	static const struct {
		struct metric_limits limits;
		struct metric_result result;
		bool terminating;
		const char *want;
	} cases[] = {
		{ { 5, 1, 0, 4, 0 }, { .count = 2, .failed = 1 }, false, "Running" },
		{ { 5, 1, 0, 4, 0 }, { .count = 2, .failed = 2 }, false, "Failed" },
		{ { 5, 0, 0, 4, 0 }, { .count = 5, .successful = 5 }, false, "Successful" },
		{ { 0, 0, 0, 4, 0 }, { .count = 99, .successful = 99 }, false, "Running" },
		{ { 0, 0, 0, 4, 0 }, { .count = 99, .successful = 99 }, true, "Successful" },
		{ { 5, 0, 1, 4, 0 }, { .count = 2, .inconclusive = 2 }, false, "Inconclusive" },
		{ { 5, 0, 0, 4, 0 }, { .error = 5, .consecutive_error = 5 }, false, "Error" },
		{ { 5, 0, 0, 4, 0 }, { .error = 9, .consecutive_error = 4 }, false, "Running" },
		{ { 5, -1, 0, 4, 0 }, { .count = 4, .failed = 4 }, false, "Running" },
		{ { 0, -1, 0, 4, 3 }, { .count = 9, .failed = 6, .consecutive_success = 2 }, false, "Running" },
		{ { 0, -1, 0, 4, 3 }, { .count = 9, .failed = 6, .consecutive_success = 3 }, false, "Successful" },
		{ { 9, 2, 0, 4, 3 }, { .count = 9, .failed = 2, .consecutive_success = 2 }, false, "Inconclusive" },
		{ { 9, -1, 0, 4, 3 }, { .count = 9, .failed = 5, .consecutive_success = 2 }, false, "Failed" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		const char *reason = NULL;

		assert_string_equal(
		    run_phase_name(metric_phase(a, &cases[i].limits, &cases[i].result, cases[i].terminating, &reason)),
		    cases[i].want);
		arena_free(a);
	}
}

static void
phases_are_ordered_from_the_best_to_the_worst(void **state)
{
	static const char *const order[] = { "", "Successful", "Running", "Pending", "Inconclusive", "Error",
		"Failed" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		assert_int_equal(run_phase_named(order[i]), i);
		assert_string_equal(run_phase_name((enum run_phase)i), order[i]);
	}
	assert_int_equal(run_phase_named(NULL), RUN_NONE);
	assert_int_equal(run_phase_named("successful"), RUN_NONE);
	assert_false(phase_is_final(NULL));
	assert_false(phase_is_final("Pending"));
	assert_true(phase_is_final("Successful"));
	assert_true(phase_is_final("Inconclusive"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merged_arguments_are_those_of_argo_rollouts),
		cmocka_unit_test(templates_with_the_maximum_of_arguments_are_merged),
		cmocka_unit_test(substituted_arguments_are_escaped_as_in_json),
		cmocka_unit_test(invalid_metrics_are_errors_before_they_are_measured),
		cmocka_unit_test(only_what_depends_on_an_unresolved_argument_is_not_checked),
		cmocka_unit_test(conditions_determine_the_phase_of_a_measurement),
		cmocka_unit_test(a_condition_that_fails_without_data_is_an_error_that_reports_it),
		cmocka_unit_test(limits_end_a_metric),
		cmocka_unit_test(phases_are_ordered_from_the_best_to_the_worst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

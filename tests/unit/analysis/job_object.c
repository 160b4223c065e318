/* tests/unit/analysis/job_object.c: the outcomes of Jobs, and the reasons that their pods report. */
#include "analysis/job_object.h"
#include <string.h>
#include "tests/unit/unit.h"

static const struct job *
job(struct arena *a, const char *conditions)
{
	_cleanup_(json_decrefp) json_t *j = json_pack("{s:{s:s,s:s},s:{s:o}}", "metadata", "name", "j", "namespace",
	    "ns", "status", "conditions", json_loads(conditions, 0, NULL));

	return (const struct job *)object_decode(&job_type, j, a);
}

static void
the_conditions_of_a_job_determine_its_outcome(void **state)
{
	struct arena *a = arena_new();
	const char *message = NULL;

	(void)state;
	assert_int_equal(job_outcome(job(a, "[]"), a, &message), RUN_RUNNING);
	assert_int_equal(
	    job_outcome(job(a, "[{\"type\":\"Complete\",\"status\":\"False\"}]"), a, &message), RUN_RUNNING);
	assert_int_equal(
	    job_outcome(job(a, "[{\"type\":\"FailureTarget\",\"status\":\"True\"}]"), a, &message), RUN_RUNNING);
	assert_int_equal(
	    job_outcome(job(a, "[{\"type\":\"Complete\",\"status\":\"True\"}]"), a, &message), RUN_SUCCESSFUL);
	assert_int_equal(job_outcome(job(a, "[{\"type\":\"Failed\",\"status\":\"True\",\"reason\":\"DeadlineExceeded\","
					    "\"message\":\"too long\"}]"),
			     a, &message),
	    RUN_FAILED);
	assert_string_equal(message, "Job j: DeadlineExceeded: too long");
	arena_free(a);
}

static void
pods_report_why_a_job_failed(void **state)
{
	static const struct {
		const char *pods, *says;
		bool stuck;
	} cases[] = {
		{ "[]", NULL, false },
		{ "[{\"metadata\":{\"name\":\"p\"},\"status\":{\"phase\":\"Running\",\"containerStatuses\":["
		  "{\"name\":\"c\",\"state\":{\"running\":{}}}]}}]",
		    NULL, false },
		{ "[{\"metadata\":{\"name\":\"p\"},\"status\":{\"containerStatuses\":[{\"name\":\"c\",\"state\":"
		  "{\"terminated\":{\"exitCode\":3,\"reason\":\"Error\",\"message\":\"no route\"}}}]}}]",
		    "Pod p: container c: Error (exit code 3): no route", false },
		{ "[{\"metadata\":{\"name\":\"p\"},\"status\":{\"initContainerStatuses\":[{\"name\":\"i\",\"state\":"
		  "{\"waiting\":{\"reason\":\"ImagePullBackOff\"}}}]}}]",
		    "Pod p: container i: ImagePullBackOff", true },
		{ "[{\"metadata\":{\"name\":\"p\"},\"status\":{\"phase\":\"Failed\",\"reason\":\"Evicted\",\"message\":"
		  "\"low on memory\"}}]",
		    "Pod p: Evicted: low on memory", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		const char *body = arena_printf(a, "{\"items\":%s}", cases[i].pods), *says;
		struct response got = { .status = 200, .body = { body, strlen(body) } };
		bool stuck;

		says = job_pods_problem(a, &got, &stuck);
		if (cases[i].says == NULL)
			assert_null(says);
		else
			assert_string_equal(says, cases[i].says);
		assert_int_equal(stuck, cases[i].stuck);
		arena_free(a);
	}
}

static void
the_name_of_a_job_fits_into_a_label(void **state)
{
	struct arena *a = arena_new();
	struct analysis_run run = { .object.meta.uid = "3f1c1ad9-5111-4ce0-8000-0000000000c1" };
	const char *name = job_name(a, &run, "a-metric-with-quite-a-long-name-that-does-not-fit", 12);

	(void)state;
	assert_int_equal(strlen(name), 63);
	assert_string_equal(name + 60, ".12");
	assert_string_equal(job_name(a, &run, "m", 1), "3f1c1ad9-5111-4ce0-8000-0000000000c1.m.1");
	arena_free(a);
}

static void
a_setting_limits_the_namespaces_of_jobs(void **state)
{
	static const char *one[] = { "shop" }, *two[] = { "a", "team-*" }, *any[] = { "*" };
	static const struct {
		const char **globs;
		size_t n;
		const char *ns;
		bool allowed;
	} cases[] = { { NULL, 0, "shop", false }, { one, 1, "shop", true }, { one, 1, "shops", false },
		{ two, 2, "team-1", true }, { two, 2, "b", false }, { any, 1, "shop", true } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strings globs = { cases[i].globs, cases[i].n };
		struct settings settings = { .job_namespaces = &globs };

		if (jobs_are_allowed(&settings, cases[i].ns) != cases[i].allowed)
			fail_msg("case %zu in %s: want %d", i, cases[i].ns, cases[i].allowed);
	}
}

static void
jobs_run_everywhere_without_a_setting(void **state)
{
	(void)state;
	assert_true(jobs_are_allowed(NULL, "shop"));
	assert_true(jobs_are_allowed(&(struct settings){ 0 }, "shop"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_setting_limits_the_namespaces_of_jobs),
		cmocka_unit_test(jobs_run_everywhere_without_a_setting),
		cmocka_unit_test(the_conditions_of_a_job_determine_its_outcome),
		cmocka_unit_test(pods_report_why_a_job_failed),
		cmocka_unit_test(the_name_of_a_job_fits_into_a_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/unit/rollout/view/info.c: comparisons in what the dashboard reads of a Rollout. */
#include "tests/unit/unit.h"
#include "kube/api/analysis.h"
#include "rollout/view/info.h"

#define COURSE                                                                                                         \
	"{\"from\":\"2026-12-01T12:00:00Z\",\"to\":\"2026-12-01T12:00:30Z\",\"every\":15,\"stop\":[10,2100],"          \
	"\"pass\":[-10,-20],\"canary\":[null,300],\"stable\":[1,2],\"stopAt\":100,\"passAt\":10}"

/* A view of one Rollout and one AnalysisRun that belongs to it. */
struct pair {
	struct view view;
	const struct object *rollout, *run;
};

static const struct object *
get(const struct view *v, const struct type *t, const char *ns, const char *name)
{
	(void)ns;
	(void)name;
	return t == &rollout_type ? ((const struct pair *)(const void *)v)->rollout : NULL;
}

static void
each(
    const struct view *v, const struct type *t, const char *ns, void (*visit)(const struct object *, void *), void *arg)
{
	(void)ns;
	if (t == &analysis_run_type)
		visit(((const struct pair *)(const void *)v)->run, arg);
}

/* Returns the info of the only measurement, whose metadata has this course. A new reference. */
static json_t *
measurement(struct arena *a, const char *course)
{
	_cleanup_(json_decrefp) json_t *rollout =
	    yaml(a, "{metadata: {name: web, namespace: shop, uid: u}, spec: {strategy: {canary: {}}}}");
	_cleanup_(json_decrefp) json_t *run = yaml(a,
	    "{metadata: {name: web-2, namespace: shop, ownerReferences: [{apiVersion: argoproj.io/v1alpha1, kind: "
	    "Rollout, "
	    "name: web, uid: u, controller: true}]}, status: {phase: Running, metricResults: [{name: errors, phase: "
	    "Running, measurements: [{phase: Running, metadata: {canary: 37 of 1240 bad}}]}]}}");
	const struct pair all = { { .get = get, .each = each }, object_decode(&rollout_type, rollout, a), NULL };
	struct pair with = all;
	json_t *info, *found;

	if (course != NULL)
		json_object_set_new((json_t *)json_at(run, "/status/metricResults/0/measurements/0/metadata"), "course",
		    json_string(course));
	with.run = object_decode(&analysis_run_type, run, a);
	info = info_rollout(&with.view, "shop", "web");
	assert_non_null(info);
	found = json_incref((json_t *)json_at(info, "/analysisRuns/0/nonJobInfo/0"));
	json_decref(info);
	return found;
}

static void
a_comparison_has_its_numbers_and_its_course(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *m = measurement(a, COURSE);

	(void)state;
	assert_string_equal(json_text(a, json_object_get(m, "comparison")),
	    "{\"numbers\":[{\"name\":\"canary\",\"text\":\"37 of 1240 bad\"}],\"course\":" COURSE "}");
}

static void
a_measurement_without_a_valid_course_has_none(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *absent = measurement(a, NULL),
				       *malformed = measurement(a, "{\"from\":\"2026-12-01T12:00:00Z\",\"stop\":[10]}");

	(void)state;
	assert_string_equal(json_str(absent, "metricName"), "errors");
	assert_null(json_object_get(absent, "comparison"));
	assert_string_equal(json_str(malformed, "metricName"), "errors");
	assert_null(json_object_get(malformed, "comparison"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_comparison_has_its_numbers_and_its_course),
		cmocka_unit_test(a_measurement_without_a_valid_course_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

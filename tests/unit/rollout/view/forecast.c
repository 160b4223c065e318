/* tests/unit/rollout/view/forecast.c: rows of a forecast, and its table, picture and JSON. */
#include "tests/unit/unit.h"
#include "base/str.h"
#include "kube/api/replicaset.h"
#include "kube/api/yaml.h"
#include "rollout/view/forecast.h"
#include "tests/listed.h"

#define ROLLOUT                                                                                                        \
	"apiVersion: argoproj.io/v1alpha1\n"                                                                           \
	"kind: Rollout\n"                                                                                              \
	"metadata: {name: web, namespace: shop}\n"                                                                     \
	"spec: {replicas: 4, strategy: {canary: {steps: [{setWeight: 25}, {pause: {}}]}}}\n"

struct fixture {
	struct arena *arena;
	struct forecast_course course;
	struct forecast forecast;
};

static struct fixture
fixture_new(void)
{
	struct fixture f = { .arena = arena_new() };
	json_t *docs;

	assert_null(yaml_parse(f.arena, ROLLOUT, strlen(ROLLOUT), &docs));
	f.course = forecast_course_new(f.arena);
	f.forecast = (struct forecast){ .namespace = "shop",
		.name = "web",
		.ready_ms = 5000,
		.rollout = (const struct rollout *)object_decode(&rollout_type, json_array_get(docs, 0), f.arena) };
	json_decref(docs);
	return f;
}

static struct forecast_state
state(int64_t step, int64_t weight, int64_t new_pods, int64_t ready, int64_t old_pods, const char *waits)
{
	return (struct forecast_state){ .step = step,
		.weight = weight,
		.new_pods = { new_pods, new_pods, ready },
		.old_pods = { old_pods, old_pods, old_pods },
		.waits = waits };
}

static void
add(struct fixture *f, int64_t at, struct forecast_state s)
{
	forecast_add(&f->course, at, &s);
}

/* A course of four rows, in which a user promotes once. */
static struct fixture
fixture_played(void)
{
	struct fixture f = fixture_new();
	struct forecast_state user = state(1, 25, 1, 1, 4, "a promotion by a user"),
			      promoted = state(2, 100, 4, 4, 4, "scaleDownDelaySeconds 30s"),
			      settled = state(2, 100, 4, 4, 0, "");

	user.user = promoted.promoted = settled.promoted = settled.settled = true;
	add(&f, 4, state(0, 0, 1, 0, 4, "1 of 1 pods of the new version"));
	add(&f, 5004, user);
	add(&f, 65004, promoted);
	add(&f, 95004, settled);
	f.course.users = 1;
	f.course.ended_at = 95004;
	return f;
}

static void
changes_that_follow_closely_are_one_row_with_the_last_state(void **unused)
{
	struct fixture f = fixture_new();

	(void)unused;
	add(&f, 0, state(0, 0, 1, 0, 4, "a"));
	add(&f, 400, state(0, 0, 3, 0, 4, "b"));
	add(&f, 800, state(0, 25, 2, 0, 4, "c"));
	assert_int_equal(f.course.n, 1);
	assert_int_equal(f.course.rows[0].at, 0);
	assert_int_equal(f.course.rows[0].state.weight, 25);
	assert_string_equal(f.course.rows[0].state.waits, "c");
	assert_int_equal(f.course.rows[0].pods, 7); /* the most, not the last */
	assert_int_equal(f.course.peak, 7);
	add(&f, 1400, state(0, 25, 2, 1, 4, "c")); /* after FORECAST_GAP_MS */
	assert_int_equal(f.course.n, 2);
	arena_free(f.arena);
}

static void
a_row_does_not_last_longer_than_its_span(void **unused)
{
	struct fixture f = fixture_new();

	(void)unused;
	for (int i = 0; i < 5; i++)
		add(&f, 400 * i, state(0, i, 1, 0, 4, ""));
	assert_int_equal(f.course.n, 2);
	assert_int_equal(f.course.rows[1].at, 1600);
	arena_free(f.arena);
}

static void
a_wait_for_a_user_keeps_its_row(void **unused)
{
	struct fixture f = fixture_new();
	struct forecast_state user = state(1, 25, 1, 1, 4, "a promotion by a user");

	(void)unused;
	user.user = true;
	add(&f, 0, user);
	add(&f, 10, state(2, 25, 2, 1, 4, "1 of 2 pods of the new version"));
	assert_int_equal(f.course.n, 2);
	assert_true(f.course.rows[0].state.user);
	arena_free(f.arena);
}

static void
an_equal_state_is_not_added(void **unused)
{
	struct fixture f = fixture_new();

	(void)unused;
	add(&f, 0, state(0, 0, 1, 0, 4, "a"));
	add(&f, 9000, state(0, 0, 1, 0, 4, "a"));
	assert_int_equal(f.course.n, 1);
	arena_free(f.arena);
}

static void
rows_beyond_the_limit_are_left_out_and_the_peak_counts_them(void **unused)
{
	struct fixture f = fixture_new();

	(void)unused;
	for (int i = 0; i < FORECAST_ROWS_MAX + 5; i++)
		add(&f, 2000 * i, state(0, i % 100, 1, 0, 4, ""));
	add(&f, 2000 * FORECAST_ROWS_MAX * 2, state(0, 0, 9, 0, 4, ""));
	assert_int_equal(f.course.n, FORECAST_ROWS_MAX);
	assert_true(f.course.cut);
	assert_int_equal(f.course.peak, 13);
	arena_free(f.arena);
}

static void
a_time_of_centuries_has_a_text(void **unused)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)unused;
	assert_string_equal(forecast_time(a, 90500), "1m31s");
	assert_string_equal(forecast_time(a, 99999999ll * 3600 * 1000), "more than 290 years");
}

static void
an_abort_keeps_the_step_and_weight_before_it(void **unused)
{
	struct fixture f = fixture_new();
	struct forecast_state aborted = state(0, 0, 1, 1, 4, "aborted: it failed");

	(void)unused;
	aborted.aborted = true;
	add(&f, 0, state(1, 25, 1, 1, 4, "analysis"));
	add(&f, 99, state(1, 0, 0, 0, 4, "analysis"));
	add(&f, 100, aborted);
	assert_int_equal(f.course.aborted_at, 100);
	assert_int_equal(f.course.aborted_step, 1);
	assert_int_equal(f.course.aborted_weight, 25);
	assert_int_equal(f.course.n, 2);
	arena_free(f.arena);
}

static void
the_table_has_a_row_a_change_and_the_sums(void **unused)
{
	static const char want[] =
	    "The next update of rollout shop/web: canary, spec.replicas 4, a pod is ready after 5s\n"
	    "\n"
	    " TIME  STEP                      WEIGHT  NEW  OLD  PODS    WAITS FOR\n"
	    "   0s  1/2 weight 25 %               0%  0/1  4/4  5       1 of 1 pods of the new version\n"
	    "   5s  2/2 pause until promoted     25%  1/1  4/4  5       a promotion by a user\n"
	    " 1m5s  promoted                    100%  4/4  4/4  8 peak  scaleDownDelaySeconds 30s\n"
	    "1m35s  promoted                    100%  4/4    -  4\n"
	    "\n"
	    "Least duration:    1m5s; the last old pod is deleted after 1m35s\n"
	    "Longest duration:  2m0s\n"
	    "Peak:              8 pods, 4 more than spec.replicas\n"
	    "Users promote:     once\n"
	    "\n"
	    "Warning: one\n"
	    "Warning: two\n"
	    "\n"
	    "Note: three\n";
	struct fixture f = fixture_played();
	struct str got;

	(void)unused;
	f.forecast.course = &f.course;
	f.forecast.longest_ms = 120000;
	forecast_line(f.arena, &f.forecast.warnings, "one");
	forecast_line(f.arena, &f.forecast.warnings, "two");
	forecast_line(f.arena, &f.forecast.notes, "three");
	str_init(&got, 1u << 20);
	forecast_table(&f.forecast, f.arena, &got);
	assert_string_equal(str_text(&got), want);
	str_done(&got);
	arena_free(f.arena);
}

static void
other_pods_have_a_column_if_there_are_any(void **unused)
{
	struct fixture f = fixture_new();
	struct forecast_state s = state(0, 0, 1, 0, 4, "");
	struct str got;

	(void)unused;
	s.other_pods = (struct forecast_pods){ 3, 3, 2 };
	add(&f, 0, s);
	f.forecast.course = &f.course;
	str_init(&got, 1u << 20);
	forecast_table(&f.forecast, f.arena, &got);
	assert_non_null(strstr(str_text(&got), "OTHER"));
	assert_non_null(strstr(str_text(&got), "  2/3  8 peak\n"));
	assert_non_null(strstr(str_text(&got), "Least duration:    none: it does not end\n"));
	str_done(&got);
	arena_free(f.arena);
}

static void
the_picture_has_the_areas_the_weight_and_the_marks(void **unused)
{
	struct fixture f = fixture_played();
	struct str got;

	(void)unused;
	f.forecast.course = &f.course;
	str_init(&got, 1u << 20);
	forecast_svg(&f.forecast, f.arena, &got);
	/* 95 s and a twentieth of it are 780 px, 8 pods are 280 px: the new version begins on top of the old one. */
	assert_non_null(strstr(str_text(&got),
	    "<path fill=\"#9aa5b1\" d=\"M60.0 330L60.0 190.0L99.1 190.0L99.1 190.0L568.3 190.0L568.3 190.0L802.9 190.0"
	    "L802.9 330.0L840.0 330.0L840.0 330Z\"/>"));
	assert_non_null(strstr(str_text(&got), ">promote</text>"));
	assert_non_null(strstr(str_text(&got), ">peak 8</text>"));
	assert_true(str_ends(str_text(&got), "</svg>\n"));
	str_done(&got);
	arena_free(f.arena);
}

static void
json_has_the_rows_and_the_sums(void **unused)
{
	struct fixture f = fixture_played();
	json_t *got;

	(void)unused;
	f.forecast.course = &f.course;
	f.forecast.longest = "no limit";
	got = forecast_json(&f.forecast, f.arena);
	assert_int_equal(json_int(got, "peakPods", -1), 8);
	assert_string_equal(json_str(got, "longest"), "no limit");
	assert_true(json_is_null(json_object_get(got, "longestSeconds")));
	assert_int_equal(json_array_size(json_object_get(got, "rows")), 4);
	assert_int_equal(json_integer_value(json_at(got, "/rows/1/weight")), 25);
	assert_int_equal(json_integer_value(json_at(got, "/rows/0/newPods/ready")), 0);
	assert_string_equal(json_string_value(json_at(got, "/rows/1/waitsFor")), "a promotion by a user");
	json_decref(got);
	arena_free(f.arena);
}

/* --- reading --- */

#define NOW 1767225660000 /* 2026-01-01T00:01:00Z */

/* Reads the state of a Rollout with a status, and ReplicaSets of the hashes "old", "new" and "other". */
static struct forecast_state
read_state(struct arena *a, const char *strategy, const char *status, const char *sets)
{
	struct listed l = LISTED;
	struct forecast_state s;
	json_t *docs, *doc;
	const char *text;
	size_t i;

	text = arena_printf(a,
	    "apiVersion: argoproj.io/v1alpha1\n"
	    "kind: Rollout\n"
	    "metadata: {name: web, namespace: shop, uid: u}\n"
	    "spec: {replicas: 4, strategy: {%s}}\n"
	    "status: {currentPodHash: new, observedGeneration: \"1\", %s%s}\n"
	    "%s",
	    strategy, strstr(status, "stableRS") != NULL ? "" : "stableRS: old, phase: Progressing, ", status, sets);
	assert_null(yaml_parse(a, text, strlen(text), &docs));
	json_array_foreach (docs, i, doc) {
		const struct type *t = str_eq(json_str(doc, "kind"), "Rollout") ? &rollout_type : &replicaset_type;

		l.at[l.n++] = object_decode(t, doc, a);
	}
	forecast_read(&l.view, (const struct rollout *)l.at[0], "old", NOW, a, &s);
	json_decref(docs);
	return s;
}

static const char *
set_of(struct arena *a, const char *hash, int wanted, int exist, int available)
{
	return arena_printf(a,
	    "---\n"
	    "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web-%s, namespace: shop, labels: "
	    "{rollouts-pod-template-hash: %s}, ownerReferences: [{kind: Rollout, name: web, uid: u, controller: "
	    "true}]}, "
	    "spec: {replicas: %d}, status: {replicas: %d, availableReplicas: %d}}\n",
	    hash, hash, wanted, exist, available);
}

static const char *
two_sets(struct arena *a, int ready)
{
	return arena_printf(a, "%s%s", set_of(a, "new", 2, 2, ready), set_of(a, "old", 4, 4, 4));
}

static void
pods_are_counted_by_version(void **unused)
{
	struct arena *a = arena_new();
	struct forecast_state s =
	    read_state(a, "canary: {}", "", arena_printf(a, "%s%s", two_sets(a, 1), set_of(a, "other", 0, 3, 3)));

	(void)unused;
	assert_int_equal(s.new_pods.wanted, 2);
	assert_int_equal(s.new_pods.ready, 1);
	assert_int_equal(s.old_pods.exist, 4);
	assert_int_equal(s.other_pods.exist, 3);
	assert_int_equal(forecast_pods(&s), 9);
	assert_string_equal(s.waits, "1 of 2 pods of the new version");
	arena_free(a);
}

static void
a_pause_without_a_duration_waits_for_a_user(void **unused)
{
	struct arena *a = arena_new();
	struct forecast_state s = read_state(a, "canary: {steps: [{setWeight: 20}, {pause: {}}]}",
	    "currentStepIndex: 1, pauseConditions: [{reason: CanaryPauseStep, startTime: \"2026-01-01T00:00:50Z\"}]",
	    two_sets(a, 2));

	(void)unused;
	assert_true(s.user);
	assert_false(s.timed);
	assert_string_equal(s.waits, "a promotion by a user");
	arena_free(a);
}

static void
a_pause_ends_with_its_time_before_the_status_reports_it(void **unused)
{
	static const char strategy[] = "canary: {steps: [{pause: {duration: 30}}, {setWeight: 20}]}";
	struct arena *a = arena_new();
	struct forecast_state s = read_state(a, strategy,
	    "currentStepIndex: 0, pauseConditions: [{reason: CanaryPauseStep, startTime: \"2026-01-01T00:00:31Z\"}]",
	    two_sets(a, 2));

	(void)unused;
	assert_int_equal(s.step, 0);
	assert_true(s.timed);
	assert_string_equal(s.waits, "pause 30s");
	s = read_state(a, strategy,
	    "currentStepIndex: 0, pauseConditions: [{reason: CanaryPauseStep, startTime: \"2026-01-01T00:00:30Z\"}]",
	    two_sets(a, 1));
	assert_int_equal(s.step, 1);
	assert_string_equal(s.waits, "1 of 2 pods of the new version");
	arena_free(a);
}

static void
an_experiment_without_a_duration_waits_for_a_user_when_its_pods_are_ready(void **unused)
{
	static const char strategy[] = "canary: {steps: [{experiment: {templates: [{name: a, specRef: canary}]}}]}";
	struct arena *a = arena_new();
	struct forecast_state s = read_state(
	    a, strategy, "currentStepIndex: 0", arena_printf(a, "%s%s", two_sets(a, 2), set_of(a, "other", 1, 1, 0)));

	(void)unused;
	assert_false(s.user);
	assert_string_equal(s.waits, "experiment");
	s = read_state(
	    a, strategy, "currentStepIndex: 0", arena_printf(a, "%s%s", two_sets(a, 2), set_of(a, "other", 1, 1, 1)));
	assert_true(s.user);
	arena_free(a);
}

static void
a_blue_green_update_has_the_weight_when_the_active_service_is_switched(void **unused)
{
	static const char strategy[] = "blueGreen: {activeService: a}";
	struct arena *a = arena_new();
	struct forecast_state s = read_state(a, strategy, "blueGreen: {activeSelector: old}", two_sets(a, 2));

	(void)unused;
	assert_int_equal(s.weight, 0);
	s = read_state(a, strategy, "blueGreen: {activeSelector: new}", two_sets(a, 2));
	assert_int_equal(s.weight, 100);
	arena_free(a);
}

static void
a_weight_is_a_percentage_of_the_weight_of_all_traffic(void **unused)
{
	struct arena *a = arena_new();
	struct forecast_state s =
	    read_state(a, "canary: {trafficRouting: {maxTrafficWeight: 1000, nginx: {stableIngress: web}}}",
		"canary: {weights: {canary: {weight: 250}, stable: {weight: 750}}}", two_sets(a, 2));

	(void)unused;
	assert_int_equal(s.weight, 25);
	arena_free(a);
}

static void
an_update_is_settled_when_no_other_pod_is_left(void **unused)
{
	static const char strategy[] = "canary: {trafficRouting: {istio: {}}}",
			  status[] = "stableRS: new, phase: Healthy";
	struct arena *a = arena_new();
	struct forecast_state s = read_state(a, strategy, status, two_sets(a, 2));

	(void)unused;
	assert_true(s.promoted);
	assert_false(s.settled);
	assert_string_equal(s.waits, "scaleDownDelaySeconds 30s");
	s = read_state(a, strategy, status, set_of(a, "new", 4, 4, 4));
	assert_true(s.settled);
	assert_string_equal(s.waits, "");
	arena_free(a);
}

static void
a_degraded_update_that_is_not_aborted_fails_with_its_message(void **unused)
{
	struct arena *a = arena_new();
	struct forecast_state s =
	    read_state(a, "canary: {}", "stableRS: old, phase: Degraded, message: too slow", two_sets(a, 1));

	(void)unused;
	assert_string_equal(s.failure, "too slow");
	s = read_state(
	    a, "canary: {}", "stableRS: old, phase: Degraded, message: too slow, abort: true", two_sets(a, 1));
	assert_null(s.failure);
	assert_true(s.aborted);
	assert_string_equal(s.waits, "aborted: too slow");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_that_follow_closely_are_one_row_with_the_last_state),
		cmocka_unit_test(a_row_does_not_last_longer_than_its_span),
		cmocka_unit_test(a_wait_for_a_user_keeps_its_row),
		cmocka_unit_test(an_equal_state_is_not_added),
		cmocka_unit_test(rows_beyond_the_limit_are_left_out_and_the_peak_counts_them),
		cmocka_unit_test(a_time_of_centuries_has_a_text),
		cmocka_unit_test(an_abort_keeps_the_step_and_weight_before_it),
		cmocka_unit_test(the_table_has_a_row_a_change_and_the_sums),
		cmocka_unit_test(other_pods_have_a_column_if_there_are_any),
		cmocka_unit_test(the_picture_has_the_areas_the_weight_and_the_marks),
		cmocka_unit_test(json_has_the_rows_and_the_sums),
		cmocka_unit_test(pods_are_counted_by_version),
		cmocka_unit_test(a_pause_without_a_duration_waits_for_a_user),
		cmocka_unit_test(a_pause_ends_with_its_time_before_the_status_reports_it),
		cmocka_unit_test(an_experiment_without_a_duration_waits_for_a_user_when_its_pods_are_ready),
		cmocka_unit_test(a_blue_green_update_has_the_weight_when_the_active_service_is_switched),
		cmocka_unit_test(a_weight_is_a_percentage_of_the_weight_of_all_traffic),
		cmocka_unit_test(a_degraded_update_that_is_not_aborted_fails_with_its_message),
		cmocka_unit_test(an_update_is_settled_when_no_other_pod_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

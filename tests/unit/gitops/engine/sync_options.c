/* tests/unit/gitops/engine/sync_options.c: known sync options, and errors for others. */
#include "gitops/engine/sync_options.h"
#include "tests/unit/unit.h"

static void
assert_says(const char *want, const char *got)
{
	if (got == NULL || strstr(got, want) == NULL)
		fail_msg("want: %s\ngot: %s", want, got != NULL ? got : "nothing");
}

static void
an_option_with_one_of_its_values_is_right(void **state)
{
	static const char *const right[] = { "Prune=false", "Prune=confirm", "Delete=confirm", "PruneLast=true",
		"PrunePropagationPolicy=background", "ServerSideApply=true", "ServerSideApply=false",
		"ClientSideApplyMigration=false", "WaitForPausedRollouts=true", "Replace=true", "Force=false" };
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(right); i++) {
		assert_null(sync_option_problem(a, right[i], true));
		assert_null(sync_option_problem(a, right[i], false));
	}
	assert_null(sync_option_problem(a, "CreateNamespace=true", false));
	arena_free(a);
}

static void
another_option_is_named_with_those_that_there_are(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_says("sync option \"Prunelast=true\" is unknown and has no effect; known are ApplyOutOfSyncOnly,",
	    sync_option_problem(a, "Prunelast=true", false));
	assert_says("is unknown", sync_option_problem(a, "IfNotPresent=true", true));
	assert_says("is unknown", sync_option_problem(a, "", false));
	assert_says("is unknown", sync_option_problem(a, "=true", false));
	assert_null(strstr(sync_option_problem(a, "Prunelast=true", true), "CreateNamespace"));
	arena_free(a);
}

static void
another_value_is_named_with_those_that_count(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_says("VALUE is one of true, false, confirm", sync_option_problem(a, "Delete=Confirm", true));
	assert_says("VALUE is one of true, false", sync_option_problem(a, "Replace", false));
	assert_says("VALUE is one of true, false", sync_option_problem(a, "Validate=", false));
	assert_says("Prune=VALUE", sync_option_problem(a, "Prune=false|true", false));
	assert_says("spec.syncPolicy.syncOptions", sync_option_problem(a, "CreateNamespace=true", true));
	arena_free(a);
}

static void
an_annotation_is_read_entry_by_entry(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(sync_options_annotation_problem(a, "Prune=False,Delete=no, ServerSideApply=false"),
	    "sync option \"Prune=False\" has no effect: it is written Prune=VALUE, where VALUE is one of true, false, "
	    "confirm; "
	    "sync option \"Delete=no\" has no effect: it is written Delete=VALUE, where VALUE is one of true, false, "
	    "confirm; "
	    "sync option \"ServerSideApply=false\" has no effect: objects are always applied on the server");
	assert_non_null(strstr(sync_options_annotation_problem(a, "a,b,c,d,e,f,g,h,i,j"), "; and 2 more"));
	assert_null(sync_options_annotation_problem(a, NULL));
	assert_null(sync_options_annotation_problem(a, ""));
	assert_null(sync_options_annotation_problem(a, "Prune=false, Delete=false,Validate=false"));
	assert_says(
	    "\"SkipDryRun=true\" is unknown", sync_options_annotation_problem(a, "Prune=false,SkipDryRun=true"));
	assert_says("\"ServerSideApply=false\" has no effect: objects are always applied on the server",
	    sync_options_annotation_problem(a, "ServerSideApply=false"));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_option_with_one_of_its_values_is_right),
		cmocka_unit_test(another_option_is_named_with_those_that_there_are),
		cmocka_unit_test(another_value_is_named_with_those_that_count),
		cmocka_unit_test(an_annotation_is_read_entry_by_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

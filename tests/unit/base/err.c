/* tests/unit/base/err.c: errors: chains of messages, and the path of a field. */
#include "base/err.h"
#include "tests/unit/unit.h"

static void
a_path_precedes_the_text_but_is_no_part_of_the_message(void **state)
{
	struct arena *a = arena_new();
	struct err *e = err_at(a, "spec.name", err_wrap(a, err_new(a, ERR_GONE, "not found"), "Service \"%s\"", "web"));

	(void)state;
	assert_string_equal(e->path, "spec.name");
	assert_int_equal(e->class, ERR_GONE);
	assert_string_equal(err_text(a, e), "spec.name: Service \"web\": not found");
	assert_string_equal(err_message(a, e), "Service \"web\": not found");
	arena_free(a);
}

static void
the_path_of_a_cause_is_a_part_of_the_message(void **state)
{
	struct arena *a = arena_new();
	struct err *e = err_wrap(a, err_at(a, "spec.name", err_new(a, ERR_INVALID, "required")), "rollout web");

	(void)state;
	assert_null(e->path);
	assert_string_equal(err_message(a, e), "rollout web: spec.name: required");
	assert_string_equal(err_text(a, e), "rollout web: spec.name: required");
	arena_free(a);
}

static void
a_copy_keeps_the_path(void **state)
{
	struct arena *a = arena_new(), *from = arena_new();
	struct err *e =
	    err_copy(a, err_at(from, arena_strdup(from, "spec.name"), err_new(from, ERR_INVALID, "required")));

	(void)state;
	arena_free(from);
	assert_string_equal(e->path, "spec.name");
	assert_string_equal(err_text(a, e), "spec.name: required");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_precedes_the_text_but_is_no_part_of_the_message),
		cmocka_unit_test(the_path_of_a_cause_is_a_part_of_the_message),
		cmocka_unit_test(a_copy_keeps_the_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

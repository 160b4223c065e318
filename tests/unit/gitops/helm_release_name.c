/* tests/unit/gitops/helm_release_name.c: the name and namespace of a Helm release. */
#include "gitops/helm_release_name.h"
#include "tests/unit/unit.h"

static void
a_release_has_fluxs_name(void **state)
{
	struct arena *a = arena_new();
	const char *name = "a23456789b23456789c23456789d23456789e23456789f2345";

	(void)state;
	assert_string_equal(helm_release_name(a, &(struct helm_release_spec){ 0 }, "web"), "web");
	assert_string_equal(
	    helm_release_name(a, &(struct helm_release_spec){ .target_namespace = "shop" }, "web"), "shop-web");
	assert_string_equal(
	    helm_release_name(a, &(struct helm_release_spec){ .target_namespace = "shop", .release_name = "w" }, "web"),
	    "w");
	assert_string_equal(helm_release_name(a, &(struct helm_release_spec){ .target_namespace = "s" }, name),
	    "s-a23456789b23456789c23456789d23456789e23456789f2345");
	/* The hash is that of the whole name: `printf shop-… | sha256sum`. */
	assert_string_equal(helm_release_name(a, &(struct helm_release_spec){ .target_namespace = "shop" }, name),
	    "shop-a23456789b23456789c23456789d2345678-f7435036c018");
	assert_string_equal(helm_release_namespace(&(struct helm_release_spec){ 0 }, "own"), "own");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_release_has_fluxs_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

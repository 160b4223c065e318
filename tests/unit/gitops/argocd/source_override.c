/* tests/unit/gitops/argocd/source_override.c: .argocd-source.yaml and .argocd-source-APP.yaml change an
 * Application's source. */
#include "base/str.h"
#include "gitops/argocd/source_override.h"
#include "tests/files.h"
#include "tests/unit/unit.h"

static const struct file repository[] = {
	{ "app/.argocd-source-shop.yaml",
	    "kustomize: {images: ['app:v2']}\nrepoURL: https://evil.example/x\npath: elsewhere\n" },
	{ "app/.argocd-source.yaml", "kustomize: {namePrefix: all-, images: ['app:v0']}\n" },
	{ "app/kustomization.yaml", "resources: []\n" },
	{ "broken/.argocd-source.yaml", "- a\n" },
	{ "unknown/.argocd-source-shop.yaml", "kustomize: {imagess: [x]}\n" },
};

/* The source with what the files say, as JSON without nulls; or the error. */
static const char *
merged(struct arena *a, const char *path, const char *application)
{
	const struct application_source source = { .repo_url = "https://git.example/shop", .path = path }, *got;
	struct tree t = files(a, repository, ARRAY_SIZE(repository));
	struct err *e = source_override(a, &t, &source, application, &got);
	const char *text;
	json_t *j;

	if (e != NULL)
		return err_text(a, e);
	j = encode(&application_source_type, got);
	text = json_text_go(a, j);
	json_decref(j);
	return text;
}

static void
the_applications_own_file_comes_last(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(merged(a, "app", "other"),
	    "{\"kustomize\":{\"images\":[\"app:v0\"],\"namePrefix\":\"all-\"},\"path\":"
	    "\"app\",\"repoURL\":\"https://git.example/shop\"}");
	assert_string_equal(merged(a, "app", "shop"), "{\"kustomize\":{\"images\":[\"app:v2\"],\"namePrefix\":\"all-\"}"
						      ",\"path\":\"app\",\"repoURL\":\"https://git.example/shop\"}");
	assert_string_equal(
	    merged(a, "elsewhere", "shop"), "{\"path\":\"elsewhere\",\"repoURL\":\"https://git.example/shop\"}");
	arena_free(a);
}

static void
a_file_that_is_wrong_is_an_error_that_names_it(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(merged(a, "broken", "shop"), "broken/.argocd-source.yaml: not one mapping");
	assert_non_null(strstr(merged(a, "unknown", "shop"), "unknown/.argocd-source-shop.yaml: kustomize"));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_applications_own_file_comes_last),
		cmocka_unit_test(a_file_that_is_wrong_is_an_error_that_names_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

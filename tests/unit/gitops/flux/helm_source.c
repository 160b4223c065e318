/* tests/unit/gitops/flux/helm_source.c: the chart that an OCIRepository stands for. */
#include "gitops/flux/helm_source.h"
#include "gitops/source/version.h"
#include "tests/unit/unit.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct oci_repository *
repository(struct arena *a, const char *spec)
{
	json_t *object =
	    yaml(a, arena_printf(a, "{metadata: {name: shop, namespace: team}, spec: {interval: 1h, %s}}", spec));
	const struct oci_repository *r = (const struct oci_repository *)object_decode(&oci_repository_type, object, a);

	json_decref(object);
	return r;
}

/* Returns the path of the problem of a spec, or NULL. */
static const char *
problem(struct arena *a, const char *spec)
{
	const struct oci_repository *r = repository(a, spec);
	const struct problem *found = object_problem(&r->object, "spec");
	struct problem own;

	if (found != NULL)
		return found->path;
	return helm_source_oci_problem(r, &own) ? own.path : NULL;
}

static const char *
version(struct arena *a, const char *ref)
{
	const struct oci_repository *r =
	    repository(a, arena_printf(a, "url: 'oci://ghcr.io/team/charts/shop', ref: %s", ref));

	return helm_source_oci_chart(a, r)->spec.version;
}

static void
the_last_segment_of_the_url_is_the_chart(void **state)
{
	struct arena *a = arena_new();
	const struct helm_chart *chart =
	    helm_source_oci_chart(a, repository(a, "url: 'oci://ghcr.io:443/team/charts/shop', ref: {tag: 1.2.3}"));

	(void)state;
	assert_string_equal(chart->spec.chart, "shop");
	assert_string_equal(chart->spec.source.kind, "OCIRepository");
	assert_string_equal(chart->object.meta.namespace, "team");
	arena_free(a);
}

static void
a_digest_precedes_a_range_and_a_range_a_tag(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(version(a, "{tag: 1.2.3}"), "1.2.3");
	assert_string_equal(version(a, "{tag: 1.2.3, semver: 1.x}"), "1.x");
	assert_string_equal(version(a, "{tag: 1.2.3, semver: 1.x, digest: '" DIGEST "'}"), DIGEST);
	arena_free(a);
}

static void
a_release_has_the_version_that_was_found_or_the_digest(void **state)
{
	struct arena *a = arena_new();
	const struct helm_chart *range = helm_source_oci_chart(
				    a, repository(a, "url: 'oci://ghcr.io/team/shop', ref: {semver: 1.x}")),
				*digest = helm_source_oci_chart(
				    a, repository(a, "url: 'oci://ghcr.io/team/shop', ref: {digest: '" DIGEST "'}"));

	(void)state;
	assert_string_equal(helm_source_chart(a, range, NULL).version, "1.x");
	assert_string_equal(helm_source_chart(a, range, "1.4.0").version, "1.4.0");
	assert_string_equal(helm_source_chart(a, digest, "1.4.0+0123456789ab").version, DIGEST);
	arena_free(a);
}

static void
specs_without_an_effect_that_is_known_are_refused(void **state)
{
#define URL "url: 'oci://ghcr.io/team/shop', "
	struct arena *a = arena_new();

	(void)state;
	assert_null(problem(a, URL "ref: {tag: v1.2.3-rc.1}"));
	assert_null(problem(a, URL "ref: {semver: '>=1.0 <2'}"));
	assert_null(problem(a, URL "ref: {digest: '" DIGEST "'}, layerSelector: {operation: copy, mediaType: "
				   "application/vnd.cncf.helm.chart.content.v1.tar+gzip}"));
	/* Helm would take these for ranges. */
	assert_string_equal(problem(a, URL "ref: {tag: latest}"), "spec.ref.tag");
	assert_string_equal(problem(a, URL "ref: {tag: '1.2'}"), "spec.ref.tag");
	assert_string_equal(problem(a, URL "ref: {}"), "spec.ref.tag");
	assert_string_equal(problem(a, "url: 'oci://ghcr.io/team/shop'"), "spec.ref");
	assert_string_equal(problem(a, URL "ref: {digest: 'sha256:12'}"), "spec.ref.digest");
	assert_string_equal(problem(a, URL "ref: {semver: 1.x, semverFilter: '.*'}"), "spec.ref.semverFilter");
	assert_string_equal(problem(a, URL "ref: {semver: 1.x}, verify: {provider: cosign}"), "spec.verify");
	assert_string_equal(problem(a, URL "ref: {semver: 1.x}, provider: aws"), "spec.provider");
	assert_string_equal(problem(a, "url: 'https://ghcr.io/team/shop', ref: {tag: 1.2.3}"), "spec.url");
	assert_string_equal(problem(a, "url: 'oci://ghcr.io', ref: {tag: 1.2.3}"), "spec.url");
	assert_string_equal(problem(a, "url: 'oci://ghcr.io/team/', ref: {tag: 1.2.3}"), "spec.url");
	assert_string_equal(problem(a, "url: 'oci://ghcr.io/team/shop:1.2.3', ref: {tag: 1.2.3}"), "spec.url");
	arena_free(a);
#undef URL
}

static void
a_digest_has_64_digits(void **state)
{
	(void)state;
	assert_string_equal(version_digest(DIGEST), strchr(DIGEST, ':') + 1);
	assert_null(version_digest(NULL));
	assert_null(version_digest("1.2.3"));
	assert_null(version_digest(DIGEST "0"));
	assert_null(version_digest("sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_segment_of_the_url_is_the_chart),
		cmocka_unit_test(a_digest_precedes_a_range_and_a_range_a_tag),
		cmocka_unit_test(a_release_has_the_version_that_was_found_or_the_digest),
		cmocka_unit_test(specs_without_an_effect_that_is_known_are_refused),
		cmocka_unit_test(a_digest_has_64_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/unit/notify/alert.c: what is told of an event, and what of it is said of its commit. */
#include "tests/unit/unit.h"
#include "base/str.h"
#include "notify/alert.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

static struct question
told(struct arena *a, const char *provider, const char *secret, bool bad, const char *reason, const char **ret_why)
{
	json_t *p = yaml(a, provider), *data = yaml(a, secret);
	const struct alert_event event = { .api_version = "kustomize.toolkit.fluxcd.io/v1",
		.kind = "Kustomization",
		.namespace = "shop",
		.name = "web",
		.uid = "1234-5678",
		.bad = bad,
		.reason = reason,
		.message = "why",
		.revision = "main@sha1:" COMMIT };
	static const struct flux_alert alert;
	struct question q = { 0 };
	struct err *e = alert_compose(
	    a, (const struct flux_provider *)object_decode(&flux_provider_type, p, a), &alert, data, &event, &q);

	*ret_why = e != NULL ? err_text(a, e) : NULL;
	json_decref(p);
	json_decref(data);
	return q;
}

#define PROVIDER(type)                                                                                                 \
	"{metadata: {name: git}, spec: {type: " type                                                                   \
	", address: 'https://example.org/acme/shop', secretRef: {name: t}}}"
#define TOKEN "{token: dG9rZW4=}"

static void
only_an_outcome_is_said_of_a_commit(void **state)
{
	static const char *const outcomes[] = { "ReconciliationSucceeded", "BuildFailed", "HealthCheckFailed",
		"RevisionHeld", "OperationCompleted" },
				 *const others[] = { "Progressing", "OperationStarted", "ResourceUpdated",
					 "RevisionReleased", "DependencyNotReady" };
	struct arena *a = arena_new();
	const char *why;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		struct question q = told(a, PROVIDER("github"), TOKEN, true, outcomes[i], &why);

		assert_null(why);
		assert_string_equal(q.url, "https://example.org/api/v3/repos/acme/shop/statuses/" COMMIT);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (told(a, PROVIDER("github"), TOKEN, false, others[i], &why).url != NULL)
			fail_msg("%s is said of the commit", others[i]);
		/* To people everything is told. */
		assert_non_null(told(a, PROVIDER("generic"), TOKEN, false, others[i], &why).url);
	}
	arena_free(a);
}

static void
good_and_bad_are_told_apart(void **state)
{
	struct arena *a = arena_new();
	const char *why;

	(void)state;
	assert_non_null(
	    strstr(told(a, PROVIDER("gitlab"), TOKEN, true, "BuildFailed", &why).body, "\"state\":\"failed\""));
	assert_non_null(strstr(
	    told(a, PROVIDER("gitlab"), TOKEN, false, "ReconciliationSucceeded", &why).body, "\"state\":\"success\""));
	told(a, PROVIDER("gitea"), "{}", true, "BuildFailed", &why);
	assert_string_equal(why, "Provider git: its Secret has no token");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_an_outcome_is_said_of_a_commit),
		cmocka_unit_test(good_and_bad_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/unit/notify/alert.c: the message of an event, and the status of its commit. */
#include "tests/unit/unit.h"
#include "base/str.h"
#include "notify/alert.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

static struct query
sent(struct arena *a, const char *provider, const char *secret, bool bad, const char *reason, const char **ret_why)
{
	json_t *p = yaml(a, provider), *data = yaml(a, secret);
	const struct alert_event event = { .api_version = "kustomize.toolkit.fluxcd.io/v1",
		.kind = "Kustomization",
		.namespace = "shop",
		.name = "web",
		.uid = "1234-5678",
		.failed = bad,
		.reason = reason,
		.message = "why",
		.revision = "main@sha1:" COMMIT };
	static const struct flux_alert alert;
	struct query q = { 0 };
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
only_a_result_sets_the_status_of_a_commit(void **state)
{
	static const char *const outcomes[] = { "ReconciliationSucceeded", "BuildFailed", "HealthCheckFailed",
		"RevisionHeld", "OperationCompleted" },
				 *const others[] = { "Progressing", "OperationStarted", "ResourceUpdated",
					 "RevisionReleased", "DependencyNotReady" };
	struct arena *a = arena_new();
	const char *why;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		struct query q = sent(a, PROVIDER("github"), TOKEN, true, outcomes[i], &why);

		assert_null(why);
		assert_string_equal(q.request.url, "https://example.org/api/v3/repos/acme/shop/statuses/" COMMIT);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (sent(a, PROVIDER("github"), TOKEN, false, others[i], &why).request.url != NULL)
			fail_msg("%s sets the status of the commit", others[i]);
		/* Chat services receive every event. */
		assert_non_null(sent(a, PROVIDER("generic"), TOKEN, false, others[i], &why).request.url);
	}
	arena_free(a);
}

static void
success_and_failure_are_distinguished(void **state)
{
	struct arena *a = arena_new();
	const char *why;

	(void)state;
	assert_non_null(
	    strstr(sent(a, PROVIDER("gitlab"), TOKEN, true, "BuildFailed", &why).request.body, "\"state\":\"failed\""));
	assert_non_null(strstr(sent(a, PROVIDER("gitlab"), TOKEN, false, "ReconciliationSucceeded", &why).request.body,
	    "\"state\":\"success\""));
	sent(a, PROVIDER("gitea"), "{}", true, "BuildFailed", &why);
	assert_string_equal(why, "Provider git: its Secret has no token");
	arena_free(a);
}

static void
what_of_an_alert_has_no_effect_is_named(void **state)
{
	static const struct {
		const char *alert, *want;
	} all[] = {
		{ "{spec: {providerRef: {name: p}, eventSources: [{kind: Kustomization, name: '*'}, {kind: Rollout, "
		  "name: a}]}}",
		    NULL },
		{ "{spec: {providerRef: {name: p}, eventSources: [{kind: GitRepository, name: a}, {kind: "
		  "Bucket, "
		  "name: a}]}}",
		    "spec.eventSources[1].kind: Sluice emits no events of a Bucket; it does of AnalysisRun, "
		    "Application," },
		{ "{spec: {providerRef: {name: p}, eventSources: [{kind: Run, name: a}]}}", "no events of a Run;" },
		{ "{spec: {providerRef: {name: p}, eventSources: [{kind: '', name: a}]}}",
		    "spec.eventSources[0].kind" },
		{ "{spec: {providerRef: {name: p}, eventSources: [{kind: Rollout, name: a}], eventSeverity: loud}}",
		    "spec.eventSeverity: " },
		{ "{spec: {providerRef: {name: p}, eventSources: [{kind: Rollout, name: a}], color: red}}",
		    "spec.color: " },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		json_t *o = yaml(a, all[i].alert);
		const char *got = alert_problem(
		    a, (const struct flux_alert *)object_decode(&flux_alert_type, o, a), ALERT_REACHES_ALL);

		if (all[i].want == NULL ? got != NULL : got == NULL || strstr(got, all[i].want) == NULL)
			fail_msg("%s\nwant: %s\ngot: %s", all[i].alert, all[i].want != NULL ? all[i].want : "nothing",
			    got != NULL ? got : "nothing");
		json_decref(o);
	}
	arena_free(a);
}

static void
an_alert_kept_to_its_namespace_has_no_events_of_others(void **state)
{
	static const char text[] =
	    "{metadata: {name: a, namespace: team}, spec: {providerRef: {name: p}, eventSources: ["
	    "{kind: Rollout, name: '*'}, {kind: Rollout, name: web, namespace: shop}]}}";
	static const struct {
		const char *namespace;
		enum alert_reach reach;
		bool want;
	} all[] = { { "team", ALERT_REACHES_ALL, true }, { "shop", ALERT_REACHES_ALL, true },
		{ "team", ALERT_REACHES_OWN, true }, { "shop", ALERT_REACHES_OWN, false } };
	struct arena *a = arena_new();
	json_t *o = yaml(a, text);
	const struct flux_alert *alert = (const struct flux_alert *)object_decode(&flux_alert_type, o, a);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const struct alert_event e = {
			.kind = "Rollout", .namespace = all[i].namespace, .name = "web", .message = "m"
		};

		if (alert_concerns(alert, all[i].reach, &e) != all[i].want)
			fail_msg("of %s, case %zu: want %d", all[i].namespace, i, all[i].want);
	}
	assert_null(alert_problem(a, alert, ALERT_REACHES_ALL));
	assert_string_equal(alert_problem(a, alert, ALERT_REACHES_OWN),
	    "spec.eventSources[1].namespace: can't access 'Rollout/shop/web', cross-namespace references have been "
	    "blocked");
	json_decref(o);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_of_an_alert_has_no_effect_is_named),
		cmocka_unit_test(an_alert_kept_to_its_namespace_has_no_events_of_others),
		cmocka_unit_test(only_a_result_sets_the_status_of_a_commit),
		cmocka_unit_test(success_and_failure_are_distinguished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

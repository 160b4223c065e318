/* tests/unit/gitops/argocd/project.c: sources, destinations, kinds and times that a project allows. */
#include "base/glob.h"
#include "base/time.h"
#include "gitops/argocd/cron.h"
#include "gitops/argocd/project.h"
#include "gitops/argocd/sync_window.h"
#include "tests/unit/unit.h"

static const struct app_project *
project(struct arena *a, const char *spec)
{
	json_t *j = yaml(a, spec), *object = json_pack("{s:{s:s}, s:o}", "metadata", "name", "shop", "spec", j);
	const struct app_project *p = (const struct app_project *)object_decode(&app_project_type, object, a);

	json_decref(object);
	return p;
}

static const struct application *
application(struct arena *a, const char *namespace, const char *repo, const char *to)
{
	json_t *object = json_pack("{s:{s:s, s:s}, s:{s:{s:s}, s:{s:s, s:s}}}", "metadata", "name", "web", "namespace",
	    namespace, "spec", "source", "repoURL", repo, "destination", "server", "https://one", "namespace", to);
	const struct application *app = (const struct application *)object_decode(&application_type, object, a);

	json_decref(object);
	return app;
}

static void
a_glob_between_slashes_is_one_part(void **state)
{
	(void)state;
	assert_true(glob_match_between("https://h/org/*", "https://h/org/a.git", '/'));
	assert_false(glob_match_between("https://h/org/*", "https://h/org/a/b.git", '/'));
	assert_true(glob_match_between("https://h/**", "https://h/org/a/b.git", '/'));
	assert_false(glob_match_between("a?c", "a/c", '/'));
	assert_true(glob_match("https://h/*", "https://h/org/a"));
}

static void
sources_and_destinations_are_those_that_are_named(void **state)
{
	static const struct {
		const char *namespace, *repo, *to, *says; /* NULL: it is allowed */
	} cases[] = {
		{ "argocd", "https://h/org/a", "shop-eu", NULL },
		{ "argocd", "https://h/org/secret", "shop-eu",
		    "repoURL: https://h/org/secret is not permitted in project shop" },
		/* Other spellings of the denied repository. */
		{ "argocd", "https://h/org/secret.git", "shop-eu", "is not permitted" },
		{ "argocd", "https://H/org/Secret", "shop-eu", "is not permitted" },
		{ "argocd", "https://h/org/secret/", "shop-eu", "is not permitted" },
		{ "argocd", "https://me:word@h/org/secret", "shop-eu", "is not permitted" },
		{ "argocd", "https://h/Org/a.git", "shop-eu", NULL },
		{ "argocd", "git@h:team/a.git", "shop-eu", NULL },
		{ "argocd", "ssh://git@h/team/a", "shop-eu", NULL },
		{ "argocd", "https://h/else/a", "shop-eu", "is not permitted" },
		{ "argocd", "https://h/org/a", "shop-prod", "namespace shop-prod are not permitted" },
		/* A list that denies one allows the others, as in Argo CD. */
		{ "argocd", "https://h/org/a", "kube-system", NULL },
		{ "team-a", "https://h/org/a", "shop-eu", NULL },
		{ "other", "https://h/org/a", "shop-eu", "sourceNamespaces do not allow" },
	};
	struct arena *a = arena_new();
	const struct app_project *p =
	    project(a, "{sourceRepos: ['https://h/org/*', '!https://h/org/secret', 'git@h:team/*'], sourceNamespaces: "
		       "['team-*'], destinations: "
		       "[{server: '*', namespace: 'shop-*'}, {server: 'https://one', namespace: '!shop-prod'}]}");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct application *app = application(a, cases[i].namespace, cases[i].repo, cases[i].to);
		struct err *e = project_check(a, p, app, &app->spec.destination, "argocd");

		if ((e == NULL) != (cases[i].says == NULL) ||
		    (e != NULL && strstr(err_text(a, e), cases[i].says) == NULL))
			fail_msg("case %zu: got %s, want %s", i, e != NULL ? err_text(a, e) : "allowed",
			    cases[i].says != NULL ? cases[i].says : "allowed");
	}
	arena_free(a);
}

static void
kinds_of_the_cluster_must_be_named_and_others_must_not(void **state)
{
	struct arena *a = arena_new();
	const struct app_project *p = project(a, "{clusterResourceWhitelist: [{group: '', kind: Namespace, name: "
						 "'shop-*'}], namespaceResourceBlacklist: [{group: '', "
						 "kind: Secret}]}"),
				 *none = project(a, "{namespaceResourceWhitelist: []}"),
				 *some = project(a, "{namespaceResourceWhitelist: [{group: apps, kind: '*'}]}");

	(void)state;
	assert_true(project_permits_kind(p, "", "Namespace", "shop-eu", true));
	assert_false(project_permits_kind(p, "", "Namespace", "kube-system", true));
	assert_false(project_permits_kind(p, "rbac.authorization.k8s.io", "ClusterRole", "x", true));
	assert_false(project_permits_kind(p, "", "Secret", "x", false));
	assert_true(project_permits_kind(p, "", "ConfigMap", "x", false));
	assert_false(project_permits_kind(none, "", "ConfigMap", "x", false));
	assert_true(project_permits_kind(some, "apps", "Deployment", "x", false));
	assert_false(project_permits_kind(some, "", "ConfigMap", "x", false));
	arena_free(a);
}

static int64_t
at(const char *text)
{
	int64_t t = 0;

	assert_true(time_parse(text, &t));
	return t;
}

static void
a_schedule_is_cron_s(void **state)
{
	static const struct {
		const char *text, *now, *next; /* NULL: invalid */
	} cases[] = {
		{ "0 22 * * *", "2026-11-26T21:59:59Z", "2026-11-26T22:00:00Z" },
		{ "0 22 * * *", "2026-11-26T22:00:00Z", "2026-11-27T22:00:00Z" },
		{ "*/15 9-17 * * mon-fri", "2026-11-27T17:50:00Z", "2026-11-30T09:00:00Z" }, /* a Friday */
		{ "0 0 29 2 *", "2027-03-01T00:00:00Z", "2028-02-29T00:00:00Z" },
		{ "0 0 13 * 5", "2026-11-26T00:00:00Z", "2026-11-27T00:00:00Z" }, /* a Friday, or a 13th */
		{ "5,35 * * * *", "2026-11-26T10:06:00Z", "2026-11-26T10:35:00Z" },
		{ "@weekly", "2026-11-26T00:00:00Z", "2026-11-29T00:00:00Z" },
		{ "0 0 * * 7", "2026-11-26T00:00:00Z", "2026-11-29T00:00:00Z" },
		{ "60 0 * * *", NULL, NULL },
		{ "0 0 * *", NULL, NULL },
		{ "0 0 * * * *", NULL, NULL },
		{ "1- 0 * * *", NULL, NULL },
		{ "5-1 0 * * *", NULL, NULL },
		{ "*/0 0 * * *", NULL, NULL },
		{ "1,,2 0 * * *", NULL, NULL },
		{ "never", NULL, NULL },
	};
	struct arena *a = arena_new();
	struct schedule s;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (cron_parse(cases[i].text, &s) != (cases[i].now != NULL))
			fail_msg("\"%s\"", cases[i].text);
		if (cases[i].now == NULL)
			continue;
		if (cron_next(&s, at(cases[i].now)) != at(cases[i].next))
			fail_msg("\"%s\" after %s: got %s, want %s", cases[i].text, cases[i].now,
			    time_format(a, cron_next(&s, at(cases[i].now))), cases[i].next);
		assert_int_equal(cron_last(&s, at(cases[i].next) + 59000, 60000), at(cases[i].next));
		assert_int_equal(cron_last(&s, at(cases[i].next) - 1000, 1), 0);
	}
	arena_free(a);
}

static void
windows_allow_and_forbid(void **state)
{
	static const struct {
		const char *windows, *now;
		bool automatic, manual;
		const char *until; /* of the automatic one; NULL: it is allowed */
	} cases[] = {
		{ "[]", "2026-11-26T23:00:00Z", true, true, NULL },
		{ "[{kind: deny, schedule: '0 22 * * *', duration: 2h, applications: ['*']}]", "2026-11-26T23:00:00Z",
		    false, false, "2026-11-27T00:00:00Z" },
		{ "[{kind: deny, schedule: '0 22 * * *', duration: 2h, applications: ['*']}]", "2026-11-27T00:00:00Z",
		    true, true, NULL },
		{ "[{kind: deny, schedule: '0 22 * * *', duration: 2h, applications: ['*'], manualSync: true}]",
		    "2026-11-26T23:00:00Z", false, true, "2026-11-27T00:00:00Z" },
		{ "[{kind: deny, schedule: '0 22 * * *', duration: 2h, applications: [other]}]", "2026-11-26T23:00:00Z",
		    true, true, NULL },
		{ "[{kind: allow, schedule: '0 22 * * *', duration: 2h, namespaces: ['shop*']}]",
		    "2026-11-26T23:00:00Z", true, true, NULL },
		{ "[{kind: allow, schedule: '0 22 * * *', duration: 2h, namespaces: ['shop*']}]",
		    "2026-11-26T12:00:00Z", false, false, "2026-11-26T22:00:00Z" },
		{ "[{kind: allow, schedule: '0 22 * * *', duration: 2h, namespaces: ['shop*'], applications: [other], "
		  "andOperator: "
		  "true}]",
		    "2026-11-26T12:00:00Z", true, true, NULL },
		/* Denial has precedence over permission. */
		{ "[{kind: allow, schedule: '0 * * * *', duration: 1h, applications: ['*']}, {kind: deny, schedule: '0 "
		  "22 * * *', "
		  "duration: 1h, applications: ['*']}]",
		    "2026-11-26T22:30:00Z", false, false, "2026-11-26T23:00:00Z" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct app_project *p = project(a, arena_printf(a, "{syncWindows: %s}", cases[i].windows));
		const struct application *app = application(a, "argocd", "https://h/a", "shop");
		const char *why = NULL;
		int64_t until = 0;
		bool is;

		if (project_problem(a, p) != NULL)
			fail_msg("case %zu: %s", i, project_problem(a, p));
		is = sync_windows_permit(a, p, app, at(cases[i].now), false, &why, &until);
		if (is != cases[i].automatic || (!is && until != at(cases[i].until)))
			fail_msg("case %zu: %s until %s", i, is ? "allowed" : why, time_format(a, until));
		if (sync_windows_permit(a, p, app, at(cases[i].now), true, &why, &until) != cases[i].manual)
			fail_msg("case %zu, requested: %s", i, cases[i].manual ? why : "allowed");
	}
	assert_non_null(project_problem(a, project(a, "{syncWindows: [{kind: deny, schedule: soon}]}")));
	arena_free(a);
}

/* Argo CD's IsSourcePermitted: a denial that does not match counts as a match. */
static void
source_repos_with_denials_only_permit_the_rest(void **state)
{
	static const struct {
		const char *repo;
		bool permitted;
	} cases[] = {
		{ "https://h/org/a", true },
		{ "https://else/a", true },
		{ "https://h/org/secret", false },
		{ "https://h/org/secret.git", false },
		{ "https://h/closed/a", false },
	};
	struct arena *a = arena_new();
	const struct app_project *p = project(a, "{sourceRepos: ['!https://h/org/secret', '!https://h/closed/*'], "
						 "destinations: [{server: '*', namespace: '*'}]}");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct application *app = application(a, "argocd", cases[i].repo, "shop");
		struct err *e = project_check(a, p, app, &app->spec.destination, "argocd");

		if ((e == NULL) != cases[i].permitted)
			fail_msg("%s: got %s", cases[i].repo, e != NULL ? err_text(a, e) : "permitted");
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_glob_between_slashes_is_one_part),
		cmocka_unit_test(sources_and_destinations_are_those_that_are_named),
		cmocka_unit_test(kinds_of_the_cluster_must_be_named_and_others_must_not),
		cmocka_unit_test(a_schedule_is_cron_s),
		cmocka_unit_test(source_repos_with_denials_only_permit_the_rest),
		cmocka_unit_test(windows_allow_and_forbid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

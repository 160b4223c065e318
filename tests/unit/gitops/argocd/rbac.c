/* tests/unit/gitops/argocd/rbac.c: results of policies. The first is that of the article that Sluice began with. */
#include "base/str.h"
#include "gitops/argocd/rbac.h"
#include "tests/unit/unit.h"

#define POLICY                                                                                                         \
	"{policy.default: 'role:none', policy.csv: \"# developers\\n"                                                  \
	"p, role:developer, applications, get, */dev-*, allow\\n"                                                      \
	"p, role:developer, applications, sync, */dev-*, allow\\n"                                                     \
	"p, role:developer, logs, get, */dev-*, allow\\n\\n"                                                           \
	"p, role:ops, applications, *, *, allow\\n"                                                                    \
	"p, role:ops, applications, delete, prod/*, deny\\n"                                                           \
	"g, company:developers, role:developer\\n"                                                                     \
	"g, company:ops, role:ops\\ng, admin@company.com, role:admin\\n\"}"

static void
what_forbids_counts_before_what_allows(void **state)
{
	static const struct {
		struct rbac_request q;
		bool may;
		const char *where; /* NULL: nothing says it */
	} cases[] = {
		{ { "company:developers", "sync", "applications", "default/dev-web" }, true, "policy.csv, line 3" },
		{ { "company:developers", "sync", "applications", "default/prod-web" }, false, NULL },
		{ { "company:developers", "delete", "applications", "default/dev-web" }, false, NULL },
		{ { "role:developer", "get", "logs", "default/dev-web" }, true, "policy.csv, line 4" },
		{ { "company:ops", "delete", "applications", "default/web" }, true, "policy.csv, line 6" },
		{ { "company:ops", "delete", "applications", "prod/web" }, false, "policy.csv, line 7" },
		{ { "admin@company.com", "delete", "applications", "prod/web" }, true, "built in" },
		{ { "admin@company.com", "get", "clusters", "https://x" }, true, "built in" },
		{ { "admin", "action/apps/Deployment/restart", "applications", "a/b" }, true, "built in" },
		{ { "someone", "get", "applications", "default/dev-web" }, false, NULL },
	};
	struct arena *a = arena_new();
	json_t *data = yaml(a, POLICY);
	const struct rbac_rule *why;
	struct rbac r;

	(void)state;
	assert_null(rbac_read(a, data, &r));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool may = rbac_may(&r, &cases[i].q, &why);

		if (may != cases[i].may || (why == NULL) != (cases[i].where == NULL) ||
		    (why != NULL && strcmp(why->where, cases[i].where) != 0))
			fail_msg(
			    "case %zu: %s, by %s", i, may ? "may" : "may not", why != NULL ? why->where : "nothing");
	}
	json_decref(data);
	arena_free(a);
}

static void
a_default_role_a_mode_and_a_project(void **state)
{
	struct arena *a = arena_new();
	json_t *data = yaml(a, "{policy.default: 'role:readonly', policy.matchMode: regex, policy.more.csv: 'p, bob, "
			       "applications, (sync|get), shop/web-[0-9]+$, allow'}"),
	       *object = yaml(a, "{metadata: {name: shop}, spec: {roles: [{name: ci, policies: ['p, proj:shop:ci, "
				 "applications, sync, shop/.*, allow'], groups: [builders]}]}}");
	const struct rbac_rule *why;
	struct rbac r;

	(void)state;
	assert_null(rbac_read(a, data, &r));
	assert_null(rbac_add_project(a, &r, (const struct app_project *)object_decode(&app_project_type, object, a)));
	assert_true(rbac_may(&r, &(struct rbac_request){ "anybody", "get", "applications", "x/y" }, &why));
	assert_true(rbac_may(&r, &(struct rbac_request){ "bob", "sync", "applications", "shop/web-12" }, &why));
	assert_false(rbac_may(&r, &(struct rbac_request){ "bob", "sync", "applications", "shop/web-x" }, &why));
	assert_true(rbac_may(&r, &(struct rbac_request){ "builders", "sync", "applications", "shop/any" }, &why));
	assert_string_equal(why->where, "AppProject shop, role ci");
	assert_false(rbac_may(&r, &(struct rbac_request){ "builders", "delete", "applications", "shop/any" }, &why));
	json_decref(data);
	json_decref(object);
	arena_free(a);
}

/* The 401st role of a chain forbids. */
static void
all_roles_of_a_subject_count(void **state)
{
	struct arena *a = arena_new();
	const struct rbac_rule *why;
	struct rbac r;
	struct str text;
	json_t *data;

	(void)state;
	str_init(&text, 1u << 20);
	for (int i = 0; i < 400; i++)
		str_addf(&text, "g, role:r%d, role:r%d\n", i, i + 1);
	str_adds(&text, "p, role:r0, applications, sync, *, allow\np, role:r400, applications, sync, shop/*, deny\n");
	data = json_pack("{s:s}", "policy.csv", str_text(&text));
	assert_null(rbac_read(a, data, &r));
	assert_true(rbac_may(&r, &(struct rbac_request){ "role:r0", "sync", "applications", "web/a" }, &why));
	assert_false(rbac_may(&r, &(struct rbac_request){ "role:r0", "sync", "applications", "shop/a" }, &why));
	json_decref(data);
	str_done(&text);
	arena_free(a);
}

/* As many tries as it would take to find out that the object is not meant. */
static void
what_forbids_and_cannot_be_decided_forbids(void **state)
{
	struct arena *a = arena_new();
	json_t *data = yaml(a, "{policy.matchMode: regex, policy.csv: \"p, bob, applications, sync, .*, allow\\n"
			       "p, bob, applications, sync, ^shop/(a+)+$, deny\"}");
	const struct rbac_rule *why;
	struct rbac r;

	(void)state;
	assert_null(rbac_read(a, data, &r));
	assert_true(rbac_may(&r, &(struct rbac_request){ "bob", "sync", "applications", "shop/ab" }, &why));
	assert_false(rbac_may(&r,
	    &(struct rbac_request){
		"bob", "sync", "applications", "shop/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab" },
	    &why));
	json_decref(data);
	arena_free(a);
}

static void
what_is_wrong_is_named(void **state)
{
	static const char *const cases[][2] = {
		{ "p, role:x, applications, get, */*\\n", "policy.csv, line 1: has 5 parts" },
		{ "\\nq, a, b\\n", "policy.csv, line 2: begins with neither \"p\" nor \"g\": q" },
		{ "p, role:x, applications, get, */*, perhaps", "\"perhaps\" is neither allow nor deny" },
		{ "g, a", "policy.csv, line 1: has 2 parts" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *a = arena_new();
		json_t *data = yaml(a, arena_printf(a, "{policy.csv: \"%s\"}", cases[i][0]));
		struct rbac r;
		struct err *e = rbac_read(a, data, &r);

		if (e == NULL || strstr(err_text(a, e), cases[i][1]) == NULL)
			fail_msg("case %zu: got %s", i, e != NULL ? err_text(a, e) : "none");
		json_decref(data);
		arena_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_forbids_counts_before_what_allows),
		cmocka_unit_test(a_default_role_a_mode_and_a_project),
		cmocka_unit_test(all_roles_of_a_subject_count),
		cmocka_unit_test(what_forbids_and_cannot_be_decided_forbids),
		cmocka_unit_test(what_is_wrong_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

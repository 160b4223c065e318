/* tests/unit/machinery/store_access.c: the laptop cluster's RBAC: what a user may do, and what a refusal says. */
#include <string.h>
#include "base/str.h"
#include "sim/store.h"
#include "tests/unit/unit.h"

#define RBAC "/apis/rbac.authorization.k8s.io/v1"

struct fixture {
	struct loop *loop;
	struct store *store;
};

static void
access_create(struct store *s, const char *path, const char *body)
{
	json_error_t at;
	json_t *object = json_loads(body, 0, &at);

	assert_non_null(object);
	assert_int_equal(store_do(s, "POST", "application/json", path, object), 201);
}

static int
access_start(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	f->loop = loop_virtual_new(0);
	f->store = store_new(f->loop);
	access_create(f->store, RBAC "/clusterroles",
	    "{\"kind\":\"ClusterRole\",\"metadata\":{\"name\":\"sees\"},\"rules\":["
	    "{\"apiGroups\":[\"\"],\"resources\":[\"pods\",\"pods/log\"],\"verbs\":[\"get\",\"list\"]},"
	    "{\"apiGroups\":[\"apps\"],\"resources\":[\"*\"],\"verbs\":[\"*\"]},"
	    "{\"apiGroups\":[\"\"],\"resources\":[\"secrets\"],\"resourceNames\":[\"mine\"],\"verbs\":[\"get\","
	    "\"list\"]},"
	    "{\"apiGroups\":[\"\"],\"resources\":[\"services\"],\"resourceNames\":[\"*\"],\"verbs\":[\"get\"]},"
	    "{\"nonResourceURLs\":[\"/metrics\",\"/logs/*\"],\"verbs\":[\"get\"]}]}");
	access_create(f->store, RBAC "/namespaces/default/rolebindings",
	    "{\"kind\":\"RoleBinding\",\"metadata\":{\"name\":\"here\"},"
	    "\"roleRef\":{\"kind\":\"ClusterRole\",\"name\":\"sees\"},"
	    "\"subjects\":[{\"kind\":\"ServiceAccount\",\"namespace\":\"default\",\"name\":\"robot\"}]}");
	access_create(f->store, RBAC "/clusterrolebindings",
	    "{\"kind\":\"ClusterRoleBinding\",\"metadata\":{\"name\":\"everywhere\"},"
	    "\"roleRef\":{\"kind\":\"ClusterRole\",\"name\":\"sees\"},"
	    "\"subjects\":[{\"kind\":\"Group\",\"name\":\"readers\"},{\"kind\":\"User\",\"name\":\"jane\"}]}");
	*state = f;
	return 0;
}

static int
access_end(void **state)
{
	struct fixture *f = *state;

	store_free(f->store);
	loop_free(f->loop);
	free(f);
	return 0;
}

#define ROBOT "system:serviceaccount:default:robot"

static void
a_review_allows_what_a_bound_role_lists(void **state)
{
	static const struct {
		const char *user, *group, *attributes;
		bool allowed;
	} cases[] = {
		{ ROBOT, NULL, "\"namespace\":\"default\",\"verb\":\"get\",\"resource\":\"pods\"", true },
		{ ROBOT, NULL, "\"namespace\":\"default\",\"verb\":\"delete\",\"resource\":\"pods\"", false },
		{ ROBOT, NULL, "\"namespace\":\"kube-system\",\"verb\":\"get\",\"resource\":\"pods\"", false },
		{ ROBOT, NULL, "\"verb\":\"get\",\"resource\":\"pods\"", false },
		{ ROBOT, NULL,
		    "\"namespace\":\"default\",\"verb\":\"get\",\"resource\":\"pods\",\"subresource\":\"log\"", true },
		{ ROBOT, NULL,
		    "\"namespace\":\"default\",\"verb\":\"get\",\"resource\":\"pods\",\"subresource\":\"exec\"",
		    false },
		{ ROBOT, NULL,
		    "\"namespace\":\"default\",\"verb\":\"patch\",\"group\":\"apps\",\"resource\":\"deployments\"",
		    true },
		{ ROBOT, NULL, "\"namespace\":\"default\",\"verb\":\"*\",\"group\":\"apps\",\"resource\":\"*\"", true },
		{ ROBOT, NULL, "\"namespace\":\"default\",\"verb\":\"*\",\"group\":\"\",\"resource\":\"pods\"", false },
		{ ROBOT, NULL, "\"namespace\":\"default\",\"verb\":\"get\",\"resource\":\"secrets\",\"name\":\"mine\"",
		    true },
		{ ROBOT, NULL, "\"namespace\":\"default\",\"verb\":\"get\",\"resource\":\"secrets\"", false },
		/* A role that names "*" permits only an object of that name. */
		{ ROBOT, NULL, "\"namespace\":\"default\",\"verb\":\"get\",\"resource\":\"services\",\"name\":\"web\"",
		    false },
		{ "jane", NULL, "\"verb\":\"list\",\"resource\":\"pods\"", true },
		{ "jane", NULL, "\"namespace\":\"kube-system\",\"verb\":\"list\",\"resource\":\"pods\"", true },
		{ "joe", NULL, "\"verb\":\"list\",\"resource\":\"pods\"", false },
		{ "joe", "readers", "\"verb\":\"list\",\"resource\":\"pods\"", true },
		{ "joe", "system:masters", "\"verb\":\"delete\",\"resource\":\"nodes\"", true },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		const char *group = cases[i].group != NULL ? arena_printf(a, "\"%s\"", cases[i].group) : "";
		const char *body = arena_printf(a,
		    "{\"kind\":\"SubjectAccessReview\",\"spec\":{\"user\":\"%s\",\"groups\":[%s],"
		    "\"resourceAttributes\":{%s}}}",
		    cases[i].user, group, cases[i].attributes);
		json_t *review = NULL;
		int code = store_handle(f->store,
		    &(struct store_request){ .method = "POST",
			.path = "/apis/authorization.k8s.io/v1/subjectaccessreviews",
			.content_type = "application/json",
			.body = body,
			.body_len = strlen(body) },
		    &review);

		if (code != 201 || json_is_true(json_at(review, "/status/allowed")) != cases[i].allowed)
			fail_msg("%s: status %d: %s", body, code, json_text(a, review));
		json_decref(review);
	}
}

static void
a_list_of_one_name_is_permitted_by_a_rule_for_it(void **state)
{
	static const struct {
		const char *selector;
		int code;
	} cases[] = { { "", 403 }, { "?fieldSelector=metadata.name%3Dmine", 200 },
		{ "?fieldSelector=metadata.name%3D%3Dmine", 200 }, { "?fieldSelector=metadata.name%3Dother", 403 },
		{ "?fieldSelector=metadata.namespace%3Dmine", 403 } };
	static const struct store_user jane = { .name = "jane" };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		const char *path = arena_printf(a, "/api/v1/namespaces/default/secrets%s", cases[i].selector);
		json_t *list = NULL;
		int code = store_handle(
		    f->store, &(struct store_request){ .method = "GET", .path = path, .user = &jane }, &list);

		if (code != cases[i].code)
			fail_msg("%s: status %d: %s", path, code, json_text(a, list));
		json_decref(list);
	}
}

static void
a_review_of_a_path_uses_the_paths_of_a_role(void **state)
{
	static const struct {
		const char *path;
		bool allowed;
	} cases[] = { { "/metrics", true }, { "/logs/x", true }, { "/healthz", false } };
	static const struct store_user jane = { .name = "jane" };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		const char *body = arena_printf(a,
		    "{\"kind\":\"SelfSubjectAccessReview\",\"spec\":{\"nonResourceAttributes\":{\"path\":\"%s\","
		    "\"verb\":\"get\"}}}",
		    cases[i].path);
		json_t *review = NULL;
		int code = store_handle(f->store,
		    &(struct store_request){ .user = &jane,
			.method = "POST",
			.path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
			.content_type = "application/json",
			.body = body,
			.body_len = strlen(body) },
		    &review);

		if (code != 201 || json_is_true(json_at(review, "/status/allowed")) != cases[i].allowed)
			fail_msg("%s: status %d: %s", body, code, json_text(a, review));
		json_decref(review);
	}
}

static void
a_refusal_names_user_verb_resource_and_namespace(void **state)
{
	static const struct store_user robot = { .name = ROBOT };
	struct fixture *f = *state;
	json_t *body = NULL;

	assert_int_equal(
	    store_handle(f->store,
		&(struct store_request){
		    .user = &robot, .method = "GET", .path = "/api/v1/namespaces/default/configmaps/settings" },
		&body),
	    403);
	assert_string_equal(json_str(body, "message"), "configmaps \"settings\" is forbidden: User \"" ROBOT
						       "\" cannot get resource \"configmaps\" in API group \"\" "
						       "in the namespace \"default\"");
	json_decref(body);
	assert_int_equal(
	    store_handle(f->store,
		&(struct store_request){ .user = &robot, .method = "GET", .path = "/api/v1/namespaces/default/pods" },
		&body),
	    200);
	json_decref(body);
}

static void
a_token_that_no_secret_has_is_unauthorized(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct store_user *user = NULL;
	struct fixture *f = *state;
	json_t *body = NULL;

	assert_int_equal(
	    store_user_of(f->store, a, "Bearer eyJhbGciOiJub25lIn0.x.y", &(struct store_user){ 0 }, &user, &body), 401);
	json_decref(body);
	assert_int_equal(store_user_of(f->store, a, "Bearer any", &(struct store_user){ 0 }, &user, &body), 0);
	assert_null(user);
}

static void
a_token_of_a_secret_is_its_service_account(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct store_user *user = NULL;
	struct fixture *f = *state;
	json_t *body = NULL;

	access_create(f->store, "/api/v1/namespaces/default/secrets",
	    "{\"kind\":\"Secret\",\"type\":\"" TOKEN_TYPE "\",\"metadata\":{\"name\":\"t\",\"annotations\":"
	    "{\"kubernetes.io/service-account.name\":\"robot\"}},\"stringData\":{\"token\":\"eyJa.b.c\"}}");
	assert_int_equal(store_user_of(f->store, a, "Bearer eyJa.b.c", &(struct store_user){ 0 }, &user, &body), 0);
	assert_string_equal(user->name, ROBOT);
	assert_int_equal(user->n_groups, 3);
	assert_string_equal(user->groups[1], "system:serviceaccounts:default");
	/* Who may not impersonate is refused. */
	assert_int_equal(
	    store_user_of(f->store, a, "Bearer eyJa.b.c", &(struct store_user){ .name = "jane" }, &user, &body), 403);
	json_decref(body);
}

static void
access_bind(struct store *s, const char *where, const char *name, const char *resource, const char *names)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	bool whole = where[0] == '\0';

	access_create(s, RBAC "/clusterroles",
	    arena_printf(a,
		"{\"kind\":\"ClusterRole\",\"metadata\":{\"name\":\"%s\"},\"rules\":[{\"apiGroups\":[\"\"],"
		"\"resources\":[\"%s\"],\"resourceNames\":[\"%s\"],\"verbs\":[\"impersonate\"]}]}",
		name, resource, names));
	access_create(s, arena_printf(a, RBAC "%s/%s", where, whole ? "clusterrolebindings" : "rolebindings"),
	    arena_printf(a,
		"{\"kind\":\"%s\",\"metadata\":{\"name\":\"%s\"},\"roleRef\":{\"kind\":\"ClusterRole\","
		"\"name\":\"%s\"},\"subjects\":[{\"kind\":\"ServiceAccount\",\"namespace\":\"default\","
		"\"name\":\"robot\"}]}",
		whole ? "ClusterRoleBinding" : "RoleBinding", name, name));
}

static void
an_impersonation_is_checked_by_its_kind(void **state)
{
	static const struct {
		const char *user, *group;
		const char *refusal; /* NULL: permitted */
	} cases[] = {
		{ "system:serviceaccount:shop:tenant", NULL, NULL },
		{ "system:serviceaccount:other:tenant", NULL,
		    "serviceaccounts \"tenant\" is forbidden: User \"" ROBOT "\" cannot impersonate resource "
		    "\"serviceaccounts\" in API group \"\" in the namespace \"other\"" },
		{ "system:serviceaccount:shop:owner", NULL,
		    "serviceaccounts \"owner\" is forbidden: User \"" ROBOT "\" cannot impersonate resource "
		    "\"serviceaccounts\" in API group \"\" in the namespace \"shop\"" },
		{ "jane", NULL, NULL },
		{ "jane", "readers", NULL },
		{ "jane", "system:masters",
		    "groups \"system:masters\" is forbidden: User \"" ROBOT "\" cannot impersonate resource \"groups\" "
		    "in API group \"\" at the cluster scope" },
		{ "system:serviceaccount:shop:tenant", "system:masters",
		    "groups \"system:masters\" is forbidden: User \"" ROBOT "\" cannot impersonate resource \"groups\" "
		    "in API group \"\" at the cluster scope" },
		{ "system:serviceaccount:shop", NULL,
		    "users \"system:serviceaccount:shop\" is forbidden: User \"" ROBOT "\" cannot impersonate resource "
		    "\"users\" in API group \"\" at the cluster scope" },
	};
	struct fixture *f = *state;

	access_create(f->store, "/api/v1/namespaces/default/secrets",
	    "{\"kind\":\"Secret\",\"type\":\"" TOKEN_TYPE "\",\"metadata\":{\"name\":\"t\",\"annotations\":"
	    "{\"kubernetes.io/service-account.name\":\"robot\"}},\"stringData\":{\"token\":\"eyJa.b.c\"}}");
	access_create(f->store, "/api/v1/namespaces", "{\"kind\":\"Namespace\",\"metadata\":{\"name\":\"shop\"}}");
	access_bind(f->store, "/namespaces/shop", "accounts", "serviceaccounts", "tenant");
	access_bind(f->store, "", "people", "users", "jane");
	access_bind(f->store, "", "groups", "groups", "readers");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		const struct store_user as = { cases[i].user, { cases[i].group }, cases[i].group != NULL };
		const struct store_user *user = NULL;
		json_t *body = NULL;
		int status = store_user_of(f->store, a, "Bearer eyJa.b.c", &as, &user, &body);
		const char *message = json_str(body, "message");

		if (status != (cases[i].refusal != NULL ? 403 : 0) || !str_eq(message ?: "", cases[i].refusal ?: ""))
			fail_msg("%s %s: status %d: %s", cases[i].user, cases[i].group ?: "", status, message ?: "");
		json_decref(body);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_review_allows_what_a_bound_role_lists, access_start, access_end),
		cmocka_unit_test_setup_teardown(
		    a_list_of_one_name_is_permitted_by_a_rule_for_it, access_start, access_end),
		cmocka_unit_test_setup_teardown(a_review_of_a_path_uses_the_paths_of_a_role, access_start, access_end),
		cmocka_unit_test_setup_teardown(
		    a_refusal_names_user_verb_resource_and_namespace, access_start, access_end),
		cmocka_unit_test_setup_teardown(a_token_that_no_secret_has_is_unauthorized, access_start, access_end),
		cmocka_unit_test_setup_teardown(a_token_of_a_secret_is_its_service_account, access_start, access_end),
		cmocka_unit_test_setup_teardown(an_impersonation_is_checked_by_its_kind, access_start, access_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/unit/doctor/permissions.c: the permissions that `sluice doctor` checks are those that deploy/ grants. */
#include "doctor/permissions.h"
#include "base/str.h"
#include <stdio.h>
#include "tests/unit/unit.h"

/* Returns whether the table has a row for the resource with all of these verbs, and no other. */
static bool
permissions_have(const char *group, const char *resource, const json_t *verbs, bool own)
{
	for (const struct permission *p = permissions; p->verbs != NULL; p++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		const char *name = p->sub[0] != '\0' ? arena_printf(a, "%s/%s", p->resource, p->sub) : p->resource,
			   *all = "";
		json_t *verb;
		size_t i;

		if (strcmp(p->group, group) != 0 || strcmp(name, resource) != 0 || p->own != own)
			continue;
		json_array_foreach (verbs, i, verb)
			all = arena_printf(a, "%s%s%s", all, i > 0 ? " " : "", json_string_value(verb));
		if (strcmp(p->verbs, all) != 0)
			print_error("%s: the table has \"%s\", deploy/ \"%s\"\n", name, p->verbs, all);
		return strcmp(p->verbs, all) == 0;
	}
	print_error("%s %s is not in the table\n", group, resource);
	return false;
}

/* Compares the rules of a role. Rules for objects by name are not in the table. Returns the number of resources. */
static size_t
permissions_compare(const json_t *rules, bool own)
{
	json_t *rule, *group, *resource;
	size_t i, k, l, n = 0;

	json_array_foreach (rules, i, rule) {
		if (json_object_get(rule, "resourceNames") != NULL)
			continue;
		json_array_foreach (json_object_get(rule, "apiGroups"), k, group)
			json_array_foreach (json_object_get(rule, "resources"), l, resource) {
				assert_true(permissions_have(json_string_value(group), json_string_value(resource),
				    json_object_get(rule, "verbs"), own));
				n++;
			}
	}
	return n;
}

#define FILE_MAX 65536

static const char *
permissions_read_file(struct arena *a, const char *path)
{
	char *text = arena_alloc(a, FILE_MAX);
	FILE *f = fopen(path, "r");
	size_t n;

	if (f == NULL)
		fail_msg("%s: cannot be read; tests run in the project's folder", path);
	n = fread(text, 1, FILE_MAX - 1, f);
	fclose(f);
	text[n] = '\0';
	return text;
}

static size_t
permissions_of_file(const char *file, const char *role, bool own)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *docs = NULL;
	const char *text = permissions_read_file(a, file);
	json_t *doc;
	size_t i;

	assert_null(yaml_parse(a, text, strlen(text), &docs));
	json_array_foreach (docs, i, doc)
		if (json_object_get(doc, "rules") != NULL &&
		    str_eq(json_string_value(json_at(doc, "/metadata/name")), role))
			return permissions_compare(json_object_get(doc, "rules"), own);
	fail_msg("%s has no role %s", file, role);
	return 0;
}

static void
each_permission_of_deploy_is_in_the_table_and_no_other(void **state)
{
	size_t n = 0, rows = 0;

	(void)state;
	n += permissions_of_file("deploy/rbac.yaml", "sluice", false);
	n += permissions_of_file("deploy/controller/rbac.yaml", "sluice-own", true);
	n += permissions_of_file("deploy/gitops/rbac.yaml", "sluice-gitops", false);
	while (permissions[rows].verbs != NULL)
		rows++;
	assert_int_equal(rows, n);
}

static void
a_kind_has_the_plural_of_kubernetes(void **state)
{
	static const char *const cases[][2] = { { "Deployment", "deployments" }, { "Ingress", "ingresses" },
		{ "NetworkPolicy", "networkpolicies" }, { "Endpoints", "endpoints" }, { "Gateway", "gateways" } };
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(permissions_plural(a, cases[i][0]), cases[i][1]);
	assert_null(permissions_plural(a, "../x"));
	assert_null(permissions_plural(a, ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_permission_of_deploy_is_in_the_table_and_no_other),
		cmocka_unit_test(a_kind_has_the_plural_of_kubernetes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

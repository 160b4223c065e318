/* tests/simulation/permissions.c: "verb group/resource" of every request that a controller in virtual time has made,
 * against deploy/. */
#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "io/file.h"
#include "kube/api/yaml.h"
#include "kube/definition.h"
#include "rollout/controller.h"
#include "tests/simulation/cluster.h"

#define FILE_MAX (1u << 20)

/* Permissions that the API server requires for a field of a request, or that are used outside of virtual time. */
static const char *const elsewhere[] = {
	/* OwnerReferencesPermissionEnforcement: owners that block their deletion */
	"update argoproj.io/rollouts/finalizers", "update argoproj.io/experiments/finalizers",
	"update argoproj.io/analysisruns/finalizers",
	"get argoproj.io/experiments", /* read again after a conflict: kube/executor.c, fetch */
	"get batch/jobs",
	"delete argoproj.io/experiments", /* those past the history limit: rollout/experiment_step.c */
	"get apps/deployments",
	"get argoproj.io/analysistemplates", /* fetched again when it could not be read: kube/runner.c */
	"get argoproj.io/clusteranalysistemplates", "get /podtemplates",
	"list eks.amazonaws.com/targetgroupbindings", /* --aws-target-group-binding-api-version */
};

/* Of the namespace of the controller itself (deploy/controller/rbac.yaml), or bound where it is wanted. */
static const char *const own[] = { "coordination.k8s.io/leases", "/secrets", "/configmaps" };

static struct map used; /* of this process */

void
permissions_note(const char *method, const char *url)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	char *path = arena_strdup(a, url), *query = strchr(path, '?'), *save = NULL, *part[12] = { 0 };
	size_t n = 0, at;
	const char *group, *verb;

	if (query != NULL)
		*query++ = '\0';
	for (char *p = strtok_r(path, "/", &save); p != NULL && n < ARRAY_SIZE(part); p = strtok_r(NULL, "/", &save))
		part[n++] = p;
	if (n < 3 || (strcmp(part[0], "api") != 0 && strcmp(part[0], "apis") != 0))
		return;
	group = strcmp(part[0], "api") == 0 ? "" : part[1];
	at = group[0] == '\0' ? 2 : 3;
	if (at + 2 < n && strcmp(part[at], "namespaces") == 0)
		at += 2;
	if (at >= n)
		return;
	verb = strcmp(method, "POST") == 0			  ? "create"
	       : strcmp(method, "PUT") == 0			  ? "update"
	       : strcmp(method, "PATCH") == 0			  ? "patch"
	       : strcmp(method, "DELETE") == 0			  ? "delete"
	       : at + 1 < n					  ? "get"
	       : query != NULL && strstr(query, "watch=") != NULL ? "watch"
								  : "list";
	map_set(&used,
	    arena_printf(
		a, "%s %s/%s%s%s", verb, group, part[at], at + 2 < n ? "/" : "", at + 2 < n ? part[at + 2] : ""),
	    &used);
}

/* Adds "verb group/resource" of all rules of one object of a file to a map. Returns false if there are none. */
static bool
permissions_read(const char *file, const char *kind, struct map *to)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct bytes text;
	struct err *e = file_read(a, file, FILE_MAX, &text);
	json_t *doc, *rule, *group, *resource, *verb;
	size_t i, j, k, l, m;

	if (e == NULL)
		e = yaml_parse(a, text.at, text.len, &docs);
	if (e != NULL) {
		printf("not ok %s: %s\n", file, err_text(a, e));
		return false;
	}
	json_array_foreach (docs, i, doc) {
		if (!str_eq(json_str(doc, "kind"), kind) ||
		    !str_eq(json_str(json_object_get(doc, "metadata"), "name"), "sluice"))
			continue;
		json_array_foreach (json_object_get(doc, "rules"), j, rule)
			json_array_foreach (json_object_get(rule, "apiGroups"), k, group)
				json_array_foreach (json_object_get(rule, "resources"), l, resource)
					json_array_foreach (json_object_get(rule, "verbs"), m, verb)
						map_set(to,
						    arena_printf(a, "%s %s/%s", json_string_value(verb),
							json_string_value(group), json_string_value(resource)),
						    to);
	}
	return to->count > 0;
}

static bool
permissions_is_elsewhere(const char *permission)
{
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
		if (strcmp(elsewhere[i], permission) == 0)
			return true;
	return false;
}

static bool
permissions_is_own(const char *permission)
{
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (strcmp(strchr(permission, ' ') + 1, own[i]) == 0)
			return true;
	return false;
}

/* Checks that every permission of the first map is in the second, or `but` accepts that it is missing there. */
static bool
permissions_are_within(
    const struct map *permissions, const struct map *others, bool (*but)(const char *), const char *what)
{
	bool ok = true;

	map_each (permissions, slot)
		if (map_get(others, slot->key) == NULL && !but(slot->key)) {
			printf("not ok %s: %s\n", what, slot->key);
			ok = false;
		}
	if (ok)
		printf("ok %s\n", what);
	return ok;
}

static bool
permissions_is_of_the_cluster(const char *permission)
{
	return strstr(permission, "clusteranalysistemplates") != NULL ||
	       strstr(permission, "customresourcedefinitions") != NULL;
}

static bool
permissions_is_none(const char *permission)
{
	(void)permission;
	return false;
}

/* Adds the names of CustomResourceDefinitions that deploy/rbac.yaml permits to watch. */
static void
permissions_read_definitions(struct arena *a, struct map *to)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct bytes text;
	json_t *doc, *rule, *name;
	size_t i, j, k;

	if (file_read(a, "deploy/rbac.yaml", FILE_MAX, &text) != NULL ||
	    yaml_parse(a, text.at, text.len, &docs) != NULL)
		return;
	json_array_foreach (docs, i, doc)
		json_array_foreach (json_object_get(doc, "rules"), j, rule)
			if (str_eq(json_string_value(json_array_get(json_object_get(rule, "resources"), 0)),
				"customresourcedefinitions"))
				json_array_foreach (json_object_get(rule, "resourceNames"), k, name)
					map_set(to, json_string_value(name), to);
}

/* Checks that the controller may watch the definition of each kind that it watches, and of no other. */
static bool
permissions_name_definitions(void)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct map named = { 0 }, watched = { 0 };
	struct controller_watch w;
	bool ok;

	permissions_read_definitions(a, &named);
	for (size_t i = 0; controller_watch_at(&rollout_controller, i, &w); i++)
		if (definition_is_needed(w.type))
			map_set(&watched, arena_printf(a, "%s.%s", w.type->plural, w.type->group), a);
	ok = permissions_are_within(
	    &watched, &named, permissions_is_none, "the definition of each kind may be watched by name");
	ok &= permissions_are_within(&named, &watched, permissions_is_none, "no other definition may be watched");
	map_done(&named);
	map_done(&watched);
	return ok;
}

bool
permissions_run(void)
{
	struct map cluster = { 0 }, namespaced = { 0 };
	bool ok = permissions_read("deploy/rbac.yaml", "ClusterRole", &cluster) &&
		  permissions_read("deploy/namespaced/rbac.yaml", "Role", &namespaced);

	ok = ok && permissions_are_within(&used, &cluster, permissions_is_own,
		       "the controller sends no request that deploy/rbac.yaml does not permit");
	ok &= permissions_are_within(
	    &cluster, &used, permissions_is_elsewhere, "every permission of deploy/rbac.yaml is used");
	ok &= permissions_are_within(
	    &cluster, &namespaced, permissions_is_of_the_cluster, "one namespace's permissions are the same");
	ok &= permissions_are_within(
	    &namespaced, &cluster, permissions_is_none, "one namespace has no permission that all namespaces lack");
	ok &= permissions_name_definitions();
	map_done(&cluster);
	map_done(&namespaced);
	map_done(&used);
	return ok;
}

/* sim/discovery.c: API discovery of the laptop cluster (/api, /apis): groups, versions and kinds, as clients request
 * them. */
#include <string.h>
#include "base/str.h"
#include "sim/store_parts.h"

static bool
serves(const struct resource *r, const char *group, const char *version)
{
	return strcmp(r->group, group) == 0 && resource_has_version(r, version);
}

static json_t *
resource_list(const struct store *s, const char *group, const char *version)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *list = json_array();
	const struct resource *r;

	for (size_t i = 0; (r = store_resource(s, i)) != NULL; i++) {
		json_t *shorts = json_array();
		char *save = NULL;

		if (!serves(r, group, version)) {
			json_decref(shorts);
			continue;
		}
		for (char *t = strtok_r(arena_strdup(a, r->short_names), " ", &save); t != NULL;
		     t = strtok_r(NULL, " ", &save))
			json_array_append_new(shorts, json_string(t));
		if (r->review) {
			json_array_append_new(
			    list, json_pack("{s:s,s:s,s:b,s:s,s:[s]}", "name", r->plural, "singularName", r->singular,
				      "namespaced", 0, "kind", r->kind, "verbs", "create"));
			json_decref(shorts);
			continue;
		}
		json_array_append_new(list,
		    json_pack("{s:s,s:s,s:b,s:s,s:[s,s,s,s,s,s,s,s],s:o}", "name", r->plural, "singularName",
			r->singular, "namespaced", !r->cluster_scoped, "kind", r->kind, "verbs", "create", "delete",
			"deletecollection", "get", "list", "patch", "update", "watch", "shortNames", shorts));
		if (r->status)
			json_array_append_new(
			    list, json_pack("{s:s,s:s,s:b,s:s,s:[s,s,s]}", "name",
				      arena_printf(a, "%s/status", r->plural), "singularName", "", "namespaced",
				      !r->cluster_scoped, "kind", r->kind, "verbs", "get", "patch", "update"));
		if (r->scale)
			json_array_append_new(
			    list, json_pack("{s:s,s:s,s:b,s:s,s:s,s:s,s:[s,s,s]}", "name",
				      arena_printf(a, "%s/scale", r->plural), "singularName", "", "namespaced",
				      !r->cluster_scoped, "group", "autoscaling", "version", "v1", "kind", "Scale",
				      "verbs", "get", "patch", "update"));
	}
	return json_pack("{s:s,s:s,s:s,s:o}", "kind", "APIResourceList", "apiVersion", "v1", "groupVersion",
	    group[0] != '\0' ? arena_printf(a, "%s/%s", group, version) : version, "resources", list);
}

/* Adds the versions of a resource that the group does not have yet. */
static void
group_add(json_t *group, const struct resource *r)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *versions = json_object_get(group, "versions"), *one;
	char *save = NULL;
	size_t i;

	for (char *v = strtok_r(arena_printf(a, "%s %s", r->version, r->also != NULL ? r->also : ""), " ", &save);
	     v != NULL; v = strtok_r(NULL, " ", &save)) {
		bool has = false;

		json_array_foreach (versions, i, one)
			has |= str_eq(json_str(one, "version"), v);
		if (!has)
			json_array_append_new(versions, json_pack("{s:s,s:s}", "groupVersion",
							    arena_printf(a, "%s/%s", r->group, v), "version", v));
	}
}

/* A group with its versions, the preferred one first; NULL: nothing of it is served. */
static json_t *
discover_group(const struct store *s, const char *name)
{
	json_t *group = NULL;
	const struct resource *r;

	for (size_t i = 0; (r = store_resource(s, i)) != NULL; i++) {
		if (strcmp(r->group, name) != 0)
			continue;
		if (group == NULL)
			group = json_pack("{s:s,s:[]}", "name", name, "versions");
		group_add(group, r);
	}
	if (group != NULL)
		json_object_set(group, "preferredVersion", json_array_get(json_object_get(group, "versions"), 0));
	return group;
}

static json_t *
group_list(const struct store *s)
{
	_cleanup_(json_decrefp) json_t *seen = json_object();
	json_t *groups = json_array();
	const struct resource *r;

	for (size_t i = 0; (r = store_resource(s, i)) != NULL; i++)
		if (r->group[0] != '\0' && json_object_get(seen, r->group) == NULL) {
			json_object_set_new(seen, r->group, json_true());
			json_array_append_new(groups, discover_group(s, r->group));
		}
	return json_pack("{s:s,s:s,s:o}", "kind", "APIGroupList", "apiVersion", "v1", "groups", groups);
}

json_t *
store_discovery(const struct store *s, const char *path)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	char *save = NULL, *part[4] = { 0 }, *copy = arena_strdup(a, path);
	json_t *group;
	const struct resource *r;

	copy[strcspn(copy, "?")] = '\0';
	if (strcmp(copy, "/api") == 0)
		return json_pack(
		    "{s:s,s:[s],s:[]}", "kind", "APIVersions", "versions", "v1", "serverAddressByClientCIDRs");
	if (strcmp(copy, "/apis") == 0)
		return group_list(s);
	for (size_t i = 0; i < ARRAY_SIZE(part); i++)
		part[i] = strtok_r(i == 0 ? copy : NULL, "/", &save);
	if (part[0] != NULL && strcmp(part[0], "api") == 0 && part[1] != NULL && part[2] == NULL)
		return resource_list(s, "", part[1]);
	if (part[0] == NULL || strcmp(part[0], "apis") != 0 || part[1] == NULL || part[3] != NULL)
		return NULL;
	if (part[2] == NULL) {
		if ((group = discover_group(s, part[1])) != NULL)
			json_object_update_new(group, json_pack("{s:s,s:s}", "kind", "APIGroup", "apiVersion", "v1"));
		return group;
	}
	for (size_t i = 0; (r = store_resource(s, i)) != NULL; i++)
		if (serves(r, part[1], part[2]))
			return resource_list(s, part[1], part[2]);
	return NULL;
}

/* web/access/groups.c: compares the groups of a login with those that are named somewhere. */
#include "web/access/groups.h"
#include <string.h>
#include "base/json.h"
#include "base/map.h"
#include "base/str.h"
#include "gitops/argocd/rbac.h"
#include "kube/api/core.h"

static void
groups_add_project(const struct object *o, void *arg)
{
	const struct app_project *p = (const struct app_project *)o;
	struct map *named = arg;

	for (size_t i = 0; i < p->spec.roles.n; i++)
		for (size_t k = 0; k < p->spec.roles.at[i].groups.n; k++)
			map_set(named, p->spec.roles.at[i].groups.at[k], named);
}

/* Returns false if the policy is not known. */
static bool
groups_add_policy(struct arena *a, const struct view *v, const char *ns, struct map *named)
{
	const struct config_map *map = (const struct config_map *)view_get(v, &config_map_type, ns, "argocd-rbac-cm");
	_cleanup_(json_decrefp) json_t *data = NULL;
	struct rbac rbac = { 0 };

	if (!view_knows(v, &config_map_type) || !view_knows(v, &app_project_type))
		return false;
	if (map != NULL && map->data != NULL && json_parse(a, map->data, strlen(map->data), &data) != NULL)
		return false;
	if (rbac_read(a, data, &rbac) != NULL)
		return false;
	for (size_t i = 0; i < rbac.rules.n; i++)
		if (rbac.rules.at[i].member)
			map_set(named, rbac.rules.at[i].fields[0], named);
	v->each(v, &app_project_type, ns, groups_add_project, named);
	return true;
}

void
groups_keep(
    struct arena *a, const struct view *v, const char *ns, const struct impersonation *s, struct strings *groups)
{
	struct strings kept = { .at = arena_new_array(a, const char *, groups->n + 1) };
	struct map named = { 0 };

	for (size_t i = 0; i < s->groups.n; i++)
		map_set(&named, s->groups.at[i], &named);
	if (groups_add_policy(a, v, ns, &named)) {
		for (size_t i = 0; i < groups->n; i++)
			if (map_get(&named, groups->at[i]) != NULL)
				kept.at[kept.n++] = groups->at[i];
		*groups = kept;
	}
	map_done(&named);
}

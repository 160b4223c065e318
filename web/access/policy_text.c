/* web/access/policy_text.c: reads argocd-rbac-cm when its resourceVersion has changed. */
#include "web/access/policy_text.h"
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "kube/api/core.h"

static struct err *
policy_text_parse(struct policy_text *t, const char *text)
{
	_cleanup_(json_decrefp) json_t *data = NULL;
	struct err *e = NULL;

	if (text != NULL)
		e = json_parse(t->arena, text, strlen(text), &data);
	if (e == NULL)
		e = rbac_read(t->arena, data, &t->rbac);
	if (e == NULL)
		rbac_drop_accounts(&t->rbac);
	return e;
}

static struct policy_text *
policy_text_new(const struct config_map *map)
{
	struct policy_text *t = mem_alloc(sizeof(*t));

	*t = (struct policy_text){ .arena = arena_new(), .refs = 1 };
	if (map != NULL)
		t->version = arena_strdup(t->arena, map->object.meta.resource_version);
	t->error = policy_text_parse(t, map != NULL ? map->data : NULL);
	return t;
}

struct policy_text *
policy_text_unref(struct policy_text *t)
{
	if (t == NULL || --t->refs > 0)
		return NULL;
	arena_free(t->arena);
	free(t);
	return NULL;
}

/* An object without a resourceVersion is no version: it is read each time. */
static bool
policy_text_is_current(const struct policy_text *t, const struct config_map *map)
{
	if (t == NULL || (map == NULL) != (t->version == NULL))
		return false;
	return map == NULL || (!str_empty(t->version) && str_eq(t->version, map->object.meta.resource_version));
}

struct policy_text *
policy_text_get(struct policy_text **cache, const struct view *view, const char *ns)
{
	const struct config_map *map =
	    (const struct config_map *)view_get(view, &config_map_type, ns, POLICY_CONFIG_MAP);

	if (!policy_text_is_current(*cache, map)) {
		policy_text_unref(*cache);
		*cache = policy_text_new(map);
	}
	(*cache)->refs++;
	return *cache;
}

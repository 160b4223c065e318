/* gitops/settings.c: the keys of argocd-cm that are about kinds. */
#include "gitops/settings.h"
#include <string.h>
#include "base/glob.h"
#include "base/str.h"
#include "kube/api/yaml.h"

#define CUSTOMIZATIONS "resource.customizations"
#define RULES_MAX 512 /* of each sort */

struct reading {
	struct arena *arena;
	struct app_settings *to;
	struct err *error; /* the first */
};

/* A text of YAML as one value, a new reference; NULL, and the error is kept. */
static json_t *
parse(struct reading *r, const char *where, const char *text)
{
	json_t *docs = NULL, *one;
	struct err *e = yaml_parse(r->arena, text, strlen(text), &docs);

	if (e != NULL) {
		if (r->error == NULL)
			r->error = err_wrap(r->arena, e, "ConfigMap argocd-cm, %s", where);
		return NULL;
	}
	one = json_incref(json_array_get(docs, 0));
	json_decref(docs);
	return one;
}

static void
add_health(struct reading *r, const char *group, const char *kind, const char *text)
{
	if (r->to->health.n < RULES_MAX)
		r->to->health.at[r->to->health.n++] =
		    (struct health_script){ group, kind, arena_strdup(r->arena, text) };
}

static void
add_ignored(struct reading *r, const char *where, const char *group, const char *kind, const char *text)
{
	struct ignored_rules *to = &r->to->ignored;
	_cleanup_(json_decrefp) json_t *rule = parse(r, where, text);

	if (to->n == RULES_MAX || !json_is_object(rule))
		return;
	to->where[to->n] = where;
	to->at[to->n++] = (struct ignored_difference){ .group = group,
		.kind = kind,
		.json_pointers = strings_decode(r->arena, json_object_get(rule, "jsonPointers")),
		.jq_paths = strings_decode(r->arena, json_object_get(rule, "jqPathExpressions")),
		.managers = strings_decode(r->arena, json_object_get(rule, "managedFieldsManagers")) };
}

/* "apps/Deployment", "Service": into group and kind, at a separator. */
static void
split(struct arena *a, const char *text, char separator, const char **ret_group, const char **ret_kind)
{
	const char *at = strrchr(text, separator);

	*ret_group = at != NULL ? arena_strndup(a, text, (size_t)(at - text)) : "";
	*ret_kind = arena_strdup(a, at != NULL ? at + 1 : text);
}

/* resource.customizations.WHAT.GROUP_KIND */
static void
read_key(struct reading *r, const char *key, const char *text)
{
	static const char health[] = CUSTOMIZATIONS ".health.", ignored[] = CUSTOMIZATIONS ".ignoreDifferences.";
	const char *group, *kind;

	if (str_starts(key, health)) {
		split(r->arena, key + strlen(health), '_', &group, &kind);
		add_health(r, group, kind, text);
	} else if (str_starts(key, ignored)) {
		split(r->arena, key + strlen(ignored), '_', &group, &kind);
		if (strcmp(key + strlen(ignored), "all") == 0)
			group = kind = "*";
		add_ignored(r, arena_strdup(r->arena, key), group, kind, text);
	}
}

/* The older form: {"apps/Deployment": {"health.lua": "…", "ignoreDifferences": "…"}}. */
static void
read_map(struct reading *r, const char *text)
{
	_cleanup_(json_decrefp) json_t *map = parse(r, CUSTOMIZATIONS, text);
	const char *key;
	json_t *of;

	json_object_foreach (map, key, of) {
		const char *group, *kind;

		split(r->arena, key, '/', &group, &kind);
		if (json_str(of, "health.lua") != NULL)
			add_health(r, group, kind, json_str(of, "health.lua"));
		if (json_str(of, "ignoreDifferences") != NULL)
			add_ignored(r, CUSTOMIZATIONS, group, kind, json_str(of, "ignoreDifferences"));
	}
}

struct err *
settings_read(struct arena *a, const json_t *data, struct app_settings *ret)
{
	struct app_settings to = { .health = { arena_new_array(a, struct health_script, RULES_MAX), 0 },
		.ignored = { arena_new_array(a, struct ignored_difference, RULES_MAX),
		    arena_new_array(a, const char *, RULES_MAX), 0 } };
	struct reading r = { a, &to, NULL };
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)data, key, value)
		if (json_is_string(value))
			read_key(&r, key, json_string_value(value));
	if (json_str(data, CUSTOMIZATIONS) != NULL)
		read_map(&r, json_str(data, CUSTOMIZATIONS));
	if (r.error == NULL)
		*ret = to;
	return r.error;
}

const char *
settings_health(const struct app_settings *s, const char *group, const char *kind)
{
	for (size_t i = 0; i < s->health.n; i++)
		if (strcmp(s->health.at[i].group, group) == 0 && strcmp(s->health.at[i].kind, kind) == 0)
			return s->health.at[i].text;
	for (size_t i = 0; i < s->health.n; i++)
		if (glob_match(s->health.at[i].group, group) && glob_match(s->health.at[i].kind, kind))
			return s->health.at[i].text;
	return NULL;
}

/* gitops/engine/customizations.c: settings of kinds in argocd-cm (health scripts, ignored differences, exclusions,
 * resource tracking): parses the keys that have an effect. */
#include "gitops/engine/customizations.h"
#include <string.h>
#include "base/glob.h"
#include "base/str.h"
#include "gitops/engine/ignored_settings.h"
#include "gitops/engine/resource.h"
#include "gitops/engine/tracking.h"
#include "kube/api/yaml.h"

#define CUSTOMIZATIONS "resource.customizations"
#define RULES_MAX 512 /* of each sort */
#define NOTES_MAX 20 /* members without effect that are named */

struct reading {
	struct arena *arena;
	struct customizations *to;
	struct err *error; /* the first */
	const char *notes; /* members of values that have no effect, "; " between; NULL: there are none */
	size_t n_notes;
};

static const char *const filter_members[] = { "apiGroups", "kinds", "clusters", NULL };
static const char *const ignored_members[] = { "jsonPointers", "jqPathExpressions", "managedFieldsManagers", NULL };
/* Scripts always have the libraries. */
static const char *const customization_members[] = { "health.lua", "health.lua.useOpenLibs", "ignoreDifferences",
	NULL };

static void
customizations_note(struct reading *r, const char *text)
{
	if (r->n_notes++ < NOTES_MAX)
		r->notes = r->notes == NULL ? text : arena_printf(r->arena, "%s; %s", r->notes, text);
}

/* A misspelt member would otherwise make a rule wider than it is meant, or leave it without any effect. */
static void
customizations_note_members(struct reading *r, const char *where, const json_t *of, const char *const *known)
{
	const char *all = "", *key;
	json_t *v;

	for (const char *const *k = known; *k != NULL; k++)
		all = arena_printf(r->arena, "%s%s%s", all, all[0] != '\0' ? ", " : "", *k);
	if (!json_is_object(of)) {
		customizations_note(r, arena_printf(r->arena, "%.200s: it is not a mapping of %s", where, all));
		return;
	}
	json_object_foreach ((json_t *)of, key, v) {
		const char *const *k = known;

		while (*k != NULL && strcmp(*k, key) != 0)
			k++;
		if (*k == NULL)
			customizations_note(
			    r, arena_printf(r->arena, "%.200s: %.100s has no effect here; %s have", where, key, all));
	}
}

/* Appends a problem to those that are known already. */
static void
customizations_add_problem(struct reading *r, const char *text)
{
	const char *problem = r->to->problem;

	r->to->problem = problem == NULL ? arena_printf(r->arena, "ConfigMap argocd-cm: %s", text)
					 : arena_printf(r->arena, "%s. %s", problem, text);
}

/* A text of YAML as one value, a new reference; NULL, and the error is kept. */
static json_t *
customizations_parse(struct reading *r, const char *where, const char *text)
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

/* Returns false, and keeps an error, if there are too many entries of this sort. */
static bool
customizations_has_capacity(struct reading *r, const char *where, size_t n)
{
	if (n == RULES_MAX && r->error == NULL)
		r->error = err_new(r->arena, ERR_INVALID,
		    "ConfigMap argocd-cm, %s: there are more than %d rules of this sort", where, RULES_MAX);
	return n < RULES_MAX;
}

static void
customizations_add_health(struct reading *r, const char *where, const char *group, const char *kind, const char *text)
{
	if (customizations_has_capacity(r, where, r->to->health.n))
		r->to->health.at[r->to->health.n++] =
		    (struct health_script){ group, kind, arena_strdup(r->arena, text) };
}

/* Reads a list of filters, [{"apiGroups": […], "kinds": […], "clusters": […]}]. */
static void
customizations_read_filters(struct reading *r, const char *key, const char *text, struct kind_filters *to)
{
	_cleanup_(json_decrefp) json_t *list = customizations_parse(r, key, text);
	const json_t *f;
	size_t i;

	if (list != NULL && !json_is_array(list) && !json_is_null(list) && r->error == NULL)
		r->error = err_new(r->arena, ERR_INVALID,
		    "ConfigMap argocd-cm, %s: it is not a list of {apiGroups, kinds, clusters}", key);
	to->at = arena_new_array(r->arena, struct kind_filter, json_array_size(list) + 1);
	json_array_foreach (list, i, f) {
		customizations_note_members(r, arena_printf(r->arena, "%s[%zu]", key, i), f, filter_members);
		if (customizations_has_capacity(r, key, to->n))
			to->at[to->n++] =
			    (struct kind_filter){ strings_decode(r->arena, json_object_get(f, "apiGroups")),
				    strings_decode(r->arena, json_object_get(f, "kinds")),
				    strings_decode(r->arena, json_object_get(f, "clusters")) };
	}
}

/* How objects say whose they are. As in Argo CD, a method that does not exist is the annotation's. */
static void
customizations_read_tracking(struct reading *r, const json_t *data)
{
	const char *method = json_str(data, "application.resourceTrackingMethod"),
		   *label = json_str(data, "application.instanceLabelKey");
	bool both = str_eq(method, "annotation+label");

	r->to->by_annotation = !str_eq(method, "label");
	if (both || str_eq(method, "label"))
		r->to->label = str_empty(label) ? LABEL_INSTANCE : arena_strdup(r->arena, label);
	else if (!str_empty(method) && strcmp(method, "annotation") != 0)
		customizations_add_problem(
		    r, arena_printf(r->arena,
			   "application.resourceTrackingMethod: \"%s\" is not annotation, label or annotation+label; "
			   "annotation is used",
			   method));
	if (!str_empty(label) && r->to->label == NULL)
		customizations_add_problem(r, "application.instanceLabelKey has no effect: objects are tracked by an "
					      "annotation. It counts if application.resourceTrackingMethod is label or "
					      "annotation+label");
}

static void
customizations_add_ignored(struct reading *r, const char *where, const char *group, const char *kind, const char *text)
{
	struct ignored_rules *to = &r->to->ignored;
	_cleanup_(json_decrefp) json_t *rule = customizations_parse(r, where, text);

	if (rule != NULL && !json_is_null(rule))
		customizations_note_members(r, where, rule, ignored_members);
	if (!json_is_object(rule) || !customizations_has_capacity(r, where, to->n))
		return;
	to->where[to->n] = where;
	to->at[to->n++] = (struct ignored_difference){ .group = group,
		.kind = kind,
		.json_pointers = strings_decode(r->arena, json_object_get(rule, "jsonPointers")),
		.jq_paths = strings_decode(r->arena, json_object_get(rule, "jqPathExpressions")),
		.managers = strings_decode(r->arena, json_object_get(rule, "managedFieldsManagers")) };
}

/* Splits a text such as "apps/Deployment" or "Service" at a separator, into group and kind. */
static void
customizations_split(struct arena *a, const char *text, char separator, const char **ret_group, const char **ret_kind)
{
	const char *at = strrchr(text, separator);

	*ret_group = at != NULL ? arena_strndup(a, text, (size_t)(at - text)) : "";
	*ret_kind = arena_strdup(a, at != NULL ? at + 1 : text);
}

/* resource.customizations.WHAT.GROUP_KIND */
static void
customizations_read_key(struct reading *r, const char *key, const char *text)
{
	static const char health[] = CUSTOMIZATIONS ".health.", ignored[] = CUSTOMIZATIONS ".ignoreDifferences.";
	const char *group, *kind;

	if (str_starts(key, health)) {
		customizations_split(r->arena, key + strlen(health), '_', &group, &kind);
		customizations_add_health(r, key, group, kind, text);
	} else if (str_starts(key, ignored)) {
		customizations_split(r->arena, key + strlen(ignored), '_', &group, &kind);
		if (strcmp(key + strlen(ignored), "all") == 0)
			group = kind = "*";
		customizations_add_ignored(r, arena_strdup(r->arena, key), group, kind, text);
	}
}

/* The older form: {"apps/Deployment": {"health.lua": "…", "ignoreDifferences": "…"}}. */
static void
customizations_read_map(struct reading *r, const char *text)
{
	_cleanup_(json_decrefp) json_t *map = customizations_parse(r, CUSTOMIZATIONS, text);
	const char *key;
	json_t *of;

	json_object_foreach (map, key, of) {
		const char *group, *kind;

		customizations_split(r->arena, key, '/', &group, &kind);
		customizations_note_members(
		    r, arena_printf(r->arena, "%s: %.200s", CUSTOMIZATIONS, key), of, customization_members);
		if (json_str(of, "health.lua") != NULL)
			customizations_add_health(r, CUSTOMIZATIONS, group, kind, json_str(of, "health.lua"));
		if (json_str(of, "ignoreDifferences") != NULL)
			customizations_add_ignored(r, CUSTOMIZATIONS, group, kind, json_str(of, "ignoreDifferences"));
	}
}

struct err *
customizations_read(struct arena *a, const json_t *data, struct customizations *ret)
{
	struct customizations to = { .health = { arena_new_array(a, struct health_script, RULES_MAX), 0 },
		.ignored = { arena_new_array(a, struct ignored_difference, RULES_MAX),
		    arena_new_array(a, const char *, RULES_MAX), 0 } };
	struct reading r = { .arena = a, .to = &to };
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)data, key, value)
		if (json_is_string(value))
			customizations_read_key(&r, key, json_string_value(value));
	if (json_str(data, CUSTOMIZATIONS) != NULL)
		customizations_read_map(&r, json_str(data, CUSTOMIZATIONS));
	if (json_str(data, "resource.exclusions") != NULL)
		customizations_read_filters(
		    &r, "resource.exclusions", json_str(data, "resource.exclusions"), &to.excluded);
	if (json_str(data, "resource.inclusions") != NULL)
		customizations_read_filters(
		    &r, "resource.inclusions", json_str(data, "resource.inclusions"), &to.included);
	to.problem = ignored_settings_problem(a, data);
	if (r.notes != NULL)
		customizations_add_problem(&r, r.notes);
	customizations_read_tracking(&r, data);
	if (r.error == NULL)
		*ret = to;
	return r.error;
}

const char *
customizations_health(const struct customizations *s, const char *group, const char *kind)
{
	for (size_t i = 0; i < s->health.n; i++)
		if (strcmp(s->health.at[i].group, group) == 0 && strcmp(s->health.at[i].kind, kind) == 0)
			return s->health.at[i].text;
	for (size_t i = 0; i < s->health.n; i++)
		if (glob_match(s->health.at[i].group, group) && glob_match(s->health.at[i].kind, kind))
			return s->health.at[i].text;
	return NULL;
}

static bool
customizations_filter_names(const struct strings *globs, const char *text)
{
	for (size_t i = 0; i < globs->n; i++)
		if (glob_match(globs->at[i], text))
			return true;
	return globs->n == 0;
}

static bool
customizations_filters_match(const struct kind_filters *f, const char *group, const char *kind, const char *server)
{
	for (size_t i = 0; i < f->n; i++)
		if (customizations_filter_names(&f->at[i].groups, group) &&
		    customizations_filter_names(&f->at[i].kinds, kind) &&
		    customizations_filter_names(&f->at[i].clusters, server))
			return true;
	return false;
}

bool
customizations_exclude(const struct customizations *s, const char *group, const char *kind, const char *server)
{
	return customizations_filters_match(&s->excluded, group, kind, server) ||
	       (s->included.n > 0 && !customizations_filters_match(&s->included, group, kind, server));
}

/* tests/simulation/gitops_model.c: random commits. */
#include "tests/simulation/gitops_model.h"
#include <string.h>
#include "base/str.h"

#define ARGO "argocd.argoproj.io/"
#define SWITCH "kustomize.toolkit.fluxcd.io/"

const struct model_kind model_kinds[KINDS] = {
	{ "ServiceAccount", "v1", "", "/api/v1", "serviceaccounts", NULL },
	{ "ConfigMap", "v1", "", "/api/v1", "configmaps", NULL },
	{ "Role", "rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io", "/apis/rbac.authorization.k8s.io/v1",
	    "roles", NULL },
	{ "Service", "v1", "", "/api/v1", "services", NULL },
	{ "Job", "batch/v1", "batch", "/apis/batch/v1", "jobs", NULL },
	{ "Widget", "example.com/v1", "example.com", "/apis/example.com/v1", "widgets", "widgets.example.com" },
};

enum { KIND_CONFIG_MAP = 1, KIND_ROLE = 2, KIND_SERVICE = 3, KIND_JOB = 4 };

#define BY_HAND SWITCH "reconcile"
#define DIRECTORY "web/"

static const char *const paths[MODEL_FILES] = { DIRECTORY "first.yaml", DIRECTORY "second.yaml",
	DIRECTORY "deep/third.yaml", "other/fourth.yaml" };

/* The texts of options: of Argo CD in one annotation, of Flux a switch each. */
static const struct {
	unsigned says;
	bool flux;
	const char *key, *text;
} options[] = {
	{ SAYS_KEEP, false, ARGO "sync-options", "Prune=false" },
	{ SAYS_CONFIRM, false, ARGO "sync-options", "Prune=confirm" },
	{ SAYS_LEAVE, false, ARGO "sync-options", "Delete=false" },
	{ SAYS_APPROVE, false, ARGO "sync-options", "Delete=confirm" },
	{ SAYS_REPLACE, false, ARGO "sync-options", "Replace=true" },
	{ SAYS_FORCE, false, ARGO "sync-options", "Force=true" },
	{ SAYS_LAST, false, ARGO "sync-options", "PruneLast=true" },
	{ SAYS_EXTRANEOUS, false, ARGO "compare-options", "IgnoreExtraneous" },
	{ SAYS_KEEP, true, SWITCH "prune", "disabled" },
	{ SAYS_ONCE, true, SWITCH "ssa", "IfNotPresent" },
	{ SAYS_PAUSED, true, SWITCH "reconcile", "disabled" },
	{ SAYS_FORCE, true, SWITCH "force", "enabled" },
	{ SAYS_LITERAL, true, SWITCH "substitute", "disabled" },
};

static const struct {
	unsigned bit;
	const char *text;
} hooks[] = { { HOOK_PRE, "PreSync" }, { HOOK_SYNC, "Sync" }, { HOOK_POST, "PostSync" }, { HOOK_FAIL, "SyncFail" } },
  policies[] = { { DELETE_BEFORE, "BeforeHookCreation" }, { DELETE_SUCCEEDED, "HookSucceeded" },
	  { DELETE_FAILED, "HookFailed" } };

static size_t
kind_of(size_t key)
{
	return key / (NAMES * PLACES);
}

const struct model_kind *
model_kind_of(size_t key)
{
	return &model_kinds[kind_of(key)];
}

const char *
model_name_of(size_t key)
{
	static const char *const names[NAMES] = { "a", "b", "c", "d" };

	return names[key / PLACES % NAMES];
}

const char *
model_place_of(const struct model *m, size_t key)
{
	return m->places[key % PLACES];
}

size_t
model_key(const struct model *m, const char *plural, const char *ns, const char *name)
{
	for (size_t key = 0; key < KEYS; key++)
		if (str_eq(plural, model_kind_of(key)->plural) && str_eq(name, model_name_of(key)) &&
		    str_eq(ns, model_place_of(m, key)))
			return key;
	return KEYS;
}

const char *
model_path(struct arena *a, const struct model *m, size_t key)
{
	return arena_printf(a, "%s/namespaces/%s/%s/%s", model_kind_of(key)->root, model_place_of(m, key),
	    model_kind_of(key)->plural, model_name_of(key));
}

static size_t
draw_key(const struct model *m, struct rand_stream *r)
{
	size_t key = (size_t)rand_below(r, KEYS);

	return m->one_place ? key - key % PLACES : key;
}

static unsigned
draw_options(const struct model *m, struct rand_stream *r)
{
	unsigned says = 0;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].flux == m->flux && rand_chance(r, 5))
			says |= options[i].says;
	return says;
}

static void
draw_hook(const struct model *m, struct rand_stream *r, struct item *item)
{
	item->hooks = item->hook_delete = 0;
	if (m->flux || !rand_chance(r, 70))
		return;
	item->hooks = 1u << rand_below(r, ARRAY_SIZE(hooks));
	if (rand_chance(r, 10))
		item->hooks |= HOOK_PRE | HOOK_POST;
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++)
		if (rand_chance(r, 40))
			item->hook_delete |= policies[i].bit;
}

static void
draw_item(const struct model *m, struct rand_stream *r, size_t key, unsigned *last_value, struct item *item)
{
	*item = (struct item){ .there = true,
		.extra = rand_chance(r, 30),
		.value = ++*last_value,
		.wave = rand_chance(r, 50) ? 0 : (int)rand_below(r, 4) - 1,
		.says = draw_options(m, r),
		.file = rand_chance(r, 60) ? FILE_FIRST : (enum model_file)rand_below(r, MODEL_FILES) };
	if (kind_of(key) == KIND_JOB) {
		draw_hook(m, r, item);
		item->fails = rand_chance(r, 10);
	}
}

void
model_begin(const struct model *m, struct rand_stream *r, unsigned *last_value, struct revision *ret)
{
	*ret = (struct revision){ .base = 1 };
	for (size_t key = 0; key < KEYS; key += m->one_place ? PLACES : 1)
		if (rand_chance(r, m->one_place ? 35 : 18))
			draw_item(m, r, key, last_value, &ret->items[key]);
	/* One object that no commit of a life drops. */
	draw_item(m, r, NAMES * PLACES, last_value, &ret->items[NAMES * PLACES]);
	ret->items[NAMES * PLACES].file = FILE_FIRST;
	ret->items[NAMES * PLACES].says = 0;
}

/* Another key for the same object: another name, place or kind. */
static size_t
draw_move(const struct model *m, struct rand_stream *r, size_t key)
{
	size_t kind = kind_of(key), name = key / PLACES % NAMES, place = key % PLACES;

	switch (rand_below(r, 3)) {
	case 0: name = rand_below(r, NAMES); break;
	case 1: place = m->one_place ? 0 : rand_below(r, PLACES); break;
	default: kind = rand_below(r, KINDS); break;
	}
	return (kind * NAMES + name) * PLACES + place;
}

static void
change_one(const struct model *m, struct rand_stream *r, unsigned *last_value, struct revision *to)
{
	size_t key = draw_key(m, r), other;
	struct item *item;

	/* Mostly something that is there. */
	for (int i = 0; i < 20 && !to->items[key].there && !rand_chance(r, 10); i++)
		key = draw_key(m, r);
	item = &to->items[key];
	if (!item->there) {
		draw_item(m, r, key, last_value, item);
		return;
	}
	switch (rand_below(r, 10)) {
	case 0: item->there = false; break;
	case 1:
	case 2: item->value = ++*last_value; break;
	case 3: item->extra = !item->extra; break;
	case 4: item->file = (enum model_file)rand_below(r, MODEL_FILES); break;
	case 5:
		other = draw_move(m, r, key);
		if (other == key)
			break;
		if (kind_of(other) == kind_of(key))
			to->items[other] = *item;
		else
			draw_item(m, r, other, last_value, &to->items[other]);
		item->there = false;
		break;
	case 6: item->wave = (int)rand_below(r, 4) - 1; break;
	case 7: item->says = draw_options(m, r); break;
	case 8:
		if (kind_of(key) == KIND_JOB)
			draw_hook(m, r, item);
		break;
	default:
		if (kind_of(key) == KIND_JOB && m->commands_change)
			item->command++;
		else
			item->value = ++*last_value;
		break;
	}
}

void
model_change(const struct model *m, struct rand_stream *r, unsigned *last_value, struct revision *to)
{
	struct item *first = &to->items[NAMES * PLACES];
	unsigned n = 1 + (unsigned)rand_below(r, 4);

	to->base_broken = rand_chance(r, 4);
	to->no_path = rand_chance(r, 3);
	to->empty = rand_chance(r, 3);
	to->broken = !to->empty && rand_chance(r, 8);
	if (rand_chance(r, 20))
		to->base++;
	for (unsigned i = 0; i < n; i++)
		change_one(m, r, last_value, to);
	if (!first->there)
		draw_item(m, r, NAMES * PLACES, last_value, first);
	first->file = FILE_FIRST;
	first->says = 0;
}

static void
add_text(struct arena *a, json_t *to, const char *key, const char *text)
{
	const char *is = json_str(to, key);

	json_put(to, key, is != NULL ? arena_printf(a, "%s,%s", is, text) : text);
}

static json_t *
job_spec(const struct item *item)
{
	return json_pack("{s:i, s:{s:{s:s, s:[{s:s, s:s, s:[s, s]}]}}}", "backoffLimit", 0, "template", "spec",
	    "restartPolicy", "Never", "containers", "name", "c", "image", "c", "command", "sleep",
	    item->fails		? "1; exit 1"
	    : item->command % 2 ? "2"
				: "1");
}

/* The object as the item says; `v` stands in the place of ${v}. A new reference. */
static json_t *
item_json(struct arena *a, const struct model *m, size_t key, const struct item *item, const char *v)
{
	const struct model_kind *k = model_kind_of(key);
	json_t *annotations = json_object(),
	       *meta = json_pack("{s:s, s:o}", "name", model_name_of(key), "annotations", annotations),
	       *object = json_pack("{s:s, s:s, s:o}", "apiVersion", k->api_version, "kind", k->kind, "metadata", meta);
	const char *value = arena_printf(a, "%u", item->value);

	/* Half of what is in the first namespace leaves it to its Application to say so. */
	if (key % PLACES != 0 || (m->flux && !m->one_place) || (!m->flux && key / PLACES % 2 == 1))
		json_put(meta, "namespace", model_place_of(m, key));
	json_put(annotations, "value", value);
	if (item->extra)
		json_put(annotations, "extra", value);
	if (item->wave != 0 && !m->flux)
		json_put(annotations, ARGO "sync-wave", arena_printf(a, "%d", item->wave));
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].flux == m->flux && (item->says & options[i].says) != 0)
			add_text(a, annotations, options[i].key, options[i].text);
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
		if ((item->hooks & hooks[i].bit) != 0)
			add_text(a, annotations, ARGO "hook", hooks[i].text);
	for (size_t i = 0; i < ARRAY_SIZE(policies) && item->hooks != 0; i++)
		if ((item->hook_delete & policies[i].bit) != 0)
			add_text(a, annotations, ARGO "hook-delete-policy", policies[i].text);
	switch (kind_of(key)) {
	case KIND_CONFIG_MAP:
		json_object_set_new(object, "data",
		    json_pack("{s:s, s:s, s:s, s:s*}", "value", value, "ignored", value, "v",
			(item->says & SAYS_LITERAL) != 0 ? "${v}" : v, "extra", item->extra ? value : NULL));
		break;
	case KIND_ROLE:
		json_object_set_new(object, "rules",
		    json_pack("[{s:[s], s:[s], s:[s]}]", "apiGroups", "", "resources", "pods", "verbs",
			item->value % 2 ? "get" : "list"));
		break;
	case KIND_SERVICE:
		json_object_set_new(object, "spec",
		    json_pack("{s:[{s:i}], s:{s:s}}", "ports", "port", 80 + (int)(item->value % 3), "selector", "app",
			item->value % 2 ? "odd" : "even"));
		break;
	case KIND_JOB: json_object_set_new(object, "spec", job_spec(item)); break;
	default: break;
	}
	return object;
}

static struct tree_entry
entry(const char *path, const char *text)
{
	return (struct tree_entry){ .path = path, .size = strlen(text), .id = text };
}

struct tree_entry *
model_files(struct arena *a, const struct model *m, const struct revision *r, size_t *ret_n)
{
	struct tree_entry *list = arena_new_array(a, struct tree_entry, MODEL_FILES + 3);
	const char *texts[MODEL_FILES] = { NULL }, *resources = "resources:\n";
	size_t n = 0;

	for (size_t key = 0; key < KEYS; key++) {
		const struct item *item = &r->items[key];
		_cleanup_(json_decrefp) json_t *object = NULL;

		if (!item->there || r->empty)
			continue;
		object = item_json(a, m, key, item, "${v}");
		texts[item->file] = arena_printf(
		    a, "%s---\n%s\n", texts[item->file] != NULL ? texts[item->file] : "", json_text(a, object));
	}
	if (r->broken && texts[FILE_FIRST] != NULL)
		texts[FILE_FIRST] = arena_printf(a, "%s---\nkind: [\n", texts[FILE_FIRST]);
	for (size_t i = 0; i < MODEL_FILES; i++) {
		if (texts[i] == NULL || (r->no_path && i != FILE_OTHER))
			continue;
		list[n++] = entry(paths[i], texts[i]);
		if (i != FILE_OTHER)
			resources = arena_printf(a, "%s- %s\n", resources, paths[i] + strlen(DIRECTORY));
	}
	if (m->kustomized && texts[FILE_FIRST] != NULL && !r->no_path)
		list[n++] = entry(DIRECTORY "kustomization.yaml", resources);
	if (!r->no_path)
		list[n++] = entry(DIRECTORY "README.md", "objects\n");
	list[n++] = entry("base/base.yaml",
	    arena_printf(a,
		"{apiVersion: v1, kind: ConfigMap, metadata: {name: base, namespace: %s}, data: {value: '%u'}}%s\n",
		m->places[0], r->base, r->base_broken ? "}" : ""));
	*ret_n = n;
	return list;
}

bool
model_wants(const struct model *m, const struct revision *r, size_t key, bool recurse)
{
	const struct item *item = &r->items[key];

	return item->there && !r->empty && item->file != FILE_OTHER &&
	       (item->file != FILE_DEEP || m->flux || m->kustomized || recurse);
}

static const char *
differs(struct arena *a, const json_t *wanted, const json_t *live, const char *where, bool ignore)
{
	const char *key, *why;
	json_t *v;
	size_t i;

	if (json_is_array(wanted)) {
		if (json_array_size(wanted) != json_array_size(live))
			return arena_printf(
			    a, "%s has %zu elements, not %zu", where, json_array_size(live), json_array_size(wanted));
		json_array_foreach (wanted, i, v)
			if ((why = differs(
				 a, v, json_array_get(live, i), arena_printf(a, "%s[%zu]", where, i), ignore)) != NULL)
				return why;
		return NULL;
	}
	if (!json_is_object(wanted))
		return json_equal(wanted, live)
			   ? NULL
			   : arena_printf(a, "%s is %s, not %s", where, live != NULL ? json_text(a, live) : "not there",
				 json_text(a, wanted));
	json_object_foreach ((json_t *)wanted, key, v)
		if (!(ignore && strcmp(key, "ignored") == 0) &&
		    (why = differs(a, v, json_object_get(live, key), arena_printf(a, "%s.%s", where, key), ignore)) !=
			NULL)
			return why;
	return NULL;
}

/* A key that the commit does not have, and that the program itself does not set. */
static const char *
leftover(struct arena *a, const json_t *wanted, const json_t *live, const char *where)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)live, key, v)
		if (json_object_get(wanted, key) == NULL && !str_starts(key, "hand") &&
		    strcmp(key, ARGO "tracking-id") != 0 && strcmp(key, BY_HAND) != 0 &&
		    strcmp(key, "sluice.argoproj.io/sync-operation") != 0)
			return arena_printf(a, "%s.%s is there, which Git does not have", where, key);
	return NULL;
}

const char *
model_differs(struct arena *a, const struct model *m, size_t key, const struct item *item, const json_t *live,
    const char *substitute, bool ignore)
{
	_cleanup_(json_decrefp) json_t *wanted = item_json(a, m, key, item, substitute != NULL ? substitute : "${v}");
	const char *why;

	if (live == NULL)
		return "it is not there";
	if ((item->says & SAYS_ONCE) != 0)
		return NULL;
	json_object_del(json_object_get(wanted, "metadata"), "namespace");
	if ((why = differs(a, wanted, live, "", ignore)) != NULL)
		return why;
	why = leftover(a, json_at(wanted, "/metadata/annotations"), json_at(live, "/metadata/annotations"),
	    "metadata.annotations");
	return why != NULL ? why : leftover(a, json_at(wanted, "/data"), json_at(live, "/data"), "data");
}

unsigned
model_says(const json_t *live)
{
	const json_t *annotations = json_at(live, "/metadata/annotations");
	unsigned says = 0;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const char *text = json_str(annotations, options[i].key);

		if (text != NULL && strstr(text, options[i].text) != NULL)
			says |= options[i].says;
	}
	return says;
}

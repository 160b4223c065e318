/* kube/api/explain.c: `explain` of a field: its meaning, values and default, as text from the rows. */
#include "kube/api/explain.h"
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include "base/str.h"
#include "kube/api/roots.h"

#define PAGE_MAX (1u << 20)
#define DEPTH_MAX 12

static const char *const kind_texts[] = {
	[KIND_BOOL] = "boolean",
	[KIND_OPT_BOOL] = "boolean",
	[KIND_INT] = "integer",
	[KIND_OPT_INT] = "integer",
	[KIND_STRING] = "string",
	[KIND_TIME] = "Time",
	[KIND_DURATION] = "Duration",
	[KIND_INT_OR_STRING] = "integer|string",
	[KIND_OBJECT] = "Object",
	[KIND_EMBED] = "Object",
	[KIND_LIST] = "[]Object",
	[KIND_STRINGS] = "[]string",
	[KIND_STRING_MAP] = "map[string]string",
	[KIND_JSON] = "any",
	[KIND_ENUM] = "string",
};
_Static_assert(ARRAY_SIZE(kind_texts) == KIND_MAX, "a text a kind");

const char *
field_type_text(struct arena *a, const struct field *f)
{
	if (f->not_supported)
		return "(not supported)";
	if (f->kind == KIND_JSON && f->of != NULL)
		return "[]Object";
	if (f->choices != NULL)
		return arena_printf(a, "%s", f->choices);
	return kind_texts[f->kind];
}

/* The text after the type: required, bounds, default. */
static const char *
explain_notes(struct arena *a, const struct field *f)
{
	const char *text = "";

	if (f->required)
		text = " -required-";
	if (f->min < f->max && f->max >= INT32_MAX)
		text = arena_printf(a, "%s, from %" PRId64, text, f->min);
	else if (f->min < f->max)
		text = arena_printf(a, "%s, %" PRId64 " to %" PRId64, text, f->min, f->max);
	if (f->default_text != NULL)
		text = arena_printf(a, "%s, default %s", text, f->default_text);
	return text;
}

static void
explain_list_fields(struct str *s, struct arena *a, const struct type *t, int depth, bool all)
{
	for (size_t i = 0; i < t->n_fields && depth < DEPTH_MAX; i++) {
		const struct field *f = &t->fields[i];

		str_addf(s, "%*s%s\t<%s>%s\n", depth * 2 + 2, "", f->name, field_type_text(a, f), explain_notes(a, f));
		if (all && f->of != NULL)
			explain_list_fields(s, a, f->of, depth + 1, all);
		else if (!all && f->doc != NULL)
			str_addf(s, "%*s  %s\n\n", depth * 2 + 2, "", f->doc);
		else if (!all)
			str_addc(s, '\n');
	}
}

static struct err *
explain_unknown(struct arena *a, const struct type *t, const char *name, const char *path)
{
	const char *known = "";

	for (size_t i = 0; i < t->n_fields; i++)
		known = arena_printf(a, "%s%s%s", known, i > 0 ? ", " : "", t->fields[i].name);
	return err_new(
	    a, ERR_INVALID, "%s: there is no \"%s\"; %s %s has %s", path, name, str_article(t->name), t->name, known);
}

struct err *
explain(struct arena *a, const char *path, bool all, const char **ret)
{
	char *rest = arena_strdup(a, path), *name = strsep(&rest, ".");
	const struct type *root = api_root_named(name), *t = root;
	const struct field *field = NULL;
	struct str s;

	if (root == NULL) {
		const char *known = "";

		for (const struct type *const *r = api_roots; *r != NULL; r++)
			known = arena_printf(a, "%s%s%s", known, r == api_roots ? "" : ", ", (*r)->kind);
		return err_new(a, ERR_INVALID, "\"%s\" is not one of %s", name, known);
	}
	while ((name = strsep(&rest, ".")) != NULL) {
		const struct field *found = NULL;

		/* A path with an index, steps[2], is explained as steps. */
		name[strcspn(name, "[")] = '\0';
		for (size_t i = 0; t != NULL && i < t->n_fields; i++)
			if (strcmp(t->fields[i].name, name) == 0)
				found = &t->fields[i];
		if (t == NULL)
			return err_new(a, ERR_INVALID, "%s: %s has no fields", path, field->name);
		if (found == NULL)
			return explain_unknown(a, t, name, path);
		field = found;
		t = found->of;
	}
	str_init(&s, PAGE_MAX);
	str_addf(&s, "GROUP:    %s\nKIND:     %s\nVERSION:  %s\n\n", root->group, root->kind, root->version);
	if (field != NULL)
		str_addf(&s, "FIELD: %s <%s>%s\n\n", field->name, field_type_text(a, field), explain_notes(a, field));
	str_addf(&s, "DESCRIPTION:\n    %s\n",
	    field == NULL	 ? root->doc != NULL ? root->doc : ""
	    : field->doc != NULL ? field->doc
				 : "(written by the controller)");
	if (t != NULL) {
		str_adds(&s, "\nFIELDS:\n");
		explain_list_fields(&s, a, t, 0, all);
	}
	*ret = arena_strdup(a, str_text(&s));
	str_done(&s);
	return NULL;
}

static void
explain_table(struct str *s, struct arena *a, const struct type *t, const char *path)
{
	bool any = false;

	for (size_t i = 0; i < t->n_fields; i++)
		any |= t->fields[i].doc != NULL;
	if (any)
		str_addf(s, "\n### `%s`\n\n| Field | Type | Description |\n|---|---|---|\n", path);
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct field *f = &t->fields[i];
		char *type = arena_strdup(a, field_type_text(a, f));
		struct str escaped;

		if (f->doc == NULL)
			continue;
		str_init(&escaped, 4096);
		for (const char *c = type; *c != '\0'; c++)
			str_addf(&escaped, *c == '|' ? "\\%c" : "%c", *c);
		str_addf(s, "| `%s` | %s%s | %s |\n", f->name, str_text(&escaped), explain_notes(a, f), f->doc);
		str_done(&escaped);
	}
}

static void
explain_tables(struct str *s, struct arena *a, const struct type *t, const char *path, int depth)
{
	explain_table(s, a, t, path);
	for (size_t i = 0; i < t->n_fields && depth < DEPTH_MAX; i++) {
		const struct field *f = &t->fields[i];
		bool list = f->kind == KIND_LIST || f->kind == KIND_JSON;

		if (f->of != NULL && f->doc != NULL)
			explain_tables(
			    s, a, f->of, arena_printf(a, "%s.%s%s", path, f->name, list ? "[]" : ""), depth + 1);
	}
}

const char *
explain_reference(struct arena *a)
{
	struct str s;
	const char *text;

	str_init(&s, PAGE_MAX);
	str_adds(&s, "# Fields\n\n`make generated` writes this page from the tables in `kube/api/`. On a terminal,\n"
		     "`sluice explain rollout.spec.strategy.canary` shows the same descriptions.\n");
	for (const struct type *const *r = api_roots; *r != NULL; r++) {
		str_addf(&s, "\n## %s\n\n%s\n\n`%s/%s`, `%s`%s%s%s.\n", (*r)->kind, (*r)->doc != NULL ? (*r)->doc : "",
		    (*r)->group, (*r)->version, (*r)->plural, (*r)->short_name != NULL ? ", `" : "",
		    (*r)->short_name != NULL ? (*r)->short_name : "", (*r)->short_name != NULL ? "`" : "");
		if (*r == api_root_named("ClusterAnalysisTemplate"))
			str_adds(&s, "\nIt has the fields of an AnalysisTemplate.\n");
		else
			explain_tables(&s, a, *r, (*r)->kind, 0);
	}
	text = arena_strdup(a, str_text(&s));
	str_done(&s);
	return text;
}

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

const char *
field_limits_text(struct arena *a, const struct field *f)
{
	if (f->items_max > 0)
		return arena_printf(a, ", at most %u", f->items_max);
	if (f->min >= f->max)
		return "";
	return f->max >= INT32_MAX ? arena_printf(a, ", from %" PRId64, f->min)
				   : arena_printf(a, ", %" PRId64 " to %" PRId64, f->min, f->max);
}

const char *
field_default_text(const struct field *f)
{
	if (f->default_text != NULL || f->required)
		return f->default_text != NULL ? f->default_text : "";
	return f->kind == KIND_BOOL ? "false" : f->kind == KIND_INT ? "0" : "";
}

/* Appends that at most one of these fields is set: the first, and the others, which are separated by blanks. */
static void
explain_add_most(struct str *s, const char *first, char *others)
{
	const char *name;

	str_addf(s, "Only one of %s", first);
	while ((name = strsep(&others, " ")) != NULL)
		str_addf(s, "%s%s", others != NULL ? ", " : " and ", name);
	str_adds(s, " may be set.");
}

/* Appends the sentence of one rule, "not a b". */
static void
explain_add_rule(struct str *s, char *rule)
{
	static const struct {
		const char *verb, *between, *end;
	} texts[] = { { "any", " or ", " must be set." }, { "differ", " and ", " must differ." },
		{ "needs", " requires ", "." }, { "not", " must not be set with ", "." } };
	const char *verb = strsep(&rule, " "), *first = strsep(&rule, " ");

	if (s->len > 0)
		str_addc(s, ' ');
	if (strcmp(verb, "one") == 0)
		str_adds(s, "Exactly one of these fields must be set.");
	else if (strcmp(verb, "any") == 0 && strcmp(first, "*") == 0)
		str_adds(s, "At least one of these fields must be set.");
	else if (strcmp(verb, "most") == 0)
		explain_add_most(s, first, rule);
	for (size_t i = 0; rule != NULL && i < ARRAY_SIZE(texts); i++)
		if (strcmp(texts[i].verb, verb) == 0)
			str_addf(s, "%s%s%s%s", first, texts[i].between, rule, texts[i].end);
}

const char *
type_rules_text(struct arena *a, const struct type *t)
{
	char *rest = t->rules != NULL ? arena_strdup(a, t->rules) : NULL, *rule;
	const char *text;
	struct str s;

	str_init(&s, 4096);
	while ((rule = strsep(&rest, ";")) != NULL)
		explain_add_rule(&s, rule + strspn(rule, " "));
	text = arena_strdup(a, str_text(&s));
	str_done(&s);
	return text;
}

/* The text after the type: required, limits, default. */
static const char *
explain_notes(struct arena *a, const struct field *f)
{
	const char *value = field_default_text(f);

	return arena_printf(a, "%s%s%s%s", f->required ? " -required-" : "", field_limits_text(a, f),
	    value[0] != '\0' ? ", default " : "", value);
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
		if (t->rules != NULL)
			str_addf(&s, "    %s\n", type_rules_text(a, t));
		str_adds(&s, "\nFIELDS:\n");
		explain_list_fields(&s, a, t, 0, all);
	}
	*ret = arena_strdup(a, str_text(&s));
	str_done(&s);
	return NULL;
}

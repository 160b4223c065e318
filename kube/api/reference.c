/* kube/api/reference.c: docs/reference.md: a section for each kind and for each type below it, from the rows. */
#include "kube/api/reference.h"
#include <ctype.h>
#include <string.h>
#include "base/str.h"
#include "kube/api/explain.h"
#include "kube/api/roots.h"

#define PAGE_MAX (1u << 20)
#define DEPTH_MAX 12

/* A field that has the type of a section. */
struct reference_use {
	const struct type *root; /* the kind of the object */
	const char *path; /* "Rollout.spec.strategy.canary.steps[]" */
	const char *doc;
};

struct reference_section {
	const struct type *type;
	struct reference_use *uses; /* the first one is the heading */
	size_t n, capacity;
};

struct reference {
	struct arena *arena;
	struct str page;
	struct reference_section *at;
	size_t n, capacity;
};

static struct reference_section *
reference_section_of(const struct reference *r, const struct type *t)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->at[i].type == t)
			return &r->at[i];
	return NULL;
}

static bool
reference_has_section(const struct type *t)
{
	for (size_t i = 0; t != NULL && i < t->n_fields; i++)
		if (t->fields[i].doc != NULL)
			return true;
	return false;
}

/* Adds a section for the type of each field below `path`, or the path to the section that exists. */
static void
reference_collect(struct reference *r, const struct type *root, const struct type *t, const char *path, int depth)
{
	for (size_t i = 0; i < t->n_fields && depth < DEPTH_MAX; i++) {
		const struct field *f = &t->fields[i];
		bool list = f->kind == KIND_LIST || f->kind == KIND_JSON, is_new;
		const char *name = arena_printf(r->arena, "%s.%s%s", path, f->name, list ? "[]" : "");
		struct reference_section *s;

		if (f->doc == NULL || !reference_has_section(f->of))
			continue;
		s = reference_section_of(r, f->of);
		is_new = s == NULL;
		if (is_new) {
			r->at = arena_grow(r->arena, r->at, r->n, &r->capacity, sizeof(*r->at));
			s = &r->at[r->n++];
			*s = (struct reference_section){ .type = f->of };
		}
		s->uses = arena_grow(r->arena, s->uses, s->n, &s->capacity, sizeof(*s->uses));
		s->uses[s->n++] = (struct reference_use){ root, name, f->doc };
		if (is_new)
			reference_collect(r, root, f->of, name, depth + 1);
	}
}

/* Appends a text of a row. Words with characters that are marks of Markdown, or of its dialects, become code. */
static void
reference_add_text(struct reference *r, const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, " "), open = strspn(text, "("), end = n;

		if (strcspn(text, "*{$^") >= n) {
			str_add(&r->page, text, n);
		} else {
			while (end > open && strchr(",;.:)", text[end - 1]) != NULL)
				end--;
			str_addf(&r->page, "%.*s`%.*s`%.*s", (int)open, text, (int)(end - open), text + open,
			    (int)(n - end), text + end);
		}
		text += n;
		if (*text == ' ')
			str_addc(&r->page, *text++);
	}
}

/* Appends the anchor that GitHub and GitLab give to a heading: letters and digits, in lower case. */
static void
reference_add_anchor(struct str *s, const char *heading)
{
	str_addc(s, '#');
	for (const char *c = heading; *c != '\0'; c++)
		if (isalnum((unsigned char)*c))
			str_addc(s, (char)tolower((unsigned char)*c));
}

/* Appends the form of a value: a link to its section, its choices, or its kind with its limits. */
static void
reference_add_type(struct reference *r, const struct field *f)
{
	const struct reference_section *s = f->doc != NULL ? reference_section_of(r, f->of) : NULL;
	const char *text = field_type_text(r->arena, f);

	if (s != NULL) {
		str_addf(&r->page, "[%s](", text);
		reference_add_anchor(&r->page, s->uses[0].path);
		str_addc(&r->page, ')');
	} else if (f->choices != NULL) {
		str_addf(&r->page, "`%s`", str_replace(r->arena, text, "|", "`, `"));
	} else {
		str_adds(&r->page, str_replace(r->arena, text, "|", " or "));
	}
	str_adds(&r->page, field_limits_text(r->arena, f));
}

/* `observed`: the fields are of a status, so that no user leaves them out. */
static void
reference_add_table(struct reference *r, const struct type *t, bool observed)
{
	const char *not_supported = "";

	str_adds(&r->page, "\n| Field | Type | Default | Description |\n|---|---|---|---|\n");
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct field *f = &t->fields[i];
		const char *value_default = field_default_text(f);

		if (f->not_supported)
			not_supported = arena_printf(
			    r->arena, "%s%s`%s`", not_supported, not_supported[0] != '\0' ? ", " : "", f->name);
		if (f->doc == NULL)
			continue;
		str_addf(&r->page, "| `%s` | ", f->name);
		reference_add_type(r, f);
		str_adds(&r->page, f->required ? " | **required**" : " | ");
		if (!observed && !f->required)
			reference_add_text(r, value_default[0] != '\0' ? value_default : "none");
		str_adds(&r->page, " | ");
		reference_add_text(r, f->doc);
		str_adds(&r->page, " |\n");
	}
	if (not_supported[0] != '\0')
		str_addf(&r->page, "\nNot supported; a manifest with one of them gets an error: %s.\n", not_supported);
}

static bool
reference_is_observed(const struct reference_section *s)
{
	return strstr(s->uses[0].path, ".status") != NULL;
}

/* Appends a sentence for each kind that has the section: where errors are reported. */
static void
reference_add_errors(struct reference *r, const struct reference_section *s)
{
	const char *before = NULL;

	for (size_t i = 0; i < s->n; i++) {
		const struct type *root = s->uses[i].root;

		if (str_eq(root->errors, before))
			continue;
		str_addf(&r->page, "%sErrors in %s %s are reported %s.", i > 0 ? " " : "\n", str_article(root->kind),
		    root->kind, root->errors);
		before = root->errors;
	}
	str_addc(&r->page, '\n');
}

static void
reference_add_section(struct reference *r, const struct reference_section *s)
{
	const char *rules = type_rules_text(r->arena, s->type);

	str_addf(&r->page, "\n### `%s`\n\n", s->uses[0].path);
	for (size_t i = 0; i < s->n; i++) {
		if (s->n > 1)
			str_addf(&r->page, "* `%s`: ", s->uses[i].path);
		reference_add_text(r, s->uses[i].doc);
		str_addc(&r->page, '\n');
	}
	if (!reference_is_observed(s))
		reference_add_errors(r, s);
	if (rules[0] != '\0')
		str_addf(&r->page, "\n%s\n", rules);
	reference_add_table(r, s->type, reference_is_observed(s));
}

static void
reference_add_kind(struct reference *r, const struct type *t)
{
	str_addf(&r->page, "\n## %s\n\n%s\n\n`apiVersion: %s/%s`; `kubectl get %s.%s`", t->kind, t->doc, t->group,
	    t->version, t->plural, t->group);
	if (t->short_name != NULL)
		str_addf(&r->page, " or `%s`", t->short_name);
	str_addf(&r->page, "%s\n\nExample: [%s](../examples/reference/%s.yaml)\n",
	    t->cluster_scoped ? "; not in a namespace" : "", t->kind, t->plural);
	reference_add_table(r, t, true);
	for (size_t i = 0; i < r->n; i++)
		if (r->at[i].uses[0].root == t)
			reference_add_section(r, &r->at[i]);
}

const char *
reference_page(struct arena *a)
{
	struct reference r = { .arena = a };
	const char *text;

	str_init(&r.page, PAGE_MAX);
	for (const struct type *const *t = api_roots; *t != NULL; t++)
		reference_collect(&r, *t, *t, (*t)->kind, 0);
	for (const struct type *const *t = api_roots; *t != NULL; t++)
		reference_add_kind(&r, *t);
	text = arena_strdup(a, str_text(&r.page));
	str_done(&r.page);
	return text;
}

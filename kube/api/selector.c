/* kube/api/selector.c: label and field selectors: parsed to a list of requirements, and matched. */
#include "kube/api/selector.h"
#include <ctype.h>
#include <string.h>
#include "base/str.h"

#define REQUIREMENTS_MAX 1000 /* requirements of a selector, and values of a requirement; a URL has no space for more */

/* Indexed by enum selector_op. */
static const char *const ops[] = { "In", "NotIn", "Exists", "DoesNotExist" };

static const struct field label_requirement_fields[] = {
	STRING(label_requirement, key, "key", .required = true, .doc = "Label key."),
	STRING(label_requirement, operator, "operator", .required = true, .choices = "In|NotIn|Exists|DoesNotExist",
	    .doc = "In: the value is one of values. NotIn: it is not, or the label is absent. Exists, DoesNotExist: "
		   "the label is present, absent."),
	STRINGS(label_requirement, values, "values",
	    .doc = "Values. Required for In and NotIn, not allowed for the other operators."),
};
TYPE(label_requirement, "label requirement", .strict = true);

static const struct field label_selector_fields[] = {
	STRING_MAP(label_selector, match_labels, "matchLabels",
	    .doc = "Labels and the values they must have. Together with matchExpressions, all must match."),
	LIST(label_selector, match_expressions, "matchExpressions", label_requirement,
	    .doc = "Requirements. All must be met."),
};
TYPE(label_selector, "label selector", .strict = true);

static void
selector_skip(const char **s)
{
	while (isspace((unsigned char)**s))
		(*s)++;
}

/* A run of characters that labels may have. */
static const char *
selector_word(struct arena *a, const char **s)
{
	const char *start;

	selector_skip(s);
	start = *s;
	while (isalnum((unsigned char)**s) || (**s != '\0' && strchr("._-/~*", **s) != NULL))
		(*s)++;
	start = arena_strndup(a, start, (size_t)(*s - start));
	selector_skip(s);
	return start;
}

static struct strings
selector_one(struct arena *a, const char *value)
{
	struct strings s = { arena_new_array(a, const char *, 1), 1 };

	s.at[0] = value;
	return s;
}

static struct err *
selector_parse_set(struct arena *a, const char **s, struct strings *ret)
{
	size_t n = 0, capacity = 0;

	*ret = (struct strings){ 0 };
	if (*(*s)++ != '(')
		return err_new(a, ERR_INVALID, "selector: ( expected after in or notin");
	do {
		if (n == REQUIREMENTS_MAX)
			return err_new(a, ERR_INVALID, "selector: more than %d values", REQUIREMENTS_MAX);
		ret->at = arena_grow(a, ret->at, n, &capacity, sizeof(*ret->at));
		ret->at[n++] = selector_word(a, s);
	} while (*(*s)++ == ',');
	if ((*s)[-1] != ')')
		return err_new(a, ERR_INVALID, "selector: ) expected");
	selector_skip(s);
	ret->n = n;
	return NULL;
}

static struct err *
selector_parse_one(struct arena *a, const char **s, struct requirement *r)
{
	const char *op;

	selector_skip(s);
	if (**s == '!') {
		(*s)++;
		*r = (struct requirement){ selector_word(a, s), SELECTOR_NOT_EXISTS, { 0 } };
		return NULL;
	}
	r->key = selector_word(a, s);
	if (r->key[0] == '\0')
		return err_new(a, ERR_INVALID, "selector: a key is expected at \"%s\"", *s);
	if (**s == '=' || (**s == '!' && (*s)[1] == '=')) {
		r->op = **s == '!' ? SELECTOR_NOT_IN : SELECTOR_IN;
		*s += **s == '!' || (*s)[1] == '=' ? 2 : 1;
		r->values = selector_one(a, selector_word(a, s));
		return NULL;
	}
	if (**s == ',' || **s == '\0') {
		r->op = SELECTOR_EXISTS;
		return NULL;
	}
	op = selector_word(a, s);
	if (strcmp(op, "in") != 0 && strcmp(op, "notin") != 0)
		return err_new(a, ERR_INVALID, "selector: \"%s\" is not an operator", op);
	r->op = op[0] == 'i' ? SELECTOR_IN : SELECTOR_NOT_IN;
	return selector_parse_set(a, s, &r->values);
}

struct err *
selector_parse(struct arena *a, const char *s, struct selector *ret)
{
	struct requirement *r = NULL;
	struct err *e;
	size_t n = 0, capacity = 0;

	selector_skip(&s);
	while (*s != '\0') {
		if (n == REQUIREMENTS_MAX)
			return err_new(a, ERR_INVALID, "selector: more than %d requirements", REQUIREMENTS_MAX);
		r = arena_grow(a, r, n, &capacity, sizeof(*r));
		if ((e = selector_parse_one(a, &s, &r[n])) != NULL)
			return e;
		n++;
		if (*s == ',')
			s++;
		else if (*s != '\0')
			return err_new(a, ERR_INVALID, "selector: \"%s\" is not understood", s);
	}
	ret->requirements.at = r;
	ret->requirements.n = n;
	return NULL;
}

struct err *
selector_from_json(struct arena *a, const json_t *j, struct selector *ret)
{
	const json_t *labels = json_object_get(j, "matchLabels"), *expressions = json_object_get(j, "matchExpressions");
	size_t n = 0, i, k;
	struct requirement *r =
	    arena_new_array(a, struct requirement, json_object_size(labels) + json_array_size(expressions));
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)labels, key, v)
		r[n++] = (struct requirement){ arena_strdup(a, key), SELECTOR_IN,
			selector_one(a, arena_strdup(a, json_string_value(v) ?: "")) };
	json_array_foreach (expressions, i, v) {
		const char *op = json_str(v, "operator");
		const json_t *values = json_object_get(v, "values");
		struct requirement *q = &r[n++];

		q->key = arena_strdup(a, json_str(v, "key") ?: "");
		for (k = 0; k < ARRAY_SIZE(ops) && !str_eq(op, ops[k]); k++)
			;
		if (k == ARRAY_SIZE(ops))
			return err_new(a, ERR_INVALID,
			    "matchExpressions[%zu].operator: %s is not one of In, NotIn, Exists, "
			    "DoesNotExist",
			    i, op != NULL ? op : "(none)");
		q->op = (enum selector_op)k;
		q->values.n = json_array_size(values);
		q->values.at = arena_new_array(a, const char *, q->values.n);
		for (k = 0; k < q->values.n; k++)
			q->values.at[k] = arena_strdup(a, json_string_value(json_array_get(values, k)) ?: "");
	}
	ret->requirements.at = r;
	ret->requirements.n = n;
	return NULL;
}

static bool
selector_holds(const struct requirement *r, const char *value)
{
	bool in = false;

	if (r->op == SELECTOR_EXISTS || r->op == SELECTOR_NOT_EXISTS)
		return (value != NULL) == (r->op == SELECTOR_EXISTS);
	for (size_t i = 0; value != NULL && i < r->values.n; i++)
		in |= strcmp(r->values.at[i], value) == 0;
	return in == (r->op == SELECTOR_IN);
}

bool
selector_matches(const struct selector *s, const json_t *labels)
{
	for (size_t i = 0; i < s->requirements.n; i++)
		if (!selector_holds(&s->requirements.at[i], json_str(labels, s->requirements.at[i].key)))
			return false;
	return true;
}

struct err *
field_selector_matches(struct arena *a, const char *text, const json_t *object, bool *ret)
{
	char *rest = arena_strdup(a, text), *term, *save = NULL;

	for (term = strtok_r(rest, ",", &save); term != NULL; term = strtok_r(NULL, ",", &save)) {
		char *op = strchr(term, '='), *pointer, *value;
		const json_t *found;
		const char *has;
		bool want = true;

		if (op == NULL)
			return err_new(a, ERR_INVALID, "field selector: \"%s\" has no =", term);
		value = op + (op[1] == '=' ? 2 : 1);
		if (op > term && op[-1] == '!') {
			want = false;
			op--;
		}
		*op = '\0';
		pointer = arena_printf(a, "/%s", term);
		for (char *c = pointer; *c != '\0'; c++)
			if (*c == '.')
				*c = '/';
		found = json_at(object, pointer);
		has = json_is_string(found) ? json_string_value(found) : "";
		if ((strcmp(has, value) == 0) != want) {
			*ret = false;
			return NULL;
		}
	}
	*ret = true;
	return NULL;
}

static enum selector_op
selector_op_of(const char *name)
{
	for (size_t k = 0; k < ARRAY_SIZE(ops); k++)
		if (str_eq(name, ops[k]))
			return (enum selector_op)k;
	return SELECTOR_IN;
}

bool
label_selector_is_empty(const struct label_selector *s)
{
	return s->match_labels.n == 0 && s->match_expressions.n == 0;
}

bool
label_selector_matches(const struct label_selector *s, const struct string_map *labels)
{
	for (size_t i = 0; i < s->match_labels.n; i++)
		if (!str_eq(string_map_get(labels, s->match_labels.at[i].key), s->match_labels.at[i].value))
			return false;
	for (size_t i = 0; i < s->match_expressions.n; i++) {
		const struct label_requirement *r = &s->match_expressions.at[i];
		struct requirement q = { r->key, selector_op_of(r->operator), r->values };

		if (!selector_holds(&q, string_map_get(labels, r->key)))
			return false;
	}
	return true;
}

struct term {
	const char *key, *text;
};

static int
selector_by_key(const void *a, const void *b)
{
	return strcmp(((const struct term *)a)->key, ((const struct term *)b)->key);
}

static const char *
selector_requirement_text(struct arena *a, const struct label_requirement *r)
{
	enum selector_op op = selector_op_of(r->operator);
	const char *values = "";

	if (op == SELECTOR_EXISTS || op == SELECTOR_NOT_EXISTS)
		return arena_printf(a, "%s%s", op == SELECTOR_EXISTS ? "" : "!", r->key);
	for (size_t i = 0; i < r->values.n; i++)
		values = arena_printf(a, "%s%s%s", values, i > 0 ? "," : "", r->values.at[i]);
	return arena_printf(a, "%s %s (%s)", r->key, op == SELECTOR_IN ? "in" : "notin", values);
}

const char *
label_selector_text(struct arena *a, const struct label_selector *s)
{
	size_t n = s->match_labels.n, all = n + s->match_expressions.n;
	struct term *terms = arena_new_array(a, struct term, all);
	const char *text = "";

	for (size_t i = 0; i < n; i++)
		terms[i] = (struct term){ s->match_labels.at[i].key,
			arena_printf(a, "%s=%s", s->match_labels.at[i].key, s->match_labels.at[i].value) };
	for (size_t i = n; i < all; i++)
		terms[i] = (struct term){ s->match_expressions.at[i - n].key,
			selector_requirement_text(a, &s->match_expressions.at[i - n]) };
	qsort(terms, all, sizeof(*terms), selector_by_key);
	for (size_t i = 0; i < all; i++)
		text = i > 0 ? arena_printf(a, "%s,%s", text, terms[i].text) : terms[i].text;
	return text;
}

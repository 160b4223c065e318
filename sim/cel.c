/* sim/cel.c: validation rules of our CRDs (CEL): a recursive descent over a rule, no deeper than its parentheses. */
#include "sim/cel.h"
#include <assert.h>
#include <string.h>
#include "base/str.h"

struct reading {
	const char *at;
	const json_t *self;
};

static bool read_or(struct reading *);

static void
skip_spaces(struct reading *r)
{
	while (*r->at == ' ')
		r->at++;
}

/* Takes the text, if it is next. */
static bool
cel_take(struct reading *r, const char *text)
{
	skip_spaces(r);
	if (!str_starts(r->at, text))
		return false;
	r->at += strlen(text);
	return true;
}

/* The field that is named next; NULL: it is absent. */
static const json_t *
read_field(struct reading *r)
{
	size_t n = strspn(r->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	const json_t *v;
	char name[100];

	assert(n > 0 && n < sizeof(name));
	memcpy(name, r->at, n);
	name[n] = '\0';
	r->at += n;
	v = json_object_get(r->self, name);
	return v;
}

/* A sum of (TERM ? 1 : 0), of which the first is read, and what it is compared with. */
static bool
read_count(struct reading *r, bool first)
{
	int n = first;
	bool v = true;

	while (cel_take(r, "+ (")) {
		n += read_or(r);
		v &= cel_take(r, "? 1 : 0)");
	}
	return cel_take(r, "<= 1") ? v && n <= 1 : cel_take(r, "== 1") && v && n == 1;
}

static bool
read_primary(struct reading *r)
{
	const json_t *a, *b;
	bool v;

	if (cel_take(r, "!"))
		return !read_primary(r);
	if (cel_take(r, "(")) {
		v = read_or(r);
		if (cel_take(r, "? 1 : 0)"))
			return read_count(r, v);
		v &= cel_take(r, ")");
		return v;
	}
	if (cel_take(r, "has(self.")) {
		v = read_field(r) != NULL;
		return cel_take(r, ")") && v;
	}
	v = cel_take(r, "self.");
	assert(v);
	a = read_field(r);
	if (!cel_take(r, "!= self."))
		return json_is_true(a);
	b = read_field(r);
	return !json_equal(a, b);
}

static bool
read_and(struct reading *r)
{
	bool v = read_primary(r);

	while (cel_take(r, "&&"))
		v &= read_primary(r);
	return v;
}

static bool
read_or(struct reading *r)
{
	bool v = read_and(r);

	while (cel_take(r, "||"))
		v |= read_and(r);
	return v;
}

bool
cel_holds(const char *rule, const json_t *self)
{
	struct reading r = { rule, self };
	bool v = read_or(&r);

	skip_spaces(&r);
	assert(*r.at == '\0');
	return v;
}

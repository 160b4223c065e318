/* gitops/render/substitute.c: variable substitution ${VAR} of Flux's envsubst, in a text: one walk that parses and
 * evaluates. Objects: flux/post_build.c. */
#include "gitops/render/substitute.h"
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "base/json.h"
#include "base/utf8.h"
#include "base/str.h"
#include "gitops/render/trim.h"

#define SUBSTITUTE_DEPTH_MAX 8 /* ${a:-${b:-…}} */
#define SUBSTITUTE_SHOWN 40 /* bytes of what is wrong, in errors */
#define OPERANDS_MAX 2

struct substitution {
	struct arena *arena;
	const struct substitute_variables *variables;
	const char *at; /* the text that is not read yet */
	const char *start; /* of the outermost variable, for errors */
	struct err *err;
	int depth;
};

/* The text between a variable's name and its closing brace. */
struct substitute_call {
	const char *name, *op;
	const char *operands[OPERANDS_MAX];
	size_t n;
};

static const char *substitute_call(struct substitution *);

bool
substitute_is_name(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n > 0 && s[n] == '\0' && !isdigit((unsigned char)s[0]);
}

static const char *
substitute_fail(struct substitution *s, const char *what)
{
	const char *end = s->start;

	while (*end != '\0' && end - s->start < SUBSTITUTE_SHOWN)
		utf8_next(&end);
	if (s->err == NULL)
		s->err = err_new(s->arena, ERR_INVALID, "%.*s: %s", (int)(end - s->start), s->start, what);
	return "";
}

/* Returns whether the character may be in a name: letters of any alphabet, digits and underscores. */
static bool
substitute_in_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static const char *
substitute_name(struct substitution *s)
{
	const char *from = s->at;

	while (substitute_in_name(*s->at))
		s->at++;
	return s->at > from ? arena_strndup(s->arena, from, (size_t)(s->at - from))
			    : substitute_fail(s, "unable to parse variable name");
}

static void
substitute_close(struct substitution *s, const char *what)
{
	if (*s->at == '}')
		s->at++;
	else
		substitute_fail(s, what);
}

/* Text up to one of `stop`, or to another variable; or else another variable. It may not be empty. `escaped`: what a
 * backslash, or a second dollar, stands before is text. */
static const char *
substitute_operand(struct substitution *s, const char *stop, bool escaped)
{
	const char *from = s->at;
	char *out, *to;

	if (str_starts(s->at, "${")) {
		s->at += 2;
		return substitute_call(s);
	}
	out = to = arena_alloc(s->arena, strlen(s->at) + 1);
	while (*s->at != '\0' && !str_starts(s->at, "${")) {
		char next = s->at[1];

		if (escaped && ((*s->at == '$' && next == '$') || (*s->at == '\\' && (next == '/' || next == '\\'))))
			s->at++;
		else if (strchr(stop, *s->at) != NULL)
			break;
		*to++ = *s->at++;
	}
	*to = '\0';
	return s->at > from ? out : substitute_fail(s, "unable to parse substitution within function");
}

static void
substitute_add(struct substitution *s, struct substitute_call *c, const char *stop, bool escaped)
{
	if (s->err == NULL)
		c->operands[c->n++] = substitute_operand(s, stop, escaped);
}

/* The operator: that many of the bytes that come next. */
static void
substitute_operator(struct substitution *s, struct substitute_call *c, size_t n)
{
	c->op = arena_strndup(s->arena, s->at, n);
	s->at += n;
}

/* Reads ${v:-text}: the text is everything up to the brace, in as many parts as there are. */
static void
substitute_read_default(struct substitution *s, struct substitute_call *c)
{
	struct str text;

	str_init(&text, SUBSTITUTE_MAX);
	while (*s->at != '}' && s->err == NULL)
		str_adds(&text, substitute_operand(s, "}", false));
	c->operands[c->n++] = arena_strdup(s->arena, str_text(&text));
	str_done(&text);
	substitute_close(s, "bad substitution");
}

/* Reads ${v:from} or ${v:from:length}. Flux's parser fails if a character of several bytes comes first. */
static void
substitute_read_part(struct substitution *s, struct substitute_call *c)
{
	if ((unsigned char)*s->at >= 0x80)
		substitute_fail(s, "bad substitution");
	substitute_add(s, c, ":}", false);
	if (*s->at == ':') {
		s->at += strspn(s->at, ":");
		substitute_add(s, c, "}", false);
	}
	substitute_close(s, "bad substitution");
}

/* Reads ${v/from/to}. A pattern may contain a brace, and may be empty if a slash follows at once. */
static void
substitute_read_replace(struct substitution *s, struct substitute_call *c)
{
	if (*s->at == '/')
		c->operands[c->n++] = "";
	else
		substitute_add(s, c, "/", true);
	if (*s->at != '/')
		substitute_fail(s, "bad substitution");
	s->at += strspn(s->at, "/");
	if (*s->at != '}')
		substitute_add(s, c, "}", true);
	substitute_close(s, "bad substitution");
}

/* How many of the bytes that come next are among these, at most two. */
static size_t
substitute_span(const struct substitution *s, const char *these)
{
	size_t n = strspn(s->at, these);

	return n > 2 ? 2 : n;
}

static void
substitute_read_rest(struct substitution *s, struct substitute_call *c)
{
	char next = *s->at != '\0' ? s->at[1] : '\0';

	switch (*s->at) {
	case ':':
	case '=':
		if (*s->at == '=' || (next != '\0' && strchr("=-?+", next) != NULL)) {
			substitute_operator(s, c, *s->at == '=' ? 1 : 2);
			substitute_read_default(s, c);
		} else {
			substitute_operator(s, c, 1);
			substitute_read_part(s, c);
		}
		break;
	case ',':
	case '^':
		substitute_operator(s, c, substitute_span(s, ",^"));
		substitute_close(s, "bad substitution");
		break;
	case '#':
	case '%':
		substitute_operator(s, c, substitute_span(s, (char[]){ *s->at, '\0' }));
		substitute_add(s, c, "}", false);
		substitute_close(s, "bad substitution");
		break;
	case '/':
		substitute_operator(s, c, next != '\0' && strchr("/#%", next) != NULL ? 2 : 1);
		substitute_read_replace(s, c);
		break;
	default: c->op = ""; substitute_close(s, "missing closing brace");
	}
}

/* Reads a number as Go's strconv.Atoi does. Returns false if it is not one. */
static bool
substitute_number(const char *s, long long *ret)
{
	char *end;

	if (!isdigit((unsigned char)s[*s == '-' || *s == '+']))
		return false;
	errno = 0;
	*ret = strtoll(s, &end, 10);
	return errno == 0 && *end == '\0';
}

/* Returns the value unchanged if an offset is not a number. Offsets count bytes; negative ones count from the end. */
static const char *
substitute_part(struct arena *a, const char *value, const struct substitute_call *c)
{
	long long from, length, n = (long long)strlen(value);

	if (!substitute_number(c->operands[0], &from) || (c->n > 1 && !substitute_number(c->operands[1], &length)))
		return value;
	from = from < 0 ? (from < -n ? 0 : from + n) : from;
	if (from >= n)
		return "";
	if (c->n < 2 || length >= n - from)
		return value + from;
	if (length < 0)
		length = length < from - n ? 0 : length + n - from;
	return arena_strndup(a, value + from, (size_t)length);
}

/* An empty pattern is found before every character, and at the end. */
static const char *
substitute_between(struct substitution *s, const char *value, const char *by)
{
	struct str out;
	const char *text;

	str_init(&out, SUBSTITUTE_MAX);
	str_adds(&out, by);
	while (*value != '\0') {
		const char *from = value;

		utf8_next(&value);
		str_add(&out, from, (size_t)(value - from));
		str_adds(&out, by);
	}
	text = out.overflow ? substitute_fail(s, "the text is too long") : arena_strdup(s->arena, str_text(&out));
	str_done(&out);
	return text;
}

/* Applies /from/to: it replaces the first match, all matches (//), or only one at the beginning (/#) or at the end
 * (/%), which need both texts. */
static const char *
substitute_replace(struct substitution *s, const char *value, const struct substitute_call *c)
{
	const char *from = c->operands[0], *to = c->n > 1 ? c->operands[1] : "", *at = strstr(value, from);
	size_t n = strlen(from), len = strlen(value);
	char where = c->op[1];

	if ((where == '#' || where == '%') && c->n < 2)
		return value;
	if (where == '#')
		at = str_starts(value, from) ? value : NULL;
	else if (where == '%')
		at = str_ends(value, from) ? value + len - n : NULL;
	if (at == NULL)
		return value;
	if (where == '/')
		return n == 0 ? substitute_between(s, value, to) : str_replace(s->arena, value, from, to);
	return arena_printf(s->arena, "%.*s%s%s", (int)(at - value), value, to, at + n);
}

static bool
substitute_has_default(const struct substitute_call *c)
{
	return c->op[0] == '=' || (c->op[0] == ':' && c->op[1] != '\0');
}

static const char *
substitute_evaluate(struct substitution *s, const struct substitute_call *c)
{
	const char *value = string_map_get(&s->variables->map, c->name), *op = c->op;
	const char *trimmed = NULL;
	bool twice = op[0] != '\0' && op[0] == op[1];

	if (value == NULL && s->variables->strict && !substitute_has_default(c)) {
		s->err = err_new(s->arena, ERR_INVALID, "variable not set (strict mode): \"%s\"", c->name);
		return "";
	}
	value = value != NULL ? value : "";
	switch (op[0]) {
	case '#':
		if (c->n == 0)
			return arena_printf(s->arena, "%zu", strlen(value));
		trimmed = trim_start(value, c->operands[0], twice);
		break;
	case '%': trimmed = trim_end(s->arena, value, c->operands[0], twice); break;
	case '/': return substitute_replace(s, value, c);
	case '^':
	case ',':
		/* One of each is no operator, and changes nothing. */
		return op[1] != '\0' && !twice ? value : utf8_cased(s->arena, value, op[0] == '^', twice);
	case '\0': return value;
	case ':':
		if (!substitute_has_default(c))
			return substitute_part(s->arena, value, c);
		return value[0] != '\0' ? value : c->operands[0];
	default: return value[0] != '\0' ? value : c->operands[0];
	}
	return trimmed != NULL ? trimmed : substitute_fail(s, "the value is too long to be trimmed");
}

/* The value of the variable whose "${" has been read. */
static const char *
substitute_call(struct substitution *s)
{
	struct substitute_call c = { .op = "", .operands = { "", "" } };
	const char *value;

	if (++s->depth > SUBSTITUTE_DEPTH_MAX)
		return substitute_fail(
		    s, arena_printf(s->arena, "variables in variables, more than %d deep", SUBSTITUTE_DEPTH_MAX));
	if (*s->at == '#') {
		substitute_operator(s, &c, 1);
		c.name = substitute_name(s);
		substitute_close(s, "bad substitution");
	} else {
		c.name = substitute_name(s);
		if (s->err == NULL)
			substitute_read_rest(s, &c);
	}
	value = s->err == NULL ? substitute_evaluate(s, &c) : "";
	s->depth--;
	return value;
}

/* Returns whether the text is UTF-8: parts of values are counted in bytes. */
static bool
substitute_is_text(const char *s)
{
	_cleanup_(json_decrefp) json_t *text = json_string(s);

	return text != NULL;
}

struct err *
substitute(struct arena *a, const char *text, const struct substitute_variables *variables, const char **ret)
{
	struct substitution s = { .arena = a, .variables = variables, .at = text };
	struct str out;

	str_init(&out, SUBSTITUTE_MAX);
	while (*s.at != '\0' && s.err == NULL) {
		if (str_starts(s.at, "$$")) {
			str_addc(&out, '$');
			s.at += 2;
		} else if (str_starts(s.at, "${")) {
			s.start = s.at;
			s.at += 2;
			str_adds(&out, substitute_call(&s));
		} else {
			str_addc(&out, *s.at++);
		}
	}
	if (s.err == NULL && !substitute_is_text(str_text(&out)))
		s.err = err_new(a, ERR_INVALID, "a part of a value ends within a character");
	if (s.err == NULL && out.overflow)
		s.err = err_new(a, ERR_INVALID, "an object with its variables is more than %u bytes", SUBSTITUTE_MAX);
	if (s.err == NULL)
		*ret = arena_strdup(a, str_text(&out));
	str_done(&out);
	return s.err;
}

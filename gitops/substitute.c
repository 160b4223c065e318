/* gitops/substitute.c: from one brace to the other. */
#include "gitops/substitute.h"
#include <ctype.h>
#include <string.h>
#include "base/glob.h"
#include "base/str.h"

#define DEPTH_MAX 8 /* ${a:-${b:-…}} */

struct replacing {
	struct arena *arena;
	const struct string_map *variables;
	struct str *to;
	struct err *err;
};

static void replace_all(struct replacing *, const char *text, size_t n, int depth);

bool
substitute_is_name(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n > 0 && s[n] == '\0' && !isdigit((unsigned char)s[0]);
}

/* What stands behind a name may have variables too: its text, in the arena. */
static const char *
inner(struct replacing *r, const char *text, size_t n, int depth)
{
	struct str out, *outer = r->to;
	const char *result;

	str_init(&out, SUBSTITUTE_MAX);
	r->to = &out;
	replace_all(r, text, n, depth + 1);
	r->to = outer;
	result = arena_strdup(r->arena, str_text(&out));
	str_done(&out);
	return result;
}

/* Without the shortest, or longest, beginning or end that the glob matches. */
static const char *
trimmed(struct arena *a, const char *value, const char *glob, bool end, bool longest)
{
	size_t n = strlen(value);

	for (size_t i = 0; i <= n; i++) {
		size_t cut = longest ? n - i : i;

		if (end ? glob_match(glob, value + n - cut) : glob_match(glob, arena_strndup(a, value, cut)))
			return end ? arena_strndup(a, value, n - cut) : value + cut;
	}
	return value;
}

/* /from/to: the first, all (//), at the beginning (/#) or at the end (/%). */
static const char *
exchanged(struct arena *a, const char *value, const char *said)
{
	bool all = said[0] == '/', start = said[0] == '#', end = said[0] == '%';
	const char *from = said + (all || start || end), *slash = strchr(from, '/'),
		   *to = slash != NULL ? slash + 1 : "", *at;
	const char *what = slash != NULL ? arena_strndup(a, from, (size_t)(slash - from)) : from;
	size_t n = strlen(what), len = strlen(value);

	if (n == 0)
		return value;
	if (all)
		return str_replace(a, value, what, to);
	if (start)
		return strncmp(value, what, n) == 0 ? arena_printf(a, "%s%s", to, value + n) : value;
	if (end)
		return str_ends(value, what) ? arena_printf(a, "%.*s%s", (int)(len - n), value, to) : value;
	at = strstr(value, what);
	return at != NULL ? arena_printf(a, "%.*s%s%s", (int)(at - value), value, to, at + n) : value;
}

static const char *
cased(struct arena *a, const char *value, bool upper, bool all)
{
	char *copy = arena_strdup(a, value);

	for (char *c = copy; *c != '\0'; c++) {
		*c = (char)(upper ? toupper((unsigned char)*c) : tolower((unsigned char)*c));
		if (!all)
			break;
	}
	return copy;
}

static const char *
part(struct arena *a, const char *value, const char *said)
{
	const char *colon = strchr(said, ':');
	long long from, n;
	size_t len = strlen(value);

	if (!str_int(colon != NULL ? arena_strndup(a, said, (size_t)(colon - said)) : said, 0, INT32_MAX, &from) ||
	    (colon != NULL && !str_int(colon + 1, 0, INT32_MAX, &n)))
		return NULL;
	if ((size_t)from > len)
		return "";
	return colon != NULL && (size_t)n < len - (size_t)from ? arena_strndup(a, value + from, (size_t)n)
							       : value + from;
}

/* The value of what stands between the braces. */
static const char *
value_of(struct replacing *r, const char *text, size_t n, int depth)
{
	bool length = n > 0 && text[0] == '#';
	const char *name, *rest, *value, *operand;
	size_t k = length;

	while (k < n && (isalnum((unsigned char)text[k]) || text[k] == '_'))
		k++;
	name = arena_strndup(r->arena, text + length, k - length);
	rest = arena_strndup(r->arena, text + k, n - k);
	value = string_map_get(r->variables, name);
	if (name[0] == '\0') {
		r->err = err_new(r->arena, ERR_INVALID, "${%.*s}: no variable is named", (int)n, text);
		return "";
	}
	if (length && rest[0] == '\0')
		return arena_printf(r->arena, "%zu", value != NULL ? strlen(value) : 0);
	if (rest[0] == '\0')
		return value != NULL ? value : "";
	operand = strncmp(rest, ":-", 2) == 0 || strncmp(rest, ":=", 2) == 0 ? rest + 2 : rest + 1;
	operand = inner(r, operand, strlen(operand), depth);
	switch (rest[0]) {
	case '-':
	case '=': return value != NULL ? value : operand;
	case ':':
		if (rest[1] == '-' || rest[1] == '=')
			return str_empty(value) ? operand : value;
		if ((value = part(r->arena, value != NULL ? value : "", operand)) != NULL)
			return value;
		break;
	case '#':
		return trimmed(r->arena, value != NULL ? value : "", rest[1] == '#' ? operand + 1 : operand, false,
		    rest[1] == '#');
	case '%':
		return trimmed(
		    r->arena, value != NULL ? value : "", rest[1] == '%' ? operand + 1 : operand, true, rest[1] == '%');
	case '/': return exchanged(r->arena, value != NULL ? value : "", operand);
	case '^': return cased(r->arena, value != NULL ? value : "", true, rest[1] == '^');
	case ',': return cased(r->arena, value != NULL ? value : "", false, rest[1] == ',');
	default: break;
	}
	r->err = err_new(r->arena, ERR_INVALID, "${%.*s}: \"%s\" is not built", (int)n, text, rest);
	return "";
}

/* The brace that closes the one before `at`, or NULL. */
static const char *
closing(const char *at, const char *end)
{
	int depth = 1;

	for (; at < end; at++) {
		if (*at == '$' && at + 1 < end && at[1] == '{') {
			depth++;
			at++;
		} else if (*at == '}' && --depth == 0) {
			return at;
		}
	}
	return NULL;
}

static void
replace_all(struct replacing *r, const char *text, size_t n, int depth)
{
	const char *end = text + n;

	if (depth > DEPTH_MAX && r->err == NULL)
		r->err = err_new(r->arena, ERR_INVALID, "variables in variables, more than %d deep", DEPTH_MAX);
	for (const char *at = text; at < end && r->err == NULL;) {
		const char *close;

		if (end - at >= 3 && strncmp(at, "$${", 3) == 0) {
			str_adds(r->to, "${");
			at += 3;
			continue;
		}
		if (end - at < 2 || strncmp(at, "${", 2) != 0) {
			str_addc(r->to, *at++);
			continue;
		}
		close = closing(at + 2, end);
		if (close == NULL) {
			r->err = err_new(r->arena, ERR_INVALID, "%.20s: a variable is not closed", at);
			return;
		}
		str_adds(r->to, value_of(r, at + 2, (size_t)(close - at - 2), depth));
		at = close + 1;
	}
}

struct err *
substitute(struct arena *a, const char *text, const struct string_map *variables, const char **ret)
{
	struct str out;
	struct replacing r = { a, variables, &out, NULL };

	str_init(&out, SUBSTITUTE_MAX);
	replace_all(&r, text, strlen(text), 0);
	if (r.err == NULL && out.overflow)
		r.err = err_new(a, ERR_INVALID, "an object with its variables is more than %u bytes", SUBSTITUTE_MAX);
	if (r.err == NULL)
		*ret = arena_strdup(a, str_text(&out));
	str_done(&out);
	return r.err;
}

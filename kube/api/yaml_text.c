/* kube/api/yaml_text.c: JSON to YAML: scalars are written in the style that kustomize and kubectl (go-yaml 2)
 * choose. Long lines are not folded, so that texts compare equal; a text with variables has no quotes where Flux
 * writes none. */
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "kube/api/yaml.h"

#define TEXT_MAX (16u << 20)
#define SIMPLE_KEY_MAX 1000 /* bytes; a longer key is written after "? " */

/* The next character. The text is valid UTF-8, as jansson keeps nothing else. */
static unsigned
text_next(const char **s)
{
	const unsigned char *at = (const unsigned char *)*s;
	unsigned c = at[0], n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	c = n == 1 ? c : c & (0xffu >> (n + 1));
	for (unsigned i = 1; i < n; i++)
		c = c << 6 | (at[i] & 0x3f);
	*s += n;
	return c;
}

/* Returns whether the character needs an escape in double quotes. Line ends other than \n are escaped, as readers
 * convert them to \n. */
static bool
text_is_special(unsigned c)
{
	return c != '\n' &&
	       (c < 0x20 || (c > 0x7e && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff || c >= 0xfffe);
}

static bool
text_is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\0';
}

/* Returns whether the text needs no quotes after "key: " or "- ": it is neither another value nor YAML syntax. */
static bool
text_is_bare(const char *s)
{
	if (strncmp(s, "---", 3) == 0 || strncmp(s, "...", 3) == 0 || strcmp(s, "<<") == 0)
		return false;
	if (strchr("#,[]{}&*!|>'\"%@`", s[0]) != NULL || (strchr("?:-", s[0]) != NULL && text_is_blank(s[1])))
		return false;
	for (const char *at = s; *at != '\0'; at++)
		if ((*at == ':' && text_is_blank(at[1])) || (*at == '#' && at > s && at[-1] == ' '))
			return false;
	return true;
}

/* Returns whether some YAML reader would take the text for a number, a time, a boolean or null. */
static bool
text_is_value(const char *s)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *v = yaml_plain(a, s, YAML_KUBERNETES);
	const char *at = s + (*s == '-' || *s == '+');

	/* Numbers of base 60, and those that JSON cannot express, are numbers to other readers. */
	return v != NULL ||
	       (strchr(s, ':') != NULL && at[0] >= '0' && at[0] <= '9' && strspn(at, "0123456789:._") == strlen(at)) ||
	       (at[0] == '.' && (strcasecmp(at, ".inf") == 0 || strcasecmp(at, ".nan") == 0));
}

enum yaml_style
yaml_style(const char *s)
{
	const size_t n = strlen(s);
	bool lines = strchr(s, '\n') != NULL,
	     spaces_end_a_line = strstr(s, " \n") != NULL || (n > 0 && s[n - 1] == ' ');

	for (const char *at = s; *at != '\0';)
		if (text_is_special(text_next(&at)))
			return YAML_DOUBLE;
	if (lines)
		return spaces_end_a_line ? YAML_DOUBLE : YAML_LITERAL;
	if (text_is_value(s))
		return YAML_DOUBLE;
	return s[0] != ' ' && !spaces_end_a_line && text_is_bare(s) ? YAML_BARE : YAML_SINGLE;
}

static void
text_quote(struct str *to, const char *s)
{
	static const char escaped[] = "\a\b\t\n\v\f\r\033\"\\", as[] = "abtnvfre\"\\";

	str_addc(to, '"');
	while (*s != '\0') {
		const char *from = s, *known = strchr(escaped, *s);
		unsigned c = text_next(&s);

		if (known != NULL)
			str_addf(to, "\\%c", as[known - escaped]);
		else if (!text_is_special(c))
			str_add(to, from, (size_t)(s - from));
		else
			str_addf(to, c < 0x100 ? "\\x%02X" : c < 0x10000 ? "\\u%04X" : "\\U%08X", c);
	}
	str_addc(to, '"');
}

static void
text_single(struct str *to, const char *s)
{
	str_addc(to, '\'');
	for (; *s != '\0'; s++)
		str_adds(to, *s == '\'' ? "''" : (char[]){ *s, '\0' });
	str_addc(to, '\'');
}

/* A literal block, "|": its lines are indented by `indent`, and the last one has no line end. A first line that is
 * indented or empty needs an indentation indicator. */
static void
text_literal(struct str *to, const char *s, int indent)
{
	size_t n = strlen(s);
	bool ends = n > 0 && s[n - 1] == '\n', ends_twice = n > 1 && ends && s[n - 2] == '\n';

	str_addf(to, "|%s%s", s[0] == ' ' || s[0] == '\n' ? "2" : "", !ends ? "-" : ends_twice || n == 1 ? "+" : "");
	while (*s != '\0') {
		size_t line = strcspn(s, "\n");

		str_addc(to, '\n');
		if (line > 0)
			str_addf(to, "%*s%.*s", indent, "", (int)line, s);
		s += line;
		/* The caller writes the line end of the last line. */
		if (*s == '\n' && s[1] == '\0' && line > 0)
			break;
		s += *s == '\n';
	}
}

/* Returns a number as Go prints it: the fewest digits that read back as the same number, and an exponent from a
 * million on. */
static const char *
text_real(struct arena *a, double d)
{
	const char *text = "", *exponent;
	int digits = 1;
	long e;

	for (; digits <= 17; digits++) {
		text = arena_printf(a, "%.*e", digits - 1, d);
		if (strtod(text, NULL) == d)
			break;
	}
	exponent = strchr(text, 'e');
	e = exponent != NULL ? strtol(exponent + 1, NULL, 10) : 0;
	return e < -4 || e >= 6 ? text : arena_printf(a, "%.*f", digits - 1 > e ? digits - 1 - (int)e : 0, d);
}

/* `indent`: of the lines of a literal block; -1: a block is not possible, as the text is a key. */
static void
text_scalar(struct str *to, const json_t *v, int indent)
{
	_cleanup_(arena_freep) struct arena *a = NULL;
	const char *s = json_string_value(v);
	enum yaml_style style = s != NULL ? yaml_style(s) : YAML_BARE;

	if (s == NULL) {
		a = arena_new();
		str_adds(to, json_is_real(v) ? text_real(a, json_real_value(v)) : json_text_go(a, v));
		return;
	}
	if (style == YAML_LITERAL && indent < 0)
		style = YAML_DOUBLE;
	switch (style) {
	case YAML_BARE: str_adds(to, s); break;
	case YAML_SINGLE: text_single(to, s); break;
	case YAML_DOUBLE: text_quote(to, s); break;
	case YAML_LITERAL: text_literal(to, s, indent); break;
	}
}

static void text_put(struct str *, const json_t *, int indent, bool inline_first);

static bool
text_is_block(const json_t *v)
{
	return (json_is_object(v) && json_object_size(v) > 0) || (json_is_array(v) && json_array_size(v) > 0);
}

static void
text_field(struct str *to, const char *key, const json_t *v, int indent)
{
	_cleanup_(json_decrefp) json_t *name = json_string(key);
	bool simple = strlen(key) <= SIMPLE_KEY_MAX;

	str_adds(to, simple ? "" : "? ");
	text_scalar(to, name, -1);
	if (!simple)
		str_addf(to, "\n%*s", indent, "");
	str_addc(to, ':');
	if (text_is_block(v)) {
		str_addc(to, '\n');
		text_put(to, v, indent + (json_is_array(v) ? 0 : 2), false);
	} else {
		str_addc(to, ' ');
		text_scalar(to, v, indent + 2);
		str_addc(to, '\n');
	}
}

static void
text_put(struct str *to, const json_t *v, int indent, bool inline_first)
{
	const char *key;
	json_t *e;
	size_t i;

	if (!text_is_block(v)) {
		text_scalar(to, v, indent);
		str_addc(to, '\n');
		return;
	}
	json_object_foreach ((json_t *)v, key, e) {
		str_addf(to, "%*s", inline_first ? 0 : indent, "");
		inline_first = false;
		text_field(to, key, e, indent);
	}
	json_array_foreach (v, i, e) {
		str_addf(to, "%*s- ", inline_first ? 0 : indent, "");
		inline_first = false;
		text_put(to, e, indent + 2, true);
	}
}

char *
yaml_text(struct arena *a, const json_t *v)
{
	struct str s;
	char *text;

	str_init(&s, TEXT_MAX);
	text_put(&s, v, 0, false);
	text = arena_strdup(a, str_text(&s));
	str_done(&s);
	return text;
}

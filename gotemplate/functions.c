/* gotemplate/functions.c: functions of notification templates: one row each, Go's own and the common ones of sprig. */
#include "gotemplate/functions.h"
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/base64.h"
#include "base/str.h"
#include "gotemplate/eval.h"
#include "gotemplate/parse.h"
#include "gotemplate/template.h"

#define ANY ARGS_MAX + 1
#define REPEAT_MAX 10000

typedef const json_t *const *arguments;

static const json_t *
functions_string(struct run *r, const char *s)
{
	json_t *j = json_string(s);

	return j != NULL ? run_keep(r, j) : run_fail(r, "what it makes is no UTF-8");
}

static const json_t *
functions_boolean(struct run *r, bool b)
{
	return run_keep(r, json_boolean(b));
}

static const json_t *
functions_integer(struct run *r, int64_t i)
{
	return run_keep(r, json_integer(i));
}

/* Returns the text of the buffer as a value, and frees the buffer. */
static const json_t *
functions_take_text(struct run *r, struct str *s)
{
	const json_t *v = s->overflow ? run_fail(r, "what it makes is too long") : functions_string(r, str_text(s));

	str_done(s);
	return v;
}

static bool
functions_numbers(struct run *r, arguments a, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!json_is_number(a[i])) {
			run_fail(r, "\"%s\" is no number", text_of(r, a[i]));
			return false;
		}
	return true;
}

static const json_t *
f_and(struct run *r, arguments a, size_t n)
{
	(void)r;
	for (size_t i = 0; i + 1 < n; i++)
		if (!truth_of(a[i]))
			return a[i];
	return a[n - 1];
}

static const json_t *
f_or(struct run *r, arguments a, size_t n)
{
	(void)r;
	for (size_t i = 0; i + 1 < n; i++)
		if (truth_of(a[i]))
			return a[i];
	return a[n - 1];
}

static const json_t *
f_not(struct run *r, arguments a, size_t n)
{
	(void)n;
	return functions_boolean(r, !truth_of(a[0]));
}

static bool
functions_equal(const json_t *a, const json_t *b)
{
	if (a == NULL || b == NULL)
		return (a == NULL || json_is_null(a)) && (b == NULL || json_is_null(b));
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	return json_equal(a, b);
}

static const json_t *
f_eq(struct run *r, arguments a, size_t n)
{
	bool found = false;

	for (size_t i = 1; i < n; i++)
		found |= functions_equal(a[0], a[i]);
	return functions_boolean(r, found);
}

static const json_t *
f_ne(struct run *r, arguments a, size_t n)
{
	(void)n;
	return functions_boolean(r, !functions_equal(a[0], a[1]));
}

/* Compares two numbers or two strings. Returns -1, 0 or 1. */
static int
functions_compare(struct run *r, arguments a)
{
	int c;

	if (json_is_string(a[0]) && json_is_string(a[1])) {
		c = strcmp(json_string_value(a[0]), json_string_value(a[1]));
		return (c > 0) - (c < 0);
	}
	if (!functions_numbers(r, a, 2))
		return 0;
	return (json_number_value(a[0]) > json_number_value(a[1])) -
	       (json_number_value(a[0]) < json_number_value(a[1]));
}

static const json_t *
f_lt(struct run *r, arguments a, size_t n)
{
	(void)n;
	return functions_boolean(r, functions_compare(r, a) < 0);
}

static const json_t *
f_le(struct run *r, arguments a, size_t n)
{
	(void)n;
	return functions_boolean(r, functions_compare(r, a) <= 0);
}

static const json_t *
f_gt(struct run *r, arguments a, size_t n)
{
	(void)n;
	return functions_boolean(r, functions_compare(r, a) > 0);
}

static const json_t *
f_ge(struct run *r, arguments a, size_t n)
{
	(void)n;
	return functions_boolean(r, functions_compare(r, a) >= 0);
}

static const json_t *
f_default(struct run *r, arguments a, size_t n)
{
	(void)r;
	return n > 1 && truth_of(a[1]) ? a[1] : a[0];
}

static const json_t *
f_empty(struct run *r, arguments a, size_t n)
{
	return f_not(r, a, n);
}

static const json_t *
f_coalesce(struct run *r, arguments a, size_t n)
{
	(void)r;
	for (size_t i = 0; i < n; i++)
		if (truth_of(a[i]))
			return a[i];
	return NULL;
}

static const json_t *
f_ternary(struct run *r, arguments a, size_t n)
{
	(void)r;
	(void)n;
	return truth_of(a[2]) ? a[0] : a[1];
}

/* The text of Go's fmt, where a missing value is <nil>. */
static const char *
functions_print_text(struct run *r, const json_t *v)
{
	return v == NULL || json_is_null(v) ? "<nil>" : text_of(r, v);
}

static const json_t *
f_print(struct run *r, arguments a, size_t n)
{
	struct str s;

	str_init(&s, TEMPLATE_OUTPUT_MAX);
	for (size_t i = 0; i < n; i++) {
		/* Go prints a space between two operands if neither is a string. */
		if (i > 0 && !json_is_string(a[i]) && !json_is_string(a[i - 1]))
			str_addc(&s, ' ');
		str_adds(&s, functions_print_text(r, a[i]));
	}
	return functions_take_text(r, &s);
}

static const json_t *
f_println(struct run *r, arguments a, size_t n)
{
	struct str s;

	str_init(&s, TEMPLATE_OUTPUT_MAX);
	for (size_t i = 0; i < n; i++)
		str_addf(&s, "%s%s", i > 0 ? " " : "", functions_print_text(r, a[i]));
	str_addc(&s, '\n');
	return functions_take_text(r, &s);
}

/* Prints one verb of printf, with its flags, width and precision. */
static void
functions_format_one(struct run *r, struct str *s, const char *spec, char verb, const json_t *v)
{
	char format[48];

	switch (verb) {
	case 's':
	case 'v':
		snprintf(format, sizeof(format), "%s%s", spec, "s");
		str_addf(s, format, functions_print_text(r, v));
		return;
	case 'q':
		snprintf(format, sizeof(format), "%s%s", spec, "s");
		str_addf(s, format, json_quote_go(r->arena, text_of(r, v), strlen(text_of(r, v))));
		return;
	case 't': str_adds(s, truth_of(v) ? "true" : "false"); return;
	case 'd':
	case 'x':
	case 'X':
	case 'o':
		if (json_is_number(v)) {
			snprintf(format, sizeof(format), "%sll%c", spec, verb);
			str_addf(s, format, (long long)int_of_double(json_number_value(v)));
			return;
		}
		break;
	case 'f':
	case 'e':
	case 'g':
		if (json_is_number(v)) {
			snprintf(format, sizeof(format), "%s%c", spec, verb);
			str_addf(s, format, json_number_value(v));
			return;
		}
		break;
	default: break;
	}
	str_addf(s, "%%!%c(%s)", verb, text_of(r, v));
}

static const json_t *
f_printf(struct run *r, arguments a, size_t n)
{
	const char *at = text_of(r, a[0]);
	size_t used = 1;
	struct str s;

	str_init(&s, TEMPLATE_OUTPUT_MAX);
	for (; *at != '\0'; at++) {
		size_t flags = strspn(at + 1, "-+# 0"), width = strspn(at + 1 + flags, "0123456789."),
		       len = flags + width;
		char spec[40];

		if (*at != '%') {
			str_addc(&s, *at);
		} else if (at[1] == '%') {
			str_addc(&s, '%');
			at++;
		} else if (len > 8 || at[1 + len] == '\0') {
			str_addc(&s, '%');
		} else {
			snprintf(spec, sizeof(spec), "%.*s", (int)len + 1, at);
			at += len + 1;
			if (used < n)
				functions_format_one(r, &s, spec, *at, a[used++]);
			else
				str_addf(&s, "%%!%c(MISSING)", *at);
		}
	}
	return functions_take_text(r, &s);
}

static const json_t *
functions_map_text(struct run *r, const json_t *v, int (*map)(int))
{
	char *text = arena_strdup(r->arena, text_of(r, v));

	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x80)
			*c = (char)map((unsigned char)*c);
	return functions_string(r, text);
}

static const json_t *
f_upper(struct run *r, arguments a, size_t n)
{
	(void)n;
	return functions_map_text(r, a[0], toupper);
}

static const json_t *
f_lower(struct run *r, arguments a, size_t n)
{
	(void)n;
	return functions_map_text(r, a[0], tolower);
}

static const json_t *
f_title(struct run *r, arguments a, size_t n)
{
	char *text = arena_strdup(r->arena, text_of(r, a[0]));

	(void)n;
	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x80 && (c == text || isspace((unsigned char)c[-1])))
			*c = (char)toupper((unsigned char)*c);
	return functions_string(r, text);
}

static const json_t *
functions_trimmed(struct run *r, const char *text, const char *what, bool front, bool back)
{
	size_t n;

	if (front)
		text += strspn(text, what);
	n = strlen(text);
	while (back && n > 0 && strchr(what, text[n - 1]) != NULL)
		n--;
	return functions_string(r, arena_strndup(r->arena, text, n));
}

static const json_t *
f_trim(struct run *r, arguments a, size_t n)
{
	(void)n;
	return functions_trimmed(r, text_of(r, a[0]), " \t\r\n\v\f", true, true);
}

static const json_t *
f_trim_all(struct run *r, arguments a, size_t n)
{
	(void)n;
	return functions_trimmed(r, text_of(r, a[1]), text_of(r, a[0]), true, true);
}

static const json_t *
f_trim_prefix(struct run *r, arguments a, size_t n)
{
	const char *what = text_of(r, a[0]), *text = text_of(r, a[1]);

	(void)n;
	return functions_string(r, str_starts(text, what) ? text + strlen(what) : text);
}

static const json_t *
f_trim_suffix(struct run *r, arguments a, size_t n)
{
	const char *what = text_of(r, a[0]), *text = text_of(r, a[1]);

	(void)n;
	return functions_string(
	    r, str_ends(text, what) ? arena_strndup(r->arena, text, strlen(text) - strlen(what)) : text);
}

static const json_t *
f_trunc(struct run *r, arguments a, size_t n)
{
	const char *text = text_of(r, a[1]);
	size_t len = strlen(text);
	json_int_t max = json_integer_value(a[0]);

	(void)n;
	/* A negative number is the length of the end that is kept. */
	if (max < 0)
		return functions_string(r, (size_t)-max < len ? text + len + max : text);
	/* The text is not cut in the middle of a character. */
	for (len = (size_t)max < len ? (size_t)max : len; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
		len--;
	return functions_string(r, arena_strndup(r->arena, text, len));
}

static const json_t *
f_replace(struct run *r, arguments a, size_t n)
{
	const char *what = text_of(r, a[0]), *by = text_of(r, a[1]), *text = text_of(r, a[2]);
	size_t found = 0;

	(void)n;
	if (what[0] == '\0')
		return functions_string(r, text);
	for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
		found++;
	if (found * strlen(by) > TEMPLATE_OUTPUT_MAX)
		return run_fail(r, "what it makes is too long");
	return functions_string(r, str_replace(r->arena, text, what, by));
}

static const json_t *
f_contains(struct run *r, arguments a, size_t n)
{
	(void)n;
	return functions_boolean(r, strstr(text_of(r, a[1]), text_of(r, a[0])) != NULL);
}

static const json_t *
f_has_prefix(struct run *r, arguments a, size_t n)
{
	(void)n;
	return functions_boolean(r, str_starts(text_of(r, a[1]), text_of(r, a[0])));
}

static const json_t *
f_has_suffix(struct run *r, arguments a, size_t n)
{
	(void)n;
	return functions_boolean(r, str_ends(text_of(r, a[1]), text_of(r, a[0])));
}

static const json_t *
f_repeat(struct run *r, arguments a, size_t n)
{
	json_int_t times = json_integer_value(a[0]);
	struct str s;

	(void)n;
	if (times > REPEAT_MAX)
		return run_fail(r, "more than %d times", REPEAT_MAX);
	str_init(&s, TEMPLATE_OUTPUT_MAX);
	while (times-- > 0 && !s.overflow)
		str_adds(&s, text_of(r, a[1]));
	return functions_take_text(r, &s);
}

static const json_t *
functions_indent(struct run *r, arguments a, bool new_line)
{
	json_int_t width = json_integer_value(a[0]);
	struct str s;

	if (width < 0 || width > 200)
		return run_fail(r, "an indent of %" JSON_INTEGER_FORMAT, width);
	str_init(&s, TEMPLATE_OUTPUT_MAX);
	str_addf(&s, "%s%*s", new_line ? "\n" : "", (int)width, "");
	for (const char *c = text_of(r, a[1]); *c != '\0' && !s.overflow; c++) {
		str_addc(&s, *c);
		if (*c == '\n')
			str_addf(&s, "%*s", (int)width, "");
	}
	return functions_take_text(r, &s);
}

static const json_t *
f_indent(struct run *r, arguments a, size_t n)
{
	(void)n;
	return functions_indent(r, a, false);
}

static const json_t *
f_nindent(struct run *r, arguments a, size_t n)
{
	(void)n;
	return functions_indent(r, a, true);
}

static const json_t *
functions_quoted(struct run *r, arguments a, size_t n, const char *mark)
{
	struct str s;

	str_init(&s, TEMPLATE_OUTPUT_MAX);
	for (size_t i = 0; i < n; i++) {
		const char *text = text_of(r, a[i]);

		str_addf(&s, "%s%s%s%s", i > 0 ? " " : "", mark,
		    mark[0] != '\0' ? text : json_quote_go(r->arena, text, strlen(text)), mark);
	}
	return functions_take_text(r, &s);
}

static const json_t *
f_quote(struct run *r, arguments a, size_t n)
{
	return functions_quoted(r, a, n, "");
}

static const json_t *
f_squote(struct run *r, arguments a, size_t n)
{
	return functions_quoted(r, a, n, "'");
}

static const json_t *
functions_escape(struct run *r, arguments a, size_t n, const char *const (*table)[2])
{
	struct str s;

	str_init(&s, TEMPLATE_OUTPUT_MAX);
	for (const char *c = text_of(r, f_print(r, a, n)); *c != '\0'; c++) {
		const char *by = NULL;

		for (size_t i = 0; table[i][0] != NULL; i++)
			if (table[i][0][0] == *c)
				by = table[i][1];
		if (by != NULL)
			str_adds(&s, by);
		else
			str_addc(&s, *c);
	}
	return functions_take_text(r, &s);
}

static const json_t *
f_html(struct run *r, arguments a, size_t n)
{
	static const char *const table[][2] = { { "&", "&amp;" }, { "<", "&lt;" }, { ">", "&gt;" }, { "\"", "&#34;" },
		{ "'", "&#39;" }, { NULL, NULL } };

	return functions_escape(r, a, n, table);
}

static const json_t *
f_js(struct run *r, arguments a, size_t n)
{
	static const char *const table[][2] = { { "\\", "\\\\" }, { "'", "\\'" }, { "\"", "\\\"" }, { "<", "\\u003C" },
		{ ">", "\\u003E" }, { "&", "\\u0026" }, { "=", "\\u003D" }, { "\n", "\\u000A" }, { "\r", "\\u000D" },
		{ "\t", "\\u0009" }, { NULL, NULL } };

	return functions_escape(r, a, n, table);
}

static const json_t *
f_urlquery(struct run *r, arguments a, size_t n)
{
	return functions_string(
	    r, str_replace(r->arena, str_url_escape(r->arena, text_of(r, f_print(r, a, n))), "%20", "+"));
}

static const json_t *
f_b64enc(struct run *r, arguments a, size_t n)
{
	const char *text = text_of(r, a[0]);

	(void)n;
	return functions_string(r, base64_encode(r->arena, text, strlen(text)));
}

static const json_t *
f_b64dec(struct run *r, arguments a, size_t n)
{
	const char *text = base64_decode(r->arena, text_of(r, a[0]), NULL);

	(void)n;
	return text != NULL ? functions_string(r, text) : run_fail(r, "it is no base64");
}

static const json_t *
f_to_string(struct run *r, arguments a, size_t n)
{
	(void)n;
	return functions_string(r, text_of(r, a[0]));
}

static const json_t *
f_to_json(struct run *r, arguments a, size_t n)
{
	_cleanup_(freep) char *text =
	    a[0] != NULL ? json_dumps(a[0], JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;

	(void)n;
	return functions_string(r, text != NULL ? text : "null");
}

static const json_t *
f_to_pretty_json(struct run *r, arguments a, size_t n)
{
	_cleanup_(freep) char *text =
	    a[0] != NULL ? json_dumps(a[0], JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;

	(void)n;
	return functions_string(r, text != NULL ? text : "null");
}

static const json_t *
f_from_json(struct run *r, arguments a, size_t n)
{
	const char *text = text_of(r, a[0]);
	json_t *v = NULL;
	struct err *e = json_parse(r->arena, text, strlen(text), &v);

	(void)n;
	return e == NULL ? run_keep(r, v) : run_fail(r, "%s", err_text(r->arena, e));
}

static const json_t *
f_int(struct run *r, arguments a, size_t n)
{
	long long i = 0;

	(void)n;
	if (json_is_number(a[0]))
		return functions_integer(r, int_of_double(json_number_value(a[0])));
	str_int(text_of(r, a[0]), INT64_MIN, INT64_MAX, &i);
	return functions_integer(r, i);
}

static const json_t *
f_float(struct run *r, arguments a, size_t n)
{
	double d = json_is_number(a[0]) ? json_number_value(a[0]) : strtod(text_of(r, a[0]), NULL);

	(void)n;
	return run_keep(r, json_real(isfinite(d) ? d : 0));
}

enum fold { FOLD_ADD, FOLD_SUB, FOLD_MUL, FOLD_DIV, FOLD_MOD, FOLD_MIN, FOLD_MAX };

/* Returns false on overflow and division by 0. */
static bool
functions_fold_step(enum fold how, int64_t by, int64_t *sum)
{
	switch (how) {
	case FOLD_ADD: return !__builtin_add_overflow(*sum, by, sum);
	case FOLD_SUB: return !__builtin_sub_overflow(*sum, by, sum);
	case FOLD_MUL: return !__builtin_mul_overflow(*sum, by, sum);
	case FOLD_MIN: *sum = by < *sum ? by : *sum; return true;
	case FOLD_MAX: *sum = by > *sum ? by : *sum; return true;
	case FOLD_DIV:
	case FOLD_MOD: break;
	}
	if (by == 0 || (by == -1 && *sum == INT64_MIN))
		return false;
	*sum = how == FOLD_DIV ? *sum / by : *sum % by;
	return true;
}

/* Arithmetic in integers, as in sprig. */
static const json_t *
functions_fold(struct run *r, enum fold how, arguments a, size_t n)
{
	int64_t sum;

	if (!functions_numbers(r, a, n))
		return NULL;
	sum = int_of_double(json_number_value(a[0]));
	for (size_t i = 1; i < n; i++)
		if (!functions_fold_step(how, int_of_double(json_number_value(a[i])), &sum))
			return run_fail(r, "the number is too large, or divided by 0");
	return functions_integer(r, sum);
}

static const json_t *
f_add(struct run *r, arguments a, size_t n)
{
	return functions_fold(r, FOLD_ADD, a, n);
}

static const json_t *
f_sub(struct run *r, arguments a, size_t n)
{
	return functions_fold(r, FOLD_SUB, a, n);
}

static const json_t *
f_mul(struct run *r, arguments a, size_t n)
{
	return functions_fold(r, FOLD_MUL, a, n);
}

static const json_t *
f_div(struct run *r, arguments a, size_t n)
{
	return functions_fold(r, FOLD_DIV, a, n);
}

static const json_t *
f_mod(struct run *r, arguments a, size_t n)
{
	return functions_fold(r, FOLD_MOD, a, n);
}

static const json_t *
f_min(struct run *r, arguments a, size_t n)
{
	return functions_fold(r, FOLD_MIN, a, n);
}

static const json_t *
f_max(struct run *r, arguments a, size_t n)
{
	return functions_fold(r, FOLD_MAX, a, n);
}

static const json_t *
f_len(struct run *r, arguments a, size_t n)
{
	(void)n;
	if (json_is_string(a[0]))
		return functions_integer(r, (int64_t)json_string_length(a[0]));
	if (json_is_array(a[0]))
		return functions_integer(r, (int64_t)json_array_size(a[0]));
	return json_is_object(a[0]) ? functions_integer(r, (int64_t)json_object_size(a[0]))
				    : run_fail(r, "it has no length");
}

static const json_t *
f_index(struct run *r, arguments a, size_t n)
{
	const json_t *v = a[0];

	for (size_t i = 1; i < n; i++) {
		if (json_is_object(v))
			v = json_object_get(v, text_of(r, a[i]));
		else if (!json_is_array(v))
			return run_fail(r, "it is neither list nor map");
		else if (!json_is_integer(a[i]) || json_integer_value(a[i]) < 0 ||
			 (size_t)json_integer_value(a[i]) >= json_array_size(v))
			return run_fail(r, "%s is not in a list of %zu", text_of(r, a[i]), json_array_size(v));
		else
			v = json_array_get(v, (size_t)json_integer_value(a[i]));
	}
	return v;
}

/* The part of a string or list from the first index to before the second, or to the end. */
static const json_t *
f_slice(struct run *r, arguments a, size_t n)
{
	size_t len = json_is_string(a[0]) ? json_string_length(a[0]) : json_array_size(a[0]), bounds[2] = { 0, len };
	json_t *list;

	for (size_t i = 1; i < n; i++) {
		if (!json_is_integer(a[i]) || json_integer_value(a[i]) < 0 || (size_t)json_integer_value(a[i]) > len)
			return run_fail(r, "%s is not within %zu", text_of(r, a[i]), len);
		bounds[i - 1] = (size_t)json_integer_value(a[i]);
	}
	if (bounds[0] > bounds[1] || (!json_is_string(a[0]) && !json_is_array(a[0])))
		return run_fail(r, "it is neither string nor list, or ends before it begins");
	if (json_is_string(a[0]))
		return functions_string(
		    r, arena_strndup(r->arena, json_string_value(a[0]) + bounds[0], bounds[1] - bounds[0]));
	list = json_array();
	for (size_t i = bounds[0]; i < bounds[1]; i++)
		json_array_append(list, json_array_get(a[0], i));
	return run_keep(r, list);
}

static const json_t *
f_first(struct run *r, arguments a, size_t n)
{
	(void)r;
	(void)n;
	return json_array_get(a[0], 0);
}

static const json_t *
f_last(struct run *r, arguments a, size_t n)
{
	(void)r;
	(void)n;
	return json_array_size(a[0]) > 0 ? json_array_get(a[0], json_array_size(a[0]) - 1) : NULL;
}

static const json_t *
f_list(struct run *r, arguments a, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, a[i] != NULL ? json_deep_copy(a[i]) : json_null());
	return run_keep(r, list);
}

static const json_t *
f_dict(struct run *r, arguments a, size_t n)
{
	json_t *map = json_object();

	for (size_t i = 0; i + 1 < n; i += 2)
		json_object_set_new(map, text_of(r, a[i]), a[i + 1] != NULL ? json_deep_copy(a[i + 1]) : json_null());
	return run_keep(r, map);
}

static const json_t *
f_has_key(struct run *r, arguments a, size_t n)
{
	(void)n;
	return functions_boolean(r, json_object_get(a[0], text_of(r, a[1])) != NULL);
}

static const json_t *
f_join(struct run *r, arguments a, size_t n)
{
	struct str s;

	(void)n;
	if (!json_is_array(a[1]))
		return functions_string(r, text_of(r, a[1]));
	str_init(&s, TEMPLATE_OUTPUT_MAX);
	for (size_t i = 0; i < json_array_size(a[1]); i++)
		str_addf(&s, "%s%s", i > 0 ? text_of(r, a[0]) : "", text_of(r, json_array_get(a[1], i)));
	return functions_take_text(r, &s);
}

static const json_t *
f_split_list(struct run *r, arguments a, size_t n)
{
	const char *between = text_of(r, a[0]), *at = text_of(r, a[1]), *next;
	json_t *list = json_array();

	(void)n;
	for (; between[0] != '\0' && (next = strstr(at, between)) != NULL; at = next + strlen(between))
		json_array_append_new(list, json_stringn(at, (size_t)(next - at)));
	json_array_append_new(list, json_string(at));
	return run_keep(r, list);
}

static const struct function functions[] = {
	{ "add", 1, ANY, f_add },
	{ "and", 1, ANY, f_and },
	{ "b64dec", 1, 1, f_b64dec },
	{ "b64enc", 1, 1, f_b64enc },
	{ "coalesce", 1, ANY, f_coalesce },
	{ "contains", 2, 2, f_contains },
	{ "default", 1, 2, f_default },
	{ "dict", 0, ANY, f_dict },
	{ "div", 2, 2, f_div },
	{ "empty", 1, 1, f_empty },
	{ "eq", 2, ANY, f_eq },
	{ "first", 1, 1, f_first },
	{ "float64", 1, 1, f_float },
	{ "fromJson", 1, 1, f_from_json },
	{ "ge", 2, 2, f_ge },
	{ "gt", 2, 2, f_gt },
	{ "hasKey", 2, 2, f_has_key },
	{ "hasPrefix", 2, 2, f_has_prefix },
	{ "hasSuffix", 2, 2, f_has_suffix },
	{ "html", 1, ANY, f_html },
	{ "indent", 2, 2, f_indent },
	{ "index", 1, ANY, f_index },
	{ "int", 1, 1, f_int },
	{ "int64", 1, 1, f_int },
	{ "join", 2, 2, f_join },
	{ "js", 1, ANY, f_js },
	{ "last", 1, 1, f_last },
	{ "le", 2, 2, f_le },
	{ "len", 1, 1, f_len },
	{ "list", 0, ANY, f_list },
	{ "lower", 1, 1, f_lower },
	{ "lt", 2, 2, f_lt },
	{ "max", 1, ANY, f_max },
	{ "min", 1, ANY, f_min },
	{ "mod", 2, 2, f_mod },
	{ "mul", 1, ANY, f_mul },
	{ "ne", 2, 2, f_ne },
	{ "nindent", 2, 2, f_nindent },
	{ "not", 1, 1, f_not },
	{ "or", 1, ANY, f_or },
	{ "print", 0, ANY, f_print },
	{ "printf", 1, ANY, f_printf },
	{ "println", 0, ANY, f_println },
	{ "quote", 1, ANY, f_quote },
	{ "repeat", 2, 2, f_repeat },
	{ "replace", 3, 3, f_replace },
	{ "slice", 1, 3, f_slice },
	{ "splitList", 2, 2, f_split_list },
	{ "squote", 1, ANY, f_squote },
	{ "sub", 2, 2, f_sub },
	{ "ternary", 3, 3, f_ternary },
	{ "title", 1, 1, f_title },
	{ "toJson", 1, 1, f_to_json },
	{ "toPrettyJson", 1, 1, f_to_pretty_json },
	{ "toString", 1, 1, f_to_string },
	{ "trim", 1, 1, f_trim },
	{ "trimAll", 2, 2, f_trim_all },
	{ "trimPrefix", 2, 2, f_trim_prefix },
	{ "trimSuffix", 2, 2, f_trim_suffix },
	{ "trunc", 2, 2, f_trunc },
	{ "upper", 1, 1, f_upper },
	{ "urlquery", 1, ANY, f_urlquery },
};

const struct function *
function_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (strcmp(functions[i].name, name) == 0)
			return &functions[i];
	return NULL;
}

const char *
function_names(struct arena *a)
{
	const char *text = "";

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		text = arena_printf(a, "%s%s%s", text, i > 0 ? ", " : "", functions[i].name);
	return text;
}

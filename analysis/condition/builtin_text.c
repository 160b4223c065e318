/* analysis/condition/builtin_text.c: functions of conditions on strings (trim, split, replace, …): each charges the
 * text that it builds to the limits. */
#include <ctype.h>
#include <string.h>
#include "analysis/condition/builtins.h"
#include "base/base64.h"
#include "base/str.h"

#define REPEAT_MAX 1000000
#define TEXT_MAX (1u << 20) /* bytes of a string that a function builds */

bool
strings_only(struct eval *e, const struct node *n, const struct value *args, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (args[i].kind != VALUE_STRING) {
			eval_fail(e, "%s takes a string, not %s", n->builtin->name, value_kind_name(args[i].kind));
			return false;
		}
	return true;
}

struct value
run_trim(struct eval *e, const struct node *n, struct value *args)
{
	const char *set, *s, *end;
	bool prefix = strcmp(n->builtin->name, "trimPrefix") == 0, suffix = strcmp(n->builtin->name, "trimSuffix") == 0;

	if (!strings_only(e, n, args, n->n))
		return (struct value){ 0 };
	s = args[0].s.at;
	end = s + args[0].s.len;
	set = n->n > 1 ? args[1].s.at : prefix || suffix ? " " : " \t\n\r\v\f";
	if (prefix)
		return value_string(str_starts(s, set) ? s + strlen(set) : s);
	if (suffix)
		return value_string(
		    arena_strndup(e->arena, s, str_ends(s, set) ? args[0].s.len - strlen(set) : args[0].s.len));
	while (s < end && strchr(set, *s) != NULL)
		s++;
	while (end > s && strchr(set, end[-1]) != NULL)
		end--;
	return value_string(arena_strndup(e->arena, s, (size_t)(end - s)));
}

/* The other case of a letter: of ASCII, and of alphabets whose letters have two bytes in UTF-8. */
static unsigned
text_other_case(unsigned c, bool upper)
{
	static const struct {
		unsigned low, high, up; /* the lower-case letters, and the first of the upper-case ones */
	} rows[] = { { 'a', 'z', 'A' }, { 0xe0, 0xf6, 0xc0 }, { 0xf8, 0xfe, 0xd8 }, { 0x3b1, 0x3c1, 0x391 },
		{ 0x3c3, 0x3c9, 0x3a3 }, { 0x430, 0x44f, 0x410 }, { 0x450, 0x45f, 0x400 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned n = rows[i].high - rows[i].low;

		if (upper && c >= rows[i].low && c <= rows[i].high)
			return c - rows[i].low + rows[i].up;
		if (!upper && c >= rows[i].up && c <= rows[i].up + n)
			return c - rows[i].up + rows[i].low;
	}
	/* Latin Extended-A: pairs of neighbors, the upper-case letter first. */
	if ((c >= 0x100 && c <= 0x12f) || (c >= 0x14a && c <= 0x177))
		return upper ? c & ~1u : c | 1u;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
		return upper ? c - !(c & 1) : c + (c & 1);
	return c;
}

struct value
run_case(struct eval *e, const struct node *n, struct value *args)
{
	bool upper = builtin_is(n, "upper");
	unsigned char *s;

	if (!strings_only(e, n, args, 1) || !eval_charge(e, args[0].s.len))
		return (struct value){ 0 };
	s = (unsigned char *)arena_strdup(e->arena, args[0].s.at);
	for (unsigned char *c = s; *c != '\0'; c++) {
		unsigned other;

		if (*c < 0x80) {
			*c = (unsigned char)text_other_case(*c, upper);
		} else if ((*c & 0xe0) == 0xc0 && (c[1] & 0xc0) == 0x80) {
			other = text_other_case((unsigned)(*c & 0x1f) << 6 | (c[1] & 0x3f), upper);
			*c++ = (unsigned char)(0xc0 | other >> 6);
			*c = (unsigned char)(0x80 | (other & 0x3f));
		}
	}
	return value_string((const char *)s);
}

/* Sets *ret to the number that may follow the strings of a call; -1: it is absent, and there is no limit. False sets an
 * error: it is not a number. */
static bool
text_count(struct eval *e, const struct node *n, const struct value *args, size_t at, int64_t *ret)
{
	*ret = -1;
	if (n->n <= at)
		return true;
	if (args[at].kind != VALUE_INT && args[at].kind != VALUE_FLOAT) {
		eval_fail(e, "%s takes a number there, not %s", n->builtin->name, value_kind_name(args[at].kind));
		return false;
	}
	*ret = args[at].kind == VALUE_INT ? args[at].i : int_of_double(args[at].f);
	return true;
}

/* Returns the end of the next piece: at the separator, or after one character if the separator is empty. NULL: it is
 * the last piece. */
static const char *
text_piece_end(const char *s, const char *by)
{
	if (*by != '\0')
		return strstr(s, by);
	if (*s == '\0')
		return NULL;
	for (s++; (*s & 0xc0) == 0x80; s++)
		;
	return *s != '\0' ? s : NULL;
}

struct value
run_split(struct eval *e, const struct node *n, struct value *args)
{
	bool after = builtin_is(n, "splitAfter");
	const char *s, *by, *hit;
	struct value v;
	size_t parts = 1, len;
	int64_t most;

	if (!strings_only(e, n, args, 2) || !text_count(e, n, args, 2, &most))
		return (struct value){ 0 };
	s = args[0].s.at;
	by = args[1].s.at;
	len = args[1].s.len;
	if (most == 0 || (*by == '\0' && *s == '\0'))
		return value_array(e->arena, 0);
	for (hit = s; (most < 0 || (int64_t)parts < most) && (hit = text_piece_end(hit, by)) != NULL; hit += len)
		parts++;
	if (!eval_charge(e, parts * sizeof(v) + args[0].s.len))
		return (struct value){ 0 };
	v = value_array(e->arena, parts);
	for (size_t i = 0; i < parts; i++) {
		hit = i + 1 < parts ? text_piece_end(s, by) : NULL;
		if (hit == NULL)
			hit = s + strlen(s);
		v.array.at[i] =
		    value_string(arena_strndup(e->arena, s, (size_t)(hit - s) + (after && i + 1 < parts ? len : 0)));
		s = hit + (i + 1 < parts ? len : 0);
	}
	return v;
}

struct value
run_replace(struct eval *e, const struct node *n, struct value *args)
{
	struct str out;
	struct value v;
	const char *hit, *end;
	int64_t most;

	if (!strings_only(e, n, args, 3) || !text_count(e, n, args, 3, &most))
		return args[0];
	end = args[0].s.at + args[0].s.len;
	str_init(&out, TEXT_MAX);
	for (const char *s = args[0].s.at;; most -= most > 0) {
		/* An empty text is found before each character, and at the end. */
		hit = most == 0 ? NULL : args[1].s.len == 0 ? s : strstr(s, args[1].s.at);
		str_add(&out, s, (size_t)((hit != NULL ? hit : end) - s));
		if (hit == NULL || out.overflow)
			break;
		str_adds(&out, args[2].s.at);
		s = hit + args[1].s.len;
		if (args[1].s.len == 0) {
			if (*s == '\0')
				break;
			do
				str_addc(&out, *s++);
			while ((*s & 0xc0) == 0x80);
		}
	}
	v = out.overflow || !eval_charge(e, out.len) ? eval_fail(e, "replace builds too much")
						     : value_string(arena_strdup(e->arena, str_text(&out)));
	str_done(&out);
	return v;
}

struct value
run_repeat(struct eval *e, const struct node *n, struct value *args)
{
	int64_t times;
	char *s;

	if (!strings_only(e, n, args, 1) || !text_count(e, n, args, 1, &times))
		return args[0];
	if (times < 0 || times > REPEAT_MAX || !eval_charge(e, args[0].s.len * (size_t)times))
		return eval_fail(e, "repeat: not that often");
	s = arena_alloc(e->arena, args[0].s.len * (size_t)times + 1);
	for (int64_t i = 0; i < times; i++)
		memcpy(s + (size_t)i * args[0].s.len, args[0].s.at, args[0].s.len);
	return value_string(s);
}

struct value
run_join(struct eval *e, const struct node *n, struct value *args)
{
	const char *by = n->n > 1 && args[1].kind == VALUE_STRING ? args[1].s.at : "";
	struct str out;
	struct value v;

	if (n->n > 1 && args[1].kind != VALUE_STRING)
		return eval_fail(e, "join takes a string between them, not %s", value_kind_name(args[1].kind));
	if (args[0].kind != VALUE_ARRAY || !strings_only(e, n, args[0].array.at, args[0].array.n))
		return eval_fail(e, "join takes a list of strings");
	str_init(&out, TEXT_MAX);
	for (size_t i = 0; i < args[0].array.n; i++) {
		if (i > 0)
			str_adds(&out, by);
		str_adds(&out, args[0].array.at[i].s.at);
	}
	v = !out.overflow && eval_charge(e, out.len) ? value_string(arena_strdup(e->arena, str_text(&out)))
						     : eval_fail(e, "join builds too much");
	str_done(&out);
	return v;
}

struct value
run_index_of(struct eval *e, const struct node *n, struct value *args)
{
	const char *hit, *last = NULL;

	if (!strings_only(e, n, args, 2))
		return args[0];
	for (hit = args[0].s.at; (hit = strstr(hit, args[1].s.at)) != NULL; hit++) {
		last = hit;
		if (builtin_is(n, "indexOf") || *hit == '\0')
			break;
	}
	return value_int(last != NULL ? last - args[0].s.at : -1);
}

struct value
run_has(struct eval *e, const struct node *n, struct value *args)
{
	if (!strings_only(e, n, args, 2))
		return args[0];
	return value_bool(
	    builtin_is(n, "hasPrefix") ? str_starts(args[0].s.at, args[1].s.at) : str_ends(args[0].s.at, args[1].s.at));
}

struct value
run_string(struct eval *e, const struct node *n, struct value *args)
{
	(void)n;
	return value_string(value_print(e->arena, &args[0]));
}

struct value
run_base64(struct eval *e, const struct node *n, struct value *args)
{
	const char *plain;
	size_t len;

	if (!strings_only(e, n, args, 1) || !eval_charge(e, 2 * args[0].s.len + 4))
		return args[0];
	if (builtin_is(n, "toBase64"))
		return value_string(base64_encode(e->arena, args[0].s.at, args[0].s.len));
	if ((plain = base64_decode(e->arena, args[0].s.at, &len)) == NULL)
		return eval_fail(e, "fromBase64: this is no base64");
	return value_bytes(plain, len);
}

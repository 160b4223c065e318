/* analysis/condition/builtin_text.c: functions of text. */
#include <ctype.h>
#include <string.h>
#include "analysis/condition/builtins.h"
#include "base/str.h"

#define REPEAT_MAX 100000

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

struct value
run_case(struct eval *e, const struct node *n, struct value *args)
{
	char *s;

	if (!strings_only(e, n, args, 1) || !eval_charge(e, args[0].s.len))
		return (struct value){ 0 };
	s = arena_strdup(e->arena, args[0].s.at);
	for (char *c = s; *c != '\0'; c++)
		*c = (char)(n->builtin->name[0] == 'u' ? toupper((unsigned char)*c) : tolower((unsigned char)*c));
	return value_string(s);
}

struct value
run_split(struct eval *e, const struct node *n, struct value *args)
{
	const char *s, *by, *hit;
	struct value v;
	size_t parts = 1;

	if (!strings_only(e, n, args, 2))
		return (struct value){ 0 };
	s = args[0].s.at;
	by = args[1].s.at;
	if (*by == '\0')
		return eval_fail(e, "split needs a separator");
	for (hit = s; (hit = strstr(hit, by)) != NULL; hit += strlen(by))
		parts++;
	if (!eval_charge(e, parts * sizeof(v) + args[0].s.len))
		return (struct value){ 0 };
	v = value_array(e->arena, parts);
	for (size_t i = 0; i < parts; i++) {
		hit = strstr(s, by);
		v.array.at[i] = value_string(arena_strndup(e->arena, s, hit != NULL ? (size_t)(hit - s) : strlen(s)));
		s = hit != NULL ? hit + strlen(by) : s;
	}
	return v;
}

struct value
run_replace(struct eval *e, const struct node *n, struct value *args)
{
	struct str out;
	struct value v;
	const char *hit;

	if (!strings_only(e, n, args, 3) || args[1].s.len == 0)
		return args[0];
	str_init(&out, 1u << 20);
	for (const char *s = args[0].s.at; *s != '\0';) {
		hit = strstr(s, args[1].s.at);
		str_add(&out, s, hit != NULL ? (size_t)(hit - s) : strlen(s));
		if (hit == NULL)
			break;
		str_adds(&out, args[2].s.at);
		s = hit + args[1].s.len;
	}
	v = out.overflow || !eval_charge(e, out.len) ? eval_fail(e, "replace builds too much")
						     : value_string(arena_strdup(e->arena, str_text(&out)));
	str_done(&out);
	return v;
}

struct value
run_repeat(struct eval *e, const struct node *n, struct value *args)
{
	char *s;

	if (!strings_only(e, n, args, 1))
		return args[0];
	if (args[1].kind != VALUE_INT || args[1].i < 0 || args[1].i > REPEAT_MAX ||
	    !eval_charge(e, args[0].s.len * (size_t)args[1].i))
		return eval_fail(e, "repeat: not that often");
	s = arena_alloc(e->arena, args[0].s.len * (size_t)args[1].i + 1);
	for (int64_t i = 0; i < args[1].i; i++)
		memcpy(s + (size_t)i * args[0].s.len, args[0].s.at, args[0].s.len);
	return value_string(s);
}

struct value
run_join(struct eval *e, const struct node *n, struct value *args)
{
	const char *by = n->n > 1 && args[1].kind == VALUE_STRING ? args[1].s.at : "";
	struct str out;
	struct value v;

	if (args[0].kind != VALUE_ARRAY || !strings_only(e, n, args[0].array.at, args[0].array.n))
		return eval_fail(e, "join takes a list of strings");
	str_init(&out, 1u << 20);
	for (size_t i = 0; i < args[0].array.n; i++) {
		if (i > 0)
			str_adds(&out, by);
		str_adds(&out, args[0].array.at[i].s.at);
	}
	v = eval_charge(e, out.len) ? value_string(arena_strdup(e->arena, str_text(&out))) : (struct value){ 0 };
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
		if (n->builtin->name[0] == 'i' || *hit == '\0')
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
	    n->builtin->name[3] == 'P' ? str_starts(args[0].s.at, args[1].s.at) : str_ends(args[0].s.at, args[1].s.at));
}

struct value
run_string(struct eval *e, const struct node *n, struct value *args)
{
	(void)n;
	return value_string(value_text(e->arena, &args[0]));
}

struct value
run_to_json(struct eval *e, const struct node *n, struct value *args)
{
	_cleanup_(json_decrefp) json_t *j = value_to_json(&args[0]);

	(void)n;
	return value_string(json_text_go(e->arena, j));
}

struct value
run_from_json(struct eval *e, const struct node *n, struct value *args)
{
	_cleanup_(json_decrefp) json_t *j = NULL;
	struct err *err;

	if (!strings_only(e, n, args, 1))
		return args[0];
	if ((err = json_parse(e->arena, args[0].s.at, args[0].s.len, &j)) != NULL)
		return eval_fail(e, "fromJSON: %s", err->text);
	return value_from_json(e->arena, j);
}

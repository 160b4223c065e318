/* analysis/condition/builtin_rest.c: functions of conditions on JSON and times, and defaults for missing values. */
#include <stdlib.h>
#include <string.h>
#include "analysis/condition/builtins.h"
#include "analysis/condition/go_time.h"
#include "base/float.h"
#include "base/str.h"
#include "base/time.h"

#define JSON_TEXT_MAX (1u << 20) /* bytes of the result of toJSON */

struct value
run_type(struct eval *e, const struct node *n, struct value *args)
{
	(void)e;
	(void)n;
	switch (args[0].kind) {
	case VALUE_TIME: return value_string("time.Time");
	case VALUE_DURATION: return value_string("time.Duration");
	case VALUE_MONTH: return value_string("time.Month");
	case VALUE_WEEKDAY: return value_string("time.Weekday");
	case VALUE_ZONE: return value_string("unknown"); /* as for a pointer of Go */
	default: return value_string(value_kind_name(args[0].kind));
	}
}

static int
json_by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Writes each item of a list or map on its own line, and anything else, also an empty list or map, on one, as
 * json.MarshalIndent of the language Go does. */
static void
json_indent(struct str *out, struct arena *a, const json_t *j, int depth)
{
	size_t n = json_is_array(j) ? json_array_size(j) : json_object_size(j), i = 0;
	const char *key, **keys;
	json_t *member;

	if (n == 0) {
		str_adds(out, json_is_real(j) ? float_json(a, json_real_value(j)) : json_text_go(a, j));
		return;
	}
	keys = arena_new_array(a, const char *, n);
	if (json_is_object(j)) {
		json_object_foreach ((json_t *)j, key, member)
			keys[i++] = key;
		qsort(keys, n, sizeof(*keys), json_by_name);
	}
	str_adds(out, json_is_array(j) ? "[" : "{");
	for (i = 0; i < n && !out->overflow; i++) {
		str_addf(out, "%s\n%*s", i > 0 ? "," : "", 2 * (depth + 1), "");
		if (json_is_object(j))
			str_addf(out, "%s: ", json_quote_go(a, keys[i], strlen(keys[i])));
		json_indent(out, a, json_is_array(j) ? json_array_get(j, i) : json_object_get(j, keys[i]), depth + 1);
	}
	str_addf(out, "\n%*s%s", 2 * depth, "", json_is_array(j) ? "]" : "}");
}

struct value
run_to_json(struct eval *e, const struct node *n, struct value *args)
{
	_cleanup_(json_decrefp) json_t *j = value_to_json(&args[0]);
	struct value v = { 0 };
	struct str out;

	(void)n;
	if (j == NULL)
		return eval_fail(e, "toJSON: JSON has no such value");
	str_init(&out, JSON_TEXT_MAX);
	json_indent(&out, e->arena, j, 0);
	if (out.overflow)
		eval_fail(e, "toJSON: more than %u bytes", JSON_TEXT_MAX);
	else if (eval_charge(e, out.len)) /* it sets the error */
		v = value_string(arena_strdup(e->arena, str_text(&out)));
	str_done(&out);
	return v;
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

/* Argo Rollouts evaluates both of these on the whole result and ignores the first argument
 * (utils/evaluate/evaluate.go); conditions in use depend on that. */
struct value
run_is_nil(struct eval *e, const struct node *n, struct value *args)
{
	(void)n;
	(void)args;
	return value_bool(e->result->kind == VALUE_NIL);
}

struct value
run_default(struct eval *e, const struct node *n, struct value *args)
{
	(void)n;
	return e->result->kind == VALUE_NIL ? args[1] : *e->result;
}

struct value
run_now(struct eval *e, const struct node *n, struct value *args)
{
	struct go_time m = go_time_from_ms(e->now);

	m.zone = n->n > 0 ? (int32_t)args[0].i : 0;
	return value_time(m);
}

struct value
run_duration(struct eval *e, const struct node *n, struct value *args)
{
	int64_t ns;

	if (!strings_only(e, n, args, 1))
		return args[0];
	if (!duration_parse_ns(args[0].s.at, &ns))
		return eval_fail(e, "duration: \"%s\" is no duration", args[0].s.at);
	return value_duration(ns);
}

/* Reads the name of a zone. Returns false for all but UTC: other zones are files of the system, which a decision
 * does not read. */
static bool
time_zone_read(struct eval *e, const struct value *name, int32_t *ret)
{
	if (name->kind == VALUE_STRING &&
	    (name->s.len == 0 || strcmp(name->s.at, "UTC") == 0 || strcmp(name->s.at, "Local") == 0)) {
		*ret = 0;
		return true;
	}
	eval_fail(e, "no time zone is known but UTC; write times with their offset");
	return false;
}

struct value
run_zone(struct eval *e, const struct node *n, struct value *args)
{
	int32_t zone;

	(void)n;
	return time_zone_read(e, &args[0], &zone) ? (struct value){ .kind = VALUE_ZONE, .i = zone }
						  : (struct value){ 0 };
}

struct value
run_date(struct eval *e, const struct node *n, struct value *args)
{
	static const char *const layouts[] = { "2006-01-02", "15:04:05", "2006-01-02 15:04:05",
		"2006-01-02T15:04:05Z07:00", "02 Jan 06 15:04 MST", "Monday, 02-Jan-06 15:04:05 MST",
		"Mon, 02 Jan 2006 15:04:05 MST" };
	bool zoned = args[0].kind == VALUE_ZONE;
	int32_t zone = zoned ? (int32_t)args[0].i : 0;
	size_t count = n->n - zoned;
	struct go_time m;

	args += zoned;
	if (count == 0 || !strings_only(e, n, args, count))
		return eval_fail(e, "date takes a date, its layout and a time zone");
	if (count > 2 && !time_zone_read(e, &args[2], &zone))
		return args[0];
	if (count > 1)
		return go_time_parse(args[1].s.at, args[0].s.at, zone, &m)
			   ? value_time(m)
			   : eval_fail(e, "date: \"%s\" is not of the form \"%s\"", args[0].s.at, args[1].s.at);
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		if (go_time_parse(layouts[i], args[0].s.at, zone, &m))
			return value_time(m);
	return eval_fail(e, "date: \"%s\" is no date", args[0].s.at);
}

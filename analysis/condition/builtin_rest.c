/* analysis/condition/builtin_rest.c: JSON, times, and what a value may lack. */
#include <math.h>
#include <string.h>
#include "analysis/condition/builtins.h"
#include "base/str.h"
#include "base/time.h"

struct value
run_type(struct eval *e, const struct node *n, struct value *args)
{
	(void)e;
	(void)n;
	return value_string(value_kind_name(args[0].kind));
}

/* Argo Rollouts binds both of these to the whole result, whatever the first argument is (utils/evaluate/evaluate.go), and
 * conditions in use rely on their answers. */
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
	(void)n;
	(void)args;
	return (struct value){ .kind = VALUE_TIME, .i = e->now };
}

struct value
run_duration(struct eval *e, const struct node *n, struct value *args)
{
	int64_t ms;

	if (!strings_only(e, n, args, 1))
		return args[0];
	if (!duration_parse(args[0].s.at, &ms))
		return eval_fail(e, "duration: \"%s\" is no duration", args[0].s.at);
	return (struct value){ .kind = VALUE_DURATION, .i = ms };
}

struct value
run_date(struct eval *e, const struct node *n, struct value *args)
{
	int64_t t;

	if (!strings_only(e, n, args, 1))
		return args[0];
	if (!time_parse(args[0].s.at, &t) && !time_parse(arena_printf(e->arena, "%sT00:00:00Z", args[0].s.at), &t))
		return eval_fail(e, "date: \"%s\" is no date", args[0].s.at);
	return (struct value){ .kind = VALUE_TIME, .i = t };
}

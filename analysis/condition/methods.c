/* analysis/condition/methods.c: methods of times and durations in conditions (now().Sub(…)): those of Go's package
 * time, one row each. */
#include <string.h>
#include "analysis/condition/ast.h"
#include "analysis/condition/go_time.h"
#include "base/str.h"

#define METHOD_ARGS_MAX 3

struct method;
typedef struct value method_function(
    struct eval *, const struct method *, const struct value *self, const struct value *args);

static method_function method_part, method_unix, method_add, method_sub, method_add_date, method_compare,
    method_is_zero, method_is_dst, method_truncate, method_round, method_text, method_format, method_in, method_in_utc,
    method_span, method_abs, method_truncate_duration, method_round_duration;

/* The variants of method_part and method_compare. */
enum { PART_YEAR, PART_MONTH, PART_DAY, PART_HOUR, PART_MINUTE, PART_SECOND, PART_NS, PART_YEAR_DAY, PART_WEEKDAY };
enum { COMPARE_AFTER, COMPARE_BEFORE, COMPARE_EQUAL, COMPARE_ORDER };

static const struct method {
	const char *name;
	enum value_kind self, result;
	int n; /* arguments */
	enum value_kind args[METHOD_ARGS_MAX];
	method_function *run;
	int64_t variant; /* PART_…, COMPARE_…; of method_span: ns in a unit; of method_unix: units in a second */
} methods[] = {
	{ "Year", VALUE_TIME, VALUE_INT, 0, { 0 }, method_part, PART_YEAR },
	{ "Month", VALUE_TIME, VALUE_MONTH, 0, { 0 }, method_part, PART_MONTH },
	{ "Day", VALUE_TIME, VALUE_INT, 0, { 0 }, method_part, PART_DAY },
	{ "Hour", VALUE_TIME, VALUE_INT, 0, { 0 }, method_part, PART_HOUR },
	{ "Minute", VALUE_TIME, VALUE_INT, 0, { 0 }, method_part, PART_MINUTE },
	{ "Second", VALUE_TIME, VALUE_INT, 0, { 0 }, method_part, PART_SECOND },
	{ "Nanosecond", VALUE_TIME, VALUE_INT, 0, { 0 }, method_part, PART_NS },
	{ "YearDay", VALUE_TIME, VALUE_INT, 0, { 0 }, method_part, PART_YEAR_DAY },
	{ "Weekday", VALUE_TIME, VALUE_WEEKDAY, 0, { 0 }, method_part, PART_WEEKDAY },
	{ "Unix", VALUE_TIME, VALUE_INT, 0, { 0 }, method_unix, 1 },
	{ "UnixMilli", VALUE_TIME, VALUE_INT, 0, { 0 }, method_unix, 1000 },
	{ "UnixMicro", VALUE_TIME, VALUE_INT, 0, { 0 }, method_unix, 1000000 },
	{ "UnixNano", VALUE_TIME, VALUE_INT, 0, { 0 }, method_unix, GO_TIME_SECOND },
	{ "Add", VALUE_TIME, VALUE_TIME, 1, { VALUE_DURATION }, method_add, 0 },
	{ "Sub", VALUE_TIME, VALUE_DURATION, 1, { VALUE_TIME }, method_sub, 0 },
	{ "AddDate", VALUE_TIME, VALUE_TIME, 3, { VALUE_INT, VALUE_INT, VALUE_INT }, method_add_date, 0 },
	{ "After", VALUE_TIME, VALUE_BOOL, 1, { VALUE_TIME }, method_compare, COMPARE_AFTER },
	{ "Before", VALUE_TIME, VALUE_BOOL, 1, { VALUE_TIME }, method_compare, COMPARE_BEFORE },
	{ "Equal", VALUE_TIME, VALUE_BOOL, 1, { VALUE_TIME }, method_compare, COMPARE_EQUAL },
	{ "Compare", VALUE_TIME, VALUE_INT, 1, { VALUE_TIME }, method_compare, COMPARE_ORDER },
	{ "IsZero", VALUE_TIME, VALUE_BOOL, 0, { 0 }, method_is_zero, 0 },
	{ "IsDST", VALUE_TIME, VALUE_BOOL, 0, { 0 }, method_is_dst, 0 },
	{ "Truncate", VALUE_TIME, VALUE_TIME, 1, { VALUE_DURATION }, method_truncate, 0 },
	{ "Round", VALUE_TIME, VALUE_TIME, 1, { VALUE_DURATION }, method_round, 0 },
	{ "UTC", VALUE_TIME, VALUE_TIME, 0, { 0 }, method_in_utc, 0 },
	{ "Local", VALUE_TIME, VALUE_TIME, 0, { 0 }, method_in_utc, 0 },
	{ "In", VALUE_TIME, VALUE_TIME, 1, { VALUE_ZONE }, method_in, 0 },
	{ "Format", VALUE_TIME, VALUE_STRING, 1, { VALUE_STRING }, method_format, 0 },
	{ "String", VALUE_TIME, VALUE_STRING, 0, { 0 }, method_text, 0 },
	{ "Hours", VALUE_DURATION, VALUE_FLOAT, 0, { 0 }, method_span, 3600 * GO_TIME_SECOND },
	{ "Minutes", VALUE_DURATION, VALUE_FLOAT, 0, { 0 }, method_span, 60 * GO_TIME_SECOND },
	{ "Seconds", VALUE_DURATION, VALUE_FLOAT, 0, { 0 }, method_span, GO_TIME_SECOND },
	{ "Milliseconds", VALUE_DURATION, VALUE_INT, 0, { 0 }, method_span, 1000000 },
	{ "Microseconds", VALUE_DURATION, VALUE_INT, 0, { 0 }, method_span, 1000 },
	{ "Nanoseconds", VALUE_DURATION, VALUE_INT, 0, { 0 }, method_span, 1 },
	{ "Abs", VALUE_DURATION, VALUE_DURATION, 0, { 0 }, method_abs, 0 },
	{ "Truncate", VALUE_DURATION, VALUE_DURATION, 1, { VALUE_DURATION }, method_truncate_duration, 0 },
	{ "Round", VALUE_DURATION, VALUE_DURATION, 1, { VALUE_DURATION }, method_round_duration, 0 },
	{ "String", VALUE_DURATION, VALUE_STRING, 0, { 0 }, method_text, 0 },
	{ "String", VALUE_MONTH, VALUE_STRING, 0, { 0 }, method_text, 0 },
	{ "String", VALUE_WEEKDAY, VALUE_STRING, 0, { 0 }, method_text, 0 },
	{ "String", VALUE_ZONE, VALUE_STRING, 0, { 0 }, method_text, 0 },
};

static struct value
method_part(struct eval *e, const struct method *m, const struct value *self, const struct value *args)
{
	struct go_time_parts p = go_time_parts(self->time);

	(void)e;
	(void)args;
	switch (m->variant) {
	case PART_YEAR: return value_int(p.year);
	case PART_MONTH: return (struct value){ .kind = VALUE_MONTH, .i = p.month };
	case PART_DAY: return value_int(p.day);
	case PART_HOUR: return value_int(p.hour);
	case PART_MINUTE: return value_int(p.minute);
	case PART_SECOND: return value_int(p.second);
	case PART_NS: return value_int(self->time.ns);
	case PART_YEAR_DAY: return value_int(p.year_day);
	default: return (struct value){ .kind = VALUE_WEEKDAY, .i = p.weekday };
	}
}

static struct value
method_unix(struct eval *e, const struct method *m, const struct value *self, const struct value *args)
{
	int64_t scale = m->variant;

	(void)e;
	(void)args;
	/* Integers wrap, as those of Go. */
	return value_int(
	    (int64_t)((uint64_t)self->time.s * (uint64_t)scale + (uint64_t)(self->time.ns / (GO_TIME_SECOND / scale))));
}

static struct value
method_add(struct eval *e, const struct method *m, const struct value *self, const struct value *args)
{
	(void)e;
	(void)m;
	return value_time(go_time_add(self->time, args[0].i));
}

static struct value
method_sub(struct eval *e, const struct method *m, const struct value *self, const struct value *args)
{
	(void)e;
	(void)m;
	return value_duration(go_time_sub(self->time, args[0].time));
}

#define DATE_MAX 1000000 /* years, months or days added at once; more is out of range */

static struct value
method_add_date(struct eval *e, const struct method *m, const struct value *self, const struct value *args)
{
	struct go_time_parts p = go_time_parts(self->time);

	for (int i = 0; i < 3; i++)
		if (args[i].i > DATE_MAX || args[i].i < -DATE_MAX)
			return eval_fail(e, "%s: more than %d", m->name, DATE_MAX);
	p.year += args[0].i;
	p.month += (int)args[1].i;
	p.day += (int)args[2].i;
	return value_time(go_time_from_parts(&p, self->time.ns, self->time.zone));
}

static struct value
method_compare(struct eval *e, const struct method *m, const struct value *self, const struct value *args)
{
	int c = go_time_compare(self->time, args[0].time);

	(void)e;
	switch (m->variant) {
	case COMPARE_AFTER: return value_bool(c > 0);
	case COMPARE_BEFORE: return value_bool(c < 0);
	case COMPARE_EQUAL: return value_bool(c == 0);
	default: return value_int(c);
	}
}

static struct value
method_is_zero(struct eval *e, const struct method *m, const struct value *self, const struct value *args)
{
	struct go_time_parts p = go_time_parts(self->time);

	(void)e;
	(void)m;
	(void)args;
	return value_bool(p.year == 1 && p.year_day == 1 && p.hour + p.minute + p.second == 0 && self->time.ns == 0 &&
			  self->time.zone == 0);
}

/* Every zone here is a fixed offset, which has no daylight saving time. */
static struct value
method_is_dst(struct eval *e, const struct method *m, const struct value *self, const struct value *args)
{
	(void)e;
	(void)m;
	(void)self;
	(void)args;
	return value_bool(false);
}

static struct value
method_truncate(struct eval *e, const struct method *m, const struct value *self, const struct value *args)
{
	(void)e;
	(void)m;
	return value_time(go_time_truncate(self->time, args[0].i));
}

static struct value
method_round(struct eval *e, const struct method *m, const struct value *self, const struct value *args)
{
	(void)e;
	(void)m;
	return value_time(go_time_round(self->time, args[0].i));
}

static struct value
method_in(struct eval *e, const struct method *m, const struct value *self, const struct value *args)
{
	struct go_time t = self->time;

	(void)e;
	(void)m;
	t.zone = (int32_t)args[0].i;
	return value_time(t);
}

/* UTC and Local: the local zone of a controller is UTC here, so that a result does not depend on its host. */
static struct value
method_in_utc(struct eval *e, const struct method *m, const struct value *self, const struct value *args)
{
	struct go_time t = self->time;

	(void)e;
	(void)m;
	(void)args;
	t.zone = 0;
	return value_time(t);
}

static struct value
method_format(struct eval *e, const struct method *m, const struct value *self, const struct value *args)
{
	(void)m;
	return value_string(go_time_format(e->arena, self->time, args[0].s.at));
}

static struct value
method_text(struct eval *e, const struct method *m, const struct value *self, const struct value *args)
{
	(void)m;
	(void)args;
	return value_string(value_print(e->arena, self));
}

/* A duration in hours, minutes or seconds has a fraction; in smaller units it is cut. */
static struct value
method_span(struct eval *e, const struct method *m, const struct value *self, const struct value *args)
{
	int64_t unit = m->variant, whole = self->i / unit;

	(void)e;
	(void)args;
	if (m->result == VALUE_FLOAT)
		return value_float((double)whole + (double)(self->i % unit) / (double)unit);
	return value_int(whole);
}

static struct value
method_abs(struct eval *e, const struct method *m, const struct value *self, const struct value *args)
{
	int64_t d = self->i;

	(void)e;
	(void)m;
	(void)args;
	return value_duration(d == INT64_MIN ? INT64_MAX : d < 0 ? -d : d);
}

static struct value
method_truncate_duration(struct eval *e, const struct method *m, const struct value *self, const struct value *args)
{
	int64_t d = self->i, unit = args[0].i;

	(void)e;
	(void)m;
	return value_duration(unit <= 0 ? d : d - d % unit);
}

/* Halves are rounded away from zero. Results outside of the range become its ends. */
static struct value
method_round_duration(struct eval *e, const struct method *m, const struct value *self, const struct value *args)
{
	int64_t d = self->i, unit = args[0].i, rest, away;

	(void)e;
	(void)m;
	if (unit <= 0)
		return value_duration(d);
	rest = d % unit;
	if (d < 0) {
		if (-rest < unit + rest)
			return value_duration(d - rest);
		return value_duration(__builtin_sub_overflow(d - rest, unit, &away) ? INT64_MIN : away);
	}
	if (rest < unit - rest)
		return value_duration(d - rest);
	return value_duration(__builtin_add_overflow(d - rest, unit, &away) ? INT64_MAX : away);
}

static const struct method *
method_find(enum value_kind self, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (methods[i].self == self && strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}

struct shape
method_check(struct check *c, const struct node *n, const struct shape *args)
{
	const struct method *m;

	/* A member of a map may be a function: its type is not known. */
	if (args[0].any || args[0].kind == VALUE_MAP)
		return (struct shape){ .any = true };
	if ((m = method_find(args[0].kind, n->name)) == NULL)
		return check_fail(c, n, "%s has no method %s", value_kind_name(args[0].kind), n->name);
	if ((int)n->n - 1 != m->n)
		return check_fail(c, n, "%s takes %d arguments", m->name, m->n);
	for (int i = 0; i < m->n; i++)
		if (!args[i + 1].any && args[i + 1].kind != m->args[i])
			return check_fail(c, n, "%s takes %s %s, not %s", m->name,
			    str_article(value_kind_name(m->args[i])), value_kind_name(m->args[i]),
			    value_kind_name(args[i + 1].kind));
	return (struct shape){ .kind = m->result };
}

struct value
method_run(struct eval *e, const struct node *n, struct value *args)
{
	const struct method *m = method_find(args[0].kind, n->name);

	if (m == NULL)
		return eval_fail(e, "%s has no method %s", value_kind_name(args[0].kind), n->name);
	if ((int)n->n - 1 != m->n)
		return eval_fail(e, "%s takes %d arguments", m->name, m->n);
	for (int i = 0; i < m->n; i++)
		if (args[i + 1].kind != m->args[i])
			return eval_fail(e, "%s takes %s %s, not %s", m->name, str_article(value_kind_name(m->args[i])),
			    value_kind_name(m->args[i]), value_kind_name(args[i + 1].kind));
	return m->run(e, m, &args[0], args + 1);
}

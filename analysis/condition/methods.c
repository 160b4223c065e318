/* analysis/condition/methods.c: methods of times and durations in conditions (now().Sub(…)): those of Go's package
 * time, one row each. */
#include <string.h>
#include "analysis/condition/ast.h"
#include "analysis/condition/moment.h"
#include "base/str.h"

#define METHOD_ARGS_MAX 3

typedef struct value method_function(
    struct eval *, const char *name, const struct value *self, const struct value *args);

static method_function method_part, method_unix, method_add, method_sub, method_add_date, method_compare,
    method_is_zero, method_round, method_text, method_format, method_in, method_span, method_absolute;

static const struct method {
	const char *name;
	enum value_kind self, result;
	int n;
	enum value_kind args[METHOD_ARGS_MAX];
	method_function *run;
} methods[] = {
	{ "Year", VALUE_TIME, VALUE_INT, 0, { 0 }, method_part },
	{ "Month", VALUE_TIME, VALUE_MONTH, 0, { 0 }, method_part },
	{ "Day", VALUE_TIME, VALUE_INT, 0, { 0 }, method_part },
	{ "Hour", VALUE_TIME, VALUE_INT, 0, { 0 }, method_part },
	{ "Minute", VALUE_TIME, VALUE_INT, 0, { 0 }, method_part },
	{ "Second", VALUE_TIME, VALUE_INT, 0, { 0 }, method_part },
	{ "Nanosecond", VALUE_TIME, VALUE_INT, 0, { 0 }, method_part },
	{ "YearDay", VALUE_TIME, VALUE_INT, 0, { 0 }, method_part },
	{ "Weekday", VALUE_TIME, VALUE_WEEKDAY, 0, { 0 }, method_part },
	{ "Unix", VALUE_TIME, VALUE_INT, 0, { 0 }, method_unix },
	{ "UnixMilli", VALUE_TIME, VALUE_INT, 0, { 0 }, method_unix },
	{ "UnixMicro", VALUE_TIME, VALUE_INT, 0, { 0 }, method_unix },
	{ "UnixNano", VALUE_TIME, VALUE_INT, 0, { 0 }, method_unix },
	{ "Add", VALUE_TIME, VALUE_TIME, 1, { VALUE_DURATION }, method_add },
	{ "Sub", VALUE_TIME, VALUE_DURATION, 1, { VALUE_TIME }, method_sub },
	{ "AddDate", VALUE_TIME, VALUE_TIME, 3, { VALUE_INT, VALUE_INT, VALUE_INT }, method_add_date },
	{ "After", VALUE_TIME, VALUE_BOOL, 1, { VALUE_TIME }, method_compare },
	{ "Before", VALUE_TIME, VALUE_BOOL, 1, { VALUE_TIME }, method_compare },
	{ "Equal", VALUE_TIME, VALUE_BOOL, 1, { VALUE_TIME }, method_compare },
	{ "Compare", VALUE_TIME, VALUE_INT, 1, { VALUE_TIME }, method_compare },
	{ "IsZero", VALUE_TIME, VALUE_BOOL, 0, { 0 }, method_is_zero },
	{ "IsDST", VALUE_TIME, VALUE_BOOL, 0, { 0 }, method_is_zero },
	{ "Truncate", VALUE_TIME, VALUE_TIME, 1, { VALUE_DURATION }, method_round },
	{ "Round", VALUE_TIME, VALUE_TIME, 1, { VALUE_DURATION }, method_round },
	{ "UTC", VALUE_TIME, VALUE_TIME, 0, { 0 }, method_in },
	{ "Local", VALUE_TIME, VALUE_TIME, 0, { 0 }, method_in },
	{ "In", VALUE_TIME, VALUE_TIME, 1, { VALUE_ZONE }, method_in },
	{ "Format", VALUE_TIME, VALUE_STRING, 1, { VALUE_STRING }, method_format },
	{ "String", VALUE_TIME, VALUE_STRING, 0, { 0 }, method_text },
	{ "Hours", VALUE_DURATION, VALUE_FLOAT, 0, { 0 }, method_span },
	{ "Minutes", VALUE_DURATION, VALUE_FLOAT, 0, { 0 }, method_span },
	{ "Seconds", VALUE_DURATION, VALUE_FLOAT, 0, { 0 }, method_span },
	{ "Milliseconds", VALUE_DURATION, VALUE_INT, 0, { 0 }, method_span },
	{ "Microseconds", VALUE_DURATION, VALUE_INT, 0, { 0 }, method_span },
	{ "Nanoseconds", VALUE_DURATION, VALUE_INT, 0, { 0 }, method_span },
	{ "Abs", VALUE_DURATION, VALUE_DURATION, 0, { 0 }, method_absolute },
	{ "Truncate", VALUE_DURATION, VALUE_DURATION, 1, { VALUE_DURATION }, method_absolute },
	{ "Round", VALUE_DURATION, VALUE_DURATION, 1, { VALUE_DURATION }, method_absolute },
	{ "String", VALUE_DURATION, VALUE_STRING, 0, { 0 }, method_text },
	{ "String", VALUE_MONTH, VALUE_STRING, 0, { 0 }, method_text },
	{ "String", VALUE_WEEKDAY, VALUE_STRING, 0, { 0 }, method_text },
	{ "String", VALUE_ZONE, VALUE_STRING, 0, { 0 }, method_text },
};

static struct value
method_part(struct eval *e, const char *name, const struct value *self, const struct value *args)
{
	struct moment_parts p = moment_parts(self->time);

	(void)e;
	(void)args;
	switch (name[0]) {
	case 'Y': return value_int(name[4] == '\0' ? p.year : p.year_day);
	case 'M': return name[1] == 'o' ? (struct value){ .kind = VALUE_MONTH, .i = p.month } : value_int(p.minute);
	case 'D': return value_int(p.day);
	case 'H': return value_int(p.hour);
	case 'S': return value_int(p.second);
	case 'N': return value_int(self->time.ns);
	default: return (struct value){ .kind = VALUE_WEEKDAY, .i = p.weekday };
	}
}

static struct value
method_unix(struct eval *e, const char *name, const struct value *self, const struct value *args)
{
	int64_t scale = name[4] == '\0'			   ? 1
			: name[4] == 'N'		   ? MOMENT_SECOND
			: name[5] == 'i' && name[6] == 'l' ? 1000
							   : 1000000;

	(void)e;
	(void)args;
	/* Integers wrap, as those of Go. */
	return value_int(
	    (int64_t)((uint64_t)self->time.s * (uint64_t)scale + (uint64_t)(self->time.ns / (MOMENT_SECOND / scale))));
}

static struct value
method_add(struct eval *e, const char *name, const struct value *self, const struct value *args)
{
	(void)e;
	(void)name;
	return value_time(moment_add(self->time, args[0].i));
}

static struct value
method_sub(struct eval *e, const char *name, const struct value *self, const struct value *args)
{
	(void)e;
	(void)name;
	return value_duration(moment_sub(self->time, args[0].time));
}

#define DATE_MAX 1000000 /* years, months or days added at once; more is out of range */

static struct value
method_add_date(struct eval *e, const char *name, const struct value *self, const struct value *args)
{
	struct moment_parts p = moment_parts(self->time);

	for (int i = 0; i < 3; i++)
		if (args[i].i > DATE_MAX || args[i].i < -DATE_MAX)
			return eval_fail(e, "%s: more than %d", name, DATE_MAX);
	p.year += args[0].i;
	p.month += (int)args[1].i;
	p.day += (int)args[2].i;
	return value_time(moment_from_parts(&p, self->time.ns, self->time.zone));
}

static struct value
method_compare(struct eval *e, const char *name, const struct value *self, const struct value *args)
{
	int c = moment_compare(self->time, args[0].time);

	(void)e;
	switch (name[0]) {
	case 'A': return value_bool(c > 0);
	case 'B': return value_bool(c < 0);
	case 'E': return value_bool(c == 0);
	default: return value_int(c);
	}
}

static struct value
method_is_zero(struct eval *e, const char *name, const struct value *self, const struct value *args)
{
	struct moment_parts p = moment_parts(self->time);

	(void)e;
	(void)args;
	/* Offsets have no daylight saving time. */
	return value_bool(name[2] == 'Z' && p.year == 1 && p.year_day == 1 && p.hour + p.minute + p.second == 0 &&
			  self->time.ns == 0 && self->time.zone == 0);
}

static struct value
method_round(struct eval *e, const char *name, const struct value *self, const struct value *args)
{
	(void)e;
	return value_time(moment_truncate(self->time, args[0].i, name[0] == 'R'));
}

static struct value
method_in(struct eval *e, const char *name, const struct value *self, const struct value *args)
{
	struct moment m = self->time;

	(void)e;
	m.zone = name[0] == 'I' ? (int32_t)args[0].i : 0;
	return value_time(m);
}

static struct value
method_format(struct eval *e, const char *name, const struct value *self, const struct value *args)
{
	(void)name;
	return value_string(moment_format(e->arena, self->time, args[0].s.at));
}

static struct value
method_text(struct eval *e, const char *name, const struct value *self, const struct value *args)
{
	(void)name;
	(void)args;
	return value_string(value_print(e->arena, self));
}

static struct value
method_span(struct eval *e, const char *name, const struct value *self, const struct value *args)
{
	int64_t unit = name[0] == 'H'	? 3600 * MOMENT_SECOND
		       : name[0] == 'S' ? MOMENT_SECOND
		       : name[0] == 'N' ? 1
		       : name[2] == 'c' ? 1000
		       : name[2] == 'l' ? 1000000
					: 60 * MOMENT_SECOND;
	int64_t whole = self->i / unit;

	(void)e;
	(void)args;
	if (name[0] == 'H' || name[0] == 'S' || strcmp(name, "Minutes") == 0)
		return value_float((double)whole + (double)(self->i % unit) / (double)unit);
	return value_int(whole);
}

static struct value
method_absolute(struct eval *e, const char *name, const struct value *self, const struct value *args)
{
	int64_t d = self->i, unit, rest, up;

	(void)e;
	if (name[0] == 'A')
		return value_duration(d == INT64_MIN ? INT64_MAX : d < 0 ? -d : d);
	unit = args[0].i;
	if (unit <= 0)
		return value_duration(d);
	rest = d % unit;
	if (name[0] == 'T')
		return value_duration(d - rest);
	/* Halves are rounded away from zero; overflow saturates. */
	if (d < 0) {
		if (-rest < unit + rest)
			return value_duration(d - rest);
		return value_duration(__builtin_sub_overflow(d - rest, unit, &up) ? INT64_MIN : up);
	}
	if (rest < unit - rest)
		return value_duration(d - rest);
	return value_duration(__builtin_add_overflow(d - rest, unit, &up) ? INT64_MAX : up);
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
	return m->run(e, m->name, &args[0], args + 1);
}

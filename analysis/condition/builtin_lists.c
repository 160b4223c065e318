/* analysis/condition/builtin_lists.c: functions of conditions on lists and maps (all, any, filter, map, len, …):
 * loops that charge each step to the limits. */
#include <math.h>
#include <string.h>
#include "analysis/condition/builtins.h"
#include "base/str.h"

static struct value
list_at_element(struct eval *e, const struct node *n, const struct value *list, size_t i)
{
	struct value outer = e->element, v;
	int64_t index = e->index;

	e->element = list->array.at[i];
	e->index = (int64_t)i;
	v = eval_node(e, n->args[1]);
	e->element = outer;
	e->index = index;
	return v;
}

/* Evaluates the predicate for the i-th element. False with an error if the value is not a bool. */
static bool
list_holds(struct eval *e, const struct node *n, const struct value *list, size_t i)
{
	struct value v = n->n > 1 ? list_at_element(e, n, list, i) : list->array.at[i];

	if (e->err == NULL && v.kind != VALUE_BOOL)
		eval_fail(
		    e, "the predicate of %s must return a bool, not %s", n->builtin->name, value_kind_name(v.kind));
	return e->err == NULL && v.b;
}

static size_t
list_count(struct eval *e, const struct node *n, const struct value *list, size_t stop_at, bool stop_on)
{
	size_t count = 0;

	for (size_t i = 0; i < list->array.n && e->err == NULL; i++) {
		bool yes = list_holds(e, n, list, i);

		count += yes;
		if (stop_at > 0 && yes == stop_on && e->err == NULL)
			break;
	}
	return count;
}

struct value
run_all(struct eval *e, const struct node *n, struct value *args)
{
	for (size_t i = 0; i < args[0].array.n; i++)
		if (!list_holds(e, n, &args[0], i))
			return value_bool(false);
	return value_bool(true);
}

struct value
run_any(struct eval *e, const struct node *n, struct value *args)
{
	return value_bool(list_count(e, n, &args[0], 1, true) > 0);
}

struct value
run_none(struct eval *e, const struct node *n, struct value *args)
{
	return value_bool(list_count(e, n, &args[0], 1, true) == 0);
}

struct value
run_one(struct eval *e, const struct node *n, struct value *args)
{
	return value_bool(list_count(e, n, &args[0], 0, true) == 1);
}

struct value
run_count(struct eval *e, const struct node *n, struct value *args)
{
	return value_int((int64_t)list_count(e, n, &args[0], 0, true));
}

struct value
run_filter(struct eval *e, const struct node *n, struct value *args)
{
	struct value v = value_array(e->arena, args[0].array.n);

	v.array.n = 0;
	for (size_t i = 0; i < args[0].array.n && e->err == NULL; i++)
		if (list_holds(e, n, &args[0], i))
			v.array.at[v.array.n++] = args[0].array.at[i];
	return v;
}

struct value
run_map(struct eval *e, const struct node *n, struct value *args)
{
	struct value v = value_array(e->arena, args[0].array.n);

	if (!eval_charge(e, args[0].array.n * sizeof(v)))
		return v;
	for (size_t i = 0; i < args[0].array.n && e->err == NULL; i++)
		v.array.at[i] = list_at_element(e, n, &args[0], i);
	return v;
}

static int64_t
list_find_index(struct eval *e, const struct node *n, const struct value *list, bool from_end)
{
	for (size_t k = 0; k < list->array.n && e->err == NULL; k++) {
		size_t i = from_end ? list->array.n - 1 - k : k;

		if (list_holds(e, n, list, i))
			return (int64_t)i;
	}
	return -1;
}

struct value
run_find(struct eval *e, const struct node *n, struct value *args)
{
	int64_t i = list_find_index(e, n, &args[0], strcmp(n->builtin->name, "findLast") == 0);

	return i >= 0 ? args[0].array.at[i] : (struct value){ 0 };
}

struct value
run_find_index(struct eval *e, const struct node *n, struct value *args)
{
	int64_t i = list_find_index(e, n, &args[0], strcmp(n->builtin->name, "findLastIndex") == 0);

	return i >= 0 ? value_int(i) : (struct value){ 0 };
}

struct value
run_group_by(struct eval *e, const struct node *n, struct value *args)
{
	struct value v = { .kind = VALUE_MAP, .any_keys = true };

	v.map.at = arena_new_array(e->arena, struct value_entry, args[0].array.n);
	for (size_t i = 0; i < args[0].array.n && e->err == NULL; i++) {
		struct value key = list_at_element(e, n, &args[0], i);
		struct value *group;

		if (!eval_is_key(e, &key))
			return v;
		group = (struct value *)value_member(&v, &key);

		if (group == NULL) {
			struct value empty = value_array(e->arena, args[0].array.n);

			if (!eval_charge(e, args[0].array.n * sizeof(empty)))
				return v;
			empty.array.n = 0;
			v.map.at[v.map.n++] = (struct value_entry){ key, empty };
			group = &v.map.at[v.map.n - 1].value;
		}
		group->array.at[group->array.n++] = args[0].array.at[i];
	}
	return v;
}

struct value
run_reduce(struct eval *e, const struct node *n, struct value *args)
{
	struct value outer = e->acc, acc;
	size_t i = 0;

	if (n->n > 2)
		acc = args[2];
	else if (args[0].array.n == 0)
		return eval_fail(e, "reduce of an empty list with no initial value");
	else
		acc = args[0].array.at[i++];
	for (; i < args[0].array.n && e->err == NULL; i++) {
		e->acc = acc;
		acc = list_at_element(e, n, &args[0], i);
	}
	e->acc = outer;
	return acc;
}

struct value
run_sort(struct eval *e, const struct node *n, struct value *args)
{
	struct value v, *keys;
	bool by = strcmp(n->builtin->name, "sortBy") == 0, descending = false;
	size_t order = by ? 2 : 1;
	int c;

	if (n->n > order && (args[order].kind != VALUE_STRING ||
				(strcmp(args[order].s.at, "asc") != 0 && strcmp(args[order].s.at, "desc") != 0)))
		return eval_fail(e, "%s: the order is \"asc\" or \"desc\"", n->builtin->name);
	descending = n->n > order && args[order].s.at[0] == 'd';
	/* expr sorts any other value into an empty list. */
	if (args[0].kind != VALUE_ARRAY)
		return value_array(e->arena, 0);
	if (!eval_charge(e, 2 * args[0].array.n * sizeof(v)))
		return args[0];
	v = value_array(e->arena, args[0].array.n);
	keys = arena_new_array(e->arena, struct value, v.array.n);
	/* Insertion sort is stable, and limited by the steps that are left. */
	for (size_t i = 0; i < v.array.n; i++) {
		struct value key = by ? list_at_element(e, n, &args[0], i) : args[0].array.at[i];
		size_t k = i;

		for (; k > 0; k--) {
			if (e->steps == 0)
				return eval_fail(e, "too long to sort");
			e->steps--;
			if (!eval_compare(e, &key, &keys[k - 1], &c))
				return v;
			if (c == 2 || (descending ? c <= 0 : c >= 0))
				break;
			keys[k] = keys[k - 1];
			v.array.at[k] = v.array.at[k - 1];
		}
		keys[k] = key;
		v.array.at[k] = args[0].array.at[i];
	}
	return v;
}

struct value
run_len(struct eval *e, const struct node *n, struct value *args)
{
	int64_t count = 0;

	(void)n;
	switch (args[0].kind) {
	case VALUE_ARRAY: return value_int((int64_t)args[0].array.n);
	case VALUE_MAP: return value_int((int64_t)args[0].map.n);
	case VALUE_STRING: /* characters, not bytes */
		for (size_t i = 0; i < args[0].s.len; i++)
			count += ((unsigned char)args[0].s.at[i] & 0xc0) != 0x80;
		return value_int(count);
	default: return eval_fail(e, "invalid argument for len (type %s)", value_kind_name(args[0].kind));
	}
}

struct value
run_first_last(struct eval *e, const struct node *n, struct value *args)
{
	bool first = builtin_is(n, "first");
	size_t len = args[0].kind == VALUE_ARRAY ? args[0].array.n : args[0].kind == VALUE_STRING ? args[0].s.len : 0;
	struct value key = value_int(first ? 0 : (int64_t)len - 1);

	/* A value without elements, such as a number, has no first one. */
	return len > 0 ? eval_fetch(e, &args[0], &key) : (struct value){ 0 };
}

struct value
run_get(struct eval *e, const struct node *n, struct value *args)
{
	size_t len = args[0].kind == VALUE_STRING ? args[0].s.len : args[0].array.n;
	int64_t i;

	(void)n;
	if (args[0].kind == VALUE_ARRAY || args[0].kind == VALUE_STRING) {
		if (args[1].kind != VALUE_INT && args[1].kind != VALUE_FLOAT)
			return eval_fail(e, "a list has no member by %s", value_kind_name(args[1].kind));
		i = args[1].kind == VALUE_INT ? args[1].i : int_of_double(args[1].f);
		i = i < 0 ? i + (int64_t)len : i;
		if (i < 0 || i >= (int64_t)len)
			return (struct value){ 0 };
	} else if (args[0].kind != VALUE_MAP) {
		return (struct value){ 0 };
	}
	return eval_fetch(e, &args[0], &args[1]);
}

struct value
run_take(struct eval *e, const struct node *n, struct value *args)
{
	(void)n;
	if (args[0].kind != VALUE_ARRAY || args[1].kind != VALUE_INT || args[1].i < 0)
		return eval_fail(e, "take takes a list and a number");
	if ((size_t)args[1].i < args[0].array.n)
		args[0].array.n = (size_t)args[1].i;
	return args[0];
}

struct value
run_keys(struct eval *e, const struct node *n, struct value *args)
{
	bool pairs = builtin_is(n, "toPairs"), keys = builtin_is(n, "keys");
	struct value v;

	if (args[0].kind != VALUE_MAP)
		return eval_fail(e, "%s takes a map, not %s", n->builtin->name, value_kind_name(args[0].kind));
	if (!eval_charge(e, 3 * args[0].map.n * sizeof(v)))
		return args[0];
	v = value_array(e->arena, args[0].map.n);
	for (size_t i = 0; i < args[0].map.n; i++) {
		const struct value_entry *m = &args[0].map.at[i];

		if (pairs) {
			v.array.at[i] = value_array(e->arena, 2);
			v.array.at[i].array.at[0] = m->key;
			v.array.at[i].array.at[1] = m->value;
		} else {
			v.array.at[i] = keys ? m->key : m->value;
		}
	}
	return v;
}

struct value
run_from_pairs(struct eval *e, const struct node *n, struct value *args)
{
	struct value v = { .kind = VALUE_MAP, .any_keys = true }, *same;

	(void)n;
	if (args[0].kind != VALUE_ARRAY)
		return eval_fail(e, "fromPairs takes a list");
	v.map.at = arena_new_array(e->arena, struct value_entry, args[0].array.n);
	for (size_t i = 0; i < args[0].array.n; i++) {
		const struct value *pair = &args[0].array.at[i];

		if (pair->kind != VALUE_ARRAY || pair->array.n != 2)
			return eval_fail(e, "fromPairs takes pairs");
		if (!eval_is_key(e, &pair->array.at[0]))
			return v;
		if (e->steps < i)
			return eval_fail(e, "too many pairs");
		e->steps -= i;
		same = (struct value *)value_member(&v, &pair->array.at[0]);
		if (same != NULL)
			*same = pair->array.at[1];
		else
			v.map.at[v.map.n++] = (struct value_entry){ pair->array.at[0], pair->array.at[1] };
	}
	return v;
}

static bool
list_append(struct eval *e, struct value *to, const struct value *from, bool deep, int depth)
{
	for (size_t i = 0; i < from->array.n; i++) {
		if (deep && from->array.at[i].kind == VALUE_ARRAY && depth < JSON_DEPTH_MAX) {
			if (!list_append(e, to, &from->array.at[i], true, depth + 1))
				return false;
			continue;
		}
		to->array.at[to->array.n++] = from->array.at[i];
	}
	return true;
}

struct value
run_concat(struct eval *e, const struct node *n, struct value *args)
{
	bool deep = builtin_is(n, "flatten");
	size_t cap = value_count_all(args, n->n);
	struct value v;

	if (!eval_charge(e, cap * sizeof(v)))
		return args[0];
	v = value_array(e->arena, cap);
	v.array.n = 0;
	for (size_t i = 0; i < n->n; i++) {
		if (args[i].kind != VALUE_ARRAY)
			return eval_fail(e, "%s takes lists", n->builtin->name);
		list_append(e, &v, &args[i], deep, 0);
	}
	return v;
}

struct value
run_reverse(struct eval *e, const struct node *n, struct value *args)
{
	struct value v;

	(void)n;
	if (args[0].kind != VALUE_ARRAY || !eval_charge(e, args[0].array.n * sizeof(v)))
		return eval_fail(e, "reverse takes a list");
	v = value_array(e->arena, args[0].array.n);
	for (size_t i = 0; i < v.array.n; i++)
		v.array.at[i] = args[0].array.at[v.array.n - 1 - i];
	return v;
}

struct value
run_uniq(struct eval *e, const struct node *n, struct value *args)
{
	struct value v;

	(void)n;
	if (args[0].kind != VALUE_ARRAY || !eval_charge(e, args[0].array.n * sizeof(v)))
		return eval_fail(e, "uniq takes a list");
	v = value_array(e->arena, args[0].array.n);
	v.array.n = 0;
	for (size_t i = 0; i < args[0].array.n; i++) {
		bool seen = false;

		for (size_t k = 0; k < v.array.n && !seen; k++) {
			if (e->steps == 0)
				return eval_fail(e, "too long a list");
			e->steps--;
			if (!eval_walk(e, &v.array.at[k]))
				return v;
			seen = value_equal(&v.array.at[k], &args[0].array.at[i]);
		}
		if (!seen)
			v.array.at[v.array.n++] = args[0].array.at[i];
	}
	return v;
}

/* gitops/engine/compare.c: diff of a desired and a live object, by the fields that managedFields lists as ours.
 * Ignored differences are in ignore_differences.c, the dry run in worker/dry_run.c, the comparison of each object in
 * worker/live.c.
 *
 * A desired object or list "covers" a set of fields (FieldsV1) if both have the same fields, and each has its desired
 * value in the live object. */
#include "gitops/engine/compare.h"
#include <string.h>
#include "base/quantity.h"
#include "base/str.h"

bool
compare_is_of(const json_t *entry, const char *manager, const char *operation)
{
	return str_eq(json_str(entry, "manager"), manager) && str_eq(json_str(entry, "operation"), operation) &&
	       str_empty(json_str(entry, "subresource"));
}

/* Returns the fields that `manager` has applied, borrowed, or NULL: it has only updated the object, or not written
 * it. */
static const json_t *
compare_applied_fields(const json_t *live, const char *manager)
{
	const json_t *entry;
	size_t i;

	json_array_foreach (json_object_get(json_object_get(live, "metadata"), "managedFields"), i, entry)
		if (compare_is_of(entry, manager, "Apply"))
			return json_object_get(entry, "fieldsV1");
	return NULL;
}

bool
compare_values(const json_t *x, const json_t *y)
{
	const char *key;
	json_t *v;
	size_t i, n = 0;

	if (json_is_number(x) && json_is_number(y))
		return json_is_integer(x) && json_is_integer(y) ? json_integer_value(x) == json_integer_value(y)
								: json_number_value(x) == json_number_value(y);
	if (json_is_array(x) && json_is_array(y)) {
		if (json_array_size(x) != json_array_size(y))
			return false;
		json_array_foreach (x, i, v)
			if (!compare_values(v, json_array_get(y, i)))
				return false;
		return true;
	}
	if (!json_is_object(x) || !json_is_object(y))
		return json_equal(x, y);
	json_object_foreach ((json_t *)x, key, v) {
		if (json_is_null(v))
			continue;
		n++;
		if (json_object_get(y, key) == NULL || !compare_values(v, json_object_get(y, key)))
			return false;
	}
	json_object_foreach ((json_t *)y, key, v)
		n -= json_is_null(v) ? 0 : 1;
	return n == 0;
}

/* Returns whether two scalars, or lists or maps that are owned as one, are equal. Amounts
 * (resource.Quantity) may be written in several ways: 1000m is 1. */
static bool
compare_is_same_leaf(struct arena *a, const json_t *desired, const json_t *live, bool amount)
{
	const char *x, *y;

	if (compare_values(desired, live))
		return true;
	if (!amount || !json_is_string(live))
		return false;
	y = json_string_value(live);
	x = json_is_integer(desired) ? arena_printf(a, "%" JSON_INTEGER_FORMAT, json_integer_value(desired))
				     : json_string_value(desired);
	return x != NULL && str_eq(quantity_canonical(a, x), quantity_canonical(a, y));
}

/* Returns whether desired covers the set. `amount`: its scalars are amounts. */
static bool compare_covers(
    struct arena *, const json_t *desired, const json_t *set, const json_t *live, bool amount, int depth);

/* Returns whether the values of a map with this name are amounts (resource.Quantity). */
static bool
compare_is_of_amounts(const char *field)
{
	static const char *const names[] = { "limits", "requests", "hard", "capacity", "min", "max", "default",
		"defaultRequest", "maxLimitRequestRatio" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(field, names[i]) == 0)
			return true;
	return false;
}

static bool
compare_covers_map(
    struct arena *a, const json_t *desired, const json_t *set, const json_t *live, bool amount, int depth)
{
	const char *key;
	const json_t *sub;
	json_t *value;
	size_t n = 0;

	if (!json_is_object(desired) || !json_is_object(live))
		return false;
	json_object_foreach ((json_t *)desired, key, value) {
		if (json_is_null(value))
			continue;
		sub = json_object_get(set, arena_printf(a, "f:%s", key));
		if (sub == NULL || !compare_covers(a, value, sub, json_object_get(live, key),
				       amount || compare_is_of_amounts(key), depth + 1))
			return false;
		n++;
	}
	/* The set must have no field that Git does not name any more. */
	json_object_foreach ((json_t *)set, key, value)
		if (strncmp(key, "f:", 2) == 0)
			n--;
	return n == 0;
}

size_t
compare_element(const json_t *list, const json_t *keys)
{
	const json_t *element;
	size_t i;

	json_array_foreach (list, i, element) {
		const char *key;
		json_t *value;
		bool same = true;

		json_object_foreach ((json_t *)keys, key, value) {
			const json_t *is = json_object_get(element, key);

			same &= is == NULL || compare_values(is, value);
		}
		if (same)
			return i;
	}
	return json_array_size(list);
}

/* Returns whether a set of elements (FieldsV1) has all elements of the desired list and no others, and each has its
 * desired value in the live list. */
static bool
compare_covers_list(
    struct arena *a, const json_t *desired, const json_t *set, const json_t *live, bool amount, int depth)
{
	const char *key;
	json_t *sub;
	size_t n = 0;

	if (!json_is_array(desired) || !json_is_array(live))
		return false;
	json_object_foreach ((json_t *)set, key, sub) {
		_cleanup_(json_decrefp) json_t *keys = NULL;
		const json_t *wanted = NULL, *is = NULL;
		size_t i;
		json_t *v;

		if (strcmp(key, ".") == 0)
			continue;
		keys = json_loads(key + 2, JSON_DECODE_ANY, NULL);
		if (strncmp(key, "v:", 2) == 0) {
			json_array_foreach (desired, i, v)
				wanted = compare_values(v, keys) ? v : wanted;
			json_array_foreach (live, i, v)
				is = compare_values(v, keys) ? v : is;
			if (wanted == NULL || is == NULL)
				return false;
		} else if (strncmp(key, "k:", 2) == 0) {
			const char *name;
			json_t *rest;

			wanted = json_array_get(desired, compare_element(desired, keys));
			is = json_array_get(live, compare_element(live, keys));
			if (wanted == NULL || is == NULL)
				return false;
			/* A key that Git omits, because it has its default, is in the set too. */
			rest = json_copy(sub);
			json_object_foreach (keys, name, v)
				if (json_object_get(wanted, name) == NULL)
					json_object_del(rest, arena_printf(a, "f:%s", name));
			if (!compare_covers(a, wanted, rest, is, amount, depth + 1)) {
				json_decref(rest);
				return false;
			}
			json_decref(rest);
		} else {
			return false;
		}
		n++;
	}
	return n == json_array_size(desired);
}

static bool
compare_covers(struct arena *a, const json_t *desired, const json_t *set, const json_t *live, bool amount, int depth)
{
	const char *key = NULL;
	void *at;

	if (live == NULL || depth > JSON_DEPTH_MAX)
		return false;
	at = json_object_iter((json_t *)set);
	if (at != NULL && strcmp(json_object_iter_key(at), ".") == 0)
		at = json_object_iter_next((json_t *)set, at);
	if (at == NULL)
		return compare_is_same_leaf(a, desired, live, amount);
	key = json_object_iter_key(at);
	return strncmp(key, "f:", 2) == 0 ? compare_covers_map(a, desired, set, live, amount, depth)
					  : compare_covers_list(a, desired, set, live, amount, depth);
}

bool
compare_is_applied(struct arena *a, const json_t *desired, const json_t *live, const char *manager)
{
	static const char *const top[] = { "apiVersion", "kind", "status" }, *const in_metadata[] = { "name",
		"namespace" };
	const json_t *set = compare_applied_fields(live, manager);
	_cleanup_(json_decrefp) json_t *fields = NULL;
	json_t *meta;

	/* Not known to be equal: the object may have these values, but not as our fields. A dry run decides. */
	if (set == NULL)
		return false;
	/* The fields that identify the object have no owner. */
	fields = json_copy((json_t *)desired);
	meta = json_copy(json_object_get(desired, "metadata"));
	for (size_t i = 0; i < ARRAY_SIZE(top); i++)
		json_object_del(fields, top[i]);
	for (size_t i = 0; i < ARRAY_SIZE(in_metadata); i++)
		json_object_del(meta, in_metadata[i]);
	json_object_del(fields, "metadata");
	if (json_object_size(meta) > 0)
		json_object_set(fields, "metadata", meta);
	json_decref(meta);
	return compare_covers(a, fields, set, live, false, 0);
}

json_t *
compare_essence(const json_t *object)
{
	/* Each write changes these, whatever it writes. */
	static const char *const volatile_fields[] = { "managedFields", "resourceVersion", "generation",
		"creationTimestamp", "uid", "selfLink" };
	json_t *essence = json_copy((json_t *)object), *meta = json_copy(json_object_get(object, "metadata"));

	for (size_t i = 0; i < ARRAY_SIZE(volatile_fields); i++)
		json_object_del(meta, volatile_fields[i]);
	json_object_set_new(essence, "metadata", meta);
	json_object_del(essence, "status");
	return essence;
}

bool
compare_is_same(const json_t *live, const json_t *dry_run)
{
	_cleanup_(json_decrefp) json_t *x = compare_essence(live), *y = compare_essence(dry_run);

	return compare_values(x, y);
}

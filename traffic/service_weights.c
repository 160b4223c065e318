/* traffic/service_weights.c: the weights of canaryService and stableService in a list of destinations. */
#include "traffic/service_weights.h"
#include "base/str.h"
#include "kube/api/patch.h"

/* Returns the name of a destination; NULL: it is a mirror, whose responses are dropped. */
static const char *
service_weights_name(const struct weighted_list *l, const json_t *one)
{
	return l->mirror != NULL && json_is_true(json_object_get(one, l->mirror)) ? NULL : json_str(one, l->name);
}

/* Returns the number of the first destination with this name, or the length of the list. */
static size_t
service_weights_at(const struct weighted_list *l, const json_t *list, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (name != NULL && str_eq(service_weights_name(l, one), name))
			return i;
	return json_array_size(list);
}

static struct err *
service_weights_malformed(struct arena *a, const struct weighted_list *l, const json_t *list)
{
	json_t *one;
	size_t i;

	if (!json_is_array(list))
		return err_new(a, ERR_INVALID, "has no list of %ss", l->kind);
	json_array_foreach (list, i, one)
		if (json_str(one, l->name) == NULL)
			return err_new(a, ERR_INVALID, "%s %zu has no %s", l->kind, i, l->name);
	return NULL;
}

/* Counts what destinations other than the two have. */
static void
service_weights_count(const struct canary_strategy *c, const struct weighted_list *l, struct service_weights *s)
{
	for (size_t i = 0; i < json_array_size(s->list); i++) {
		const json_t *one = json_array_get(s->list, i);
		const char *name = service_weights_name(l, one);
		int64_t weight = json_int(one, "weight", l->weight);

		if (i == s->canary || i == s->stable || name == NULL)
			continue;
		if (str_eq(name, c->canary_service) || str_eq(name, c->stable_service))
			s->again = true;
		else if (l->keeps && weight > 0)
			s->kept += weight < INT32_MAX ? weight : INT32_MAX;
	}
}

struct err *
service_weights_find(struct arena *a, const struct canary_strategy *c, const struct weighted_list *l,
    const json_t *list, struct service_weights *ret)
{
	struct service_weights s = { .list = list };
	struct err *e = service_weights_malformed(a, l, list);
	size_t n = json_array_size(list);

	if (e != NULL)
		return e;
	s.canary = service_weights_at(l, list, c->canary_service);
	s.stable = service_weights_at(l, list, c->stable_service);
	if (s.canary == n || s.stable == n)
		return err_new(a, ERR_INVALID, "has no %s of %s \"%s\"", l->kind,
		    s.canary == n ? "canaryService" : "stableService",
		    s.canary == n ? c->canary_service : c->stable_service);
	s.canary_weight = json_int(json_array_get(list, s.canary), "weight", l->weight);
	s.stable_weight = json_int(json_array_get(list, s.stable), "weight", l->weight);
	service_weights_count(c, l, &s);
	*ret = s;
	return NULL;
}

void
service_weights_percent(const struct service_weights *s, int64_t *ret_least, int64_t *ret_most)
{
	int64_t canary = s->canary_weight > 0 ? s->canary_weight : 0,
		stable = s->stable_weight > 0 ? s->stable_weight : 0, all;

	canary = canary < INT32_MAX ? canary : INT32_MAX;
	stable = stable < INT32_MAX ? stable : INT32_MAX;
	if (s->kept > 0 && canary > 0 && stable == 0) {
		*ret_least = *ret_most = 100;
		return;
	}
	all = canary + stable + s->kept;
	*ret_least = all > 0 ? 100 * canary / all : 0;
	*ret_most = all > 0 ? (100 * canary + all - 1) / all : 0;
}

static void
service_weights_patch_one(
    struct arena *a, const struct service_weights *s, const char *path, size_t i, int64_t weight, json_t **ops)
{
	const json_t *now = json_object_get(json_array_get(s->list, i), "weight");

	if (json_is_integer(now) && json_integer_value(now) == weight)
		return;
	if (*ops == NULL)
		json_patch_add(json_patch_of(ops), "test", path, json_incref((json_t *)s->list));
	json_patch_add(json_patch_of(ops), now != NULL ? "replace" : "add", arena_printf(a, "%s/%zu/weight", path, i),
	    json_integer(weight));
}

void
service_weights_patch(struct arena *a, const struct service_weights *s, const char *path, int64_t weight, json_t **ops)
{
	_cleanup_(json_decrefp) json_t *own = NULL;
	int64_t rest = s->kept < 100 ? 100 - s->kept : 0;
	json_t *op;
	size_t i;

	weight = weight < rest ? weight : rest;
	service_weights_patch_one(a, s, path, s->canary, weight, &own);
	service_weights_patch_one(a, s, path, s->stable, rest - weight, &own);
	json_array_foreach (own, i, op)
		json_array_append(json_patch_of(ops), op);
}

void
service_weights_lower(struct arena *a, const struct service_weights *s, const char *path, int64_t weight, json_t **ops)
{
	int64_t least, most;

	service_weights_percent(s, &least, &most);
	if (most > weight)
		service_weights_patch(a, s, path, weight, ops);
}

void
service_weights_overlay(
    const struct canary_strategy *c, const struct weighted_list *l, const json_t *live, const json_t *desired)
{
	const char *names[] = { c->canary_service, c->stable_service };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		json_t *from = json_array_get(live, service_weights_at(l, live, names[i])),
		       *to = json_array_get(desired, service_weights_at(l, desired, names[i]));

		if (json_object_get(from, "weight") != NULL && to != NULL)
			json_object_set(to, "weight", json_object_get(from, "weight"));
	}
}

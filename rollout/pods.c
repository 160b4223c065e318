/* rollout/pods.c: the rollout's pods. They are not watched: what is rarely needed is listed then, as a question to the API server. */
#include "base/str.h"
#include "base/time.h"
#include "rollout/world.h"

#define ANSWER_MAX (32u << 20) /* bytes */
#define TIMEOUT_MS 30000
#define AGAIN_MS 30000 /* after a list that could not be had */

static void
ask(struct decision *d, const char *key)
{
	struct question q = { .method = "GET",
		.url = arena_printf(d->arena, "/api/v1/namespaces/%s/pods?labelSelector=%s",
		    d->w->rollout->object.meta.namespace,
		    str_url_escape(d->arena,
			arena_printf(d->arena, "%s,%s", label_selector_text(d->arena, d->w->rollout->spec.selector),
			    LABEL_POD_TEMPLATE_HASH))),
		.of_cluster = true,
		.timeout_ms = TIMEOUT_MS,
		.answer_max = ANSWER_MAX };

	plan_ask(d->plan, key, &q);
}

bool
pod_is_of(const struct pod *p, const struct replicaset *rs)
{
	const struct owner *owner = object_controller(&p->object);

	return owner != NULL && str_eq(owner->uid, rs->object.meta.uid);
}

static const struct pod *const *
read_answer(struct decision *d, const struct answer *got, const char *what_for, size_t *ret_n)
{
	_cleanup_(json_decrefp) json_t *list = NULL;
	const struct pod **pods;
	json_t *item;
	size_t i;

	if (got->err != NULL || got->status != 200 ||
	    json_parse(d->arena, got->body.at, got->body.len, &list) != NULL) {
		plan_reason(d->plan, "%s: the pods could not be listed: %s", what_for,
		    got->err != NULL ? err_text(d->arena, err_copy(d->arena, got->err))
				     : arena_printf(d->arena, "the API server answered %d", got->status));
		plan_wake(d->plan, time_add(d->w->now, AGAIN_MS));
		return NULL;
	}
	*ret_n = json_array_size(json_object_get(list, "items"));
	pods = arena_new_array(d->arena, const struct pod *, *ret_n + 1);
	json_array_foreach (json_object_get(list, "items"), i, item)
		pods[i] = (const struct pod *)object_decode(&pod_type, item, d->arena);
	return (const struct pod *const *)pods;
}

const struct pod *const *
pods_listed(struct decision *d, const char *what_for, size_t *ret_n)
{
	const char *key = arena_printf(d->arena, "%s/pods", what_for);
	const struct seen_answer *seen = seen_answer(d->w->seen, key);

	if (seen != NULL)
		return seen->answered ? read_answer(d, &seen->answer, what_for, ret_n) : NULL;
	ask(d, key);
	plan_reason(d->plan, "%s: listing pods", what_for);
	return NULL;
}

/* rollout/pods.c: the pods of a rollout. They are not watched, but listed by a query to the API server when they are
 * needed. */
#include "rollout/pods.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/core.h"
#include "kube/api/replicaset.h"
#include "kube/api/selector.h"
#include "kube/plan/controller.h"
#include "rollout/pass.h"

#define RESPONSE_MAX (32u << 20) /* bytes */
#define TIMEOUT_MS 30000
#define AGAIN_MS 30000 /* until a failed list is requested again */

static void
pods_query(struct rollout_pass *p, const char *key)
{
	struct query q = {
		.request = { .method = "GET",
		    .url = arena_printf(p->arena, "/api/v1/namespaces/%s/pods?labelSelector=%s",
			p->w->rollout->object.meta.namespace,
			str_url_escape(p->arena,
			    arena_printf(p->arena, "%s,%s", label_selector_text(p->arena, p->w->rollout->spec.selector),
				LABEL_POD_TEMPLATE_HASH))),
		    .timeout_ms = TIMEOUT_MS,
		    .response_max = RESPONSE_MAX },
		.to = QUERY_API_SERVER
	};

	plan_query(p->plan, key, &q);
}

bool
pod_is_of(const struct pod *p, const struct replicaset *rs)
{
	const struct owner *owner = object_controller(&p->object);

	return owner != NULL && str_eq(owner->uid, rs->object.meta.uid);
}

static const struct pod *const *
pods_read(struct rollout_pass *p, const struct response *got, const char *purpose, size_t *ret_n)
{
	_cleanup_(json_decrefp) json_t *list = NULL;
	const struct pod **pods;
	json_t *item;
	size_t i;

	if (got->err != NULL || got->status != 200 ||
	    json_parse(p->arena, got->body.at, got->body.len, &list) != NULL) {
		plan_reason(p->plan, "%s: the pods could not be listed: %s", purpose,
		    got->err != NULL ? err_text(p->arena, err_copy(p->arena, got->err))
				     : arena_printf(p->arena, "the API server responded with status %d", got->status));
		plan_wake(p->plan, time_add(p->w->now, AGAIN_MS));
		return NULL;
	}
	*ret_n = json_array_size(json_object_get(list, "items"));
	pods = arena_new_array(p->arena, const struct pod *, *ret_n + 1);
	json_array_foreach (json_object_get(list, "items"), i, item)
		pods[i] = (const struct pod *)object_decode(&pod_type, item, p->arena);
	return (const struct pod *const *)pods;
}

const struct pod *const *
pods_list(struct rollout_pass *p, const char *purpose, size_t *ret_n)
{
	const char *key = arena_printf(p->arena, "%s/pods", purpose);
	const struct seen_query *seen = seen_query(p->w->seen, key);

	if (seen != NULL)
		return seen->done ? pods_read(p, &seen->response, purpose, ret_n) : NULL;
	pods_query(p, key);
	plan_reason(p->plan, "%s: listing pods", purpose);
	return NULL;
}

/* rollout/conditions.c: conditions of a status: a list that is copied before it is changed. Which conditions a
 * Rollout has: status.c; when ProgressDeadlineExceeded is set: progress_deadline.c. */
#include "rollout/conditions.h"
#include <string.h>
#include "base/str.h"
#include "base/time.h"

const struct condition *
condition_find(const struct conditions *list, const char *type)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->at[i].type, type))
			return &list->at[i];
	return NULL;
}

void
condition_set(struct conditions *list, struct arena *a, int64_t now, const struct condition *to, bool touch)
{
	const struct condition *old = condition_find(list, to->type);
	struct condition *copy, *one;

	if (old != NULL && str_eq(old->status, to->status) && str_eq(old->reason, to->reason) && !touch)
		return;
	copy = arena_new_array(a, struct condition, list->n + 1);
	if (list->n > 0)
		memcpy(copy, list->at, list->n * sizeof(*copy));
	one = old != NULL ? &copy[old - list->at] : &copy[list->n++];
	*one = *to;
	one->last_update_time = time_stored(now);
	one->last_transition_time =
	    old != NULL && str_eq(old->status, to->status) ? old->last_transition_time : time_stored(now);
	list->at = copy;
}

void
condition_drop(struct conditions *list, struct arena *a, const char *type)
{
	const struct condition *old = condition_find(list, type);
	struct condition *copy;
	size_t n = 0;

	if (old == NULL)
		return;
	copy = arena_new_array(a, struct condition, list->n);
	for (size_t i = 0; i < list->n; i++)
		if (&list->at[i] != old)
			copy[n++] = list->at[i];
	*list = (struct conditions){ copy, n };
}

/* kube/plan/unusable_objects.h: the view of the cache that one pass has, and which objects it cannot use.
 *
 * An unreadable object is not absent: a pass must not create it again, scale without it, or use another one instead.
 * An object in doubt may have another weight or number of pods than the cache. The view records that a pass read
 * such an object, and the runner then carries out nothing of the plan.
 */
#pragma once
#include "kube/plan/view.h"

struct pass_view {
	struct view view; /* first member: a pointer to the view is one to its pass_view */
	const struct view *of;
	const struct object *unreadable; /* the first that the pass depends on; borrowed from the cache; NULL: none */
	const struct object *in_doubt; /* likewise */
};

/* A view of `of` for one pass. Borrowed by the view. */
void pass_view_init(struct pass_view *, const struct view *of);

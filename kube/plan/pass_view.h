/* kube/plan/pass_view.h: how one pass sees the cache.
 *
 * What a pass asks for and cannot be read is not absent: the pass must not create it anew, scale without it or take
 * another for it. What is in doubt may have another weight or another number of pods by now. The view remembers that
 * either was asked for, and the runner then carries nothing of the plan out.
 */
#pragma once
#include "kube/plan/view.h"

struct pass_view {
	struct view view; /* first: a view is its pass_view */
	const struct view *of;
	const struct object *unreadable; /* the first that the pass depends on; borrowed from the cache; NULL: none */
	const struct object *in_doubt; /* likewise */
};

/* A view of `of` for one pass. Borrowed by the view. */
void pass_view_init(struct pass_view *, const struct view *of);

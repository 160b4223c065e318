/* tests/listed.h: a view over a list of objects, for what decides on them. */
#pragma once
#include "base/str.h"
#include "kube/plan/view.h"

#define LISTED_MAX 400

struct listed {
	struct view view; /* first: a view is its list */
	const struct object *at[LISTED_MAX];
	size_t n;
};

static const struct object *
listed_get(const struct view *v, const struct type *t, const char *ns, const char *name)
{
	const struct listed *l = (const struct listed *)v;

	for (size_t i = 0; i < l->n; i++)
		if (l->at[i]->type == t && str_eq(l->at[i]->meta.name, name) && str_eq(l->at[i]->meta.namespace, ns))
			return l->at[i];
	return NULL;
}

static void
listed_each(
    const struct view *v, const struct type *t, const char *ns, void (*visit)(const struct object *, void *), void *arg)
{
	const struct listed *l = (const struct listed *)v;

	for (size_t i = 0; i < l->n; i++)
		if (l->at[i]->type == t && (ns == NULL || str_eq(l->at[i]->meta.namespace, ns)))
			visit(l->at[i], arg);
}

/* An empty one. */
#define LISTED                                                                                                         \
	{                                                                                                              \
		.view = {.get = listed_get, .each = listed_each }                                                      \
	}

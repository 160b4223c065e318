/* doctor/permissions.h: the permissions that deploy/ grants to the controller. tests/unit/doctor/permissions.c compares
 * the table with the files. Pure. */
#pragma once
#include <stdbool.h>
#include "base/arena.h"

struct permission {
	const char *group, *resource, *sub; /* sub "": the resource itself */
	const char *verbs; /* space-separated; NULL ends the table */
	const char *controllers; /* "rollouts" or "gitops"; NULL: all */
	bool own; /* in the controller's own namespace */
	const char *purpose;
};

extern const struct permission permissions[];

/* Returns the plural of a kind as Kubernetes' own kinds form it ("ingresses"); NULL if the kind is no identifier. */
const char *permissions_plural(struct arena *, const char *kind);

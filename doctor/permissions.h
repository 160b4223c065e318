/* doctor/permissions.h: the permissions that the controller and `sluice server` need: those that deploy/ grants. Pure.
 *
 * The files of deploy/ are in the program, so that the check cannot differ from them. Rules for objects by their name
 * are left out.
 */
#pragma once
#include <stdbool.h>
#include "kube/api/type.h"

struct permission {
	const char *group, *resource, *sub; /* sub "": the resource itself */
	struct strings verbs;
	const char *role; /* of deploy/, that grants it */
	const char *controllers; /* which need it: "rollouts", "gitops", "flux"; NULL: all */
	const char *directory; /* of deploy/ that has the role: "gitops"; "": deploy/ itself */
	bool own; /* in the program's own namespace */
};

struct permissions {
	struct permission *at;
	size_t n, capacity;
};

/* Adds the rules of the Role and of the ClusterRole with this name in a file of YAML documents; those of a Role are in
 * the program's own namespace. A file that cannot be read adds nothing. In the arena. */
void permissions_add(
    struct arena *, const char *yaml, size_t len, const struct permission *of_role, struct permissions *);

/* Returns all permissions of the controller. In the arena. */
struct permissions permissions_read(struct arena *);

/* Returns all permissions of `sluice server`. In the arena. */
struct permissions permissions_read_server(struct arena *);

/* Returns the plural of a kind as Kubernetes' own kinds form it ("ingresses"); NULL if the kind is no identifier. */
const char *permissions_plural(struct arena *, const char *kind);

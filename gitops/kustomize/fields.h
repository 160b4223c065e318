/* gitops/kustomize/fields.h: places in objects, as kustomize's tables name them: "spec/template/metadata/labels". A list on the way stands
 * for each of its elements ("[]" behind a name says no more). */
#pragma once
#include "gitops/kustomize/objects.h"

struct k_place {
	const char *group; /* NULL: any */
	const char *kind; /* NULL: any; several separated by "|" */
	const char *path;
	bool create; /* made where it is not there, but for lists */
};

/* The place is in objects of this id. */
bool k_place_in(const struct k_place *, const struct k_id *);

/* Calls visit with the map that holds the last name of the path, for each that there is; a value that is no map on the way ends it. */
void k_fields(
    json_t *object, const char *path, bool create, void (*visit)(json_t *map, const char *name, void *arg), void *arg);

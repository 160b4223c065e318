/* gitops/kustomize/references.h: name references between objects, which are updated when names change. */
#pragma once
#include "gitops/kustomize/objects.h"

/* Every field that names an object by a name that it had gets its present name. An error: a name means several
 * objects. */
struct err *k_fix_references(struct k_objects *);

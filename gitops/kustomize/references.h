/* gitops/kustomize/references.h: name references between objects, which are updated when names change. */
#pragma once
#include "gitops/kustomize/objects.h"

/* Updates each field that names an object by a former name. Error: a name matches several objects. */
struct err *k_fix_references(struct k_objects *);

/* gitops/ignored.h: differences that do not count (spec.ignoreDifferences). */
#pragma once
#include "gitops/kinds.h"
#include "kube/api/application.h"

/* The rule is about objects of this kind, namespace and name. */
bool ignored_concerns(const struct ignored_difference *, const struct api_kind *, const char *ns, const char *name);

/* Takes out what stands at an RFC 6901 pointer; nothing, when it is not there. */
void ignored_pointer(json_t *object, const char *pointer);

/* gitops/kustomize/replace.h: kustomize's replacements: values from one field are copied to others. */
#pragma once
#include "gitops/kustomize/objects.h"
#include "gitops/source/tree.h"

struct err *k_replace(
    struct k_objects *, const struct tree *, const char *dir, const struct k_replacement *, const char *what);

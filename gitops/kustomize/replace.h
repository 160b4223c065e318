/* gitops/kustomize/replace.h: replacements: values taken from one field and put into others. */
#pragma once
#include "gitops/kustomize/objects.h"
#include "gitops/source/tree.h"

struct err *k_replace(
    struct k_objects *, const struct tree *, const char *dir, const struct k_replacement *, const char *what);

/* gitops/kustomize/vars.h: kustomize's `vars`: `$(NAME)` stands for the value of an object's field. */
#pragma once
#include "gitops/kustomize/objects.h"

/* Adds a kustomization's variables, and notes which object has the value of each, under any of its names. An error:
 * one of that name is there already, or two objects have its value. */
struct err *k_vars_add(struct k_objects *, const struct k_var *, size_t n);

/* Puts all values in, where configurations and kustomize's own tables let variables stand: `$(NAME)` by its value (of
 * any type when that is the whole text), `$$` by `$`; what is not known stays. An error: there is no such object, no
 * such field in it, or the texts become too long. */
struct err *k_vars_resolve(struct k_objects *);

#define K_VARS_TEXT_MAX (8u << 20) /* bytes of all texts with variables together */

/* gitops/kustomize/configuration.h: kustomize's `configurations`, `crds` and `openapi`: fields and merge keys of
 * custom resources. */
#pragma once
#include "gitops/kustomize/objects.h"
#include "gitops/source/tree.h"

/* Adds the places of a transformer configuration's file, seen from `dir`. Argo Rollouts' published one is known, and
 * named by its URL. */
struct err *k_configure(struct k_objects *, const struct tree *, const char *dir, const char *file);

/* Adds the places that OpenAPI definitions mark (x-kubernetes-annotation, -label-selector, -identity,
 * -object-ref-api-version and -kind). */
struct err *k_configure_crds(struct k_objects *, const struct tree *, const char *dir, const char *file);

/* Reads an OpenAPI document, in JSON or YAML; the one that Argo publishes with its kinds is known, and named by its
 * URL. */
struct err *k_configure_schema(
    struct arena *, const struct tree *, const char *dir, const struct k_openapi *, struct k_schema *ret);

/* Returns whether a resource or file of a kustomization is a URL, or what kustomize takes for a repository. */
bool k_is_remote(const char *file);

/* Adds the places of field specs to a list (gitops/kustomize/field_specs.h). */
struct err *k_specs_add_specs(
    const struct k_spec_list **list, struct arena *, enum k_use, const struct k_field_specs *, struct k_gvk to);

/* The kinds of places a field spec means. */
struct k_gvk k_spec_gvk(const struct k_field_spec *);

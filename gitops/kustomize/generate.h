/* gitops/kustomize/generate.h: configMaps and Secrets from files and literals, and the hash of their content in
 * their names. */
#pragma once
#include "gitops/kustomize/objects.h"
#include "gitops/source/tree.h"

/* Adds the object, or changes the one that is there as `behavior` says. `common`: the kustomization's
 * generatorOptions; may be NULL. */
struct err *k_generate(struct k_objects *, const struct tree *, const char *dir, const struct k_generator *,
    bool secret, const struct k_generator_options *common);

/* Gives the objects that need it the hash of their content as the end of their names. */
void k_add_hashes(struct k_objects *);

/* The hash: ten letters and digits. In the arena. */
const char *k_hash(struct arena *, const json_t *object);

/* gitops/kustomize/generate.h: ConfigMaps and Secrets from files and literals, and the hash of their content in
 * their names. */
#pragma once
#include "gitops/kustomize/objects.h"
#include "gitops/source/tree.h"

/* Adds the object, or changes the existing one by `behavior`. `common`: the kustomization's generatorOptions; may be
 * NULL. */
struct err *k_generate(struct k_objects *, const struct tree *, const char *dir, const struct k_generator *,
    bool secret, const struct k_generator_options *common);

/* Appends the hash of their content to the names of the objects that need it. */
void k_add_hashes(struct k_objects *);

/* Returns the hash: ten letters and digits. In the arena. */
const char *k_hash(struct arena *, const json_t *object);

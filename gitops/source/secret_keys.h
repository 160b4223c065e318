/* gitops/source/secret_keys.h: which keys of a repository's Secret have an effect. Pure.
 *
 * Sources: Argo CD's documentation, "argocd-repositories.yaml example"; Flux's, "Git Repositories", .spec.secretRef.
 */
#pragma once
#include "base/json.h"

enum secret_keys { SECRET_KEYS_ARGOCD, SECRET_KEYS_FLUX };

/* Returns a text about the keys of the Secret (a JSON object) that have no effect; NULL: all of them have one. It
 * does not have values. In the arena. */
const char *secret_keys_problem(struct arena *, const json_t *secret, enum secret_keys);

/* Returns why a key has no effect; NULL: it has an effect, or is not known. */
const char *secret_keys_why(enum secret_keys, const char *key);

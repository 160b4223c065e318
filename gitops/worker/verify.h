/* gitops/worker/verify.h: whose signature is on a commit. By the programs git and gpg, or ssh-keygen. */
#pragma once
#include "base/err.h"
#include "kube/api/type.h"

/* NULL: the commit of the bare repository is signed with one of the keys (PGP public keys, armoured; or SSH's,
 * "ssh-ed25519 AAAA…"). ERR_INVALID: it is not, and why. `cache` is where files may be for a moment. Blocks. */
struct err *verify_commit(
    struct arena *, const char *repository, const char *cache, const char *commit, const struct strings *keys);

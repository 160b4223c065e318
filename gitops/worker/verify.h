/* gitops/worker/verify.h: signatures of commits (GPG, SSH): checked by the programs git and gpg, or ssh-keygen. */
#pragma once
#include "base/err.h"
#include "kube/api/type.h"

/* Returns NULL if the commit of the bare repository is signed with one of the keys (PGP public keys, armoured; or
 * SSH's, "ssh-ed25519 AAAA…"). ERR_INVALID: it is not, and why. `cache` is where temporary files are. Blocks. */
struct err *verify_commit(
    struct arena *, const char *repository, const char *cache, const char *commit, const struct strings *keys);

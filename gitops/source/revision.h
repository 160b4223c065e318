/* gitops/source/revision.h: what a revision means in a repository. */
#pragma once
#include "base/err.h"

/* Which of a repository's references ("SHA\tNAME" lines, as git ls-remote writes them) a revision names: its commit
 * and the reference's full name (NULL: it is a commit itself), in the arena. As Argo CD resolves them: an exact
 * commit, HEAD, an exact tag, the highest version of a range, a branch, a tag, any full name, the beginning of a
 * commit. Pure. */
struct err *git_resolve(
    struct arena *, const char *refs, const char *revision, const char **ret_commit, const char **ret_ref);

/* gitops/source/revision.h: resolves a targetRevision (branch, tag, semver range) to a commit of a repository. */
#pragma once
#include "base/err.h"

/* Returns the commit of a revision, by the repository's references ("SHA\tNAME" lines, as git ls-remote writes
 * them), and the full name of the reference (NULL: the revision is a commit), in the arena. The order is Argo CD's:
 * an exact commit, HEAD, an exact tag, the highest version of a range, a branch, a tag, any full name, the beginning
 * of a commit. Pure. */
struct err *git_resolve(
    struct arena *, const char *refs, const char *revision, const char **ret_commit, const char **ret_ref);

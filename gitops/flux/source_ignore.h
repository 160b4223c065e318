/* gitops/flux/source_ignore.h: .sourceignore: the files of a commit that Flux leaves out. Pure.
 *
 * Source: Flux's documentation of GitRepository, "Excluding files", and fluxcd/pkg/sourceignore. Git's own files and
 * symbolic links are always left out. So are images, archives and the files of CI systems, unless the repository or the
 * spec says what is left out instead: the files .sourceignore, each for its directory and those below, and then
 * spec.ignore, in the syntax of .gitignore. The last line that names a file counts.
 */
#pragma once
#include "gitops/source/tree.h"

#define SOURCE_IGNORE_MAX 2000 /* lines, in all files */

/* Returns the tree without the excluded files: *ret shares the paths and reader of the tree. `spec`: spec.ignore, or
 * NULL. */
struct err *source_ignore(struct arena *, const struct tree *, const char *spec, struct tree *ret);

/* gitops/worker/local.h: a local directory as a source: its files as a tree, as if they were a commit, to render a
 * directory before it is pushed. Git's own files are left out. */
#pragma once
#include "gitops/source/tree.h"

/* Sets *ret to the files below `root`, in the arena. */
struct err *local_tree(struct arena *, const char *root, struct tree *ret);

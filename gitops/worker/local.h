/* gitops/worker/local.h: the files of a directory of this machine as a tree, as if they were a commit, to render
 * what is not pushed yet. Git's own files are left out. */
#pragma once
#include "gitops/source/tree.h"

struct err *local_tree(struct arena *, const char *root, struct tree *ret);

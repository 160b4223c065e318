/* gitops/worker/scratch.h: a temporary directory for a program that needs files; it is removed with everything in
 * it. */
#pragma once
#include "base/err.h"

/* A new one below `cache`, which is made when it is not there; `what` is in its name. Its path, in the arena. */
struct err *scratch_begin(struct arena *, const char *cache, const char *what, const char **ret);

/* Takes NULL. */
void scratch_end(const char *dir);

/* A file in it, and the directories on the way; only we read it. `path` is seen from the directory. */
struct err *scratch_write(struct arena *, const char *dir, const char *path, const char *text, size_t len);

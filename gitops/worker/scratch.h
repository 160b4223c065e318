/* gitops/worker/scratch.h: a temporary directory for a program that needs files; it is removed with everything in
 * it. */
#pragma once
#include "base/err.h"

/* Creates a directory below `cache`, and `cache` if it does not exist; `what` is a part of its name. Returns its
 * path, in the arena. */
struct err *scratch_begin(struct arena *, const char *cache, const char *what, const char **ret);

/* Removes the directory and everything in it. Takes NULL. */
void scratch_end(const char *dir);

/* Writes a file that only this user can read, and its parent directories. `path` is relative to the directory. */
struct err *scratch_write(struct arena *, const char *dir, const char *path, const char *text, size_t len);

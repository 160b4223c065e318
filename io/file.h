/* io/file.h: whole files. */
#pragma once
#include "base/err.h"
#include "base/str.h"

/* Reads a file of at most `max` bytes into the arena; a NUL stands behind the last. The error names the file: it is not there,
 * cannot be read, or is longer. */
struct err *file_read(struct arena *, const char *path, size_t max, struct bytes *ret);

/* A directory with everything in it, links not followed. What cannot be removed stays. */
void file_remove_all(const char *dir);

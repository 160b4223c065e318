/* io/file.h: whole files. */
#pragma once
#include "base/err.h"
#include "base/str.h"

/* Reads a file of at most `max` bytes into the arena, followed by a NUL. The error names the file: it does not
 * exist, cannot be read, or is too long. */
struct err *file_read(struct arena *, const char *path, size_t max, struct bytes *ret);

/* Removes a directory with its content. Does not follow links, and ignores errors. */
void file_remove_all(const char *dir);

/* cli/manifest_files.h: the files that a command reads manifests from. */
#pragma once
#include <stddef.h>
#include "base/json.h"

struct arena;
struct cli;

/* Calls visit for a file ("-": standard input), or for each file of a folder and of the folders in it whose name ends
 * in .yaml, .yml or .json, in the order of their names. Hidden ones, and folders more than 16 levels deep, are left
 * out. */
void manifest_files_each(struct arena *, const char *path, void (*visit)(const char *file, void *arg), void *arg);

/* Sets *ret to the documents of the files of --filename, and of the arguments from the one of this index, as a new
 * reference. A List counts as its items. Returns false, and *ret is NULL, after printing why a file cannot be read. */
bool manifest_files_read(struct cli *, size_t first_argument, json_t **ret);

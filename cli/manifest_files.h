/* cli/manifest_files.h: the files that a command reads manifests from. */
#pragma once

struct arena;

/* Calls visit for a file ("-": standard input), or for each file of a folder and of the folders in it whose name ends
 * in .yaml, .yml or .json, in the order of their names. Hidden ones, and folders more than 16 levels deep, are left
 * out. */
void manifest_files_each(struct arena *, const char *path, void (*visit)(const char *file, void *arg), void *arg);

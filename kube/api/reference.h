/* kube/api/reference.h: the tables of all types as one page for users. */
#pragma once
#include "base/arena.h"

/* Returns the sections of docs/reference.md as Markdown, in the arena: of each kind, and of each type below it. A type
 * that several fields have is described once, where it is first used. tools/reference adds the introduction, and an
 * example after each line that starts with "Example:". */
const char *reference_page(struct arena *);

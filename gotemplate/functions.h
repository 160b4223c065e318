/* gotemplate/functions.h: the functions of templates: those of Go's text/template and the common ones of sprig. Private
 * to this folder.
 */
#pragma once
#include "base/json.h"

struct run;

struct function {
	const char *name;
	size_t min, max; /* arguments */
	const json_t *(*call)(struct run *, const json_t *const *args, size_t n);
};

/* Returns the row of a function, or NULL. */
const struct function *function_find(const char *name);

/* Returns the names of all functions, in order, separated by commas. In the arena. */
const char *function_names(struct arena *);

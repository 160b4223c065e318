/* gotemplate/eval.h: the state of a notification template that is evaluated. Private to this folder. */
#pragma once
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

/* The state of an evaluation. A value is JSON, or NULL if it does not exist; values that functions return are kept
 * until the end. */
struct run {
	struct arena *arena;
	json_t *kept;
	struct str *out;
	unsigned long steps; /* remaining */
	size_t text; /* remaining bytes that functions may read and return */
	struct err *err;
	bool located; /* the error has its line */
};

/* Keeps a new value until the end of the evaluation, and returns it borrowed. NULL stays NULL. */
const json_t *run_keep(struct run *, json_t *);

/* Sets the error, unless one is set. Returns NULL. */
const json_t *run_fail(struct run *, const char *format, ...) printf_like(2, 3);

/* Returns the text that Go prints for a value. In the arena. */
const char *text_of(struct run *, const json_t *);

/* Returns whether a value is true for `if`: it is not false, 0, null, empty or missing. */
bool truth_of(const json_t *);

/* gotemplate/eval.h: the state of a template that is evaluated. Private to this folder. */
#pragma once
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

/* While a template runs. A value is JSON, or NULL for none; what is made is kept until the end. */
struct run {
	struct arena *arena;
	json_t *kept;
	struct str *out;
	unsigned long steps; /* left */
	size_t text; /* bytes left that functions may be given, or return */
	struct err *err;
	bool located; /* it names its line */
};

/* A value that was made: kept, and borrowed. NULL stays that. */
const json_t *run_keep(struct run *, json_t *);

/* The first error stays. NULL, for return. */
const json_t *run_fail(struct run *, const char *format, ...) printf_like(2, 3);

/* As Go prints it. In the arena. */
const char *text_of(struct run *, const json_t *);

bool truth_of(const json_t *);

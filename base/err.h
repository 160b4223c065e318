/* base/err.h: what failed, where, and what kind of failure it is.
 *
 * An error is a chain of messages, outermost first, and one class. Whoever retries looks at the class, never at the
 * text. Errors live in the arena they were made in. A function that can fail returns `struct err *`, NULL on success.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"

enum err_class {
	ERR_AGAIN, /* not reached, timed out, 5xx, 429: the same request may work later */
	ERR_CONFLICT, /* what the request believed is no longer true: decide again on newer objects */
	ERR_INVALID, /* the input is wrong: no retry until it changes */
	ERR_GONE, /* what it names does not exist (any more) */
	ERR_EXISTS, /* what it would create is there already */
	ERR_CLASS_MAX
};

struct err {
	enum err_class class;
	bool answered; /* the request had an answer, which cannot be read: it may have taken effect */
	bool forbidden; /* ERR_INVALID because the server does not permit it: 401, 403 */
	int64_t retry_after_ms; /* the server asked not to be asked again before; 0: it did not */
	const char *text;
	const struct err *cause; /* NULL at the end of the chain */
};

/* A new error of a class. */
struct err *err_new(struct arena *, enum err_class, const char *format, ...) printf_like(3, 4) never_null;

/* `cause` with context in front; keeps all but the text. The cause must live as long as the arena does. */
struct err *err_wrap(struct arena *, const struct err *cause, const char *format, ...) printf_like(3, 4) never_null;

/* A copy that does not depend on the arena it came from. */
struct err *err_copy(struct arena *, const struct err *) never_null;

/* "outer: inner: innermost", allocated in the arena. */
const char *err_text(struct arena *, const struct err *) never_null;

/* "again", "conflict", "invalid", "gone", "exists": for logs and counters. */
const char *err_class_name(enum err_class);

#ifdef __clang_analyzer__
/* The analyzer does not know that these never answer NULL. */
static inline struct err *
err_made(struct err *e)
{
	if (e == NULL)
		__builtin_unreachable();
	return e;
}
#define err_new(...) err_made(err_new(__VA_ARGS__))
#define err_wrap(...) err_made(err_wrap(__VA_ARGS__))
#endif

/* base/err.h: errors.
 *
 * An error is a chain of messages, outermost first, and a class. A retry depends on the class, never on the text. An
 * error lives in the arena that it was allocated from. A function that can fail returns `struct err *`, NULL on
 * success.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"

enum err_class {
	ERR_AGAIN, /* not reached, timed out, 5xx, 429: the same request can succeed later */
	ERR_CONFLICT, /* the request depended on outdated objects: decide again */
	ERR_INVALID, /* the input is invalid: no retry until it changes */
	ERR_GONE, /* the object does not exist */
	ERR_EXISTS, /* the object to create exists already */
	ERR_CLASS_MAX
};

struct err {
	enum err_class class;
	bool responded; /* the server responded, in an unreadable way: the request may have taken effect */
	bool forbidden; /* ERR_INVALID because the server does not permit it: 401, 403 */
	bool expired; /* ERR_GONE because a resourceVersion or a page is too old: 410 */
	int64_t retry_after_ms; /* Retry-After of the server; 0: none */
	const char *path; /* of the field of the object that it is about; NULL: none, or not known */
	const char *text; /* without the path */
	const struct err *cause; /* NULL at the end of the chain */
};

/* Returns a new error. */
struct err *err_new(struct arena *, enum err_class, const char *format, ...) printf_like(3, 4) never_null;

/* Returns `cause` with context in front. All members except the text are those of `cause`, which must live as long
 * as the arena. */
struct err *err_wrap(struct arena *, const struct err *cause, const char *format, ...) printf_like(3, 4) never_null;

/* Returns the error with a path, which replaces its own. `path` and `e` must live as long as the arena. */
struct err *err_at(struct arena *, const char *path, const struct err *e) never_null;

/* Returns a copy that does not depend on the arena of the original. */
struct err *err_copy(struct arena *, const struct err *) never_null;

/* Returns "path: outer: inner: innermost", in the arena. */
const char *err_text(struct arena *, const struct err *) never_null;

/* Returns the same without the path of the outermost message. */
const char *err_message(struct arena *, const struct err *) never_null;

/* Returns the name of a class for logs and counters: "again", "conflict", "invalid", "gone" or "exists". */
const char *err_class_name(enum err_class);

#ifdef __clang_analyzer__
/* For the analyzer, which does not know that these never return NULL. */
static inline struct err *
err_made(struct err *e)
{
	if (e == NULL)
		__builtin_unreachable();
	return e;
}
#define err_new(...) err_made(err_new(__VA_ARGS__))
#define err_at(...) err_made(err_at(__VA_ARGS__))
#define err_wrap(...) err_made(err_wrap(__VA_ARGS__))
#endif

/* base/err.c: errors: chains of messages with a class, built from the innermost to the outermost. */
#include "base/err.h"

#undef err_new
#undef err_at
#undef err_wrap

static const char *const class_names[] = {
	[ERR_AGAIN] = "again",
	[ERR_CONFLICT] = "conflict",
	[ERR_INVALID] = "invalid",
	[ERR_GONE] = "gone",
	[ERR_EXISTS] = "exists",
};
_Static_assert(ARRAY_SIZE(class_names) == ERR_CLASS_MAX, "a name a class");

struct err *
err_new(struct arena *a, enum err_class class, const char *format, ...)
{
	struct err *e = arena_alloc(a, sizeof(*e));
	va_list ap;

	va_start(ap, format);
	e->text = arena_vprintf(a, format, ap);
	va_end(ap);
	e->class = class;
	return e;
}

struct err *
err_wrap(struct arena *a, const struct err *cause, const char *format, ...)
{
	struct err *e = arena_alloc(a, sizeof(*e));
	va_list ap;

	va_start(ap, format);
	e->text = arena_vprintf(a, format, ap);
	va_end(ap);
	e->class = cause->class;
	e->responded = cause->responded;
	e->forbidden = cause->forbidden;
	e->expired = cause->expired;
	e->retry_after_ms = cause->retry_after_ms;
	e->cause = cause;
	return e;
}

struct err *
err_at(struct arena *a, const char *path, const struct err *from)
{
	struct err *e = arena_alloc(a, sizeof(*e));

	*e = *from;
	e->path = path;
	return e;
}

struct err *
err_copy(struct arena *a, const struct err *from)
{
	struct err *e = err_new(a, from->class, "%s", err_message(a, from));

	e->path = from->path != NULL ? arena_strdup(a, from->path) : NULL;
	e->responded = from->responded;
	e->forbidden = from->forbidden;
	e->expired = from->expired;
	e->retry_after_ms = from->retry_after_ms;
	return e;
}

static const char *
err_with_path(struct arena *a, const struct err *e)
{
	return e->path != NULL ? arena_printf(a, "%s: %s", e->path, e->text) : e->text;
}

/* Returns a text with those of the causes behind it. */
static const char *
err_with_causes(struct arena *a, const char *text, const struct err *e)
{
	for (e = e->cause; e != NULL; e = e->cause)
		text = arena_printf(a, "%s: %s", text, err_with_path(a, e));
	return text;
}

const char *
err_text(struct arena *a, const struct err *e)
{
	return err_with_causes(a, err_with_path(a, e), e);
}

const char *
err_message(struct arena *a, const struct err *e)
{
	return err_with_causes(a, e->text, e);
}

const char *err_class_name(enum err_class class)
{
	return class_names[class];
}

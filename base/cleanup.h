/* base/cleanup.h: ownership that ends with the scope, so that an early return is safe.
 *
 * `_cleanup_(x_freep) struct x *p = NULL;` calls x_freep(&p) when p goes out of scope; TAKE_PTR(p) returns p and
 * sets it to NULL: the caller is the new owner.
 */
#pragma once
#include <stdlib.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define TAKE_PTR(p)                                                                                                    \
	({                                                                                                             \
		__typeof__(p) taken_ = (p);                                                                            \
		(p) = NULL;                                                                                            \
		taken_;                                                                                                \
	})
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define never_null __attribute__((returns_nonnull))
#define printf_like(f, a) __attribute__((format(printf, f, a)))

/* Frees *p, a pointer to memory from malloc. For _cleanup_. */
static inline void
freep(void *p)
{
	free(*(void **)p);
}

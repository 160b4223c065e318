/* base/base64.h: base64 (RFC 4648), as Secrets, kubeconfigs and HTTP's basic authentication have it. */
#pragma once
#include <stddef.h>
#include "base/arena.h"

/* With padding. */
char *base64_encode(struct arena *, const void *, size_t len);

/* The bytes with a NUL behind them, and how many there are (ret_len may be NULL); NULL when the text is no base64. Line breaks
 * are skipped. */
char *base64_decode(struct arena *, const char *text, size_t *ret_len);

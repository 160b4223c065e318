/* base/base64.h: base64 (RFC 4648), for Secrets, kubeconfigs and basic authentication; base64url for tokens. */
#pragma once
#include <stddef.h>
#include "base/arena.h"

/* Returns the text, with padding. */
char *base64_encode(struct arena *, const void *, size_t len);

/* Returns the bytes, followed by a NUL, and their number (ret_len can be NULL). Line breaks are skipped. NULL if the
 * text is not base64. */
char *base64_decode(struct arena *, const char *text, size_t *ret_len);

/* The same with the digits of URLs and without padding (RFC 4648, section 5). The decoder accepts nothing else: no
 * padding, no white space. */
char *base64url_encode(struct arena *, const void *, size_t len);
char *base64url_decode(struct arena *, const char *text, size_t len, size_t *ret_len);

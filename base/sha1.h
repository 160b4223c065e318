/* base/sha1.h: SHA-1 (RFC 3174), for keys that Argo's notifications engine derives with it. Not for security. */
#pragma once
#include <stddef.h>

#define SHA1_SIZE 20

/* Sets ret to the hash. */
void sha1(const void *, size_t len, unsigned char ret[SHA1_SIZE]);

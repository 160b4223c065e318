/* base/sha256.h: SHA-256 (FIPS 180-4), for names and digests that others make with it. */
#pragma once
#include <stddef.h>

#define SHA256_SIZE 32

void sha256(const void *, size_t len, unsigned char ret[SHA256_SIZE]);

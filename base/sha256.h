/* base/sha256.h: SHA-256 (FIPS 180-4), for names, digests and signatures. */
#pragma once
#include <openssl/sha.h>
#include <stddef.h>

#define SHA256_SIZE 32

/* Sets ret to the hash. */
void sha256(const void *, size_t len, unsigned char ret[SHA256_SIZE]);

/* Sets ret to the hash as lowercase hexadecimal digits, ended by a NUL. */
void sha256_hex(const void *, size_t len, char ret[2 * SHA256_SIZE + 1]);

/* Sets ret to the HMAC (RFC 2104) with SHA-256. The key can be in the memory of ret. */
void hmac_sha256(const void *key, size_t key_len, const void *, size_t len, unsigned char ret[SHA256_SIZE]);

/* Sets ret to the HMAC (RFC 2104) with SHA-256, as lowercase hexadecimal digits, ended by a NUL. */
void hmac_sha256_hex(const void *key, size_t key_len, const void *, size_t len, char ret[2 * SHA256_SIZE + 1]);

/* The state of an HMAC of data that comes in several pieces. */
struct hmac_sha256 {
	SHA256_CTX inner, outer;
};

/* Begin an HMAC, add a piece of data, and set ret to the result as hmac_sha256_hex() does. */
void hmac_sha256_begin(struct hmac_sha256 *, const void *key, size_t key_len);
void hmac_sha256_add(struct hmac_sha256 *, const void *, size_t len);
void hmac_sha256_end(struct hmac_sha256 *, char ret[2 * SHA256_SIZE + 1]);

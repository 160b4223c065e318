/* base/sha256.h: SHA-256 (FIPS 180-4), for names, digests and signatures. */
#pragma once
#include <openssl/sha.h>
#include <stddef.h>

#define SHA256_SIZE 32

void sha256(const void *, size_t len, unsigned char ret[SHA256_SIZE]);

/* Returns the hash as lowercase hexadecimal digits, in the arena. */
void sha256_hex(const void *, size_t len, char ret[2 * SHA256_SIZE + 1]);

/* HMAC (RFC 2104) with SHA-256, as lowercase hexadecimal digits. */
void hmac_sha256_hex(const void *key, size_t key_len, const void *, size_t len, char ret[2 * SHA256_SIZE + 1]);

/* HMAC of data in several pieces. */
struct hmac_sha256 {
	SHA256_CTX inner, outer;
};

void hmac_sha256_begin(struct hmac_sha256 *, const void *key, size_t key_len);
void hmac_sha256_add(struct hmac_sha256 *, const void *, size_t len);
void hmac_sha256_end(struct hmac_sha256 *, char ret[2 * SHA256_SIZE + 1]);

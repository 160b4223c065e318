/* base/sha256.c: SHA-256 and HMAC: libcrypto's functions of the algorithm itself, for the reason in base/sha1.c. */
#define OPENSSL_API_COMPAT 10100
#include "base/sha256.h"
#include <string.h>

static void
sha256_digits(const unsigned char sum[SHA256_SIZE], char ret[2 * SHA256_SIZE + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SHA256_SIZE; i++) {
		ret[2 * i] = digits[sum[i] >> 4];
		ret[2 * i + 1] = digits[sum[i] & 15];
	}
	ret[2 * SHA256_SIZE] = '\0';
}

void
sha256(const void *data, size_t len, unsigned char ret[SHA256_SIZE])
{
	SHA256_CTX c;

	SHA256_Init(&c);
	SHA256_Update(&c, data, len);
	SHA256_Final(ret, &c);
}

void
sha256_hex(const void *data, size_t len, char ret[2 * SHA256_SIZE + 1])
{
	unsigned char sum[SHA256_SIZE];

	sha256(data, len, sum);
	sha256_digits(sum, ret);
}

void
hmac_sha256_begin(struct hmac_sha256 *h, const void *key, size_t key_len)
{
	unsigned char block[SHA256_CBLOCK] = { 0 };

	if (key_len > sizeof(block))
		sha256(key, key_len, block);
	else
		memcpy(block, key, key_len);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] ^= 0x36;
	SHA256_Init(&h->inner);
	SHA256_Update(&h->inner, block, sizeof(block));
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] ^= 0x36 ^ 0x5c;
	SHA256_Init(&h->outer);
	SHA256_Update(&h->outer, block, sizeof(block));
}

void
hmac_sha256_add(struct hmac_sha256 *h, const void *data, size_t len)
{
	SHA256_Update(&h->inner, data, len);
}

static void
hmac_sha256_sum(struct hmac_sha256 *h, unsigned char ret[SHA256_SIZE])
{
	SHA256_Final(ret, &h->inner);
	SHA256_Update(&h->outer, ret, SHA256_SIZE);
	SHA256_Final(ret, &h->outer);
}

void
hmac_sha256_end(struct hmac_sha256 *h, char ret[2 * SHA256_SIZE + 1])
{
	unsigned char sum[SHA256_SIZE];

	hmac_sha256_sum(h, sum);
	sha256_digits(sum, ret);
}

void
hmac_sha256(const void *key, size_t key_len, const void *data, size_t len, unsigned char ret[SHA256_SIZE])
{
	struct hmac_sha256 h;

	hmac_sha256_begin(&h, key, key_len);
	hmac_sha256_add(&h, data, len);
	hmac_sha256_sum(&h, ret);
}

void
hmac_sha256_hex(const void *key, size_t key_len, const void *data, size_t len, char ret[2 * SHA256_SIZE + 1])
{
	struct hmac_sha256 h;

	hmac_sha256_begin(&h, key, key_len);
	hmac_sha256_add(&h, data, len);
	hmac_sha256_end(&h, ret);
}

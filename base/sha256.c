/* base/sha256.c: blocks of 64 bytes, as the standard describes them. */
#include "base/sha256.h"
#include <stdint.h>
#include <string.h>

#define BLOCK 64

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = { 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7,
	0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
	0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c,
	0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2 };

static uint32_t
turn(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

static void
add_block(uint32_t state[8], const unsigned char *block)
{
	uint32_t w[64], v[8];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		       (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 64; i++)
		w[i] = w[i - 16] + (turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
		       (turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(v, state, sizeof(v));
	for (int i = 0; i < 64; i++) {
		uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]), most = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
		uint32_t one = v[7] + (turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25)) + choice + constants[i] + w[i];
		uint32_t two = (turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22)) + most;

		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += one;
		v[0] = one + two;
	}
	for (int i = 0; i < 8; i++)
		state[i] += v[i];
}

static const uint32_t sha256_start[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
	0x1f83d9ab, 0x5be0cd19 };

/* The last blocks: `rest` (less than a block) of a text of `len` bytes, and the sum. */
static void
sha256_finish(uint32_t state[8], const void *rest, size_t n_rest, uint64_t len, unsigned char ret[SHA256_SIZE])
{
	unsigned char last[2 * BLOCK] = { 0 };
	size_t n = n_rest < BLOCK - 8 ? BLOCK : 2 * BLOCK;

	memcpy(last, rest, n_rest);
	last[n_rest] = 0x80;
	for (int i = 0; i < 8; i++)
		last[n - 1 - (size_t)i] = (unsigned char)(len * 8 >> (8 * i));
	for (size_t i = 0; i < n; i += BLOCK)
		add_block(state, last + i);
	for (int i = 0; i < SHA256_SIZE; i++)
		ret[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
}

void
sha256(const void *data, size_t len, unsigned char ret[SHA256_SIZE])
{
	size_t whole = len / BLOCK * BLOCK;
	uint32_t state[8];

	memcpy(state, sha256_start, sizeof(state));
	for (size_t i = 0; i < whole; i += BLOCK)
		add_block(state, (const unsigned char *)data + i);
	sha256_finish(state, (const unsigned char *)data + whole, len - whole, len, ret);
}

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
sha256_hex(const void *data, size_t len, char ret[2 * SHA256_SIZE + 1])
{
	unsigned char sum[SHA256_SIZE];

	sha256(data, len, sum);
	sha256_digits(sum, ret);
}

void
hmac_sha256_begin(struct hmac_sha256 *h, const void *key, size_t key_len)
{
	unsigned char block[BLOCK] = { 0 }, inner[BLOCK], outer[BLOCK];

	if (key_len > BLOCK)
		sha256(key, key_len, block);
	else
		memcpy(block, key, key_len);
	for (size_t i = 0; i < BLOCK; i++) {
		inner[i] = block[i] ^ 0x36;
		outer[i] = block[i] ^ 0x5c;
	}
	*h = (struct hmac_sha256){ 0 };
	memcpy(h->inner, sha256_start, sizeof(h->inner));
	memcpy(h->outer, sha256_start, sizeof(h->outer));
	add_block(h->inner, inner);
	add_block(h->outer, outer);
}

void
hmac_sha256_add(struct hmac_sha256 *h, const void *data, size_t len)
{
	const unsigned char *at = data;

	h->len += len;
	while (len > 0) {
		size_t n = BLOCK - h->n_pending < len ? BLOCK - h->n_pending : len;

		memcpy(h->pending + h->n_pending, at, n);
		h->n_pending += n;
		at += n;
		len -= n;
		if (h->n_pending == BLOCK) {
			add_block(h->inner, h->pending);
			h->n_pending = 0;
		}
	}
}

void
hmac_sha256_end(struct hmac_sha256 *h, char ret[2 * SHA256_SIZE + 1])
{
	unsigned char sum[SHA256_SIZE], whole[SHA256_SIZE];

	sha256_finish(h->inner, h->pending, h->n_pending, BLOCK + h->len, sum);
	sha256_finish(h->outer, sum, sizeof(sum), BLOCK + sizeof(sum), whole);
	sha256_digits(whole, ret);
}

void
hmac_sha256_hex(const void *key, size_t key_len, const void *data, size_t len, char ret[2 * SHA256_SIZE + 1])
{
	struct hmac_sha256 h;

	hmac_sha256_begin(&h, key, key_len);
	hmac_sha256_add(&h, data, len);
	hmac_sha256_end(&h, ret);
}

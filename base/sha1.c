/* base/sha1.c: SHA-1: libcrypto's functions of the algorithm itself.
 *
 * OpenSSL 3 deprecates them. Its new ones read a configuration file and may fail, which no pure function does.
 */
#define OPENSSL_API_COMPAT 10100
#include "base/sha1.h"
#include <openssl/sha.h>

void
sha1(const void *data, size_t len, unsigned char ret[SHA1_SIZE])
{
	SHA_CTX c;

	SHA1_Init(&c);
	SHA1_Update(&c, data, len);
	SHA1_Final(ret, &c);
}

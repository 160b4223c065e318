/* sim/certificate.c: a self-signed certificate for loopback, by libcrypto. */
#include "sim/certificate.h"
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include "base/cleanup.h"

#define VALID_S 31536000L /* a year, from an hour ago: clocks of containers differ */
#define VALID_BEFORE_S 3600L
#define SERIAL_BITS 127 /* positive, and at most 20 bytes (RFC 5280) */

static void
certificate_key_freep(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
}

static void
certificate_x509_freep(X509 **x)
{
	X509_free(*x);
}

static void
certificate_bio_freep(BIO **b)
{
	BIO_free(*b);
}

static bool
certificate_add(X509 *x, int nid, const char *value)
{
	X509V3_CTX context = { .issuer_cert = x, .subject_cert = x };
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	bool ok = e != NULL && X509_add_ext(x, e, -1) == 1;

	X509_EXTENSION_free(e);
	return ok;
}

static bool
certificate_number(X509 *x)
{
	BIGNUM *n = BN_new();
	bool ok = n != NULL && BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
		  BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;

	BN_free(n);
	return ok;
}

static bool
certificate_fill(X509 *x, EVP_PKEY *key)
{
	static const unsigned char name[] = "sluice dev";
	X509_NAME *subject = X509_get_subject_name(x);

	return X509_set_version(x, X509_VERSION_3) == 1 && certificate_number(x) &&
	       X509_gmtime_adj(X509_getm_notBefore(x), -VALID_BEFORE_S) != NULL &&
	       X509_gmtime_adj(X509_getm_notAfter(x), VALID_S) != NULL &&
	       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(x, subject) == 1 && X509_set_pubkey(x, key) == 1 &&
	       certificate_add(x, NID_basic_constraints, "critical,CA:TRUE") &&
	       certificate_add(x, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
	       certificate_add(x, NID_ext_key_usage, "serverAuth") &&
	       certificate_add(x, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost") &&
	       X509_sign(x, key, EVP_sha256()) > 0;
}

static const char *
certificate_text(struct arena *a, BIO *b)
{
	char *at;
	long n = BIO_get_mem_data(b, &at);

	return arena_strndup(a, at, (size_t)n);
}

struct err *
certificate_new(struct arena *a, struct certificate *ret)
{
	_cleanup_(certificate_key_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
	_cleanup_(certificate_x509_freep) X509 *x = X509_new();
	_cleanup_(certificate_bio_freep) BIO *cert = BIO_new(BIO_s_mem());
	_cleanup_(certificate_bio_freep) BIO *private = BIO_new(BIO_s_mem());

	if (key == NULL || x == NULL || cert == NULL || private == NULL || !certificate_fill(x, key) ||
	    PEM_write_bio_X509(cert, x) != 1 || PEM_write_bio_PrivateKey(private, key, NULL, NULL, 0, NULL, NULL) != 1)
		return err_new(a, ERR_INVALID, "no certificate could be made with libcrypto");
	*ret = (struct certificate){ .cert = certificate_text(a, cert), .key = certificate_text(a, private) };
	return NULL;
}

/* sim/certificate.h: the certificate of the laptop cluster's API server, made at its start. */
#pragma once
#include "base/err.h"

/* PEM, in the arena. */
struct certificate {
	const char *cert; /* for 127.0.0.1 and localhost; self-signed, so that it is the CA for its clients */
	const char *key;
};

/* Makes a new key and its certificate. Nothing is stored: another start has another certificate. */
struct err *certificate_new(struct arena *, struct certificate *ret);

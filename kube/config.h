/* kube/config.h: where the API server is, and who we are to it.
 *
 * Read from a kubeconfig (the flag, $KUBECONFIG, ~/.kube/config) or, inside a Pod, from the service account. What is
 * understood of a kubeconfig: server, certificate-authority(-data), insecure-skip-tls-verify, client-certificate(-data),
 * client-key(-data), token, tokenFile, context, namespace.
 */
#pragma once
#include "base/err.h"
#include <stdbool.h>

struct config {
	const char *server; /* "https://…", no slash at the end */
	const char *namespace; /* of the context; "default" */
	const char *token, *token_file;
	const char *ca_file, *ca_data, *cert_file, *cert_data, *key_file, *key_data; /* *_data: PEM text */
	bool insecure;
};

/* `path` and `context` may be NULL. Everything lives in the arena. */
struct err *config_load(struct arena *, const char *path, const char *context, struct config *ret);

/* kube/credentials.h: credentials from an exec plugin (client.authentication.k8s.io;
 * kubernetes.io/docs/reference/access-authn-authz/authentication, client-go credential plugins).
 *
 * The program is run when a request first needs a credential, again when the credential expires or is refused (401),
 * and never two at a time. Nothing waits for it but the requests that need it: it is a child process on the loop,
 * with a time and a length limit.
 */
#pragma once
#include "io/loop.h"
#include "kube/kubeconfig.h"

struct credentials;

/* The credential; absent fields are NULL. Borrowed until the next iteration of the loop. */
struct credential {
	const char *token;
	const char *cert, *key; /* PEM */
};

enum credentials_state { CREDENTIALS_READY, CREDENTIALS_WAITING, CREDENTIALS_FAILED };

/* `changed` is called when the program has ended: call credentials_get again. The exec configuration is borrowed. */
struct credentials *credentials_new(struct loop *, const struct config_exec *, void (*changed)(void *arg), void *arg);

/* READY sets *ret_credential. FAILED sets *ret_err (in the arena); the next call runs the program again. WAITING:
 * the program is running. */
enum credentials_state credentials_get(
    struct credentials *, struct arena *, struct credential *ret_credential, struct err **ret_err);

/* The server refused the last credential: the next get runs the program again. */
void credentials_refused(struct credentials *);

/* Takes NULL; returns NULL. A program that is still running is killed, and `changed` is not called. */
struct credentials *credentials_free(struct credentials *);

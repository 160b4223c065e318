/* sim/tokens.h: the token controller of the laptop cluster: fills Secrets of the type
 * kubernetes.io/service-account-token, and deletes them with their ServiceAccount. Source:
 * kubernetes.io/docs/concepts/configuration/secret, "ServiceAccount token Secrets".
 */
#pragma once
#include "sim/store.h"

struct tokens;

/* `ca` is the PEM text of the API server's certificate authority, or NULL; borrowed. */
struct tokens *tokens_new(struct loop *, struct store *, const char *ca);
struct tokens *tokens_free(struct tokens *);

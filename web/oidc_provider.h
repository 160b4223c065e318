/* web/oidc_provider.h: metadata and keys of the OpenID provider, which are fetched when they are needed, and kept for
 * an hour. */
#pragma once
#include <jansson.h>
#include "kube/transport.h"
#include "web/oidc/provider.h"

#define PROVIDER_TIMEOUT_MS 10000 /* of one request */
#define PROVIDER_KEEP_MS 3600000 /* age after which metadata and keys are fetched again */
#define PROVIDER_STALE_MS 86400000 /* age up to which they are used while they cannot be fetched */
#define PROVIDER_KEYS_MS 30000 /* minimum time between two fetches for a key that is not known */
#define PROVIDER_RETRY_MS 3000 /* time for which a failure is reported without another fetch */
#define PROVIDER_NEEDS_MAX 50 /* requests that wait for a fetch; others get an error at once */

struct provider;

/* One that needs the provider, embedded in its owner. `done` gets an error, or metadata and keys; all are borrowed for
 * the call. */
struct provider_need {
	void (*done)(void *arg, const struct err *, const struct oidc_provider *, const json_t *keys);
	void *arg;
	/* private */
	bool waits;
	struct provider_need *next;
};

/* The transport, for URLs of other servers, and the settings are borrowed. provider_free takes and returns NULL;
 * nothing must need it any more. */
struct provider *provider_new(struct loop *, struct transport *outside, const struct oidc_settings *);
struct provider *provider_free(struct provider *);

/* Calls `done` once, within the call or later from the loop. With `newer_keys`, the keys are fetched again if the last
 * fetch is older than PROVIDER_KEYS_MS: tokens with invented key ids cause no more requests than that. */
void provider_get(struct provider *, struct provider_need *, bool newer_keys);

/* Ends the wait without calling `done`. Does nothing if it does not wait. */
void provider_cancel(struct provider *, struct provider_need *);

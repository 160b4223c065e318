/* kube/definition.h: waits for a kind that the API server does not have.
 *
 * The CustomResourceDefinition of the kind is watched by its name, and only its metadata is requested. While it does
 * not exist, no other request is made for the kind. Whether the kind is served in the version that is needed is not
 * decided here: its list is.
 */
#pragma once
#include "base/rand.h"
#include "kube/api/type.h"
#include "kube/transport.h"

#define DEFINITION_RELIST_MS 30000 /* between two lists of a kind whose definition may not be watched */

struct definition_wait;

/* Returns whether the kind needs a CustomResourceDefinition: it is not one of Kubernetes itself. */
bool definition_is_needed(const struct type *);

/* Starts to wait for the definition of a type that needs one. `list_now` is called, from the loop, when the kind is
 * to be listed: the definition exists, has changed or was deleted. The API server serves a kind a little later than
 * it stores the definition: for some seconds after a change, each call of definition_wait_missing is followed by
 * another call of `list_now`, after a delay that doubles. Without the permission to watch the definition, which is
 * logged once, `list_now` is called every DEFINITION_RELIST_MS. A watch that failed is repeated after at most 10 s.
 * The transport and the type are borrowed; `seed` seeds the random part of delays. It must not stop the wait. */
struct definition_wait *definition_wait_start(
    struct transport *, const struct type *, uint64_t seed, void (*list_now)(void *arg), void *arg);

/* The list that `list_now` requested failed: the API server still does not have the kind. */
void definition_wait_missing(struct definition_wait *);

/* Stops and frees it; `list_now` is not called any more. Takes NULL; returns NULL. */
struct definition_wait *definition_wait_stop(struct definition_wait *);

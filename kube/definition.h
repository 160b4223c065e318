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

/* Returns whether the kind has a CustomResourceDefinition: it is no kind of Kubernetes itself. */
bool definition_is_of(const struct type *);

/* Starts to wait for the definition of a type for which definition_is_of holds. `ready` is called, from the loop, when
 * the kind is to be listed: the definition exists, has changed or was deleted. It is called again with back-off for
 * some seconds after a change, each time that definition_wait_missing reports that the list has failed, because the
 * API server serves a kind a little later than it stores the definition. Without the permission to watch the
 * definition, which is logged once, it is called every DEFINITION_RELIST_MS. Failures back off up to 10 s. The
 * transport and the type are borrowed; `seed` is of jitter. `ready` must not stop the wait. */
struct definition_wait *definition_wait_start(
    struct transport *, const struct type *, uint64_t seed, void (*ready)(void *arg), void *arg);

/* The list that `ready` requested had no success: the API server still does not have the kind. */
void definition_wait_missing(struct definition_wait *);

/* Stops and frees it; `ready` is not called any more. Takes NULL; returns NULL. */
struct definition_wait *definition_wait_stop(struct definition_wait *);

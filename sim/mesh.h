/* sim/mesh.h: the laptop cluster's mesh: HAProxy, whose server weights follow VirtualService, DestinationRule and
 * Pods.
 *
 * It reads Istio's objects in its own way and shares no code with the routers under traffic/. One frontend serves the
 * first VirtualService there is; each of its destinations is the ready Pods that its subset (or Service) selects.
 * Weights, addresses and drains are set at run time through HAProxy's socket.
 */
#pragma once
#include "base/err.h"
#include "sim/store.h"

struct mesh;

struct err *mesh_new(struct arena *, struct loop *, struct store *, const char *dir, struct mesh **ret);
struct mesh *mesh_free(struct mesh *);

/* Where the application's users send their requests. */
const char *mesh_url(const struct mesh *);

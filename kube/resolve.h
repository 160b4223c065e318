/* kube/resolve.h: DNS without blocking the loop: a thread calls the system's resolver. */
#pragma once
#include "base/address.h"
#include "io/loop.h"

#define RESOLVE_MAX 32 /* addresses of one name that are returned */

struct resolve;

/* Asks; `done` is called once, from the loop, with what the name resolves to; n 0: it does not. NULL: no thread can
 * be had. */
struct resolve *resolve_start(
    struct loop *, const char *host, void (*done)(void *arg, const struct address *addresses, size_t n), void *arg);

/* Ends it without a call. Takes NULL; returns NULL. */
struct resolve *resolve_cancel(struct resolve *);

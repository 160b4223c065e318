/* kube/dns.h: DNS without blocking the loop: a thread calls the system's resolver. */
#pragma once
#include "base/address.h"
#include "io/loop.h"

#define RESOLVE_MAX 32 /* addresses of one name that are returned */

struct resolve;

/* Starts a lookup; `done` is called once, from the loop, with the addresses; n 0: the name does not resolve. Returns
 * NULL if no thread can be started. */
struct resolve *resolve_start(
    struct loop *, const char *host, void (*done)(void *arg, const struct address *addresses, size_t n), void *arg);

/* Ends a lookup without calling `done`. Takes NULL; returns NULL. */
struct resolve *resolve_cancel(struct resolve *);

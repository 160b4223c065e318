/* sim/load.h: load generator: the application's users, with requests at a steady rate that does not depend on
 * responses (an open loop, so that a slow application does not lower the rate it is measured at). */
#pragma once
#include "io/loop.h"
#include "kube/transport.h"

struct load;

struct load_response {
	int64_t sent, done; /* mono, ms */
	int status; /* 0: no response */
	const char *version; /* the body's first line, "" for an empty body; borrowed for the call */
};

/* Sends GET url `rate` times a second (1..1000) until it is freed; `responded` is called at the end of each. At most
 * LOAD_WAITING_MAX wait for a response; requests beyond that are counted as responses of status 0. */
#define LOAD_WAITING_MAX 500
struct load *load_new(struct loop *, struct transport *, const char *url, int rate,
    void (*responded)(void *arg, const struct load_response *), void *arg);
struct load *load_free(struct load *);
